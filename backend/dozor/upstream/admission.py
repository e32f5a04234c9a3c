"""Who may call upstream, and when: the budget of the minute and of the month, spent in the order of asking.

This is the first admission: one process, one queue. Lanes by ``Purpose``, the month's pace and a minute shared between
processes take its place behind the same two methods.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from dozor.domain.budget import MinuteWindow, minute_allowance
from dozor.domain.errors import BudgetExhausted
from dozor.market.ports import WindowUsage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from dozor.clock import Clock


class MonthBudget(Protocol):
    """The count of the month's calls that admission charges."""

    async def charge(self) -> date:
        """Count one call that is about to be sent; the UTC day it is counted on.

        Raises BudgetExhausted or UpstreamUnavailable, with nothing counted, when the call must not be sent.
        """

    async def give_back(self, day: date) -> None:
        """Uncount a call that was charged on ``day``. Never fails: at worst the call stays counted."""

    async def usage(self) -> WindowUsage:
        """How far the month is spent. Never fails."""


class Permit:
    """Leave to make one attempt: ``charge`` before it is sent, ``settle`` once its answer is known."""

    def __init__(self, ledger: MonthBudget, *, count_only_successes: bool) -> None:
        self._ledger = ledger
        self._count_only_successes = count_only_successes
        self._charged_on: date | None = None

    @property
    def charged(self) -> bool:
        """Whether the attempt may have been sent."""
        return self._charged_on is not None

    async def charge(self) -> None:
        """Count the attempt on the month. Raises BudgetExhausted or UpstreamUnavailable; then it must not be sent."""
        self._charged_on = await self._ledger.charge()

    async def settle(self, *, succeeded: bool) -> None:
        """Give the credit back to the month where only successes count. An attempt never settled stays charged."""
        if self._charged_on is not None and self._count_only_successes and not succeeded:
            await self._ledger.give_back(self._charged_on)


class Admission:
    """Lets calls out within the budget, first come first served.

    ``per_minute`` is the plan's limit (0 = none), of which nine tenths are used. A waiter that is sure to wait longer
    than ``max_wait_seconds`` is refused at once, and so is one who finds ``max_waiting`` before it. What costs a credit
    of the month the official statements do not agree on: every attempt, or with ``count_only_successes`` every 200. On
    the minute every attempt counts. One instance per loop.
    """

    def __init__(
        self,
        *,
        per_minute: int,
        ledger: MonthBudget,
        clock: Clock,
        count_only_successes: bool = False,
        window_seconds: float = 60.0,
        max_waiting: int = 1000,
        max_wait_seconds: float = 8.0,
    ) -> None:
        self._allowance = minute_allowance(per_minute)
        self._window = MinuteWindow(self._allowance, window_seconds)
        self._ledger = ledger
        self._clock = clock
        self._count_only_successes = count_only_successes
        self._max_waiting = max_waiting
        self._max_wait = max_wait_seconds
        self._waiting = 0
        # Whoever waits for the clock holds the turn; the rest wait for the turn. An asyncio.Lock hands it on in the
        # order of asking and skips those who have left, which is all the queue we need.
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def permit(self, *, may_wait: bool = True) -> AsyncIterator[Permit]:
        """Leave for one attempt, made inside the block.

        Raises BudgetExhausted when there is none within ``max_wait_seconds``, or, without ``may_wait``, none now. A
        permit that was never charged leaves its slot free, as if it had not been given.
        """
        await self._take_slot(self._max_wait if may_wait else 0.0)
        permit = Permit(self._ledger, count_only_successes=self._count_only_successes)
        try:
            yield permit
        finally:
            if permit.charged:
                self._window.end(self._clock.monotonic())
            else:
                self._window.give_back()

    def minute_usage(self) -> WindowUsage:
        """How far the minute is spent. ``limit`` is the part of the plan's that we use; ``resets_at`` is when the next
        call may go out, ``None`` when one may now.
        """
        now = self._clock.monotonic()
        free_at = self._window.earliest(now)
        resets_at = self._instant(free_at) if free_at > now else None
        return WindowUsage(self._window.used(now), self._allowance or None, resets_at)

    async def month_usage(self) -> WindowUsage:
        """How far the month is spent, and when it begins anew."""
        return await self._ledger.usage()

    async def _take_slot(self, max_wait: float) -> None:
        now = self._clock.monotonic()
        give_up_at = now + max_wait
        chance_at = self._window.earliest(now, ahead=self._waiting)
        if chance_at > give_up_at or self._waiting >= self._max_waiting:
            raise BudgetExhausted("minute", self._instant(chance_at))
        self._waiting += 1
        try:
            async with self._turn:
                await self._wait_for_slot(give_up_at)
        finally:
            self._waiting -= 1

    async def _wait_for_slot(self, give_up_at: float) -> None:
        while not self._window.take(now := self._clock.monotonic()):
            chance_at = self._window.earliest(now)
            if chance_at > give_up_at:
                raise BudgetExhausted("minute", self._instant(chance_at))
            await self._clock.sleep(chance_at - now)

    def _instant(self, monotonic: float) -> datetime:
        return self._clock.now() + timedelta(seconds=monotonic - self._clock.monotonic())
