"""A copy of the month's count off this disk: written behind the calls, and read when the ledger has lost its own.

No call ever waits for it. Where it lies is not known here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from dozor.domain.errors import UpstreamUnavailable

if TYPE_CHECKING:
    from dozor.domain.budget import MonthPeriod
    from dozor.upstream.ledger import Ledger

COPY_EVERY_SECONDS = 60.0  # without a call, too: who forgets everything must not stay without it
TRY_AGAIN_AFTER_SECONDS = 1.0
CLOSING_SECONDS = 1.0


class MonthMemory(Protocol):
    """A place off this disk that remembers this machine's count."""

    async def keep(self, period: MonthPeriod, used: int) -> bool:
        """Remember this count, unless it knows a larger one of ``period``. ``False``: it cannot now. Never raises."""

    async def recall(self, period: MonthPeriod) -> int | None:
        """The largest count kept of ``period``, ``None`` when there is none or it cannot be had now. Never raises."""


class Mirroring:
    """Copies the count of ``ledger`` to ``memory``, and recovers it from there. One instance per loop and ledger.

    While the count is lost nothing is copied, or the little that was counted since would pass for all of it.
    """

    def __init__(self, ledger: Ledger, memory: MonthMemory) -> None:
        self._ledger = ledger
        self._memory = memory
        self._copier: asyncio.Task[None] | None = None

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin; ``tasks`` owns it until ``close``."""
        self._copier = tasks.create_task(self._go_on(), name="mirror the month")

    async def close(self) -> None:
        """Stop, with the last calls copied if that takes no second; before memory and ledger are closed."""
        if self._copier is None:
            return
        self._copier.cancel()
        await asyncio.wait([self._copier])
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._recover_or_copy()
        except TimeoutError:
            pass

    async def _go_on(self) -> None:
        while True:
            # Whatever is charged from here on is copied the next time: many calls, one copy.
            self._ledger.charged.clear()
            is_done = await self._recover_or_copy()
            try:
                async with asyncio.timeout(COPY_EVERY_SECONDS if is_done else TRY_AGAIN_AFTER_SECONDS):
                    await self._ledger.charged.wait()
            except TimeoutError:
                pass

    async def _recover_or_copy(self) -> bool:
        try:
            count = await self._ledger.count()
            if count.is_known:
                return await self._memory.keep(count.period, count.used)
            used = await self._memory.recall(count.period)
            if used is None:
                return False
            await self._ledger.recover(used)
        except UpstreamUnavailable:  # the ledger has said so
            return False
        self._ledger.charged.set()  # what was recovered is to be copied with the calls since
        return True
