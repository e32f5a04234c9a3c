"""Who may call upstream, and when."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dozor.domain.errors import BudgetExhausted
from dozor.domain.lanes import Asker, Lane
from dozor.market.ports import WindowUsage
from dozor.upstream.admission import Admission
from dozor.upstream.ledger import Charge, Ledger
from fakes import FakeClock, settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine
    from pathlib import Path

    from dozor.upstream.minute import MinuteRule

    from dozor.clock import Clock

SOMEBODY = Asker(Lane.PERSON, "app")


class LedgerInMemory:
    """Counts without a disk; what the real one does has its own tests."""

    def __init__(self, clock: Clock) -> None:
        self._used = 0
        self._clock = clock

    async def charge(self, rule: MinuteRule | None = None) -> Charge:
        self._used += 1
        return Charge(self._clock.now().date())

    async def end(self, charge: Charge) -> None: ...

    async def give_back(self, charge: Charge) -> None:
        self._used -= 1

    async def withdraw(self, charge: Charge) -> None:
        self._used -= 1

    async def usage(self) -> WindowUsage:
        return WindowUsage(self._used, None)


class Callers:
    """People who make calls through one admission and end them when told to."""

    def __init__(self, clock: FakeClock, admission: Admission, tasks: asyncio.TaskGroup) -> None:
        self.clock = clock
        self.admission = admission
        self.sent: list[int] = []
        self.refused: dict[int, BudgetExhausted] = {}
        self.ended_at: list[float] = []
        self.under_way: dict[int, asyncio.Event] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self._group = tasks
        self._number = 0

    def ask(self) -> int:
        self._number += 1
        self.tasks[self._number] = self._group.create_task(self._call(self._number))
        return self._number

    async def _call(self, number: int) -> None:
        try:
            async with self.admission.permit(SOMEBODY, "get_prices") as permit:
                permit.spend()
                self.sent.append(number)
                self.under_way[number] = asyncio.Event()
                try:
                    await self.under_way[number].wait()
                finally:
                    del self.under_way[number]
                    self.ended_at.append(self.clock.monotonic())
        except BudgetExhausted as refusal:
            self.refused[number] = refusal

    def busy(self, window: float) -> int:
        """Calls under way or ended less than a window ago: what upstream may count within one window."""
        now = self.clock.monotonic()
        return len(self.under_way) + sum(at > now - window for at in self.ended_at)

    def leave(self) -> None:
        for task in self.tasks.values():
            task.cancel()


@asynccontextmanager
async def callers(clock: FakeClock, **options: object) -> AsyncIterator[Callers]:
    admission = Admission(ledger=LedgerInMemory(clock), clock=clock, **options)  # type: ignore[arg-type]
    async with asyncio.TaskGroup() as tasks:
        people = Callers(clock, admission, tasks)
        yield people
        people.leave()


async def test_next_call_waits_for_a_slot_that_is_free_a_window_after_the_call_ended() -> None:
    clock = FakeClock()
    async with callers(clock, per_minute=1, window_seconds=5) as people:
        first = people.ask()
        await clock.advance(2)
        people.under_way[first].set()
        await settle()
        second = people.ask()
        await clock.advance(4.9)
        assert people.sent == [first]
        await clock.advance(0.1)
        assert people.sent == [first, second]


async def test_waiters_go_out_in_the_order_of_asking_and_one_who_leaves_makes_no_hole() -> None:
    clock = FakeClock()
    async with callers(clock, per_minute=1, window_seconds=2) as people:
        first = people.ask()
        await settle()
        people.under_way[first].set()
        await settle()
        waiting = [people.ask() for _ in range(4)]
        await settle()
        people.tasks[waiting[0]].cancel()  # the one who waits for the clock
        people.tasks[waiting[2]].cancel()  # one in the middle of the queue
        await settle()
        for number in (waiting[1], waiting[3]):
            await clock.advance(2)
            assert people.sent[-1] == number
            people.under_way[number].set()
            await settle()


async def test_newcomer_who_asks_the_moment_a_slot_is_free_does_not_overtake_who_waits_for_it() -> None:
    clock = FakeClock()
    async with callers(clock, per_minute=1, window_seconds=2) as people, asyncio.TaskGroup() as others:
        first = people.ask()
        await settle()
        people.under_way[first].set()
        await settle()

        async def newcomer() -> None:
            await clock.sleep(2)  # wakes before the waiter does, who sleeps until the same moment
            people.ask()

        others.create_task(newcomer())
        await settle()
        waiter = people.ask()
        await clock.advance(2)
        assert people.sent == [first, waiter]


async def test_who_is_sure_to_wait_too_long_is_refused_at_once_with_the_time_of_the_next_chance() -> None:
    clock = FakeClock()
    async with callers(clock, per_minute=1) as people:
        first = people.ask()
        await settle()
        people.under_way[first].set()
        await clock.advance(51)
        hopeless = people.ask()  # 9 s to go
        await settle()
        assert people.refused[hopeless].retry_at == clock.now() + timedelta(seconds=9)
        await clock.advance(1)
        hopeful = people.ask()
        behind = people.ask()  # the slot after that is a minute away
        await settle()
        assert people.refused[behind].retry_at == clock.now() + timedelta(seconds=68)
        assert people.refused[behind].window == "minute"
        await clock.advance(8)
        assert people.sent == [first, hopeful]


async def test_who_finds_the_queue_full_is_refused_at_once() -> None:
    clock = FakeClock()
    async with callers(clock, per_minute=1, window_seconds=1, max_waiting=2) as people:
        first = people.ask()
        await settle()
        people.under_way[first].set()
        await settle()
        people.ask()
        people.ask()
        one_too_many = people.ask()
        await settle()
        assert list(people.refused) == [one_too_many]


async def test_waiting_never_lasts_longer_than_allowed_when_a_call_turns_out_slow() -> None:
    clock = FakeClock()
    async with callers(clock, per_minute=1, window_seconds=5, max_wait_seconds=8) as people:
        slow = people.ask()
        await settle()
        waiting = people.ask()  # could go out in 5 s if the slow one ended now; it does not
        await clock.advance(8)
        assert waiting in people.refused
        assert people.sent == [slow]


async def test_permit_that_was_never_charged_leaves_its_slot_to_the_next() -> None:
    clock = FakeClock()
    admission = Admission(per_minute=1, ledger=LedgerInMemory(clock), clock=clock)
    async with admission.permit(SOMEBODY, "get_prices"):
        pass
    async with admission.permit(SOMEBODY, "get_prices"):
        pass
    assert admission.minute_usage().used == 0


async def test_second_attempt_takes_a_free_slot_but_never_waits_for_one() -> None:
    clock = FakeClock()
    admission = Admission(per_minute=1, ledger=LedgerInMemory(clock), clock=clock, window_seconds=5)
    async with admission.permit(SOMEBODY, "get_prices", may_wait=False) as permit:
        permit.spend()
    with pytest.raises(BudgetExhausted):
        async with admission.permit(SOMEBODY, "get_prices", may_wait=False):
            raise AssertionError("no slot is free")


async def test_without_a_limit_nobody_waits() -> None:
    clock = FakeClock()
    async with callers(clock, per_minute=0) as people:
        for _ in range(500):
            people.ask()
        await settle()
        assert len(people.sent) == 500
        usage = people.admission.minute_usage()
        assert (usage.used, usage.limit, usage.resets_at) == (500, None, None)


async def test_minute_usage_shows_the_part_of_the_plan_that_we_use() -> None:
    clock = FakeClock()
    async with callers(clock, per_minute=5) as people:
        for _ in range(4):
            people.ask()
        await settle()
        usage = people.admission.minute_usage()
        assert (usage.used, usage.limit, usage.resets_at) == (4, 4, clock.now() + timedelta(seconds=60))


@pytest.mark.parametrize(
    ("count_only_successes", "succeeded", "counted"),
    [(False, True, 1), (False, False, 1), (True, True, 1), (True, False, 0)],
)
async def test_credit_is_given_back_only_for_a_failure_where_only_successes_count(
    tmp_path: Path, *, count_only_successes: bool, succeeded: bool, counted: int
) -> None:
    clock = FakeClock()
    async with Ledger(tmp_path / "ledger.db", per_month=10, resets_on=1, clock=clock) as ledger:
        admission = Admission(per_minute=5, ledger=ledger, clock=clock, count_only_successes=count_only_successes)
        async with admission.permit(SOMEBODY, "get_prices") as permit:
            permit.spend()
            await permit.settle(succeeded=succeeded)
        assert (await admission.month_usage()).used == counted
        assert admission.minute_usage().used == 1  # a failed attempt counts on the minute whatever the month does


async def test_spent_month_leaves_the_minute_untouched(tmp_path: Path) -> None:
    clock = FakeClock()
    async with Ledger(tmp_path / "ledger.db", per_month=1, resets_on=1, clock=clock) as ledger:
        admission = Admission(per_minute=5, ledger=ledger, clock=clock)
        await ledger.charge()
        with pytest.raises(BudgetExhausted, match="month"):
            async with admission.permit(SOMEBODY, "get_prices"):
                raise AssertionError("the month is spent")
        assert admission.minute_usage().used == 0


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(1, 4)),
        st.tuples(st.just("end"), st.integers(0, 20)),
        st.tuples(st.just("leave"), st.integers(0, 20)),
        st.tuples(st.just("wait"), st.integers(1, 25)),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(events=EVENTS, per_minute=st.integers(1, 5), window=st.sampled_from([3, 7, 60]))
def test_no_window_ever_holds_more_calls_than_allowed_in_any_order_of_events(
    events: list[tuple[str, int]], per_minute: int, window: int
) -> None:
    allowed = max(1, per_minute * 9 // 10)

    async def live() -> None:
        clock = FakeClock()
        async with callers(clock, per_minute=per_minute, window_seconds=window, max_waiting=5) as people:
            for kind, number in events:
                match kind:
                    case "ask":
                        for _ in range(number):
                            people.ask()
                    case "end" if people.under_way:
                        list(people.under_way.values())[number % len(people.under_way)].set()
                    case "leave" if people.tasks:
                        list(people.tasks.values())[number % len(people.tasks)].cancel()
                    case "wait":
                        for _ in range(number):
                            await clock.advance(1)
                            assert people.busy(window) <= allowed
                await settle()
                assert people.busy(window) <= allowed
                assert people.sent == sorted(people.sent)
            # Nobody is forgotten: with calls ending, everyone who still waits goes out or is refused.
            for _ in range(20):
                for call in people.under_way.values():
                    call.set()
                await clock.advance(1)
            settled = set(people.sent) | set(people.refused)
            assert all(number in settled or task.done() for number, task in people.tasks.items())

    run(live())


def run(work: Coroutine[object, object, None]) -> None:
    # A loop of its own that never becomes the thread's: the other tests' loop lives on.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(work)
