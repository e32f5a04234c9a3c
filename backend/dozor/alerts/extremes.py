"""``Extremes``: how far a price is from its highest, or lowest, since each rule was armed: the series of ``trailing``.

The highest since some time is a stair: the latest price is one, and each higher one before it that is the highest
since. Rules whose times lie on one stair share their extreme, so they are one group, sorted by distance. A new high
makes one stair of all that it passes, and pours the smaller groups into the largest; nothing is written for any rule.
What is kept is the stairs that have rules, and the latest price.

Prices are negated for a series that is measured from the lowest, so everything here speaks of the highest and of falls.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from dozor.alerts.conditions.trailing import From
from dozor.alerts.levels import Edges
from dozor.alerts.segments import Segment
from dozor.alerts.views import Readings, percent_from
from dozor.alerts.zone import Reading

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
JUST_BEFORE = timedelta(microseconds=1)
LATEST = 0  # the slot of the latest price; each other stair has its time for one
SLACK = 1e-12  # of a price: what floats may be wrong by, so that a rule is rather woken in vain


class Stair(msgspec.Struct, frozen=True, array_like=True):
    """A price that is the highest since, and when upstream saw it."""

    at: datetime
    value: Decimal


_stairs = msgspec.json.Decoder(Stair)


@dataclass(frozen=True, slots=True)
class Course:
    """How prices are compared: ``sign`` turns them over for a series that is measured from the lowest."""

    sign: int
    is_pct: bool

    def distance(self, extreme: Decimal, value: Decimal) -> Decimal:
        """How far the price is from the extreme, in percent of it or in its own unit; below zero for a fall."""
        return percent_from(extreme, value) if self.is_pct else value - extreme

    def threshold(self, extreme: float, distance: float) -> float:
        """Down to which value, turned over where it has to be, a rule of this distance is sure to sleep."""
        return extreme - (abs(extreme) * distance / 100 if self.is_pct else distance) + abs(extreme) * SLACK


@dataclass(frozen=True, slots=True)
class FromStairs:
    """A view that goes by when a rule's extreme began. ``stairs`` are those before the segment."""

    segment: Segment
    course: Course
    stairs: tuple[Stair, ...]

    def readings(self, since: datetime | None) -> Readings | None:
        """See ``View.readings``. A rule that is not armed yet begins here; one that did at this price has seen it."""
        if since is None:
            return Readings(Reading.at(Decimal(0)), Reading.at(Decimal(0)))
        if since >= self.segment.at:
            return None
        sign, reading = self.course.sign, self.segment.reading
        near, far = (reading.low, reading.high) if sign > 0 else (reading.high, reading.low)
        place = bisect_left(self.stairs, since, key=lambda stair: stair.at)
        before = self.stairs[place].value * sign if place < len(self.stairs) else None
        if before is None:  # the price that it began at was not kept
            return Readings(Reading.at(Decimal(0)), Reading.at(Decimal(0)))
        # What upstream reported of the segment may have come in any order, but all of it after the stairs.
        last = self.course.distance(max(before * sign, far * sign) * sign, reading.last)
        wick = self.course.distance(before, near)
        low, high = (min(last, wick), last) if sign > 0 else (last, max(last, wick))
        return Readings(Reading(last, low, high), Reading.at(last))


class Extremes:
    """One trailing series with the rules that sleep in it. One instance per loop; nothing here waits."""

    def __init__(self, side: From, *, is_pct: bool) -> None:
        self._course = Course(1 if side is From.HIGHEST else -1, is_pct)
        self._stairs: list[Stair] = []  # descending, the latest price last
        self._groups: list[Edges] = []  # of each stair: distances negated, so that the shortest is at the tail
        self._nearest = -math.inf  # the highest threshold of all groups
        self._kept: dict[int, Stair] = {}

    def __len__(self) -> int:
        return sum(map(len, self._groups))

    @property
    def has_begun(self) -> bool:
        """Whether it knows a price; before, no rule can sleep in it."""
        return bool(self._stairs)

    @property
    def stairs(self) -> int:
        """How many there are."""
        return len(self._stairs)

    def add(self, number: int, distance: float, since: datetime) -> None:
        """Put a rule to sleep that falls ``distance`` from the highest ``since``. The series has begun."""
        place = self._place(since)
        self._groups[place].add(-distance, number)
        self._nearest = max(self._nearest, self._threshold(place))

    def remove(self, number: int, distance: float, since: datetime) -> None:
        """Take it out again. One that is not there is passed over."""
        if self._stairs:
            place = self._place(since)
            nearest = self._threshold(place)
            self._groups[place].remove(-distance, number)
            if nearest == self._nearest:
                self._nearest = self._highest_threshold()

    def view(self, segment: Segment, poll: timedelta) -> FromStairs:
        """The segment as each rule sees it; see ``FromStairs``."""
        return FromStairs(segment, self._course, tuple(self._stairs))

    def wake(self, segment: Segment) -> list[int]:
        """Take out, and give, the rules that may have come to their distance in this segment."""
        low, last, high = self._turned(segment)
        if self._nearest < low and high == last:
            return []
        woken: list[int] = []
        for stair, group in zip(self._stairs, self._groups, strict=True):
            if not group:
                continue
            before = float(stair.value)
            after = max(before, high)
            while group and (
                self._course.threshold(before, -group.levels[-1]) >= low
                or self._course.threshold(after, -group.levels[-1]) >= last
            ):
                woken.append(group.pop())
        if woken:
            self._nearest = self._highest_threshold()
        return woken

    def admit(self, segment: Segment) -> None:
        """Let the segment's prices count as extremes. One that is not later than the latest changes nothing."""
        at, sign, reading = segment.at, self._course.sign, segment.reading
        if self._stairs and at <= self._stairs[-1].at:
            return
        last, high = reading.last * sign, (reading.high if sign > 0 else reading.low) * sign
        passed = self._pour(high)
        has_risen = bool(passed)
        if high > last:
            # For rules that begin at this price it is the extreme, so the higher one is just before it.
            self._stairs.append(Stair(at - JUST_BEFORE, high))
            self._groups.append(passed)
            passed = Edges()
        self._stairs.append(Stair(at, last))
        self._groups.append(passed)
        if has_risen:
            self._nearest = self._highest_threshold()

    def tidy(self) -> None:
        """Forget stairs that no rule stands on: between two passes, when every rule is back in its place."""
        if len(self._stairs) < 2 or all(self._groups[:-1]):
            return
        latest = len(self._stairs) - 1
        kept = [place for place, group in enumerate(self._groups) if group or place == latest]
        self._stairs = [self._stairs[place] for place in kept]
        self._groups = [self._groups[place] for place in kept]

    def changed(self) -> Mapping[int, str | None]:
        """What is to be kept of it since this was last asked, by slot; ``None`` for what is not needed any more."""
        slots = {LATEST if stair is self._stairs[-1] else _slot(stair): stair for stair in self._stairs}
        changed: dict[int, str | None] = {slot: None for slot in self._kept if slot not in slots}
        for slot, stair in slots.items():
            if self._kept.get(slot) != stair:
                changed[slot] = msgspec.json.encode(stair).decode()
        self._kept = slots
        return changed

    def emptied(self) -> Mapping[int, str | None]:
        """What is to be kept once no rule is left: nothing of all it has."""
        return dict.fromkeys(self._kept)

    def restore(self, pieces: Mapping[int, str]) -> None:
        """Begin with what was kept, in place of what is here. The rules have to be added again."""
        self._kept = {slot: _stairs.decode(piece) for slot, piece in pieces.items()}
        self._stairs = sorted(self._kept.values(), key=lambda stair: stair.at)
        self._groups = [Edges() for _ in self._stairs]
        self._nearest = -math.inf

    def _pour(self, high: Decimal) -> Edges:
        """The rules of all stairs up to this one, in one group; these stairs are gone."""
        passed = Edges()
        while self._stairs and self._stairs[-1].value <= high:
            self._stairs.pop()
            group = self._groups.pop()
            larger, smaller = (passed, group) if len(passed) >= len(group) else (group, passed)
            larger.pour(smaller)
            passed = larger
        return passed

    def _place(self, since: datetime) -> int:
        """The stair that is the highest since; the latest price for a time after it."""
        return min(bisect_left(self._stairs, since, key=lambda stair: stair.at), len(self._stairs) - 1)

    def _threshold(self, place: int) -> float:
        group = self._groups[place]
        return self._course.threshold(float(self._stairs[place].value), -group.levels[-1]) if group else -math.inf

    def _highest_threshold(self) -> float:
        return max(map(self._threshold, range(len(self._stairs))), default=-math.inf)

    def _turned(self, segment: Segment) -> tuple[float, float, float]:
        reading = segment.reading
        low, last, high = float(reading.low), float(reading.last), float(reading.high)
        return (low, last, high) if self._course.sign > 0 else (-high, -last, -low)


def _slot(stair: Stair) -> int:
    return (stair.at - EPOCH) // timedelta(microseconds=1)
