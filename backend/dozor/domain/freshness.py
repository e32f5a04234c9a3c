"""How old an answer may be: fresh, stale or expired, and the grace in which stale is served without waiting."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum

MAX_JITTER = 0.1  # of the fresh time, upward only: asking sooner than the provider updates buys nothing


class Freshness(Enum):
    """What may be done with an answer of some age."""

    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class FreshnessPolicy:
    """Limits on the age of one answer.

    ``fresh_for`` counts from the fetch. ``grace_for`` and ``stale_for`` count from its end: within grace a stale answer
    is served at once and refreshed behind, after it the asker waits for the refresh and gets the stale answer only if
    that fails. ``grace_for`` is never longer than ``stale_for``.
    """

    fresh_for: timedelta
    grace_for: timedelta
    stale_for: timedelta = timedelta(hours=24)

    def __post_init__(self) -> None:
        if not timedelta(0) <= self.grace_for <= self.stale_for or self.fresh_for < timedelta(0):
            raise ValueError(f"needs 0 <= grace <= stale and 0 <= fresh, got {self}")

    @property
    def usable_for(self) -> timedelta:
        """The age at which it expires: no place need keep it longer."""
        return self.fresh_for + self.stale_for

    def classify(self, age: timedelta) -> Freshness:
        """The state of an answer of this age; a negative age (a clock stepped back) is fresh."""
        if age < self.fresh_for:
            return Freshness.FRESH
        if age < self.usable_for:
            return Freshness.STALE
        return Freshness.EXPIRED

    def within_grace(self, age: timedelta) -> bool:
        """Whether an answer of this age is served without waiting for its refresh."""
        return age < self.fresh_for + self.grace_for

    def staleness(self, age: timedelta) -> float:
        """How far an answer of this age is on its way from the end of its fresh time, 0, to the end of its grace, 1."""
        past = age - self.fresh_for
        return past / self.grace_for if self.grace_for else math.copysign(math.inf, past.total_seconds())

    def jittered(self, seed: str) -> FreshnessPolicy:
        """The same policy with a fresh time up to 10 % longer, the same for the same ``seed`` in every process.

        Answers that were fetched together must not all fall due together. CRC-32, because Python's own ``hash`` is
        salted per process.
        """
        share = zlib.crc32(seed.encode()) / 0xFFFFFFFF
        return replace(self, fresh_for=self.fresh_for * (1 + MAX_JITTER * share))
