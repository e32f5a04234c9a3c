"""What memory in front of shared tiers gives a reader, and how processes share one load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import structlog

from caching.desk import POLICY, Desk, desk
from caching.shared_shelf import SharedShelf
from dozor.caching.lease import LEASE_SECONDS, Taken
from dozor.caching.stats import Outcome
from dozor.domain.errors import QuestionRejected, UpstreamLimited, UpstreamTimedOut, UpstreamUnavailable
from fakes import FakeClock, settle


@asynccontextmanager
async def two_processes() -> AsyncIterator[tuple[Desk, Desk, SharedShelf, FakeClock]]:
    clock = FakeClock()
    shelf = SharedShelf(clock)
    async with (
        desk(shared=[shelf], clock=clock, holder="one") as one,
        desk(shared=[shelf], clock=clock, holder="two") as two,
    ):
        yield one, two, shelf, clock


@asynccontextmanager
async def over_two_tiers() -> AsyncIterator[tuple[Desk, SharedShelf, SharedShelf]]:
    clock = FakeClock()
    redis, disk = SharedShelf(clock), SharedShelf(clock, "disk")
    async with desk(shared=[redis, disk], clock=clock) as at:
        yield at, redis, disk


async def test_what_memory_has_lost_is_read_from_the_next_tier_with_its_age() -> None:
    async with over_two_tiers() as (at, redis, _):
        redis.hold_entry_aged(42)
        read = await at.read()
        assert (read.outcome, read.source, read.age) == (Outcome.HIT, "redis", timedelta(seconds=42))
        again = await at.read()
        assert (again.source, again.age) == ("memory", timedelta(seconds=42))
    assert at.source.loads == 0


async def test_a_stale_entry_in_the_first_tier_does_not_hide_a_fresh_one_in_the_next() -> None:
    async with over_two_tiers() as (at, redis, disk):
        redis.hold_entry_aged(100, body=b"older")
        disk.hold_entry_aged(10, body=b"newer")
        read = await at.read()
    assert (read.outcome, read.source, read.entry.body) == (Outcome.HIT, "disk", b"newer")
    assert redis.entries["k"].body == b"newer", "what is found is brought to the other tiers"


async def test_what_is_found_in_redis_is_written_to_the_disk() -> None:
    async with over_two_tiers() as (at, redis, disk):
        entry = redis.hold_entry_aged(10)
        await at.read()
    assert disk.entries["k"] == entry


async def test_a_load_is_kept_in_every_tier() -> None:
    async with over_two_tiers() as (at, redis, disk):
        read = await at.read()
    assert redis.entries["k"] == disk.entries["k"] == read.entry


async def test_a_stale_entry_in_memory_asks_the_shared_tier_before_upstream() -> None:
    async with over_two_tiers() as (at, redis, _):
        await at.hold_entry_aged(100)
        newer = redis.hold_entry_aged(1, body=b"another process loaded this")
        assert (await at.read()).outcome is Outcome.STALE_HIT
        await settle()
        assert (await at.read()).entry == newer
    assert at.source.loads == 0


async def test_a_hundred_readers_of_a_lost_key_look_once() -> None:
    async with over_two_tiers() as (at, redis, _):
        redis.hold_entry_aged(1)
        reads = await asyncio.gather(*at.ask(100))
    assert {read.source for read in reads} == {"redis"}
    assert redis.gets == 1


async def test_whoever_comes_to_a_look_that_hangs_looks_for_himself() -> None:
    async with over_two_tiers() as (at, redis, disk):
        disk.hold_entry_aged(1)
        redis.hold()
        [first] = at.ask()
        await at.clock.advance(0.02)
        redis.away = True  # the gate of a server that hangs: those who come later are not kept
        second = await at.read()
        assert (second.source, first.done()) == ("disk", False)
        redis.let_go()
        assert (await first).source == "disk"


async def test_an_asker_who_leaves_does_not_end_the_look_of_the_others() -> None:
    async with over_two_tiers() as (at, redis, _):
        redis.hold_entry_aged(1)
        redis.hold()
        first, second = at.ask(2)
        await settle()
        first.cancel()
        await settle()
        redis.let_go()
        assert (await second).source == "redis"


async def test_a_value_too_large_to_wait_for_is_taken_before_upstream_is_asked() -> None:
    async with over_two_tiers() as (at, redis, _):
        redis.hold_entry_aged(1)
        redis.large.add("k")
        read = await at.read()
    assert (read.source, at.source.loads) == ("redis", 0)


async def test_a_large_stale_value_stands_in_when_the_load_fails() -> None:
    async with over_two_tiers() as (at, redis, _):
        redis.hold_entry_aged(600)
        redis.large.add("k")
        at.source.fail()
        assert (await at.read()).outcome is Outcome.STALE_ON_ERROR


async def test_a_question_asked_of_two_processes_at_once_is_one_load() -> None:
    async with two_processes() as (one, two, _, clock):
        one.source.hold()
        [first], [second] = one.ask(), two.ask()
        await clock.advance(0.25)
        await one.source.let_go()
        await clock.advance(0.1)
        assert (await first).entry.body == (await second).entry.body == b"body 1"
        assert (await second).source == "redis"
    assert (one.source.loads, two.source.loads) == (1, 0)


async def test_the_next_process_takes_over_when_the_lease_of_a_dead_one_ends() -> None:
    async with two_processes() as (_, two, shelf, clock):
        await shelf.take("k", "a process that was killed", 12.0)
        [asker] = two.ask()
        await clock.advance(11.5)
        assert two.source.loads == 0
        await clock.advance(1)
        assert (await asker).entry.body == b"body 1"


@pytest.mark.parametrize(
    "failure",
    [
        lambda at: QuestionRejected(404, b'{"error":"coin not found"}'),
        lambda at: UpstreamUnavailable("503", at),
        lambda at: UpstreamTimedOut("nothing for 10 s", at),
        lambda at: UpstreamLimited(at),
    ],
    ids=["refused", "failing", "silent", "limited"],
)
async def test_a_load_that_fails_is_one_load_for_all_processes(failure: Callable[[Any], Exception]) -> None:
    async with two_processes() as (one, two, _, clock):
        error = failure(clock.now() + timedelta(seconds=30))
        one.source.failure = two.source.failure = error
        one.source.hold()
        askers = [*one.ask(), *two.ask()]
        await clock.advance(0.25)
        await one.source.let_go()
        await clock.advance(0.2)
        outcomes = await asyncio.gather(*askers, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(error)] * 2
    assert str(outcomes[0]) == str(outcomes[1])
    assert (one.source.loads, two.source.loads) == (1, 0)


async def test_a_load_that_was_broken_off_is_made_by_another_process() -> None:
    async with two_processes() as (one, two, _, clock):
        one.source.hold()
        [first] = one.ask()
        await clock.advance(0.05)
        [second] = two.ask()
        await clock.advance(0.05)
        one.source.failure = asyncio.CancelledError()  # type: ignore[assignment]
        await one.source.let_go()
        await clock.advance(0.3)
        assert (await second).entry.body == b"body 1"
        assert isinstance(await asyncio.gather(first, return_exceptions=True), list)
    assert (one.source.loads, two.source.loads) == (1, 1)


async def test_without_the_shared_tier_each_process_loads_once() -> None:
    async with two_processes() as (one, two, shelf, _):
        shelf.away = True
        reads = await asyncio.gather(*one.ask(50), *two.ask(50))
    assert {read.entry.body for read in reads} == {b"body 1"}
    assert (one.source.loads, two.source.loads) == (1, 1)


async def test_those_who_wait_for_another_process_take_over_when_the_tier_is_lost() -> None:
    async with two_processes() as (one, two, shelf, clock):
        one.source.hold()
        one.ask()
        await settle()
        [second] = two.ask()
        await clock.advance(0.25)
        shelf.away = True
        await clock.advance(0.2)
        assert (await second).entry.body == b"body 1"
        await one.source.let_go()
    assert (one.source.loads, two.source.loads) == (1, 1)


async def test_what_landed_between_the_last_look_and_the_lease_needs_no_second_load() -> None:
    async with two_processes() as (one, two, _, clock):
        admitted = asyncio.Event()
        recipe = two.recipe("k")

        async def load_after_admission(clear: Any, asker: Any) -> Any:
            await admitted.wait()
            return await recipe.load(clear, asker)

        two.recipe = lambda _: type(recipe)(load_after_admission, recipe.policy_of)  # type: ignore[method-assign]
        [waiting] = two.ask()
        await settle()
        await one.read()
        admitted.set()
        await clock.advance(0.1)
        read = await waiting
    assert (read.source, two.source.loads) == ("redis", 0)


async def test_a_late_leader_never_replaces_what_was_loaded_after_its_lease_had_ended() -> None:
    clock, stopped_clock = FakeClock(), FakeClock()
    shelf = SharedShelf(clock)
    async with (
        desk(shared=[shelf], clock=stopped_clock, holder="one that is frozen") as one,
        desk(shared=[shelf], clock=clock, holder="two") as two,
    ):
        one.source.hold()
        one.ask()
        await settle()
        [second] = two.ask()
        await clock.advance(LEASE_SECONDS + 0.2)
        loaded = (await second).entry
        stopped_clock.step_wall_clock(60)  # its stamp will be the newer one
        await one.source.let_go()
        assert shelf.entries["k"] == loaded


async def test_a_lease_is_kept_alive_as_long_as_its_load_lives() -> None:
    async with two_processes() as (one, two, shelf, clock):
        one.source.hold()
        one.ask()
        await settle()
        [second] = two.ask()
        await clock.advance(20)
        assert isinstance(await shelf.look("k"), Taken)
        await one.source.let_go()
        await clock.advance(0.2)
        assert (await second).entry.body == b"body 1"
        await clock.advance(5)
        assert await shelf.look("k") is None, "nobody renews what has landed"
    assert two.source.loads == 0


def hits(lines: list[Any]) -> list[str]:
    return [line["function"] for line in lines if line["event"] == "redis.hit"]


async def test_a_hit_in_memory_proves_redis_at_most_once_a_minute() -> None:
    async with over_two_tiers() as (at, redis, _):
        await at.read()
        with structlog.testing.capture_logs() as lines:
            for _ in range(10):
                await at.read()
            await settle()
            assert hits(lines) == ["prices"]
            await at.clock.advance(59)
            await at.read()
            await settle()
            assert hits(lines) == ["prices"]
            await at.clock.advance(1.5)
            await at.read()
            await settle()
    assert hits(lines) == ["prices"] * 2
    assert redis.entries


async def test_a_hit_in_memory_takes_what_is_newer_in_redis() -> None:
    async with over_two_tiers() as (at, redis, _):
        await at.hold_entry_aged(50)
        newer = redis.hold_entry_aged(5, body=b"newer")
        assert (await at.read()).entry.body == b"old"
        await settle()
        assert (await at.read()).entry == newer


async def test_a_hit_in_memory_gives_redis_what_a_flush_took_from_it() -> None:
    async with over_two_tiers() as (at, redis, _):
        await at.read()
        redis.entries.clear()
        with structlog.testing.capture_logs() as lines:
            await at.read()
            await settle()
        assert (hits(lines), redis.entries["k"].body) == ([], b"body 1")
    assert at.source.loads == 1


async def test_a_memory_entry_from_the_future_gives_way_to_a_shared_one() -> None:
    async with over_two_tiers() as (at, redis, _):
        await at.hold_entry_aged(-3600)
        good = redis.hold_entry_aged(1)
        await at.read()
        await settle()
        read = await at.read()
    assert (read.entry, read.outcome) == (good, Outcome.HIT)
    assert POLICY.fresh_for > read.age


async def test_a_process_that_stops_leaves_its_loads_to_others_at_once() -> None:
    async with two_processes() as (one, two, _, clock):
        one.source.hold()
        one.ask()
        await settle()
        [second] = two.ask()
        await clock.advance(0.15)
        one.tiers.let_go()
        await clock.advance(0.15)
        assert (await second).entry.body == b"body 1"
        await one.source.let_go()


async def test_each_attempt_renews_the_lease() -> None:
    async with two_processes() as (one, two, shelf, clock):
        recipe = one.recipe("k")

        async def load_in_two_attempts(clear: Any, asker: Any) -> Any:
            await clear()
            await clock.sleep(10)
            await clear()
            await clock.sleep(10)
            return await one.source.load("k", asker)

        one.recipe = lambda _: type(recipe)(load_in_two_attempts, recipe.policy_of)  # type: ignore[method-assign]
        [first] = one.ask()
        await settle()
        [second] = two.ask()
        await clock.advance(20.2)
        assert (await first).entry == (await second).entry
        assert shelf.written_under == {"k": 1}
    assert two.source.loads == 0
