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

LOOKED_BACK_S = 10.0
CROWD = 3.0  # times as many loads as calls may go out: fewer find a turn within their patience
HELD_BACK_S = 6.0  # of the 8 that people wait: who is joined by nobody still has two for a turn
NEEDED = 6.0  # who wait, and who are expected within half a minute
LOOK_AGAIN_S = 0.25  # people come to want a load without anybody being told


class Contention:
    """Counts the loads that come to want a turn. Times are monotonic seconds."""

    def __init__(self) -> None:
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
        while self._came and self._came[0] <= now - LOOKED_BACK_S:
            self._came.popleft()
        return bool(per_minute) and len(self._came) > CROWD * per_minute * LOOKED_BACK_S / 60.0
