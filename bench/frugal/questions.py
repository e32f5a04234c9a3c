"""What can be asked: each kind of question, its URL, and what there is to know of it without parsing that again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import quote, urlencode

ROOT = "/api/v3"
MOST_ROWS = 250
PRICE_FLAGS = ("include_market_cap", "include_24hr_vol", "include_24hr_change", "include_last_updated_at")
SECTIONS = ("localization", "tickers", "market_data", "community_data", "developer_data")
"""Of ``/coins/{id}``; all are on unless switched off."""


@dataclass(frozen=True, slots=True)
class Prices:
    """``/simple/price`` of these ids, which may be unknown to upstream."""

    ids: tuple[str, ...]
    currencies: tuple[str, ...]
    flags: tuple[str, ...] = ()
    precision: str = ""

    kind = "prices"

    @property
    def target(self) -> str:
        given = {"ids": ",".join(self.ids), "vs_currencies": ",".join(self.currencies)}
        return _url("/simple/price", given | dict.fromkeys(self.flags, "true") | _given("precision", self.precision))


@dataclass(frozen=True, slots=True)
class Columns:
    """The optional columns of a row."""

    sparkline: bool = False
    changes: tuple[str, ...] = ()

    @property
    def query(self) -> dict[str, str]:
        sparkline = {"sparkline": "true"} if self.sparkline else {}
        return sparkline | _given("price_change_percentage", ",".join(self.changes))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of ``/coins/markets``, by market cap."""

    currency: str
    per_page: int
    page: int
    columns: Columns = field(default_factory=Columns)

    kind = "markets"

    @property
    def first(self) -> int:
        """Place of its first row in the whole list, from 0."""
        return (self.page - 1) * self.per_page

    @property
    def last(self) -> int:
        """Place after its last row."""
        return self.page * self.per_page

    @property
    def target(self) -> str:
        given = {"vs_currency": self.currency, "order": "market_cap_desc"}
        window = {"per_page": str(self.per_page), "page": str(self.page)}
        return _url("/coins/markets", given | window | self.columns.query)


@dataclass(frozen=True, slots=True)
class Watchlist:
    """``/coins/markets`` of these ids."""

    currency: str
    ids: tuple[str, ...]
    columns: Columns = field(default_factory=Columns)

    kind = "watchlists"

    @property
    def target(self) -> str:
        given = {"vs_currency": self.currency, "ids": ",".join(self.ids)}
        return _url("/coins/markets", given | self.columns.query)


@dataclass(frozen=True, slots=True)
class Detail:
    """``/coins/{id}`` without the sections in ``off``."""

    id: str
    off: tuple[str, ...] = ()
    sparkline: bool = False

    kind = "details"

    @property
    def target(self) -> str:
        sparkline = {"sparkline": "true"} if self.sparkline else {}
        return _url(f"/coins/{quote(self.id)}", dict.fromkeys(self.off, "false") | sparkline)


@dataclass(frozen=True, slots=True)
class Chart:
    """``/coins/{id}/market_chart`` back over so many days."""

    id: str
    currency: str
    days: int

    kind = "charts"

    @property
    def granularity(self) -> str:
        """How far its points lie apart, which upstream chooses by ``days``."""
        return "5 minutes" if self.days == 1 else "hour" if self.days <= 90 else "day"

    @property
    def target(self) -> str:
        return _url(f"/coins/{quote(self.id)}/market_chart", {"vs_currency": self.currency, "days": str(self.days)})


@dataclass(frozen=True, slots=True)
class Other:
    """A question that is its URL and nothing else: a list, or a search."""

    kind: str
    path: str
    query: tuple[tuple[str, str], ...] = ()

    @property
    def target(self) -> str:
        return _url(self.path, dict(self.query))


Question: TypeAlias = Prices | Page | Watchlist | Detail | Chart | Other


def _given(name: str, value: str) -> dict[str, str]:
    return {name: value} if value else {}


def _url(path: str, query: Mapping[str, str]) -> str:
    """As clients write it: commas stay commas."""
    written = urlencode(query, safe=",")
    return f"{ROOT}{path}?{written}" if written else f"{ROOT}{path}"
