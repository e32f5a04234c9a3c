"""Who may call upstream, and when: those who wait stand in line, and go out as the accounts allow.

The watcher of alerts goes before all with what is its own reserve; else the line (``waiting_line``) says whose turn it
is. The line is each process's own; what it spends from is not.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, assert_never

from dozor.domain.allowance import Shortage, Wait
from dozor.domain.errors import BudgetExhausted, TryLater, UpstreamLimited
from dozor.domain.lanes import Asker, Lane
from dozor.upstream.accounts import Charge, Outcome, Spending
from dozor.upstream.contention import LOOK_AGAIN_S, Contention
from dozor.upstream.outlook import Outlook, Purse
from dozor.upstream.waiting_line import Waiter, WaitingLine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from dozor.clock import Clock

SENT_WITHIN_SECONDS = 4.0  # and an attempt's 10: sooner than a call counts as ended whose process says nothing


class Budget(Protocol):
    """What calls are charged to: ``upstream.accounts.Accounts``, and what is like it."""

    async def charge(self, lane: Lane, family: str, *, beyond_reserve: bool = True) -> Outcome:
        """See ``Accounts.charge``."""

    async def end(self, charge: Charge) -> None:
        """See ``Accounts.end``."""

    async def withdraw(self, charge: Charge) -> None:
        """See ``Accounts.withdraw``."""

    async def give_back(self, charge: Charge) -> None:
        """See ``Accounts.give_back``."""

    async def refused(self, charge: Charge, pause: float) -> None:
        """See ``Accounts.refused``."""

    async def answered(self, charge: Charge) -> None:
        """See ``Accounts.answered``."""

    async def spending(self) -> Spending:
        """See ``Accounts.spending``."""


class Permit:
    """Leave to make one attempt, charged already: ``spend`` before it is sent, and then say what came of it."""

    def __init__(self, budget: Budget, charge: Charge, clock: Clock, *, count_only_successes: bool) -> None:
        self._budget = budget
        self._clock = clock
        self._charge = charge
        self._count_only_successes = count_only_successes
        self._spent = False

    @property
    def spent(self) -> bool:
        """Whether the attempt may have been sent."""
        return self._spent

    def spend(self) -> None:
        """The attempt is sent now: from here on nothing takes its charge back but ``settle``.

        Raises BudgetExhausted when it comes too late, for this process was held up: its slot may be free by the time
        at which the call ends.
        """
        if self._clock.monotonic() - self._charge.at > SENT_WITHIN_SECONDS:
            raise BudgetExhausted("minute", self._clock.now() + timedelta(seconds=1))
        self._spent = True

    async def settle(self, *, succeeded: bool) -> None:
        """Upstream answered, and not with 429. An attempt never settled stays charged.

        Gives the credit back to the month where only successes count.
        """
        if self._charge.is_probe:
            await self._budget.answered(self._charge)
        await self._give_back_unless(succeeded=succeeded)

    async def refused(self, pause: float) -> None:
        """Upstream answered 429, and is left alone by everybody for ``pause`` seconds."""
        await self._budget.refused(self._charge, pause)
        await self._give_back_unless(succeeded=False)

    async def _give_back_unless(self, *, succeeded: bool) -> None:
        if self._spent and self._count_only_successes and not succeeded:
            await self._budget.give_back(self._charge)


class Admission:
    """Lets calls out within ``budget``.

    A waiter that is sure to wait longer than ``max_wait_seconds`` is refused at once, and so is one who finds
    ``max_waiting`` before it. What costs a credit of the month the official statements do not agree on: every attempt,
    or with ``count_only_successes`` every 200. On the minute every attempt counts. ``per_minute()`` is how many calls
    may go out in one of ``minute_s`` seconds, 0 for any number: in a crowd of more loads than that, those are held back
    that few need (``contention``). ``tasks`` owns what hands out the turns while somebody waits. One instance per loop.
    """

    def __init__(
        self,
        budget: Budget,
        tasks: asyncio.TaskGroup,
        clock: Clock,
        *,
        count_only_successes: bool = False,
        max_waiting: int = 1000,
        max_wait_seconds: float = 8.0,
        per_minute: Callable[[], int] = lambda: 0,
        minute_s: float = 60.0,
    ) -> None:
        self._budget = budget
        self._tasks = tasks
        self._clock = clock
        self._count_only_successes = count_only_successes
        self._max_waiting = max_waiting
        self._max_wait = max_wait_seconds
        self._per_minute = per_minute
        self._line = WaitingLine()
        self._contention = Contention(minute_s)
        self._outlook = Outlook()
        self._changed = asyncio.Event()
        self._sleeps_until = -math.inf
        self._dispatcher: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def permit(self, asker: Asker, family: str, *, may_wait: bool = True) -> AsyncIterator[Permit]:
        """Leave for one attempt, made inside the block; ``family`` says what it is for, in the count of costs.

        Raises BudgetExhausted or UpstreamLimited when there is none within ``max_wait_seconds``, or, without
        ``may_wait``, none now, and UpstreamUnavailable when the call cannot be recorded. A permit that was never spent
        leaves the budget as if it had not been given.
        """
        charge = await self._take_turn(asker, family, self._max_wait if may_wait else 0.0)
        permit = Permit(self._budget, charge, self._clock, count_only_successes=self._count_only_successes)
        try:
            yield permit
        finally:
            if permit.spent:
                await self._budget.end(charge)
            else:
                await self._withdraw(charge)

    async def spending(self) -> Spending:
        """How far the budget is spent. Raises UpstreamUnavailable."""
        return await self._budget.spending()

    def waiting_by_lane(self) -> Mapping[Lane, int]:
        """How many wait for their turn, by how urgent it is now."""
        return self._line.by_lane()

    def expected_wait(self, lane: Lane, need: float) -> float:
        """In how many seconds a load of this lane and need would go out, as far as is known; 0 for at once.

        It asks nobody: while nobody waits, that the minute has filled up is known from the next who tries.
        """
        return self._outlook.likely_wait(lane, self._line.before(lane, need), self._clock.monotonic())

    async def _take_turn(self, asker: Asker, family: str, max_wait: float) -> Charge:
        now = self._clock.monotonic()
        held_until = now + (self._contention.held_back_s if max_wait >= self._contention.held_back_s else 0.0)
        turn: asyncio.Future[Charge] = asyncio.get_running_loop().create_future()
        waiter = Waiter(asker, family, now + max_wait, turn, held_until)
        self._contention.came(now)
        shortfall = self._outlook.sure(waiter.lane, now)
        if len(self._line) >= self._max_waiting:
            at = now + 1.0 if shortfall is None else shortfall.chance(len(self._line))
            raise self._refusal(Shortage.MINUTE if shortfall is None else shortfall.shortage, at)
        self._line.join(waiter)
        if shortfall is not None:
            chance_at = shortfall.chance(self._line.in_order().index(waiter))
            if chance_at > waiter.give_up_at:
                self._line.leave(waiter)
                raise self._refusal(shortfall.shortage, chance_at)
        if shortfall is None or shortfall.chance() < self._sleeps_until:
            self._changed.set()
        if self._dispatcher is None or self._dispatcher.done():
            self._dispatcher = self._tasks.create_task(self._hand_out_turns(), name="hand out turns to call upstream")
        asker.when_raised = self._changed.set  # for what it could not have as it was, it may have now
        try:
            return await waiter.turn
        except asyncio.CancelledError:
            await self._leave(waiter)
            raise
        finally:
            asker.when_raised = None

    async def _leave(self, waiter: Waiter) -> None:
        if waiter in self._line:
            self._line.leave(waiter)
        elif waiter.turn.done() and not waiter.turn.cancelled() and waiter.turn.exception() is None:
            await self._withdraw(waiter.turn.result())  # its turn came in the moment in which it left

    async def _withdraw(self, charge: Charge) -> None:
        await self._budget.withdraw(charge)
        self._outlook.forget()
        self._changed.set()

    async def _hand_out_turns(self) -> None:
        while len(self._line):
            self._changed.clear()
            failed: list[Wait] = []
            now = self._clock.monotonic()
            tries = self._next_tries(now)
            for waiter, purse in tries:
                if not waiter.turn.done() and (wait := await self._try(waiter, purse)) is not None:
                    failed.append(wait)
            self._line.forget_done()
            if len(failed) == len(tries):
                # Those who are held back may come to be needed without anybody being told.
                held = [] if len(tries) and tries[-1][1] is not Purse.RESERVE else [now + LOOK_AGAIN_S]
                await self._sleep_until(min([*(wait.chance() for wait in failed), *held]))

    def _next_tries(self, now: float) -> Sequence[tuple[Waiter, Purse]]:
        """Whose turn it is: of those who have a reserve, and of those who share the rest."""
        tries = []
        if (alert := self._line.first_in(Lane.ALERT)) is not None:
            tries.append((alert, Purse.RESERVE))
        slots = self._per_minute()
        if (first := self._line.first(lambda one: self._contention.holds_back(one, slots, now))) is not None:
            tries.append((first, Purse.SPARE if first.lane is Lane.WARM_UP else Purse.REST))
        return tries

    async def _try(self, waiter: Waiter, purse: Purse) -> Wait | None:
        """Why nothing has come of it; ``None`` when something has, and another may be tried."""
        try:
            outcome = await self._budget.charge(waiter.lane, waiter.family, beyond_reserve=purse is not Purse.RESERVE)
        except Exception as error:  # noqa: BLE001  # it is the asker's: raised here it would end the whole group
            self._dismiss(waiter, error)
            return None
        if isinstance(outcome, Wait):
            self._outlook.fell_short(purse, outcome, self._clock.monotonic())
            return None if self._dismiss_hopeless(purse, outcome) else outcome
        self._outlook.went(purse, self._clock.monotonic())
        if waiter.turn.done() or waiter not in self._line:
            await self._withdraw(outcome)
            return None
        self._line.go(waiter)
        waiter.turn.set_result(outcome)
        return None

    def _dismiss_hopeless(self, purse: Purse, wait: Wait) -> bool:
        """Refuse those who are sure to wait for longer than they can. Whether there were any."""
        if purse is Purse.RESERVE:  # an alert may still go with the rest
            return False
        hopeless = []
        ahead = 0
        for waiter in self._line.in_order():
            if purse is Purse.SPARE and waiter.lane is not Lane.WARM_UP:  # it came meanwhile
                continue
            chance_at = wait.chance(ahead)
            if waiter.lane is Lane.ALERT:
                chance_at = min(chance_at, self._outlook.alerts_own_chance())
            if chance_at > waiter.give_up_at:
                hopeless.append((waiter, chance_at))
            else:
                ahead += 1
        for waiter, chance_at in hopeless:
            self._dismiss(waiter, self._refusal(wait.shortage, chance_at))
        return bool(hopeless)

    def _dismiss(self, waiter: Waiter, error: Exception) -> None:
        self._line.leave(waiter)
        if not waiter.turn.done():
            waiter.turn.set_exception(error)

    async def _sleep_until(self, instant: float) -> None:
        """Until then, or until something changes that might let somebody go sooner."""
        self._sleeps_until = instant
        woken = asyncio.ensure_future(self._changed.wait())
        slept = asyncio.ensure_future(self._clock.sleep(instant - self._clock.monotonic()))
        try:
            await asyncio.wait((woken, slept), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._sleeps_until = -math.inf
            woken.cancel()
            slept.cancel()

    def _refusal(self, shortage: Shortage, retry_at: float) -> TryLater:
        at = self._instant(retry_at)
        match shortage:
            case Shortage.MINUTE | Shortage.SHARING:
                return BudgetExhausted("minute", at)
            case Shortage.PACE:
                return BudgetExhausted("day", at)
            case Shortage.MONTH:
                return BudgetExhausted("month", at)
            case Shortage.PAUSE:
                return UpstreamLimited(at)
            case _:
                assert_never(shortage)

    def _instant(self, monotonic: float) -> datetime:
        return self._clock.now() + timedelta(seconds=monotonic - self._clock.monotonic())
