"""A cache of URLs as a model: answers by their exact URL, stale ones behind a refresh and on error, no limiter.

It is what ``nginx proxy_cache`` does with lock, stale-while-revalidate and stale-on-error, and was used to choose the
shares of the workload before nginx itself was run on it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from bench.frugal.workload import Request

CALLS = 30
WINDOW = 60.0


@dataclass(slots=True)
class Tally:
    """What became of the requests, and of the calls made for them."""

    requests: int = 0
    answered: int = 0
    calls: int = 0
    refused: int = 0

    @property
    def success(self) -> float:
        return self.answered / self.requests if self.requests else 0.0


def simulate(requests: Iterable[Request], fresh: float | None) -> Tally:
    """Let such a cache answer these requests; ``fresh`` (seconds) is None for no cache at all."""
    tally, kept = Tally(), dict[str, float]()
    minute: deque[float] = deque()
    for request in requests:
        target = request.question.target
        tally.requests += 1
        known_at = kept.get(target)
        if fresh is not None and known_at is not None:
            tally.answered += 1
            if request.at - known_at < fresh:
                continue
        tally.calls += 1
        while minute and minute[0] + WINDOW <= request.at:
            minute.popleft()
        if len(minute) >= CALLS:
            tally.refused += 1
            continue
        minute.append(request.at)
        tally.answered += fresh is None or known_at is None
        kept[target] = request.at
    return tally
