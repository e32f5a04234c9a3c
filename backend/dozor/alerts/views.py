"""A segment as the rules of one series see it: the price itself, or what is derived from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from dozor.alerts.segments import Segment
from dozor.alerts.zone import Reading


@dataclass(frozen=True, slots=True)
class Readings:
    """What the series came to: with the extremes that upstream reported of the segment, and by its last price alone."""

    reading: Reading
    wickless: Reading


class View(Protocol):
    """One segment of one series."""

    @property
    def segment(self) -> Segment:
        """The prices behind it."""

    def readings(self, since: datetime | None) -> Readings | None:
        """What a rule sees whose extreme counts ``since`` then; ``None`` when the series says nothing to it."""


@dataclass(frozen=True, slots=True)
class SameForAll:
    """A view that is the same for every rule."""

    segment: Segment
    shown: Readings

    def readings(self, since: datetime | None) -> Readings:
        """See ``View.readings``."""
        return self.shown


def of_price(segment: Segment) -> SameForAll:
    """The price itself."""
    return SameForAll(segment, Readings(segment.reading, Reading.at(segment.reading.last)))


def percent_from(reference: Decimal, value: Decimal) -> Decimal:
    """How many percent ``value`` is above ``reference``; below zero when it is less."""
    return (value - reference) * 100 / reference
