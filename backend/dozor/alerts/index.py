"""Which rules a reading wakes: the levels, the rules that every reading wakes, and where each rule sleeps."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator

from dozor.alerts.levels import FLOATS, Levels
from dozor.alerts.ports import Sleeper

NOWHERE = -1
_GROWTH = 1024


class RuleIndex:
    """All live rules of one watch, by their numbers. One instance per loop; nothing here waits.

    Where a rule sleeps is kept in arrays by its number, so that putting it elsewhere needs no old edges: some 22 bytes
    a rule beside its edges.
    """

    def __init__(self) -> None:
        self._levels = Levels()
        self._awake: dict[str, set[int]] = {}
        self._names: list[str] = []  # of the series, by place
        self._places: dict[str, int] = {}
        self._rules: list[int] = []  # how many live rules each series has
        self._wicks: list[int] = []  # and how many of them want extremes
        self._series: array[int] = array("i")
        self._below: array[float] = array(FLOATS)
        self._above: array[float] = array(FLOATS)
        self._wants_wicks = bytearray()

    def __len__(self) -> int:
        return sum(self._rules)

    def series(self) -> Iterator[tuple[str, bool]]:
        """Every series that has a live rule, and whether any of them wants extremes."""
        for name, rules, wicks in zip(self._names, self._rules, self._wicks, strict=True):
            if rules:
                yield name, wicks > 0

    def put(self, sleeper: Sleeper) -> None:
        """Let a rule sleep here from now on, wherever it was before."""
        self.drop(sleeper.number)
        self._note(sleeper)
        if sleeper.is_awake:
            self._awake.setdefault(sleeper.series, set()).add(sleeper.number)
        else:
            self._levels.add(sleeper.series, sleeper.number, sleeper.below, sleeper.above)

    def drop(self, number: int) -> None:
        """Forget a rule; one that is not there is passed over."""
        if number >= len(self._series) or self._series[number] == NOWHERE:
            return
        place = self._series[number]
        name = self._names[place]
        self._series[number] = NOWHERE
        self._rules[place] -= 1
        self._wicks[place] -= self._wants_wicks[number]
        awake = self._awake.get(name)
        if awake is not None and number in awake:
            awake.remove(number)
            if not awake:
                del self._awake[name]
            return
        self._levels.remove(name, number, _edge(self._below[number]), _edge(self._above[number]))

    def woken(self, series: str, low: float, high: float) -> set[int]:
        """The rules that something may happen to when a series has been between ``low`` and ``high``.

        Each of them must be ``put`` again, or dropped: its edges are gone from the index.
        """
        return {*self._levels.leave(series, low, high), *self._awake.get(series, ())}

    def put_back(self, numbers: Iterable[int]) -> None:
        """Let rules that were woken sleep where they did before."""
        for number in numbers:
            place = self._series[number] if number < len(self._series) else NOWHERE
            if place == NOWHERE or number in self._awake.get(self._names[place], ()):
                continue
            edges = (self._names[place], number, _edge(self._below[number]), _edge(self._above[number]))
            self._levels.remove(*edges)  # the one that was not passed is still there
            self._levels.add(*edges)

    def load(self, sleepers: Iterable[Sleeper]) -> None:
        """Put many that are not there yet."""

        def edges() -> Iterator[tuple[str, int, float | None, float | None]]:
            for sleeper in sleepers:
                self._note(sleeper)
                if sleeper.is_awake:
                    self._awake.setdefault(sleeper.series, set()).add(sleeper.number)
                else:
                    yield sleeper.series, sleeper.number, sleeper.below, sleeper.above

        self._levels.load(edges())

    def _note(self, sleeper: Sleeper) -> None:
        number, place = sleeper.number, self._place_of(sleeper.series)
        if number >= len(self._series):
            more = number + _GROWTH - len(self._series)
            self._series.extend([NOWHERE] * more)
            self._below.extend([math.nan] * more)
            self._above.extend([math.nan] * more)
            self._wants_wicks.extend(bytes(more))
        self._series[number] = place
        self._below[number] = math.nan if sleeper.below is None else sleeper.below
        self._above[number] = math.nan if sleeper.above is None else sleeper.above
        self._wants_wicks[number] = sleeper.wants_wicks
        self._rules[place] += 1
        self._wicks[place] += sleeper.wants_wicks

    def _place_of(self, series: str) -> int:
        place = self._places.get(series)
        if place is None:
            place = self._places[series] = len(self._names)
            self._names.append(series)
            self._rules.append(0)
            self._wicks.append(0)
        return place


def _edge(kept: float) -> float | None:
    return None if math.isnan(kept) else kept
