"""How much of a minute we use, learnt from upstream's refusals: halved by a 429, one more after two clean full minutes.

A keyless caller shares its limit with strangers and must find out what is left for it. A plan with a key says its
limit, which is never exceeded, but may be less when the plan has changed or somebody else uses the key.
"""

from __future__ import annotations

from dataclasses import dataclass

FULL_MINUTES_PER_STEP = 2


@dataclass(slots=True)
class LearntLimit:
    """At most ``limit`` calls in a minute, and never more than ``most``.

    ``full_minutes`` counts the clean ones at this limit; ``counted_at`` is when the last of them began to be counted,
    ``halved_at`` when a 429 last halved it.
    """

    limit: int
    most: int
    full_minutes: int = 0
    counted_at: float | None = None
    halved_at: float | None = None

    def filled(self, now: float, span: float) -> None:
        """The last slot was taken. Minutes in which some stayed free prove nothing about the limit."""
        if self.counted_at is None or not 0 <= now - self.counted_at < 2 * span:
            self.counted_at = now
            self.full_minutes = 0
        elif now - self.counted_at >= span:
            self.counted_at = now
            self.full_minutes += 1
        if self.full_minutes >= FULL_MINUTES_PER_STEP and self.limit < self.most:
            self.limit += 1
            self.full_minutes = 0

    def refused(self, now: float, began_at: float) -> bool:
        """Upstream answered 429 to a call that ``began_at``. Those that were under way together halve it once.

        Returns whether the limit was halved.
        """
        # Halved later than now, it was by a clock that has been begun anew since.
        if self.halved_at is not None and began_at <= self.halved_at <= now:
            return False
        self.limit = max(1, self.limit // 2)
        self.full_minutes = 0
        self.counted_at = None
        self.halved_at = now
        return True
