"""Sets of values that a series can enter: where a latch fires, and where it is armed again."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Reading:
    """What a series came to in one segment: its ``last`` value, and how low and high it is known to have been.

    ``low <= last <= high`` for a price. A series may give the two ends a meaning of their own: a change over a window
    puts the fall from the highest into ``low`` and the rise from the lowest into ``high``.
    """

    last: Decimal
    low: Decimal
    high: Decimal

    @classmethod
    def at(cls, value: Decimal) -> Reading:
        """A reading of which no more is known than its value."""
        return cls(value, value, value)


@dataclass(frozen=True, slots=True)
class Span:
    """The values between two ends; ``None`` is an end that does not exist. ``closed``: the ends belong to it."""

    low: Decimal | None
    high: Decimal | None
    closed: bool = True

    def meets(self, low: Decimal, high: Decimal) -> bool:
        """Whether any value between these two, both included, lies in it."""
        if self.closed:
            return (self.low is None or high >= self.low) and (self.high is None or low <= self.high)
        return (self.low is None or high > self.low) and (self.high is None or low < self.high)

    def holds(self, low: Decimal, high: Decimal) -> bool:
        """Whether every value between these two lies in it."""
        if self.closed:
            return (self.low is None or low >= self.low) and (self.high is None or high <= self.high)
        return (self.low is None or low > self.low) and (self.high is None or high < self.high)


@dataclass(frozen=True, slots=True)
class Sleep:
    """Where a value may wander without anything happening: strictly between ``below`` and ``above``.

    ``None`` is no edge on that side; with none at all nothing ever happens.
    """

    below: Decimal | None
    above: Decimal | None

    def meet(self, other: Sleep) -> Sleep:
        """Where nothing happens to either of two."""
        belows = [edge for edge in (self.below, other.below) if edge is not None]
        aboves = [edge for edge in (self.above, other.above) if edge is not None]
        return Sleep(max(belows, default=None), min(aboves, default=None))


UNDISTURBED = Sleep(None, None)


@dataclass(frozen=True, slots=True)
class Zone:
    """One span, or several that do not touch."""

    spans: tuple[Span, ...]

    def is_reached(self, reading: Reading) -> bool:
        """Whether the series has been in it at any time of the reading."""
        return any(span.meets(reading.low, reading.high) for span in self.spans)

    def contains(self, reading: Reading) -> bool:
        """Whether the series has been in it all the time."""
        return any(span.holds(reading.low, reading.high) for span in self.spans)

    def holds(self, value: Decimal) -> bool:
        """Whether this value lies in it."""
        return any(span.holds(value, value) for span in self.spans)

    def sleep_at(self, value: Decimal) -> Sleep:
        """How far the series may wander from a ``value`` outside of it, or on an edge, before it may have entered."""
        below = [span.high for span in self.spans if span.high is not None and span.high <= value]
        above = [span.low for span in self.spans if span.low is not None and span.low >= value]
        return Sleep(max(below, default=None), min(above, default=None))

    def stay_at(self, value: Decimal) -> Sleep:
        """How far the series may wander from a ``value`` inside of it before it may have left."""
        span = next(span for span in self.spans if span.holds(value, value))
        return Sleep(span.low, span.high)


def at_least(level: Decimal) -> Zone:
    """The level and all above it."""
    return Zone((Span(level, None),))


def at_most(level: Decimal) -> Zone:
    """The level and all below it."""
    return Zone((Span(None, level),))


def above(level: Decimal) -> Zone:
    """All above the level, without it."""
    return Zone((Span(level, None, closed=False),))


def below(level: Decimal) -> Zone:
    """All below the level, without it."""
    return Zone((Span(None, level, closed=False),))


def between(low: Decimal, high: Decimal) -> Zone:
    """From one to the other, both included."""
    return Zone((Span(low, high),))


def strictly_between(low: Decimal, high: Decimal) -> Zone:
    """From one to the other, both left out."""
    return Zone((Span(low, high, closed=False),))


def beyond(low: Decimal, high: Decimal) -> Zone:
    """Below the one or above the other, both left out."""
    return Zone((Span(None, low, closed=False), Span(high, None, closed=False)))


def at_or_beyond(low: Decimal, high: Decimal) -> Zone:
    """The one and all below it, the other and all above it."""
    return Zone((Span(None, low), Span(high, None)))
