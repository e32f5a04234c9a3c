"""Every call that came in, counted: what a benchmark is about, and what a test asserts."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime

from dozor.standin.limits import WINDOW_SECONDS, SlidingMinute

_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call. Values of keys are not in it."""

    at: datetime
    path: str
    """As it came, below ``/api/v3``."""
    query: dict[str, str]
    header_names: tuple[str, ...]
    outcome: str
    """The status, or the name of the fault that left the caller without one."""
    cache_status: str | None
    """What the edge said; None when it was not asked."""
    fault: str | None


class Calls:
    """Counts of API calls since the start or the last reset. Pictures are counted apart: they cost nobody a call."""

    def __init__(self, window_seconds: float = WINDOW_SECONDS) -> None:
        self.total = 0
        self.pictures = 0
        self.by_path: Counter[str] = Counter()
        """By the path of the endpoint (``/coins/{id}``); ``unknown`` for what is none."""
        self.by_status: Counter[str] = Counter()
        self.recent: deque[Call] = deque(maxlen=_KEPT)
        """The last thousand, oldest first; each is added when its outcome is known."""
        self._minute = SlidingMinute(window_seconds)

    @property
    def largest_minute(self) -> int:
        """The most calls, refused ones included, that came in any 60 seconds."""
        return self._minute.largest

    def arrived(self, endpoint: str, now: float) -> None:
        """Count a call as it comes in, at ``now`` (monotonic)."""
        self.total += 1
        self.by_path[endpoint] += 1
        self._minute.add(now)

    def answered(self, call: Call) -> None:
        """Note how a call ended."""
        self.by_status[call.outcome] += 1
        self.recent.append(call)
