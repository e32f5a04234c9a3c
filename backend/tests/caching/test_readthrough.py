"""What one read gives its asker, in every state of the entry and of upstream."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from caching.desk import PATIENCE, POLICY, desk
from dozor.caching.entry import Entry
from dozor.caching.memory import MemoryTier
from dozor.caching.readthrough import Clearance, Recipe
from dozor.caching.stats import Outcome
from dozor.caching.tier import PolicyOf
from dozor.domain.errors import (
    BudgetExhausted,
    DeadlinePassed,
    QuestionRejected,
    TooManyWaiting,
    UpstreamTimedOut,
    UpstreamUnavailable,
)
from dozor.domain.lanes import Asker, Lane
from fakes import settle

SOMEBODY = Asker(Lane.PERSON, "app")


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


async def test_a_first_read_loads_and_the_next_is_a_hit() -> None:
    async with desk() as at:
        first = await at.read()
        await at.clock.advance(59)
        second = await at.read()
    assert (first.outcome, first.source, first.age, first.entry.body) == (
        Outcome.MISS,
        "upstream",
        seconds(0),
        b"body 1",
    )
    assert (second.outcome, second.source, second.age, second.entry) == (
        Outcome.HIT,
        "memory",
        seconds(59),
        first.entry,
    )
    assert at.source.loads == 1


async def test_a_hundred_cold_askers_cost_one_load() -> None:
    async with desk() as at:
        at.source.hold()
        askers = at.ask(100)
        await settle()
        await at.source.let_go()
        reads = [asker.result() for asker in askers]
    assert at.source.loads == 1
    assert [read.outcome for read in reads] == [Outcome.MISS] + [Outcome.JOINED] * 99
    assert {read.entry.body for read in reads} == {b"body 1"}
    assert (at.counts.misses, at.counts.joined, at.counts.loads) == (1, 99, 1)


async def test_a_stale_entry_is_served_at_once_while_one_refresh_runs() -> None:
    async with desk() as at:
        old = await at.hold_entry_aged(100)
        at.source.hold()
        reads = [await at.read() for _ in range(100)]
        assert {(read.outcome, read.entry, read.age, read.error) for read in reads} == {
            (Outcome.STALE_HIT, old, seconds(100), None)
        }
        await at.source.let_go()
        assert at.source.loads == 1
        assert (await at.read()).entry.body == b"body 1"
    assert (at.counts.stale_hits, at.counts.loads) == (100, 1)


async def test_an_asker_past_grace_joins_the_refresh_that_runs_behind() -> None:
    async with desk() as at:
        await at.hold_entry_aged(179)
        at.source.hold()
        await at.read()
        await at.clock.advance(1)
        (asker,) = at.ask()
        await settle()
        await at.source.let_go()
        assert (asker.result().outcome, asker.result().entry.body) == (Outcome.JOINED, b"body 1")
    assert at.source.loads == 1


async def test_past_grace_the_asker_waits_for_the_new_answer() -> None:
    async with desk() as at:
        await at.hold_entry_aged(180)
        read = await at.read()
    assert (read.outcome, read.entry.body) == (Outcome.MISS, b"body 1")


async def test_past_grace_a_failed_load_leaves_the_stale_entry_with_the_reason() -> None:
    async with desk() as at:
        old = await at.hold_entry_aged(600)
        at.source.fail()
        read = await at.read()
        again = await at.read()
    assert (read.outcome, read.entry, read.age, read.source) == (Outcome.STALE_ON_ERROR, old, seconds(600), "memory")
    assert isinstance(read.error, UpstreamUnavailable)
    assert (again.outcome, again.entry) == (Outcome.STALE_ON_ERROR, old)
    assert at.source.loads == 1, "the second read was told by memory"
    assert (at.counts.stale_on_error, at.counts.load_failures) == (2, 1)


async def test_when_time_is_over_the_stale_entry_is_served_and_the_load_goes_on() -> None:
    async with desk() as at:
        old = await at.hold_entry_aged(600)
        at.source.hold()
        read = await at.read(wait_seconds=0)
        assert (read.outcome, read.entry) == (Outcome.STALE_ON_ERROR, old)
        assert isinstance(read.error, DeadlinePassed)
        await at.source.let_go()
        assert (await at.read()).entry.body == b"body 1"
    assert at.source.loads == 1


async def test_when_time_is_over_and_nothing_is_known_the_asker_is_told_to_come_back_soon() -> None:
    async with desk() as at:
        at.source.hold()
        with pytest.raises(DeadlinePassed) as late:
            await at.read(wait_seconds=0)
        assert seconds(0) < late.value.retry_at - at.clock.now() <= seconds(2)
        await at.source.let_go()
        assert (await at.read()).outcome is Outcome.HIT
    assert (at.counts.failures, at.counts.hits, at.counts.loads) == (1, 1, 1)


async def test_an_expired_entry_is_never_served() -> None:
    async with desk() as at:
        await at.hold_entry_aged(3660)
        at.source.fail()
        with pytest.raises(UpstreamUnavailable):
            await at.read()
        assert await at.peek() is None


async def test_an_entry_that_expires_while_its_asker_waits_is_not_served() -> None:
    async with desk() as at:
        await at.hold_entry_aged(3659)
        at.source.hold()
        at.source.fail()
        (asker,) = at.ask()
        await settle()
        await at.clock.advance(1)
        await at.source.let_go()
        with pytest.raises(UpstreamUnavailable):
            asker.result()


async def test_a_failing_load_is_one_load_for_all_and_then_none_until_its_time_is_over() -> None:
    async with desk() as at:
        at.source.fail()
        ends = await asyncio.gather(*at.ask(100), return_exceptions=True)
        assert at.source.loads == 1
        assert {type(end) for end in ends} == {UpstreamUnavailable}
        loaded_at = [0]
        for second in range(200):
            loads = at.source.loads
            with pytest.raises(UpstreamUnavailable):
                await at.read()
            if at.source.loads > loads:
                loaded_at.append(second)
            await at.clock.advance(1)
    assert [later - earlier for earlier, later in pairwise(loaded_at)] == [5, 10, 20, 40, 60, 60]
    assert at.counts.failures == 100 + 6
    assert at.counts.negative_hits == 200 - 6


async def test_the_time_to_come_back_is_when_we_shall_really_try_again() -> None:
    async with desk() as at:
        at.source.fail()
        with pytest.raises(UpstreamUnavailable) as first:
            await at.read()
        assert first.value.retry_at == at.clock.now() + seconds(5)
        await at.clock.advance(2)
        with pytest.raises(UpstreamUnavailable) as second:
            await at.read()
        assert second.value.retry_at == at.clock.now() + seconds(3)
        await at.clock.advance(3)
        at.source.failure = None
        assert (await at.read()).outcome is Outcome.MISS


async def test_a_load_that_succeeds_makes_the_next_failure_a_first_one() -> None:
    async with desk() as at:
        at.source.fail()
        assert at.refresh()
        await settle()
        await at.clock.advance(5)
        at.source.failure = None
        await at.read()
        at.source.fail()
        assert at.refresh()
        await settle()
        await at.clock.advance(4)
        assert not at.refresh()
        await at.clock.advance(1)
        assert at.refresh(), "held for 5 s, not for 10"


async def test_a_remembered_time_out_is_raised_as_one() -> None:
    async with desk() as at:
        at.source.failure = UpstreamTimedOut("no answer in 10 s", at.clock.now())
        for _ in range(2):
            with pytest.raises(UpstreamTimedOut):
                await at.read()
    assert at.source.loads == 1


async def test_a_refused_question_is_refused_from_memory_for_ten_minutes() -> None:
    async with desk() as at:
        at.source.reject()
        for _ in range(10):
            with pytest.raises(QuestionRejected) as refused:
                await at.read()
            await at.clock.advance(59)
        assert (refused.value.status, refused.value.body) == (404, b'{"error":"coin not found"}')
        assert at.source.loads == 1
        await at.clock.advance(10)
        at.source.failure = None
        assert (await at.read()).outcome is Outcome.MISS
    assert (at.counts.failures, at.counts.negative_hits, at.counts.misses) == (1, 9, 1)


@pytest.mark.parametrize("age", [0, 100], ids=["fresh", "within grace"])
async def test_a_refusal_does_not_take_back_an_answer_that_is_still_good(age: float) -> None:
    async with desk() as at:
        old = await at.hold_entry_aged(age)
        at.source.reject()
        at.refresh()
        await settle()
        assert (await at.read()).entry == old


async def test_a_refused_question_is_not_answered_with_what_is_past_its_grace() -> None:
    async with desk() as at:
        await at.hold_entry_aged(600)
        at.source.reject()
        for _ in range(2):
            with pytest.raises(QuestionRejected):
                await at.read()


async def test_a_failing_refresh_keeps_the_good_entry_and_is_not_repeated_at_once() -> None:
    async with desk() as at:
        old = await at.hold_entry_aged(100)
        at.source.fail()
        for _ in range(50):
            read = await at.read()
            assert (read.outcome, read.entry) == (Outcome.STALE_HIT, old)
            await settle()
        assert at.source.loads == 1
        await at.clock.advance(5)
        at.source.failure = None
        assert (await at.read()).outcome is Outcome.STALE_HIT
        await settle()
        assert (await at.read()).entry.body == b"body 2"


async def test_no_failure_of_any_kind_drops_or_replaces_an_entry() -> None:
    async with desk() as at:
        old = await at.hold_entry_aged(600)
        for failure in (
            UpstreamUnavailable("502", at.clock.now()),
            BudgetExhausted("month", at.clock.now()),
            QuestionRejected(404, b"{}"),
            KeyError("a bug"),
        ):
            at.source.failure = failure
            at.refresh()
            await settle()
            assert await at.memory.get("k", lambda _: POLICY) == old
            at.negatives.forget("k")
    assert at.counts.load_failures == 4


async def test_an_exhausted_budget_is_asked_about_each_time_because_that_costs_no_call() -> None:
    async with desk() as at:
        old = await at.hold_entry_aged(600)
        at.source.failure = BudgetExhausted("minute", at.clock.now() + seconds(17))
        read = await at.read()
        assert (read.outcome, read.entry, read.error) == (Outcome.STALE_ON_ERROR, old, at.source.failure)
        at.source.failure = None
        assert (await at.read()).outcome is Outcome.MISS


async def test_age_counts_from_the_fetch_and_no_read_resets_it() -> None:
    async with desk() as at:
        fetched = (await at.read()).entry.fetched_at
        at.source.fail()
        ages = []
        for _ in range(30):
            await at.clock.advance(10)
            read = await at.read()
            assert read.entry.fetched_at == fetched
            ages.append(read.age)
    assert ages == [seconds(10 * count) for count in range(1, 31)]


async def test_an_answer_that_came_between_two_looks_is_taken_without_another_load() -> None:
    class Overtaken(MemoryTier):
        """A tier in which somebody else's answer appears right after the first look."""

        def __init__(self) -> None:
            super().__init__(1_000_000)
            self.put_by_somebody: Entry | None = None
            self._looked = False

        async def get(self, key: str, policy_of: PolicyOf) -> Entry | None:
            if not self._looked:
                self._looked = True
                return None
            return self.put_by_somebody

    tier = Overtaken()
    async with desk(tier) as at:
        tier.put_by_somebody = Entry("k", b"somebody's", at.clock.now(), POLICY)
        read = await at.read()
    assert (read.outcome, read.source, read.entry.body) == (Outcome.HIT, "memory", b"somebody's")
    assert (at.source.loads, at.counts.loads) == (0, 0)


async def test_an_answer_too_large_to_keep_is_still_an_answer() -> None:
    async with desk() as at:
        large = Entry("k", b"x" * 2_000_000, at.clock.now(), POLICY)

        async def load(_: Clearance, __: Asker) -> Entry:
            return large

        recipe = Recipe(load, lambda _: POLICY)
        read = await at.cache.read("k", recipe, SOMEBODY, family="charts", wait_seconds=PATIENCE)
        assert (read.outcome, read.entry) == (Outcome.MISS, large)
        assert at.memory.size_bytes == 0


async def test_too_many_loads_at_once_turn_an_asker_away_who_has_nothing() -> None:
    async with desk(max_flights=3) as at:
        at.source.hold()
        askers = [at.ask(key=f"k{number}")[0] for number in range(3)]
        await settle()
        with pytest.raises(TooManyWaiting) as full:
            await at.read("one more")
        assert full.value.limit == 3
        assert full.value.retry_at > at.clock.now()
        old = await at.hold_entry_aged(600, "old")
        read = await at.read("old")
        assert (read.outcome, read.entry) == (Outcome.STALE_ON_ERROR, old)
        assert isinstance(read.error, TooManyWaiting)
        joined = at.ask(key="k0")
        await settle()
        await at.source.let_go()
        assert [asker.result().outcome for asker in [*askers, *joined]] == [Outcome.MISS] * 3 + [Outcome.JOINED]
        assert (await at.read("one more")).outcome is Outcome.MISS


async def test_peek_tells_what_is_known_without_a_load_and_without_counting() -> None:
    async with desk() as at:
        assert await at.peek() is None
        for age, outcome in ((10, Outcome.HIT), (100, Outcome.STALE_HIT), (600, Outcome.STALE_HIT)):
            await at.memory.drop("k")
            old = await at.hold_entry_aged(age)
            read = await at.peek()
            assert read is not None
            assert (read.entry, read.age, read.outcome, read.source) == (old, seconds(age), outcome, "memory")
    assert (at.source.loads, at.counts.reads) == (0, 0)


async def test_refresh_replaces_even_a_fresh_entry_behind_and_counts_as_no_read() -> None:
    async with desk() as at:
        await at.hold_entry_aged(10)
        at.source.hold()
        assert [at.refresh(), at.refresh()] == [True, False]
        await settle()
        await at.source.let_go()
        assert (await at.read()).entry.body == b"body 1"
    assert (at.counts.reads, at.counts.loads) == (1, 1)


async def test_refresh_waits_until_a_failure_is_forgotten() -> None:
    async with desk() as at:
        at.source.fail()
        assert at.refresh()
        await settle()
        assert not at.refresh()
        await at.clock.advance(5)
        assert at.refresh()
    assert at.source.loads == 2


async def test_outcomes_are_counted_per_family() -> None:
    async with desk() as at:
        for family in ("charts", "charts", "prices"):
            await at.cache.read("k", at.recipe("k"), SOMEBODY, family=family, wait_seconds=PATIENCE)
    by_family = at.stats.snapshot().by_family
    assert (by_family["charts"].misses, by_family["charts"].hits, by_family["prices"].hits) == (1, 1, 1)
