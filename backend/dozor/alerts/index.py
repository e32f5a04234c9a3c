"""Which rules a reading wakes: the levels, the rules that every reading wakes, and where each rule sleeps."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from dozor.alerts.derived import DerivedSeries
from dozor.alerts.extremes import Extremes, FromStairs
from dozor.alerts.levels import FLOATS, Levels
from dozor.alerts.ports import Sleeper
from dozor.alerts.views import View

NOWHERE = -1
_GROWTH = 1024


class RuleIndex:
    """All live rules of one watch, by their numbers. One instance per loop; nothing here waits.

    Where a rule sleeps is kept in arrays by its number, so that putting it elsewhere needs no old edges: some 22 bytes
    a rule beside its edges.
    """

    def __init__(self) -> None:
        self.derived = DerivedSeries()
        self._since: dict[int, datetime] = {}  # of the rules that sleep in a derived series itself
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

    def has(self, series: str) -> bool:
        """Whether a series has a live rule."""
        return series in self._places and self._rules[self._places[series]] > 0

    def put(self, sleeper: Sleeper) -> None:
        """Let a rule sleep here from now on, wherever it was before."""
        self.drop(sleeper.number)
        self._note(sleeper)
        if not self._is_settled(sleeper):
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
        since = self._since.pop(number, None)
        if since is not None:
            self._extremes(name).remove(number, self._distance(number), since)
        awake = self._awake.get(name)
        if awake is not None and number in awake:
            awake.remove(number)
            if not awake:
                del self._awake[name]
            return
        if since is not None:
            return
        self._levels.remove(name, number, _edge(self._below[number]), _edge(self._above[number]))

    def woken(self, series: str, low: float, high: float) -> set[int]:
        """The rules that something may happen to when a series has been between ``low`` and ``high``.

        Each of them must be ``put`` again, or dropped: its edges are gone from the index.
        """
        return {*self._levels.leave(series, low, high), *self._awake.get(series, ())}

    def reached(self, series: str, view: View) -> set[int]:
        """The same by a view of the series."""
        if isinstance(view, FromStairs):
            return {*self._extremes(series).wake(view.segment), *self._awake.get(series, ())}
        shown = view.readings(None)
        return set() if shown is None else self.woken(series, float(shown.reading.low), float(shown.reading.high))

    def put_back(self, numbers: Iterable[int]) -> None:
        """Let rules that were woken sleep where they did before."""
        for number in numbers:
            place = self._series[number] if number < len(self._series) else NOWHERE
            if place == NOWHERE or number in self._awake.get(self._names[place], ()):
                continue
            since = self._since.get(number)
            if since is not None:
                where = (number, self._distance(number), since)
                self._extremes(self._names[place]).remove(*where)
                self._extremes(self._names[place]).add(*where)
                continue
            edges = (self._names[place], number, _edge(self._below[number]), _edge(self._above[number]))
            self._levels.remove(*edges)  # the one that was not passed is still there
            self._levels.add(*edges)

    def load(self, sleepers: Iterable[Sleeper]) -> None:
        """Put many that are not there yet."""

        def edges() -> Iterator[tuple[str, int, float | None, float | None]]:
            for sleeper in sleepers:
                self._note(sleeper)
                if not self._is_settled(sleeper):
                    yield sleeper.series, sleeper.number, sleeper.below, sleeper.above

        self._levels.load(edges())

    def restore(self, series: str, pieces: Mapping[int, str]) -> None:
        """Let a derived series remember this and nothing else. Its rules stay."""
        derived = self.derived.get(series)
        if derived is None:
            return
        derived.restore(pieces)
        place = self._places.get(series, NOWHERE)
        for number in [number for number in self._since if self._series[number] == place]:
            if pieces:
                self._extremes(series).add(number, self._distance(number), self._since[number])
            else:
                del self._since[number]
                self._awake.setdefault(series, set()).add(number)

    def _is_settled(self, sleeper: Sleeper) -> bool:
        """Let a rule be that does not sleep between levels; whether it is one."""
        series, number, since = sleeper.series, sleeper.number, sleeper.since
        is_awake = sleeper.is_awake
        derived = self.derived.get(series)
        if isinstance(derived, Extremes) and since is not None:
            if not is_awake and sleeper.below is None and sleeper.above is None:
                return True  # at rest
            if derived.has_begun:
                # One that is awake is never reached, but its extreme has to be remembered too.
                self._since[number] = since
                derived.add(number, self._distance(number), since)
            else:
                is_awake = True
        if is_awake:
            self._awake.setdefault(series, set()).add(number)
        return is_awake or number in self._since

    def _extremes(self, series: str) -> Extremes:
        found = self.derived.get(series)
        assert isinstance(found, Extremes)  # or no rule would be there with a time
        return found

    def _distance(self, number: int) -> float:
        """How far a rule sleeps from its extreme: its one edge, on whichever side that is; no end for one awake."""
        below, above = self._below[number], self._above[number]
        if math.isnan(below):
            return math.inf if math.isnan(above) else above
        return -below

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
