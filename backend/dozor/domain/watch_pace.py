"""How often prices may be looked at for the alerts: as often as is wished, or as their own part of the quota affords.

They own a part of the minute and of the month that people cannot touch (``pace.ALERT_SHARE``). Spent evenly to the
reset, it is what a watch can rely on; the rest of the quota may make it faster at times, never slower.
"""

from __future__ import annotations

from dataclasses import dataclass

from dozor.domain.pace import ALERT_SHARE

MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Means:
    """What the watch can live on. ``None`` is no limit; ``seconds_left`` are those until the month's reset."""

    per_minute: int | None
    left_of_month: int | None
    seconds_left: float

    def interval_s(self, calls: int, wished_s: float) -> float:
        """How far apart polls of so many calls each may follow each other for good, at least ``wished_s``.

        Infinite when the month has nothing left.
        """
        longest = wished_s
        if self.per_minute is not None:
            own = max(1.0, int(self.per_minute * ALERT_SHARE))
            longest = max(longest, MINUTE_S * calls / own)
        if self.left_of_month is not None:
            if self.left_of_month <= 0:
                return float("inf")
            longest = max(longest, self.seconds_left * calls / (self.left_of_month * ALERT_SHARE))
        return longest
