"""Who may call upstream, and when: those who wait stand in lanes, and go out as the accounts allow.

A person goes before a refresh before a warm-up. The watcher of alerts goes before all with what is its own reserve, and
after people with what is not. Within a lane it is one client's turn after another's, so that nobody who asks for much
keeps out who asks for little. The queue is each process's own; what it spends from is not.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter, OrderedDict
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, assert_never

from dozor.domain.allowance import Shortage, Wait
from dozor.domain.errors import BudgetExhausted, TryLater, UpstreamLimited
from dozor.domain.lanes import Asker, Lane
from dozor.upstream.accounts import Charge, Outcome, Spending

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from dozor.clock import Clock

SENT_WITHIN_SECONDS = 4.0  # and an attempt's 10: sooner than a call counts as ended whose process says nothing
CLIENTS_REMEMBERED = 1000
BELIEVED_FOR = 1.0  # another process may give back a slot, or the operator correct the count
AFTER_PEOPLE = (Lane.PERSON, Lane.ALERT, Lane.REFRESH, Lane.WARM_UP)


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


@dataclass(eq=False, slots=True)
class _Waiter:
    """One who waits. ``asker`` may come to be in a greater hurry meanwhile."""

    asker: Asker
    family: str
    give_up_at: float
    turn: asyncio.Future[Charge]


class Admission:
    """Lets calls out within ``budget``.

    A waiter that is sure to wait longer than ``max_wait_seconds`` is refused at once, and so is one who finds
    ``max_waiting`` before it. What costs a credit of the month the official statements do not agree on: every attempt,
    or with ``count_only_successes`` every 200. On the minute every attempt counts. ``tasks`` owns what hands out the
    turns while somebody waits. One instance per loop.
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
    ) -> None:
        self._budget = budget
        self._tasks = tasks
        self._clock = clock
        self._count_only_successes = count_only_successes
        self._max_waiting = max_waiting
        self._max_wait = max_wait_seconds
        self._waiting: list[_Waiter] = []
        self._had_turn: OrderedDict[str, int] = OrderedDict()  # the clients, by when they last had a turn
        self._turns = 0
        self._blocked: dict[bool, Wait] = {}  # why the last try failed: with the reserve alone, and with the rest
        self._blocked_at = -math.inf
        self._changed = asyncio.Event()
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

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    def waiting_by_lane(self) -> Mapping[Lane, int]:
        """The same, by how urgent it is now."""
        lanes = Counter(waiter.asker.lane for waiter in self._waiting)
        return {lane: lanes[lane] for lane in Lane}

    async def _take_turn(self, asker: Asker, family: str, max_wait: float) -> Charge:
        now = self._clock.monotonic()
        waiter = _Waiter(asker, family, now + max_wait, asyncio.get_running_loop().create_future())
        is_alert = asker.lane is Lane.ALERT
        wait = None if is_alert else self._known_wait(now)
        if wait is not None and (chance_at := wait.chance(self._ahead_of(waiter))) > waiter.give_up_at:
            raise self._refusal(wait, chance_at)
        if len(self._waiting) >= self._max_waiting:
            raise self._refusal(wait, now + 1.0 if wait is None else wait.chance(len(self._waiting)))
        self._waiting.append(waiter)
        if wait is None:
            self._changed.set()
        if self._dispatcher is None or self._dispatcher.done():
            self._dispatcher = self._tasks.create_task(self._hand_out_turns(), name="hand out turns to call upstream")
        try:
            return await waiter.turn
        except asyncio.CancelledError:
            await self._leave(waiter)
            raise

    async def _leave(self, waiter: _Waiter) -> None:
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        elif waiter.turn.done() and not waiter.turn.cancelled() and waiter.turn.exception() is None:
            await self._withdraw(waiter.turn.result())  # its turn came in the moment in which it left

    async def _withdraw(self, charge: Charge) -> None:
        await self._budget.withdraw(charge)
        self._blocked.clear()
        self._changed.set()

    async def _hand_out_turns(self) -> None:
        while self._waiting:
            self._changed.clear()
            has_moved = False
            for waiter, beyond_reserve in self._next_tries():
                has_moved = waiter.turn.done() or await self._try(waiter, beyond_reserve=beyond_reserve) or has_moved
            # One who is cancelled is done before it has left.
            self._waiting = [waiter for waiter in self._waiting if not waiter.turn.done()]
            if not has_moved:
                await self._sleep_until(min(wait.chance() for wait in self._blocked.values()))

    def _next_tries(self) -> Sequence[tuple[_Waiter, bool]]:
        """Whose turn it is: of those who have a reserve, and of those who share the rest."""
        tries = []
        if (alert := self._next_in(Lane.ALERT)) is not None:
            tries.append((alert, False))
        first = next((waiter for lane in AFTER_PEOPLE if (waiter := self._next_in(lane)) is not None), None)
        if first is not None:
            tries.append((first, True))
        return tries

    def _next_in(self, lane: Lane) -> _Waiter | None:
        return min((one for one in self._waiting if one.asker.lane is lane), key=self._fairly, default=None)

    def _fairly(self, waiter: _Waiter) -> int:
        # Who waits longer is found first among equals.
        return self._had_turn.get(waiter.asker.client, 0)

    async def _try(self, waiter: _Waiter, *, beyond_reserve: bool) -> bool:
        """Whether something has come of it, and another may be tried."""
        try:
            outcome = await self._budget.charge(waiter.asker.lane, waiter.family, beyond_reserve=beyond_reserve)
        except Exception as error:  # noqa: BLE001  # it is the asker's: raised here it would end the whole group
            self._dismiss(waiter, error)
            return True
        if isinstance(outcome, Wait):
            self._blocked[beyond_reserve] = outcome
            self._blocked_at = self._clock.monotonic()
            return self._dismiss_hopeless(outcome, beyond_reserve=beyond_reserve)
        self._blocked.pop(beyond_reserve, None)
        if waiter.turn.done() or waiter not in self._waiting:
            await self._withdraw(outcome)
            return True
        self._waiting.remove(waiter)
        self._turns += 1
        self._had_turn[waiter.asker.client] = self._turns
        self._had_turn.move_to_end(waiter.asker.client)
        if len(self._had_turn) > CLIENTS_REMEMBERED:
            self._had_turn.popitem(last=False)
        waiter.turn.set_result(outcome)
        return True

    def _dismiss_hopeless(self, wait: Wait, *, beyond_reserve: bool) -> bool:
        """Refuse those who are sure to wait for longer than they can. Whether there were any."""
        if not beyond_reserve:  # an alert may still go with the rest
            return False
        in_order = sorted(self._waiting, key=lambda one: (AFTER_PEOPLE.index(one.asker.lane), self._fairly(one)))
        hopeless = []
        ahead = 0
        for waiter in in_order:
            chance_at = wait.chance(ahead)
            if waiter.asker.lane is Lane.ALERT and (own := self._blocked.get(False)) is not None:
                chance_at = min(chance_at, own.chance())
            if chance_at > waiter.give_up_at:
                hopeless.append((waiter, chance_at))
            else:
                ahead += 1
        for waiter, chance_at in hopeless:
            self._dismiss(waiter, self._refusal(wait, chance_at))
        return bool(hopeless)

    def _dismiss(self, waiter: _Waiter, error: Exception) -> None:
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        if not waiter.turn.done():
            waiter.turn.set_exception(error)

    async def _sleep_until(self, instant: float) -> None:
        """Until then, or until something changes that might let somebody go sooner."""
        woken = asyncio.ensure_future(self._changed.wait())
        slept = asyncio.ensure_future(self._clock.sleep(instant - self._clock.monotonic()))
        try:
            await asyncio.wait((woken, slept), return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            slept.cancel()
        self._blocked.clear()

    def _known_wait(self, now: float) -> Wait | None:
        """Why nobody but an alert can go now, if that is known."""
        wait = self._blocked.get(True)
        is_news = now - self._blocked_at < BELIEVED_FOR
        return wait if is_news and wait is not None and wait.chance() > now else None

    def _ahead_of(self, waiter: _Waiter) -> int:
        """How many are sure to go before a newcomer."""
        place, turn = AFTER_PEOPLE.index(waiter.asker.lane), self._fairly(waiter)
        return sum((AFTER_PEOPLE.index(one.asker.lane), self._fairly(one)) <= (place, turn) for one in self._waiting)

    def _refusal(self, wait: Wait | None, retry_at: float) -> TryLater:
        at = self._instant(retry_at)
        shortage = Shortage.MINUTE if wait is None else wait.shortage
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
