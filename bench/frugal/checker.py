"""Wrong answers: a fact that upstream did not say, not so, not then, or that is missing or was not asked for.

Upstream's answers are recorded on their way; each answer that a client got is then held against them: the text of every
number has to be one that was said of that coin in that place, no longer ago than ``Age`` tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

import msgspec

Members = dict[str, msgspec.Raw]
SLACK_S = 1.5  # ``Age`` is in whole seconds, and an answer takes time
OPTIONAL = {"sparkline_in_7d"} | {
    f"price_change_percentage_{span}_in_currency" for span in ("1h", "24h", "7d", "14d", "30d", "200d", "1y")
}
CUT_SECTIONS = {"tickers", "market_data", "community_data", "developer_data"}
MEMBERS = {
    "include_market_cap": "_market_cap",
    "include_24hr_vol": "_24h_vol",
    "include_24hr_change": "_24h_change",
}


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of upstream: when it was asked, by which query, and the bytes."""

    at: float
    query: Mapping[str, str]
    body: bytes


@dataclass
class Checker:
    """Holds answers against what was said. ``check`` gives ``None`` for a right one, else what is wrong with it."""

    _prices: dict[tuple[str, str], list[tuple[float, Members]]] = field(default_factory=lambda: defaultdict(list))
    _rows: dict[tuple[str, str], list[tuple[float, Members]]] = field(default_factory=lambda: defaultdict(list))
    _pages: dict[str, list[tuple[float, int, Sequence[str]]]] = field(default_factory=lambda: defaultdict(list))
    _details: dict[str, list[tuple[float, Members]]] = field(default_factory=lambda: defaultdict(list))
    _bodies: dict[str, list[Said]] = field(default_factory=lambda: defaultdict(list))

    def hear(self, target: str, at: float, body: bytes) -> None:
        """Upstream said this, with status 200, in answer to ``target`` (below ``/api/v3``), asked at ``at``."""
        path, query = _split(target)
        if path == "/simple/price":
            for coin, members in _object_of_objects(body).items():
                self._prices[query.get("precision", ""), coin].append((at, members))
        elif path == "/coins/markets":
            rows = _rows(body)
            for row in rows:
                self._rows[query["vs_currency"], _text(row["id"])].append((at, row))
            if "ids" not in query:
                size, page = int(query.get("per_page", 100)), int(query.get("page", 1))
                listed = [_text(row["id"]) for row in rows]
                self._pages[query["vs_currency"]].append((at, (page - 1) * size, listed))
        elif path.count("/") == 2 and path.startswith("/coins/") and path != "/coins/list":
            self._details[path].append((at, _object(body)))
        self._bodies[target].append(Said(at, query, body))

    def check(self, target: str, at: float, age: float, body: bytes) -> str | None:
        """What is wrong with this answer to ``target``, which came at ``at`` and says it is so old."""
        path, query = _split(target)
        since = at - age - SLACK_S
        if path == "/simple/price":
            return self._check_prices(query, since, body)
        if path == "/coins/markets":
            return self._check_rows(query, since, body)
        if path in self._details:
            return self._check_details(path, query, since, body)
        if path == "/coins/list":
            return self._check_list(query, since, body)
        said = [one.body for url, ones in self._bodies.items() if _same(url, target) for one in ones if one.at >= since]
        return None if body in said else "is no body that upstream sent for it"

    def _check_list(self, query: Mapping[str, str], since: float, body: bytes) -> str | None:
        drop = set() if query.get("include_platform") == "true" else {"platforms"}
        for url, ones in self._bodies.items():
            for one in ones if _split(url)[0] == "/coins/list" else ():
                cut = [{name: text for name, text in row.items() if name not in drop} for row in _rows(one.body)]
                if one.at >= since and cut == _rows(body):
                    return None
        return "is no list that upstream sent"

    def _check_prices(self, query: Mapping[str, str], since: float, body: bytes) -> str | None:
        answer = _object_of_objects(body)
        asked = sorted(set(query["ids"].split(",")))
        currencies = query["vs_currencies"].split(",")
        endings = ["", *(ending for flag, ending in MEMBERS.items() if query.get(flag) == "true")]
        wanted = [currency + ending for currency in currencies for ending in endings]
        if query.get("include_last_updated_at") == "true":
            wanted.append("last_updated_at")
        if list(answer) != [coin for coin in asked if (query.get("precision", ""), coin) in self._prices]:
            return "has other coins than those asked for, or in another order"
        for coin, members in answer.items():
            said = [one for when, one in self._prices[query.get("precision", ""), coin] if when >= since]
            if list(members) != wanted:
                return f"{coin} has {list(members)} instead of {wanted}"
            for name, text in members.items():
                if not any(one.get(name) == text for one in said):
                    return f"{coin}.{name} = {bytes(text).decode()} was not said"
        return None

    def _check_rows(self, query: Mapping[str, str], since: float, body: bytes) -> str | None:
        rows, currency = _rows(body), query["vs_currency"]
        wanted = {f"price_change_percentage_{one}_in_currency" for one in _listed(query, "price_change_percentage")}
        wanted |= {"sparkline_in_7d"} if query.get("sparkline") == "true" else set()
        for row in rows:
            coin = _text(row["id"])
            if row.keys() & OPTIONAL != wanted:
                return f"{coin} has the columns {sorted(row.keys() & OPTIONAL)} instead of {sorted(wanted)}"
            said = [one for when, one in self._rows[currency, coin] if when >= since]
            if not any(all(one.get(name) == text for name, text in row.items()) for one in said):
                return f"the row of {coin} was not said so"
            if not any((one.keys() - OPTIONAL) == (row.keys() - OPTIONAL) for one in said):
                return f"the row of {coin} lacks columns"
        ids = [_text(row["id"]) for row in rows]
        if "ids" in query:
            return self._check_watchlist(query, rows, ids)
        size, page = int(query.get("per_page", 100)), int(query.get("page", 1))
        first = (page - 1) * size
        for when, begins, listed in self._pages[currency]:
            if when >= since and begins <= first and listed[first - begins : first - begins + size] == ids:
                return None
        return "is no slice of one page that upstream sent"

    def _check_watchlist(self, query: Mapping[str, str], rows: Sequence[Members], ids: Sequence[str]) -> str | None:
        known = {coin for currency, coin in self._rows if currency == query["vs_currency"]}
        if set(ids) != set(query["ids"].split(",")) & known or len(set(ids)) != len(ids):
            return "has other coins than those asked for"
        caps = [msgspec.json.decode(row["market_cap"]) or 0 for row in rows]
        return None if caps == sorted(caps, reverse=True) else "is not in the order of market cap"

    def _check_details(self, path: str, query: Mapping[str, str], since: float, body: bytes) -> str | None:
        answer = _object(body)
        for section in CUT_SECTIONS:
            if (section in answer) != (query.get(section, "true") == "true"):
                return f"{section} is there, or not, against the question"
        for when, one in self._details[path]:
            kept = {name for name in answer if name not in {"description", "market_data"}}
            if when >= since and all(one.get(name) == answer[name] for name in kept):
                return None
        return "its sections were not said so"


def _same(url: str, target: str) -> bool:
    """Whether two questions are one, though the default of a parameter may be spelled out in one of them."""
    (path, query), (other, wanted) = _split(url), _split(target)
    return path == other and wanted.items() <= query.items()


def _split(target: str) -> tuple[str, dict[str, str]]:
    path, _, query = target.partition("?")
    return unquote(path), dict(parse_qsl(query))


def _listed(query: Mapping[str, str], name: str) -> Iterable[str]:
    return [one for one in query.get(name, "").split(",") if one]


def _text(raw: msgspec.Raw) -> str:
    return str(msgspec.json.decode(raw))


def _object(body: bytes) -> Members:
    return msgspec.json.decode(body, type=Members)


def _object_of_objects(body: bytes) -> dict[str, Members]:
    return msgspec.json.decode(body, type=dict[str, Members])


def _rows(body: bytes) -> list[Members]:
    return msgspec.json.decode(body, type=list[Members])
