"""How often a key may ask: a count over the last minute, and the headers that tell the asker how it stands.

The headers are those of draft-ietf-httpapi-ratelimit-headers-11
(https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/): ``RateLimit-Policy: "minute";q=30;w=60`` and
``RateLimit: "minute";r=29;t=58``, where ``t`` is when more may be asked than now, which a sliding window allows before
the whole of it is over.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

WINDOW_S = 60
POLICY = "minute"


@dataclass(frozen=True, slots=True)
class Quota:
    """How a key stands: ``remaining`` of ``limit`` calls a minute are left, and more will be in ``more_in_s``."""

    limit: int
    remaining: int
    more_in_s: int

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What tells the asker."""
        return (
            ("ratelimit-policy", f'"{POLICY}";q={self.limit};w={WINDOW_S}'),
            ("ratelimit", f'"{POLICY}";r={self.remaining};t={self.more_in_s}'),
        )


class Meter:
    """Counts the calls of one key over the last minute. What it refuses counts for nothing. One instance per loop."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._recent: deque[float] = deque()

    def count(self, now: float) -> tuple[bool, Quota]:
        """Whether one more call may be made at ``now`` (monotonic seconds), and how the key stands then."""
        while self._recent and self._recent[0] <= now - WINDOW_S:
            self._recent.popleft()
        allowed = len(self._recent) < self._limit
        if allowed:
            self._recent.append(now)
        more_in_s = max(1, math.ceil(self._recent[0] + WINDOW_S - now))
        return allowed, Quota(self._limit, self._limit - len(self._recent), more_in_s)
