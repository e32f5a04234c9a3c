"""Who may call upstream, and when."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from dozor.domain.allowance import Allowance, Terms, Wait
from dozor.domain.errors import BudgetExhausted, TryLater, UpstreamLimited
from dozor.domain.lanes import Asker, Lane
from dozor.upstream.accounts import Charge
from dozor.upstream.admission import Admission
from fakes import FakeClock, settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from dozor.upstream.accounts import Outcome, Spending


class BudgetInMemory:
    """An allowance without a disk; what the real accounts do has its own tests."""

    def __init__(self, clock: FakeClock, slots: int, *, armed: bool = False) -> None:
        self._clock = clock
        self.terms = Terms(slots, slots, span=60, longest=15)
        self.allowance = Allowance(armed=armed)
        self.given_back = 0
        self._number = 0

    async def charge(self, lane: Lane, family: str, *, beyond_reserve: bool = True) -> Outcome:
        self._number += 1
        call, now = f"{self._number}", self._clock.monotonic()
        decision = self.allowance.charge(now, self.terms, call, lane, beyond_reserve=beyond_reserve)
        if isinstance(decision, Wait):
            return decision
        return Charge(call, family, self._clock.now().date(), 1, self._clock.monotonic(), is_probe=decision.is_probe)

    async def end(self, charge: Charge) -> None:
        self.allowance.end(self._clock.monotonic(), charge.call)

    async def withdraw(self, charge: Charge) -> None:
        self.allowance.withdraw(self.terms, charge.call)

    async def give_back(self, charge: Charge) -> None:
        self.given_back += 1

    async def refused(self, charge: Charge, pause: float) -> None:
        self.allowance.refused(self._clock.monotonic(), self.terms, charge.call, pause)

    async def answered(self, charge: Charge) -> None:
        self.allowance.answered(charge.call)

    async def spending(self) -> Spending:
        raise AssertionError("nobody asks here")


class Callers:
    """People who make calls that last no time, through one admission."""

    def __init__(
        self, clock: FakeClock, budget: BudgetInMemory, admission: Admission, group: asyncio.TaskGroup
    ) -> None:
        self.clock = clock
        self.budget = budget
        self.admission = admission
        self.sent: list[str] = []
        self.refused: dict[str, TryLater] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._group = group

    def ask(
        self, name: str, lane: Lane = Lane.PERSON, client: str = "app", *, waiting: int = 1, expected: float = 0
    ) -> Asker:
        asker = Asker(lane, client, waiting, expected)
        self.tasks[name] = self._group.create_task(self._call(name, asker))
        return asker

    async def _call(self, name: str, asker: Asker) -> None:
        try:
            async with self.admission.permit(asker, "get_prices") as permit:
                permit.spend()
                self.sent.append(name)
                await permit.settle(succeeded=True)
        except TryLater as refusal:
            self.refused[name] = refusal

    async def use_up(self, slots: int, ends_in: float) -> None:
        """From now on a slot is free in ``ends_in`` seconds and in each of the seconds that follow."""
        for number in range(slots):
            self.ask(f"earlier {number}")
            await settle()
            await self.clock.advance(1)
        await self.clock.advance(60 - slots - ends_in)
        self.sent.clear()


@asynccontextmanager
async def callers(slots: int, *, armed: bool = False, **options: object) -> AsyncIterator[Callers]:
    clock = FakeClock()
    budget = BudgetInMemory(clock, slots, armed=armed)
    async with asyncio.TaskGroup() as group:
        admission = Admission(budget, group, clock, **options)  # type: ignore[arg-type]
        people = Callers(clock, budget, admission, group)
        yield people
        for task in people.tasks.values():
            task.cancel()
        await settle()
        await clock.advance(100)  # who hands out the turns sees that nobody waits any more


async def test_a_person_goes_before_a_refresh_before_a_warm_up() -> None:
    async with callers(5) as people:
        await people.use_up(5, ends_in=2)
        for lane in (Lane.WARM_UP, Lane.REFRESH, Lane.PERSON):
            people.ask(lane.value, lane)
            await settle()
        await people.clock.advance(6)
        assert people.sent == ["person", "refresh", "warm_up"]


async def test_load_that_somebody_comes_to_wait_for_goes_as_theirs() -> None:
    async with callers(2) as people:
        await people.use_up(2, ends_in=2)
        people.ask("first", Lane.REFRESH)
        asker = people.ask("second", Lane.WARM_UP)
        await settle()
        asker.raise_to(Lane.PERSON, "bot")
        await people.clock.advance(6)
        assert people.sent == ["second", "first"]


async def test_person_who_comes_while_a_warm_up_may_not_go_goes_at_once() -> None:
    async with callers(9) as people:
        for number in range(8):
            people.ask(f"warm-up {number}", Lane.WARM_UP)
        await people.clock.advance(55)
        people.ask("waits", Lane.WARM_UP)
        await settle()
        people.ask("person")
        await settle()
        assert people.sent[7:] == ["person"]
        await people.clock.advance(5)
        assert people.sent[8:] == ["waits"]


async def test_warm_up_that_may_not_go_goes_at_once_when_somebody_comes_to_wait_for_it() -> None:
    async with callers(9) as people:
        for number in range(7):
            people.ask(f"warm-up {number}", Lane.WARM_UP)
        await people.clock.advance(55)
        asker = people.ask("waits", Lane.WARM_UP)
        await settle()
        assert len(people.sent) == 7
        asker.raise_to(Lane.PERSON, "app")
        await settle()
        assert people.sent[7:] == ["waits"]


async def test_refresh_that_an_alert_comes_to_wait_for_goes_at_once_with_the_alerts_reserve() -> None:
    async with callers(10, armed=True) as people:
        await people.use_up(7, ends_in=5)
        asker = people.ask("waits", Lane.REFRESH)
        await settle()
        assert people.sent == []
        asker.raise_to(Lane.ALERT, "")
        await settle()
        assert people.sent == ["waits"]


async def test_person_whose_chance_comes_before_a_warm_ups_goes_with_it() -> None:
    async with callers(4) as people:
        await people.use_up(4, ends_in=3)
        people.ask("warm-up", Lane.WARM_UP)
        await settle()
        with pytest.raises(BudgetExhausted):
            async with people.admission.permit(Asker(Lane.PERSON, "app"), "get_prices", may_wait=False):
                raise AssertionError("no slot is free")
        people.ask("person")  # of whom it is known that there is none yet
        await people.clock.advance(3)
        assert people.sent == ["person"]
        await people.clock.advance(2)
        assert people.sent == ["person", "warm-up"]


async def test_warm_up_is_to_expect_a_longer_wait_than_a_person() -> None:
    async with callers(9) as people:
        for number in range(8):
            people.ask(f"warm-up {number}", Lane.WARM_UP)
        await settle()
        assert len(people.sent) == 7
        assert people.admission.expected_wait(Lane.WARM_UP, 0) == 60
        assert people.admission.expected_wait(Lane.PERSON, 1) == 0


async def test_clients_take_turns_however_much_one_of_them_asks_for() -> None:
    async with callers(4) as people:
        await people.use_up(4, ends_in=1)
        for number in range(3):
            people.ask(f"bot {number}", client="bot")
        people.ask("app", client="page")
        await people.clock.advance(7)
        assert people.sent == ["bot 0", "app", "bot 1", "bot 2"]


async def test_load_that_most_people_wait_for_or_are_expected_to_ask_for_goes_first() -> None:
    async with callers(5) as people:
        await people.use_up(5, ends_in=2)
        people.ask("one")
        people.ask("another")
        people.ask("three", waiting=3)
        people.ask("one and four to come", expected=4)
        await people.clock.advance(7)
        assert people.sent == ["one and four to come", "three", "one", "another"]


async def test_what_becomes_needed_while_it_waits_goes_as_that() -> None:
    async with callers(3) as people:
        await people.use_up(3, ends_in=2)
        people.ask("earlier", waiting=2)
        asker = people.ask("later")
        await settle()
        asker.expected = 1.5
        await people.clock.advance(6)
        assert people.sent == ["later", "earlier"]


async def test_client_whose_turn_it_is_goes_before_another_whose_load_is_needed_more() -> None:
    async with callers(4) as people:
        await people.use_up(4, ends_in=1)
        for number in range(3):
            people.ask(f"bot {number}", client="bot", waiting=10)
        people.ask("app", client="page")
        await people.clock.advance(7)
        assert people.sent == ["bot 0", "app", "bot 1", "bot 2"]


async def test_load_that_everybody_has_ceased_to_wait_for_goes_after_those_with_somebody() -> None:
    async with callers(6) as people:
        await people.use_up(6, ends_in=2)
        given_up = people.ask("given up", waiting=2, expected=7)
        people.ask("refresh", Lane.REFRESH)
        people.ask("waited for")
        people.ask("warm-up", Lane.WARM_UP)
        await settle()
        given_up.waiting = 0
        assert people.admission.waiting_by_lane()[Lane.PERSON] == 1
        await people.clock.advance(7)
        assert people.sent == ["waited for", "given up", "refresh", "warm-up"]


async def test_flood_of_one_client_refuses_nobody_else() -> None:
    async with callers(27) as people:
        await people.use_up(27, ends_in=4)
        people.ask("page before", client="page")
        await people.clock.advance(4)
        for number in range(100):
            people.ask(f"bot {number}", client="bot")
        people.ask("page", client="page")
        await people.clock.advance(2)
        assert people.sent == ["page before", "bot 0", "page"]
        assert len(people.refused) > 80


async def test_wait_to_expect_is_the_wait_that_comes() -> None:
    async with callers(4) as people:
        assert people.admission.expected_wait(Lane.PERSON, 1) == 0
        await people.use_up(4, ends_in=3)
        assert people.admission.expected_wait(Lane.REFRESH, 0) == 0, "nobody has tried since the minute filled up"
        people.ask("person", waiting=2)
        await settle()
        expect = people.admission.expected_wait
        assert [expect(Lane.PERSON, need) for need in (1, 2, 2.5)] == [4, 4, 3]
        assert [expect(lane, 9) for lane in (Lane.REFRESH, Lane.WARM_UP)] == [4, 4]
        await people.clock.advance(3)
        assert people.sent == ["person"]
        assert expect(Lane.REFRESH, 0) == 1, "the next slot, though nobody waits"
        people.ask("refresh", Lane.REFRESH)
        await people.clock.advance(1)
        assert people.sent == ["person", "refresh"]
        await people.clock.advance(60)
        assert expect(Lane.REFRESH, 0) == 0


async def test_wait_to_expect_is_over_when_there_turns_out_to_be_more() -> None:
    async with callers(4) as people:
        await people.use_up(4, ends_in=30)
        people.ask("too early")
        await settle()
        assert people.admission.expected_wait(Lane.PERSON, 1) == 30
        people.budget.allowance.slots.clear()  # as the operator may, or another machine that leaves
        await people.clock.advance(2)
        people.ask("asks all the same")
        await settle()
        assert people.sent == ["asks all the same"]
        assert people.admission.expected_wait(Lane.PERSON, 1) == 0


async def test_alert_goes_at_once_with_its_reserve_while_people_wait() -> None:
    async with callers(10, armed=True) as people:
        for number in range(8):
            people.ask(f"person {number}", client=f"{number}")
            await settle()
        assert len(people.sent) == 7
        people.ask("alert", Lane.ALERT)
        await settle()
        assert people.sent[-1] == "alert"


async def test_who_leaves_the_queue_makes_no_hole() -> None:
    async with callers(1) as people:
        await people.use_up(1, ends_in=3)
        people.ask("leaves")
        await settle()
        people.tasks["leaves"].cancel()
        people.ask("stays")
        await people.clock.advance(3)
        assert people.sent == ["stays"]


async def test_who_is_sure_to_wait_longer_than_eight_seconds_is_refused_with_the_time_of_the_next_chance() -> None:
    async with callers(1) as people:
        await people.use_up(1, ends_in=9)
        people.ask("hopeless")
        await settle()
        refusal = people.refused["hopeless"]
        assert isinstance(refusal, BudgetExhausted)
        assert refusal.retry_at == people.clock.now() + timedelta(seconds=9)
        await people.clock.advance(1)
        people.ask("hopeful")
        people.ask("behind")
        await settle()
        assert people.refused["behind"].retry_at == people.clock.now() + timedelta(seconds=68)
        await people.clock.advance(8)
        assert people.sent == ["hopeful"]


async def test_who_finds_the_queue_full_is_refused_at_once() -> None:
    async with callers(3, max_waiting=2) as people:
        await people.use_up(3, ends_in=3)
        for number in range(3):
            people.ask(f"{number}")
            await settle()
        assert list(people.refused) == ["2"]


async def test_after_a_429_everybody_is_refused_until_the_pause_is_over_and_then_one_goes() -> None:
    async with callers(9) as people:
        async with people.admission.permit(Asker(Lane.PERSON, "app"), "get_prices") as permit:
            permit.spend()
            await permit.refused(119)
        for _ in range(11):
            people.ask("during")
            await settle()
            assert isinstance(people.refused.pop("during"), UpstreamLimited)
            await people.clock.advance(10)
        await people.clock.advance(9)
        async with people.admission.permit(Asker(Lane.PERSON, "app"), "get_prices") as probe:
            probe.spend()
            people.ask("beside the probe")
            await settle()
            assert people.sent == []
            await probe.settle(succeeded=True)
        await people.clock.advance(1)


async def test_permit_never_spent_leaves_its_slot_to_the_next() -> None:
    async with callers(1) as people:
        for _ in range(2):
            async with people.admission.permit(Asker(Lane.PERSON, "app"), "get_prices"):
                pass


async def test_second_attempt_takes_a_free_slot_but_never_waits_for_one() -> None:
    async with callers(1) as people:
        await people.use_up(1, ends_in=5)
        with pytest.raises(BudgetExhausted):
            async with people.admission.permit(Asker(Lane.PERSON, "app"), "get_prices", may_wait=False):
                raise AssertionError("no slot is free")


@pytest.mark.parametrize(
    ("only_successes", "succeeded", "given_back"), [(False, False, 0), (True, True, 0), (True, False, 1)]
)
async def test_credit_is_given_back_only_for_a_failure_where_only_successes_count(
    *, only_successes: bool, succeeded: bool, given_back: int
) -> None:
    async with callers(5, count_only_successes=only_successes) as people:
        async with people.admission.permit(Asker(Lane.PERSON, "app"), "get_prices") as permit:
            permit.spend()
            await permit.settle(succeeded=succeeded)
        assert people.budget.given_back == given_back


async def test_without_a_limit_nobody_waits() -> None:
    async with callers(0) as people:
        for number in range(500):
            people.ask(f"{number}")
        for _ in range(100):
            await settle()
        assert len(people.sent) == 500
