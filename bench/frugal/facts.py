"""What upstream said, by fact, each time with when it said so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from bench.frugal.questions import Chart
from bench.frugal.record import Said
from bench.frugal.verbatim import Members, items, members

PER_PAGE = 100
BY_CAP = "market_cap_desc"
_SELECTS = ("ids", "names", "symbols", "category")
_CHANGES_A_ROW = ("precision", "include_rehypothecated", "locale")


@dataclass(frozen=True, slots=True)
class SaidPage:
    """A page of the list by market cap, from place ``first`` on."""

    at: float
    first: int
    last: int
    ids: tuple[str, ...]
    rows: tuple[Members, ...]


@dataclass(frozen=True, slots=True)
class SaidDetail:
    """One ``/coins/{id}``, and how it was asked for."""

    at: float
    query: Mapping[str, str]
    members: Members


@dataclass(frozen=True)
class SaidChart:
    """One ``market_chart``; its last point is "now" and in no later chart."""

    at: float
    days: int
    body: bytes

    @cached_property
    def series(self) -> dict[str, list[tuple[int, bytes]]]:
        """Instants (UNIX milliseconds) and values of each array."""
        return series(self.body)


class Facts:
    """Everything that was said, ready to be looked up."""

    def __init__(self, said: Iterable[Said]) -> None:
        self.prices: defaultdict[tuple[str, str, str], list[tuple[float, bytes]]] = defaultdict(list)
        """By precision, coin, and the name of the member."""
        self.rows: defaultdict[tuple[str, str], list[tuple[float, Members]]] = defaultdict(list)
        """By currency and coin."""
        self.pages: defaultdict[str, list[SaidPage]] = defaultdict(list)
        """By currency."""
        self.details: defaultdict[str, list[SaidDetail]] = defaultdict(list)
        self.charts: defaultdict[tuple[str, str, str], list[SaidChart]] = defaultdict(list)
        """By coin, currency and granularity."""
        self.others: defaultdict[str, list[Said]] = defaultdict(list)
        """By path."""
        for answer in said:
            self._add(answer)

    def _add(self, said: Said) -> None:
        match said.path.strip("/").split("/"):
            case ["simple", "price"]:
                self._add_prices(said)
            case ["coins", "markets"]:
                self._add_rows(said)
            case ["coins", "list"]:
                self.others[said.path].append(said)
            case ["coins", id_]:
                self.details[id_].append(SaidDetail(said.at, said.query, members(said.body)))
            case ["coins", id_, "market_chart"] if not said.query.keys() - {"vs_currency", "days"}:
                self._add_chart(id_, said)
            case _:
                self.others[said.path].append(said)

    def _add_prices(self, said: Said) -> None:
        precision = said.query.get("precision", "")
        for id_, coin in members(said.body).items():
            for name, value in members(coin).items():
                self.prices[precision, id_, name].append((said.at, bytes(value)))

    def _add_rows(self, said: Said) -> None:
        query = said.query
        if any(query.get(name, "false") not in {"", "false", "en"} for name in _CHANGES_A_ROW):
            return
        currency = query["vs_currency"].lower()
        rows = [members(row) for row in items(said.body)]
        ids = [msgspec.json.decode(row["id"], type=str) for row in rows]
        for id_, row in zip(ids, rows, strict=True):
            self.rows[currency, id_].append((said.at, row))
        if not any(map(query.get, _SELECTS)) and query.get("order", BY_CAP) == BY_CAP:
            per_page, page = int(query.get("per_page", PER_PAGE)), int(query.get("page", 1))
            window = (page - 1) * per_page, page * per_page
            self.pages[currency].append(SaidPage(said.at, *window, tuple(ids), tuple(rows)))

    def _add_chart(self, id_: str, said: Said) -> None:
        days = int(said.query["days"])
        chart = Chart(id_, said.query["vs_currency"].lower(), days)
        self.charts[id_, chart.currency, chart.granularity].append(SaidChart(said.at, days, said.body))


def series(body: bytes) -> dict[str, list[tuple[int, bytes]]]:
    """Take a chart apart: instants and values by array. Raises Unreadable, and ValueError for what is no chart."""
    return {name: [_point(items(point)) for point in items(points)] for name, points in members(body).items()}


def _point(pair: Sequence[msgspec.Raw]) -> tuple[int, bytes]:
    instant, value = pair
    return int(bytes(instant)), bytes(value)
