"""The plan's limits: so many calls in any minute, so many answers in a month. A test may have shorter minutes."""

from __future__ import annotations

import math
from collections import deque

WINDOW_SECONDS = 60.0


class SlidingMinute:
    """Moments of the last 60 seconds, and the most there ever were in any 60 seconds. Moments come in order."""

    def __init__(self, window_seconds: float = WINDOW_SECONDS) -> None:
        self._window = window_seconds
        self._moments: deque[float] = deque()
        self.largest = 0

    def add(self, moment: float) -> None:
        """Count one more."""
        self._moments.append(moment)
        self.largest = max(self.largest, self.count(moment))

    def count(self, now: float) -> int:
        """How many lie within the 60 seconds that end ``now``."""
        while self._moments and self._moments[0] <= now - self._window:
            self._moments.popleft()
        return len(self._moments)

    def oldest_leaves_in(self, now: float) -> float:
        """Seconds until there is one less; 0 when there are none."""
        return self._moments[0] + self._window - now if self._moments else 0.0


class Limits:
    """Decides whether a call is within the plan. A refused call takes no place: waiting ``Retry-After`` is enough."""

    def __init__(
        self,
        per_minute: int | None = None,
        per_month: int | None = None,
        window_seconds: float = WINDOW_SECONDS,
    ) -> None:
        self.per_minute = per_minute
        self.per_month = per_month
        self.month_spent = 0
        self._minute = SlidingMinute(window_seconds)

    def refusal(self, now: float) -> dict[str, str] | None:
        """Count a call at ``now`` (monotonic); the headers of the 429 when it is one too many, else None."""
        if self.per_month is not None and self.month_spent >= self.per_month:
            return {}
        if self.per_minute is not None and self._minute.count(now) >= self.per_minute:
            return {"retry-after": str(max(1, math.ceil(self._minute.oldest_leaves_in(now))))}
        self._minute.add(now)
        return None

    def charge(self, status: int) -> None:
        """Count an answer: only those of status 200 cost a credit."""
        if status == 200:
            self.month_spent += 1
