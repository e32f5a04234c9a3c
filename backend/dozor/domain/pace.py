"""The month's pace: a bucket that holds at most one day's share of calls, and fills with what is left of the month.

The bucket is full at the start and at each reset. From then on it takes up what the month has left beside it, evenly
until the reset: whoever spends all it gives has calls on the last day too, and whoever saves finds at most a day's
share at once. A part of it can belong to the alerts.

Times are seconds of one clock that only grows, so that a wall clock that is set moves nothing here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

ALERT_SHARE = 0.3
KEPT_FROM_WARM_UP = 1 / 3
ROUNDING = 1e-9  # what a sum of fractions may lack of a whole call


@dataclass(frozen=True, slots=True)
class MonthTerms:
    """The month as it stands. ``left`` calls may still be made in it, ``day_share`` is its limit over its days.

    ``period`` names it: another one begins with a full bucket.
    """

    period: str
    left: int
    seconds_left: float
    day_share: float


@dataclass(slots=True)
class Bucket:
    """Calls that the pace allows now, ``for_alerts`` of them to alerts alone. Fractions of a call gather in it."""

    period: str
    tokens: float
    for_alerts: float
    filled_at: float

    @classmethod
    def full(cls, now: float, terms: MonthTerms, *, armed: bool) -> Bucket:
        """As it is at the start and at each reset."""
        bucket = cls(terms.period, _held_at_most(terms), 0.0, now)
        bucket.arm(terms, armed=armed)
        return bucket

    def fill(self, now: float, terms: MonthTerms, *, armed: bool) -> None:
        """Bring it up to ``now``. A clock that has gone back adds nothing."""
        elapsed = max(0.0, now - self.filled_at)
        self.filled_at = now
        # What lies outside the bucket shrinks evenly to nothing until the reset; so does it over any part of that time.
        outside = max(0.0, terms.left - self.tokens)
        span = terms.seconds_left + elapsed
        gain = outside if span <= 0 else outside * elapsed / span
        before = self.tokens
        self.tokens = min(before + gain, _held_at_most(terms))
        if armed:
            mine = max(0.0, self.tokens - before) * ALERT_SHARE
            self.for_alerts = min(self.for_alerts + mine, _room_for_alerts(terms), self.tokens)
        else:
            self.for_alerts = 0.0

    def arm(self, terms: MonthTerms, *, armed: bool) -> None:
        """Set the alerts' part apart, or dissolve it."""
        self.for_alerts = min(self.tokens * ALERT_SHARE, _room_for_alerts(terms)) if armed else 0.0

    @property
    def for_people(self) -> float:
        """What the alerts do not own."""
        return self.tokens - self.for_alerts

    def seconds_until_one(self, terms: MonthTerms, *, for_alerts: bool, armed: bool, kept: float = 0.0) -> float:
        """How long until the people, or the alerts, have a whole call in it; infinite when never before the reset.

        ``kept`` is what must remain of theirs when that call is taken.
        """
        has = (self.for_alerts if for_alerts else self.for_people) - kept
        if has >= 1 - ROUNDING:
            return 0.0
        if 1 + kept > _held_at_most(terms):
            return math.inf
        has_reserve = armed and _room_for_alerts(terms) > 0
        of_alerts = ALERT_SHARE if has_reserve else 0.0
        share = of_alerts if for_alerts else 1 - of_alerts
        outside = terms.left - self.tokens
        if outside <= 0 or terms.seconds_left <= 0 or share <= 0:
            return math.inf
        return (1 - has) / (outside / terms.seconds_left * share)

    def take(self, *, from_alerts: bool) -> None:
        """Spend one call of the alerts' part, or of the rest."""
        self.tokens = max(0.0, self.tokens - 1)
        if from_alerts:
            self.for_alerts -= 1
        self.for_alerts = min(max(0.0, self.for_alerts), self.tokens)

    def give_back(self, terms: MonthTerms) -> None:
        """A call was not spent after all."""
        self.tokens = min(self.tokens + 1, _room(terms))


def kept_from_warm_up(terms: MonthTerms) -> float:
    """How much of the bucket a warm-up leaves to those who ask for something."""
    return _held_at_most(terms) * KEPT_FROM_WARM_UP


def _room(terms: MonthTerms) -> float:
    return max(1.0, terms.day_share)  # a bucket that never holds a whole call would never let one out


def _held_at_most(terms: MonthTerms) -> float:
    return min(_room(terms), float(terms.left))


def _room_for_alerts(terms: MonthTerms) -> float:
    room = _room(terms) * ALERT_SHARE
    return room if room >= 1 else 0.0  # less than one call is no reserve, only a loss to the others
