"""Who may call upstream, and when: the budget of the minute and of the month, spent in the order of asking.

Two counts of the minute guard it. That in memory orders the queue, knows at once who waits in vain, and is kept by a
clock that only grows. That in the ledger is shared with other processes on the same data folder and with those before a
restart. A call needs a slot of both. The queue itself is each process's own.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from dozor.domain.budget import MinuteWindow, minute_allowance
from dozor.domain.errors import BudgetExhausted
from dozor.market.ports import WindowUsage
from dozor.upstream.minute import MinuteRule

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from dozor.clock import Clock
    from dozor.domain.lanes import Asker
    from dozor.upstream.ledger import Charge


class Accounts(Protocol):
    """The counts of calls that outlive this process, which admission charges."""

    async def charge(self, rule: MinuteRule | None = None) -> Charge:
        """Count one call that is about to be sent, and with a ``rule`` take a slot of the minute for it, or neither.

        Raises BudgetExhausted or UpstreamUnavailable, with nothing counted, when the call must not be sent.
        """

    async def end(self, charge: Charge) -> None:
        """The call has ended. Never fails: at worst its slot is free later than it could be."""

    async def give_back(self, charge: Charge) -> None:
        """Uncount the call on the month. Never fails: at worst it stays counted."""

    async def withdraw(self, charge: Charge) -> None:
        """Undo the charge of a call that was never sent. Never fails: at worst it stays counted."""

    async def usage(self) -> WindowUsage:
        """How far the month is spent. Never fails."""


class Permit:
    """Leave to make one attempt, counted already: ``spend`` before it is sent, ``settle`` once its answer is known."""

    def __init__(self, ledger: Accounts, charge: Charge, *, count_only_successes: bool) -> None:
        self._ledger = ledger
        self._charge = charge
        self._count_only_successes = count_only_successes
        self._spent = False

    @property
    def spent(self) -> bool:
        """Whether the attempt may have been sent."""
        return self._spent

    def spend(self) -> None:
        """The attempt is sent now: from here on nothing takes its charge back but ``settle``."""
        self._spent = True

    async def settle(self, *, succeeded: bool) -> None:
        """Give the credit back to the month where only successes count. An attempt never settled stays charged."""
        if self._spent and self._count_only_successes and not succeeded:
            await self._ledger.give_back(self._charge)


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
        ledger: Accounts,
        clock: Clock,
        count_only_successes: bool = False,
        window_seconds: float = 60.0,
        max_waiting: int = 1000,
        max_wait_seconds: float = 8.0,
    ) -> None:
        self._allowance = minute_allowance(per_minute)
        self._window = MinuteWindow(self._allowance, window_seconds)
        self._rule = MinuteRule(self._allowance, timedelta(seconds=window_seconds)) if self._allowance else None
        self._full_until = -math.inf  # what the ledger last said of the minute that all processes share
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
    async def permit(self, asker: Asker, family: str, *, may_wait: bool = True) -> AsyncIterator[Permit]:
        """Leave for one attempt, made inside the block.

        Raises BudgetExhausted when there is none within ``max_wait_seconds``, or, without ``may_wait``, none now, and
        UpstreamUnavailable when the call cannot be recorded. A permit that was never spent leaves the budget as if it
        had not been given.
        """
        charge = await self._take_slot(self._max_wait if may_wait else 0.0)
        permit = Permit(self._ledger, charge, count_only_successes=self._count_only_successes)
        try:
            yield permit
        finally:
            if permit.spent:
                self._window.end(self._clock.monotonic())
                await self._ledger.end(charge)
            else:
                self._window.give_back()
                await self._ledger.withdraw(charge)

    def minute_usage(self) -> WindowUsage:
        """How far the minute is spent, as far as this process knows. ``limit`` is the part of the plan's that we use;
        ``resets_at`` is when the next call may go out, ``None`` when one may now.
        """
        now = self._clock.monotonic()
        free_at = self._earliest(now)
        resets_at = self._instant(free_at) if free_at > now else None
        used = self._allowance if self._full_until > now else self._window.used(now)
        return WindowUsage(used, self._allowance or None, resets_at)

    async def month_usage(self) -> WindowUsage:
        """How far the month is spent, and when it begins anew."""
        return await self._ledger.usage()

    def _earliest(self, now: float, ahead: int = 0) -> float:
        return max(self._window.earliest(now, ahead), self._full_until)

    async def _take_slot(self, max_wait: float) -> Charge:
        now = self._clock.monotonic()
        give_up_at = now + max_wait
        chance_at = self._earliest(now, ahead=self._waiting)
        if chance_at > give_up_at or self._waiting >= self._max_waiting:
            raise BudgetExhausted("minute", self._instant(chance_at))
        self._waiting += 1
        try:
            async with self._turn:
                return await self._wait_for_slot(give_up_at)
        finally:
            self._waiting -= 1

    async def _wait_for_slot(self, give_up_at: float) -> Charge:
        while (charge := await self._charge_if_free()) is None:
            now = self._clock.monotonic()
            chance_at = self._earliest(now)
            if chance_at > give_up_at:
                raise BudgetExhausted("minute", self._instant(chance_at))
            await self._clock.sleep(chance_at - now)
        return charge

    async def _charge_if_free(self) -> Charge | None:
        if not self._window.take(self._clock.monotonic()):
            return None
        try:
            return await self._ledger.charge(self._rule)
        except BudgetExhausted as refusal:
            self._window.give_back()
            if refusal.window != "minute":
                raise
            seconds = (refusal.retry_at - self._clock.now()).total_seconds()
            self._full_until = self._clock.monotonic() + seconds
            return None
        except BaseException:
            self._window.give_back()
            raise

    def _instant(self, monotonic: float) -> datetime:
        return self._clock.now() + timedelta(seconds=monotonic - self._clock.monotonic())
