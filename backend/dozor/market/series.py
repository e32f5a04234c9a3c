"""Chart points that no longer change: joined across answers, and cut to a shorter range.

Of the points of a chart only the last, the price of the moment, is gone from the next answer; all others come again
as they were (recorded twice: 90 of 90 hourly points after 3 days, 77 of 77 five-minute ones after 17 hours). Their
texts are upstream's own. Everything here is pure.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import msgspec

from dozor.market.rawjson import join_object

KINDS = ("prices", "market_caps", "total_volumes")
DAY_MS = 86_400_000


class _Answer(msgspec.Struct):
    prices: list[tuple[int, msgspec.Raw]]
    market_caps: list[tuple[int, msgspec.Raw]]
    total_volumes: list[tuple[int, msgspec.Raw]]


_decoder = msgspec.json.Decoder(_Answer)


@dataclass(frozen=True, slots=True)
class Series:
    """Closed points: all that upstream has from ``since`` to the last of them.

    ``since`` and ``instants``, strictly increasing, are UNIX milliseconds. ``texts`` are the same points of each of
    KINDS, ``[ms,value]`` with commas between.
    """

    since: int
    instants: array[int]
    texts: tuple[bytes, ...]

    @property
    def size_bytes(self) -> int:
        """What it weighs in memory, near enough for a bound."""
        return 400 + len(self.instants) * self.instants.itemsize + sum(map(len, self.texts))

    def part(self, first: int, end: int) -> tuple[bytes, ...]:
        """The texts of the points with these numbers, ``end`` not among them."""
        if first >= end:
            return (b"",) * len(KINDS)
        return tuple(text[self._place(text, first) : self._place(text, end) - 1] for text in self.texts)

    def last_days(self, days: int) -> Series:
        """The same without what lies more than so many days before its end."""
        since = self.instants[-1] - days * DAY_MS if self.instants else self.since
        if since <= self.since:
            return self
        first = bisect_left(self.instants, since)
        return Series(since, self.instants[first:], self.part(first, len(self.instants)))

    def between(self, begins: int, ends: int) -> tuple[bytes, ...]:
        """The texts of the points from one instant to another, both included."""
        return self.part(bisect_left(self.instants, begins), bisect_right(self.instants, ends))

    def _place(self, text: bytes, number: int) -> int:
        """Where a point begins; of the point behind the last one, where it would."""
        return text.index(b"[%d," % self.instants[number]) if number < len(self.instants) else len(text) + 1


@dataclass(frozen=True, slots=True)
class Chart:
    """One answer: its closed points, and the last one, of the moment ``ends_at`` (UNIX ms), in each of KINDS."""

    closed: Series
    ends_at: int
    last: tuple[bytes, ...]


def read_chart(body: bytes, days: int) -> Chart:
    """What an answer to a question for so many days says.

    Raises msgspec.DecodeError or ValueError when it is not as every recorded one: three kinds with the same instants,
    each later than the one before. Some end with an instant that is not: that one is left out, and the one before it
    is taken for the last.
    """
    answer = _decoder.decode(body)
    kinds = [answer.prices, answer.market_caps, answer.total_volumes]
    instants, *others = (array("q", (at for at, _ in points)) for points in kinds)
    if not instants or others != [instants, instants]:
        raise ValueError("a chart without points, or with other instants in one kind than in another")
    count = len(instants) - (len(instants) > 1 and instants[-1] <= instants[-2])
    instants = instants[:count]
    if any(other <= one for one, other in pairwise(instants)):
        raise ValueError("a chart whose points do not follow each other")
    ends_at = instants[-1]
    closed = Series(ends_at - days * DAY_MS, instants[:-1], tuple(_texts(points[: count - 1]) for points in kinds))
    return Chart(closed, ends_at, tuple(_texts(points[count - 1 : count]) for points in kinds))


def merged(one: Series, other: Series) -> Series:
    """Both as one, as far as ``joined`` goes; of two that do not go together the one that ends later."""
    newer, older = sorted((one, other), key=lambda series: series.instants[-1:], reverse=True)
    return joined(newer, older)


def joined(newer: Series, older: Series) -> Series:
    """``newer`` with what ``older`` has before it, where they overlap and agree; else ``newer`` alone.

    What lies in a gap between two nobody knows. Two that disagree are not of one sampling after all, as could be if
    upstream thinned out longer charts.
    """
    if not newer.instants or not older.instants:
        return newer
    begins, ends = max(newer.instants[0], older.instants[0]), min(newer.instants[-1], older.instants[-1])
    if begins > ends or newer.between(begins, ends) != older.between(begins, ends):
        return newer
    since = min(newer.since, older.since)
    before = bisect_left(older.instants, newer.instants[0])
    if not before:
        return replace(newer, since=since)
    heads = older.part(0, before)
    texts = tuple(b"%b,%b" % (head, text) for head, text in zip(heads, newer.texts, strict=True))
    return Series(since, older.instants[:before] + newer.instants, texts)


def body_over(days: int, chart: Chart, known: Series) -> bytes | None:
    """What upstream would have answered over the last ``days`` instead of ``chart``, by all that is known.

    ``None`` when that does not reach back so far.
    """
    begins = chart.ends_at - days * DAY_MS
    points = joined(chart.closed, known)
    if points.since > begins:
        return None
    closed = points.between(begins, chart.ends_at)
    kinds = (b",".join(filter(None, pair)) for pair in zip(closed, chart.last, strict=True))
    return join_object({kind: msgspec.Raw(b"[%b]" % text) for kind, text in zip(KINDS, kinds, strict=True)})


def _texts(points: Sequence[tuple[int, msgspec.Raw]]) -> bytes:
    return b",".join(b"[%d,%b]" % (at, bytes(value)) for at, value in points)
