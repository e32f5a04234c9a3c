"""A recorded access log as questions: nginx's and Apache's common and combined formats, and whatever quotes a request.

Only GET requests below ``/api/v3`` count, wherever that path lies; all else is told apart, so that nobody takes a
forecast of half of his log for one of all of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, unquote

from dozor.forecast.workload import Moment
from dozor.market.endpoints import match

_LINE = re.compile(r'\[(?P<at>[^\]]+)\][^"]*"(?P<method>[A-Z]+) (?P<target>\S+)[^"]*"')
_ISO_LINE = re.compile(r'^(?P<at>\d{4}-\d\d-\d\d[T ]\S+)\s.*?"?(?P<method>GET|HEAD|POST|OPTIONS) (?P<target>/\S*)')
_API = re.compile(r"^(?:https?://[^/]+)?.*?/api/v3(?=/)")
LONGEST_TARGET = 16_384


@dataclass(frozen=True, slots=True)
class Recorded:
    """``moments`` in the order of their time, the first at 0; ``left_out`` counts other lines by why."""

    moments: Sequence[Moment]
    left_out: Counter[str]
    coins: Sequence[str]

    @property
    def span_s(self) -> float:
        """Seconds from the first to the last."""
        return self.moments[-1].at if self.moments else 0.0


def read_log(lines: Iterable[str]) -> Recorded:
    """Read a log. Lines that are no request of ours are left out and counted, never an error."""
    found: list[tuple[datetime, str, str]] = []
    left_out: Counter[str] = Counter()
    coins: Counter[str] = Counter()
    for line in lines:
        parsed = _LINE.search(line) or _ISO_LINE.search(line)
        at = None if parsed is None else _instant(parsed["at"])
        if parsed is None or at is None:
            left_out["unreadable"] += bool(line.strip())
        elif parsed["method"] != "GET":
            left_out["not_get"] += 1
        elif not (api := _API.match(parsed["target"])):
            left_out["not_api"] += 1
        elif (kind := _kind(target := parsed["target"][api.end() :])) is None or len(target) > LONGEST_TARGET:
            left_out["unknown_path"] += 1
        else:
            found.append((at, kind, target))
            coins.update(_coins(target))
    found.sort(key=lambda one: one[0])
    moments = [Moment((at - found[0][0]).total_seconds(), kind, target) for at, kind, target in found]
    return Recorded(moments, left_out, [coin for coin, _ in coins.most_common()])


def _instant(text: str) -> datetime | None:
    for pattern in ("%d/%b/%Y:%H:%M:%S %z", "%d/%b/%Y:%H:%M:%S"):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=None)  # noqa: DTZ007  # only spans matter
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def _kind(target: str) -> str | None:
    path = target.partition("?")[0]
    found = match([unquote(part) for part in path.strip("/").split("/")])
    return None if found is None else found[0].function


def _coins(target: str) -> Iterable[str]:
    path, _, query = target.partition("?")
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if len(parts) > 1 and parts[0] == "coins" and parts[1] not in {"list", "markets", "categories"}:
        yield parts[1].lower()
    for ids in parse_qs(query).get("ids", ()):
        yield from (coin.strip().lower() for coin in ids.split(",") if coin.strip())
