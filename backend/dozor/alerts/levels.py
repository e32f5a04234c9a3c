"""The index of a million edges: which rules are woken when a series comes to this value.

Each rule sleeps between two edges, of which it mostly has one. For each series the edges above and those below lie in
two sorted arrays of floats, each with the rules' numbers beside it, so that the nearest edges are the arrays' tails:
where nothing happens, a tick compares two floats a series, and what is left is cut off the tail in one piece.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator

NUMBERS = "q"  # signed 64 bits, as databases count
FLOATS = "d"


class Levels:
    """Edges by series. One instance per loop; nothing here waits.

    An edge takes 16 bytes. Adding and removing one are two bisections and a move within an array: microseconds, even
    where a hundred thousand rules share a series or a level.
    """

    def __init__(self) -> None:
        self._aboves: dict[str, Edges] = {}  # negated, so that the lowest is at the tail
        self._belows: dict[str, Edges] = {}

    def __len__(self) -> int:
        return sum(map(len, self._aboves.values())) + sum(map(len, self._belows.values()))

    def series(self) -> Iterator[str]:
        """Every series that has an edge, once."""
        yield from self._aboves
        yield from (series for series in self._belows if series not in self._aboves)

    def add(self, series: str, number: int, below: float | None, above: float | None) -> None:
        """Put a rule to sleep between these edges; ``None`` is none on that side. Raises ValueError for no number."""
        for edges, edge in ((self._belows, below), (self._aboves, None if above is None else -above)):
            if edge is not None:
                _refuse_odd(edge)
                edges.setdefault(series, Edges()).add(edge, number)

    def remove(self, series: str, number: int, below: float | None, above: float | None) -> None:
        """Take it out again. Edges that are not there are passed over."""
        for edges, edge in ((self._belows, below), (self._aboves, None if above is None else -above)):
            found = edges.get(series)
            if edge is None or found is None:
                continue
            found.remove(edge, number)
            if not found:
                del edges[series]

    def leave(self, series: str, low: float, high: float) -> list[int]:
        """Take out, and give, the edges that a series has come to or passed between ``low`` and ``high``.

        A rule whose two edges were both passed is named twice. The other edge of a rule stays until it is removed.
        """
        below, above = self._belows.get(series), self._aboves.get(series)
        woken: list[int] = []
        if below is not None and below.levels[-1] >= low:
            woken = below.cut(low)
            if not below.levels:
                del self._belows[series]
        if above is not None and above.levels[-1] >= -high:
            woken += above.cut(-high)
            if not above.levels:
                del self._aboves[series]
        return woken

    def load(
        self, edges: Iterable[tuple[str, int, float | None, float | None]], tell: Callable[[int], None] | None = None
    ) -> None:
        """Add many at once, in any order; ``tell`` hears every so often how many were read."""
        grown: dict[int, Edges] = {}
        for place, (series, number, below, above) in enumerate(edges, start=1):
            if below is not None:
                _refuse_odd(below)
                found = self._belows.get(series) or self._belows.setdefault(series, Edges())
                found.append(below, number)
                grown[id(found)] = found
            if above is not None:
                _refuse_odd(above)
                found = self._aboves.get(series) or self._aboves.setdefault(series, Edges())
                found.append(-above, number)
                grown[id(found)] = found
            if tell is not None and place % 50_000 == 0:
                tell(place)
        for found in grown.values():
            found.sort()


class Edges:
    """Levels of rules, ascending by level and then by number, so that each edge is found by bisection."""

    __slots__ = ("levels", "numbers")

    def __init__(self) -> None:
        self.levels: array[float] = array(FLOATS)
        self.numbers: array[int] = array(NUMBERS)

    def __len__(self) -> int:
        return len(self.levels)

    def add(self, level: float, number: int) -> None:
        """Put a rule where it belongs."""
        place = self._place(level, number)
        self.levels.insert(place, level)
        self.numbers.insert(place, number)

    def remove(self, level: float, number: int) -> None:
        """Take it out; one that is not there is passed over."""
        place = self._place(level, number)
        if place < len(self.levels) and self.levels[place] == level and self.numbers[place] == number:
            del self.levels[place]
            del self.numbers[place]

    def cut(self, reached: float) -> list[int]:
        """All edges at ``reached`` and beyond."""
        place = bisect_left(self.levels, reached)
        cut = self.numbers[place:].tolist()
        del self.levels[place:]
        del self.numbers[place:]
        return cut

    def pop(self) -> int:
        """The rule at the tail."""
        self.levels.pop()
        return self.numbers.pop()

    def pour(self, other: Edges) -> None:
        """Take in all of the other, which is the smaller."""
        if len(other) * 8 < len(self):
            for level, number in zip(other.levels, other.numbers, strict=True):
                self.add(level, number)
        elif other:
            self.levels += other.levels
            self.numbers += other.numbers
            self.sort()

    def append(self, level: float, number: int) -> None:
        """Put a rule at the end; ``sort`` has to follow."""
        self.levels.append(level)
        self.numbers.append(number)

    def sort(self) -> None:
        """Bring all of them into their order."""
        pairs = sorted(zip(self.levels, self.numbers, strict=True))
        self.levels = array(FLOATS, [level for level, _ in pairs])
        self.numbers = array(NUMBERS, [number for _, number in pairs])

    def _place(self, level: float, number: int) -> int:
        start = bisect_left(self.levels, level)
        if start == len(self.levels) or self.levels[start] != level:
            return start
        return bisect_left(self.numbers, number, start, bisect_right(self.levels, level, start))


def _refuse_odd(edge: float) -> None:
    if not math.isfinite(edge):
        raise ValueError(f"{edge} is no place for an edge")
