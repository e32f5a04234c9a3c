"""Whether so many different loads come that most of them can have no turn: then it pays to see which are needed most.

Who comes first would take the slots of a minute within seconds, for loads that one person wants each, and loads that
many want would come too late. So a load that few need waits a little, as long as there is such a crowd, for others to
come to want it. With the workload of ``bench/frugal`` that answers a hundredth more of all questions, from cold as well
as later; it costs those whom nobody joins some seconds, and nobody anything while calls suffice.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from dozor.domain.lanes import Lane

if TYPE_CHECKING:
    from dozor.upstream.waiting_line import Waiter

LOOKED_BACK = 1 / 6  # of a minute
CROWD = 3.0  # times as many loads as calls may go out: fewer find a turn within their patience
HELD_BACK = 1 / 10  # of a minute, of the 8 s that people wait: who is joined by nobody still has two for a turn
NEEDED = 6.0  # who wait, and who are expected within half a minute
LOOK_AGAIN_S = 0.25  # people come to want a load without anybody being told


class Contention:
    """Counts the loads that come to want a turn. Times are monotonic seconds; a minute lasts ``minute_s``."""

    def __init__(self, minute_s: float = 60.0) -> None:
        self.held_back_s = minute_s * HELD_BACK
        self._looked_back_s = minute_s * LOOKED_BACK
        self._came: deque[float] = deque()

    def came(self, now: float) -> None:
        """Another load wants a turn."""
        self._came.append(now)

    def holds_back(self, waiter: Waiter, per_minute: int, now: float) -> bool:
        """Whether this one had better wait for others to come to need it; ``per_minute`` calls may go out, 0: any."""
        is_person = waiter.lane is Lane.PERSON and not waiter.asker.is_pressing
        if not is_person or waiter.asker.need >= NEEDED or waiter.held_until <= now:
            return False
        return self._is_crowd(per_minute, now)

    def _is_crowd(self, per_minute: int, now: float) -> bool:
        while self._came and self._came[0] <= now - self._looked_back_s:
            self._came.popleft()
        return bool(per_minute) and len(self._came) > CROWD * per_minute * LOOKED_BACK
