"""What is left behind when askers leave, loads are broken, clocks step and strangers flood."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caching.desk import PATIENCE, POLICY, Desk, desk
from dozor.caching.entry import Entry
from dozor.caching.memory import MemoryTier
from dozor.caching.readthrough import Clearance, Recipe
from dozor.caching.stats import Outcome
from dozor.caching.tier import PolicyOf
from dozor.domain.errors import DozorError, QuestionRejected, UpstreamUnavailable
from dozor.domain.lanes import Asker, Lane
from fakes import settle

SOMEBODY = Asker(Lane.PERSON, "app")


class SlowTier(MemoryTier):
    """A tier that takes some turns of the loop for everything, as one behind a socket does."""

    async def get(self, key: str, policy_of: PolicyOf) -> Entry | None:
        await settle(3)
        return await super().get(key, policy_of)

    async def put(self, entry: Entry) -> None:
        await settle(3)
        await super().put(entry)

    async def drop(self, key: str) -> None:
        await settle(3)
        await super().drop(key)


async def test_when_the_first_asker_leaves_the_others_are_served_by_the_same_load() -> None:
    async with desk() as at:
        at.source.hold()
        first, *others = at.ask(6)
        await settle()
        first.cancel()
        await settle()
        await at.source.let_go()
        assert first.cancelled()
        assert [other.result().outcome for other in others] == [Outcome.JOINED] * 5
    assert at.source.loads == 1


async def test_when_all_askers_leave_what_the_load_brings_is_kept() -> None:
    async with desk() as at:
        at.source.hold()
        askers = at.ask(5)
        await settle()
        for asker in askers:
            asker.cancel()
        await settle()
        assert all(asker.cancelled() for asker in askers)
        await at.source.let_go()
        assert (await at.read()).outcome is Outcome.HIT
    assert at.source.loads == 1


@pytest.mark.parametrize("age", [None, 100, 600], ids=["cold", "within grace", "past grace"])
@pytest.mark.parametrize("fails", [False, True], ids=["load succeeds", "load fails"])
async def test_cancellation_at_any_await_leaves_nothing_broken(age: float | None, fails: bool) -> None:
    """Whatever turn of the loop the asker is cancelled in: no flight stays, no entry is lost, the key can be read."""
    for turns in range(30):
        async with desk(SlowTier(1_000_000)) as at:
            old = None if age is None else await at.hold_entry_aged(age)
            if fails:
                at.source.fail()
            (asker,) = at.ask()
            await settle(turns)
            asker.cancel()
            await settle(60)
            assert len(at.flights) == 0
            assert at.source.loads <= 1
            ended = int(not asker.cancelled())
            assert at.counts.reads == ended
            left = await at.memory.get("k", lambda _: POLICY)
            if fails or at.source.loads == 0:
                assert left == old
            else:
                assert left is not None
                assert left.body == b"body 1"
            await at.clock.advance(5)
            at.source.failure = None
            assert (await at.read()).entry is not None
            assert at.counts.reads == ended + 1


async def test_a_group_that_ends_under_a_load_leaves_its_asker_with_an_error_and_not_cancelled() -> None:
    opened: asyncio.Future[Desk] = asyncio.get_running_loop().create_future()

    async def own() -> None:
        async with desk() as at:
            opened.set_result(at)
            await asyncio.Event().wait()

    owner = asyncio.create_task(own())
    at = await opened
    old = await at.hold_entry_aged(600, "old")
    at.source.hold()
    (waits,) = at.ask()
    (has_something,) = at.ask(key="old")
    await settle()
    owner.cancel()
    with pytest.raises(UpstreamUnavailable):
        await waits
    assert (await has_something).entry == old
    await at.memory.drop("old")
    await at.hold_entry_aged(100, "old")
    assert (await at.read("old")).outcome is Outcome.STALE_HIT, "served though nothing can be refreshed any more"


@pytest.mark.parametrize("hours", [1, 30])
async def test_a_clock_that_steps_back_does_not_keep_an_entry_fresh_nor_lock_out_newer_ones(hours: int) -> None:
    async with desk() as at:
        await at.read()
        at.clock.step_wall_clock(-3600 * hours)
        read = await at.read()
        assert (read.outcome, read.entry.body) == (Outcome.MISS, b"body 2")
        again = await at.read()
        assert (again.outcome, again.entry) == (Outcome.HIT, read.entry)
        await at.clock.advance(60)
        assert (await at.read()).outcome is Outcome.STALE_HIT


async def test_a_clock_that_steps_back_a_little_costs_nothing() -> None:
    async with desk() as at:
        await at.read()
        at.clock.step_wall_clock(-5)
        read = await at.read()
        assert (read.outcome, read.age) == (Outcome.HIT, timedelta(0))
    assert at.source.loads == 1


async def test_a_clock_that_steps_back_while_upstream_fails_still_serves_what_there_is() -> None:
    async with desk() as at:
        first = await at.read()
        at.source.fail()
        at.clock.step_wall_clock(-1800)
        read = await at.read()
        assert (read.outcome, read.entry) == (Outcome.STALE_ON_ERROR, first.entry)


async def test_a_broken_load_is_held_against_its_key_like_a_failing_upstream() -> None:
    """A bug after the fetch would otherwise spend one call for every request."""
    async with desk() as at:
        at.source.failure = KeyError("usd")
        for _ in range(10):
            with pytest.raises(UpstreamUnavailable, match="KeyError"):
                await at.read()
    assert at.source.loads == 1
    assert at.counts.load_failures == 1


async def test_an_answer_to_another_question_is_neither_served_nor_kept() -> None:
    async with desk() as at:
        with pytest.raises(UpstreamUnavailable):
            await at.cache.read("k", at.recipe("other"), SOMEBODY, family="prices", wait_seconds=PATIENCE)
        assert await at.memory.get("other", lambda _: POLICY) is None
        assert await at.memory.get("k", lambda _: POLICY) is None


async def test_a_load_that_reads_its_own_key_fails_in_time_and_frees_it() -> None:
    async with desk() as at:

        async def load(_: Clearance, __: Asker) -> Entry:
            return (await at.cache.read("k", recipe, SOMEBODY, family="prices", wait_seconds=0.001)).entry

        recipe = Recipe(load, lambda _: POLICY)
        with pytest.raises(DozorError):
            await at.cache.read("k", recipe, SOMEBODY, family="prices", wait_seconds=PATIENCE)
        assert (await at.read()).outcome is Outcome.MISS


async def test_a_flood_of_invented_keys_leaves_memory_flat() -> None:
    async with desk(max_negatives=200) as at:
        at.source.reject()

        async def flood(start: int) -> None:
            for number in range(start, start + 1000):
                with pytest.raises(QuestionRejected):
                    await at.read(f"coins/bogus-{number}")

        await flood(0)
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            await flood(1000)
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert after - before < 400_000, "of which 200 remembered keys, new since the measuring began, are most"
        assert len(at.negatives) == 200
        assert len(at.flights) == 0
        assert at.memory.entries == 0
        assert list(at.stats.snapshot().by_family) == ["prices"]
        assert at.counts.failures == at.counts.loads == 2000


steps = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.sampled_from("ab"), st.sampled_from([0.0, PATIENCE])),
        st.tuples(st.just("refresh"), st.sampled_from("ab"), st.none()),
        st.tuples(st.just("advance"), st.sampled_from([1, 30, 70, 200, 4000]), st.none()),
        st.tuples(
            st.sampled_from(["fail", "reject", "break", "heal", "hold", "let go", "cancel", "turn"]),
            st.none(),
            st.none(),
        ),
    ),
    max_size=40,
)


@given(steps)
@settings(max_examples=150, deadline=None)
async def test_under_any_interleaving_reads_add_up_loads_never_overlap_and_nothing_expired_is_served(
    script: list[tuple[str, object, float | None]],
) -> None:
    async with desk() as at:
        under_way: dict[str, int] = {}
        overlaps: list[str] = []

        async def load(key: str, clear: Clearance, asker: Asker) -> Entry:
            await clear()
            if under_way.setdefault(key, 0):
                overlaps.append(key)
            under_way[key] += 1
            try:
                return await at.source.load(key, asker)
            finally:
                under_way[key] -= 1

        def recipe(key: str) -> Recipe:
            return Recipe(partial(load, key), lambda _: POLICY)

        async def read(key: str, wait_seconds: float) -> None:
            try:
                read = await at.cache.read(key, recipe(key), SOMEBODY, family=key, wait_seconds=wait_seconds)
            except DozorError:
                return
            assert read.age == max(at.clock.now() - read.entry.fetched_at, timedelta(0))
            assert read.age < POLICY.fresh_for + POLICY.stale_for
            assert (read.outcome is Outcome.STALE_ON_ERROR) == (read.error is not None)

        askers: list[asyncio.Task[None]] = []
        for step, what, patience in script:
            match step:
                case "read":
                    askers.append(asyncio.create_task(read(str(what), patience or 0.0)))
                case "refresh":
                    key = str(what)
                    at.cache.refresh(key, recipe(key), SOMEBODY, key)
                case "advance":
                    await at.clock.advance(float(str(what)))
                case "fail":
                    at.source.fail()
                case "reject":
                    at.source.reject()
                case "break":
                    at.source.failure = ValueError("a bug")
                case "heal":
                    at.source.failure = None
                case "hold":
                    at.source.hold()
                case "let go":
                    await at.source.let_go()
                case "cancel" if askers:
                    askers[len(askers) // 2].cancel()
                case _:
                    await asyncio.sleep(0)
        await at.source.let_go()
        ends = await asyncio.gather(*askers, return_exceptions=True)
        assert [end for end in ends if end is not None and not isinstance(end, asyncio.CancelledError)] == []
        await settle()
    left = sum(isinstance(end, asyncio.CancelledError) for end in ends)
    snapshot = at.stats.snapshot()
    assert snapshot.total.reads == len(askers) - left
    assert sum(counts.reads for counts in snapshot.by_family.values()) == snapshot.total.reads
    assert snapshot.total.loads == at.source.loads
    assert snapshot.total.load_failures <= snapshot.total.loads
    assert overlaps == []
    assert len(at.flights) == 0
