"""What an asker accepts of an answer that is kept, in the words of RFC 9111 section 5.2.1."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from dozor.domain.freshness import FreshnessPolicy

ANY_STALENESS = timedelta.max  # ``max-stale`` without a number
SECOND = timedelta(seconds=1)  # ages are told in whole ones, rounded down


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits that one asker sets; ``None`` and ``False`` set none, and several must all be met.

    ``max_age`` counts from the fetch, ``max_stale`` from the end of the fresh time, ``min_fresh`` is how much of the
    fresh time must be left. ``no_cache`` accepts nothing that is kept. ``only_if_cached`` is no limit on what is
    accepted but on what is done for it: no call, and no waiting.
    """

    max_age: timedelta | None = None
    max_stale: timedelta | None = None
    min_fresh: timedelta | None = None
    no_cache: bool = False
    only_if_cached: bool = False

    def accept(self, age: timedelta, policy: FreshnessPolicy) -> bool:
        """Whether an answer of this age is taken as it is, rather than waited for a newer one.

        Who says nothing of ``max_stale`` takes what is stale within its grace; who would get nothing else, because of
        ``only_if_cached``, any.
        """
        left = policy.fresh_for - age
        if self.no_cache or self.are_exceeded_by(age) or (self.min_fresh is not None and left < self.min_fresh):
            return False
        if left > timedelta(0):
            return True
        if self.max_stale is not None:
            return -left <= self.max_stale
        return self.only_if_cached or policy.within_grace(age)

    def stretched(self) -> Bounds:
        """The same for a time in which nothing newer is to be had soon: what is stale is taken, however stale."""
        return self if self.max_stale is not None else replace(self, max_stale=ANY_STALENESS)

    def are_exceeded_by(self, age: timedelta) -> bool:
        """Whether this age, in whole seconds as it is told, is beyond ``max_age``."""
        return self.max_age is not None and age - age % SECOND > self.max_age


NO_BOUNDS = Bounds()
