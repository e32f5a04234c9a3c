"""Small working stand-ins for our own protocols."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta


class FakeClock:
    """A clock that moves only when told to; sleepers wake in the order of their time."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)) -> None:
        self._now = now
        self._monotonic = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = 0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._order += 1
        heapq.heappush(self._sleepers, (self._monotonic + seconds, self._order, waker))
        await waker

    @property
    def sleepers(self) -> int:
        """How many wait."""
        return sum(not waker.done() for _, _, waker in self._sleepers)

    async def has_sleepers(self, number: int) -> None:
        """Come back once so many wait, however long threads take until then."""
        while self.sleepers < number:  # noqa: ASYNC110  # what a thread does can only be looked at
            await asyncio.sleep(0.001)

    def step_wall_clock(self, seconds: float) -> None:
        """The wall clock jumps; nobody wakes."""
        self._now += timedelta(seconds=seconds)

    async def advance(self, seconds: float) -> None:
        """Let time pass, waking each sleeper at its own moment, and let everybody who woke run."""
        end = self._monotonic + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, waker = heapq.heappop(self._sleepers)
            self._move_to(at)
            if not waker.done():
                waker.set_result(None)
            await settle()
        self._move_to(end)
        await settle()

    def _move_to(self, monotonic: float) -> None:
        self._now += timedelta(seconds=monotonic - self._monotonic)
        self._monotonic = monotonic


async def settle(turns: int = 20) -> None:
    """Let every task that is ready run until it waits for something."""
    for _ in range(turns):
        await asyncio.sleep(0)
