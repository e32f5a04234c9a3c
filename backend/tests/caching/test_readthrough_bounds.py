"""What one read gives an asker who sets bounds of his own, and what it costs."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from caching.desk import desk
from caching.shared_shelf import SharedShelf
from dozor.caching.stats import Outcome
from dozor.domain.bounds import ANY_STALENESS, Bounds
from dozor.domain.errors import DeadlinePassed, NotCached, QuestionRejected
from dozor.domain.lanes import Lane
from fakes import FakeClock, settle

INSISTS = Bounds(no_cache=True)
CACHED = Bounds(only_if_cached=True)


@pytest.mark.parametrize(
    "bounds", [INSISTS, Bounds(max_age=timedelta(0)), Bounds(min_fresh=timedelta(days=1))], ids=str
)
async def test_askers_who_insist_on_a_new_answer_cost_one_load_per_fresh_time(bounds: Bounds) -> None:
    async with desk() as at:
        for _ in range(180):
            await at.read(bounds=bounds)
            await at.clock.advance(1)
    assert at.source.loads == 3
    assert at.counts.stale_hits == 0


async def test_who_insists_waits_within_grace_for_the_refresh_that_others_began_and_hurries_it() -> None:
    async with desk() as at:
        await at.hold_entry_aged(100)
        at.source.hold()
        modest = await at.read()
        waiting = asyncio.create_task(at.read(bounds=INSISTS))
        await settle()
        assert [asker.lane for asker in at.source.askers] == [Lane.PERSON]
        await at.source.let_go()
        insisting = await waiting
    assert (modest.outcome, modest.entry.body) == (Outcome.STALE_HIT, b"old")
    assert (insisting.outcome, insisting.entry.body) == (Outcome.JOINED, b"body 1")
    assert at.source.loads == 1


async def test_what_cannot_be_had_in_time_is_served_stale_with_the_reason() -> None:
    async with desk() as at:
        old = await at.hold_entry_aged(100)
        at.source.hold()
        read = await at.read(bounds=INSISTS, wait_seconds=0)
        assert (read.outcome, read.entry) == (Outcome.STALE_ON_ERROR, old)
        assert isinstance(read.error, DeadlinePassed)
        await at.source.let_go()
        assert (await at.read()).entry.body == b"body 1"


async def test_who_waited_within_grace_is_told_that_the_coin_is_gone() -> None:
    async with desk() as at:
        await at.hold_entry_aged(100)
        at.source.reject()
        with pytest.raises(QuestionRejected):
            await at.read(bounds=INSISTS)
        assert (await at.read()).outcome is Outcome.STALE_HIT, "who asks for nothing special is served within grace"


async def test_a_modest_asker_gets_at_once_what_others_would_wait_for() -> None:
    async with desk() as at:
        await at.hold_entry_aged(1000)
        at.source.hold()
        read = await at.read(bounds=Bounds(max_stale=ANY_STALENESS))
        assert (read.outcome, read.entry.body) == (Outcome.STALE_HIT, b"old")
        await at.source.let_go()
        assert at.source.loads == 1, "with a refresh behind"
        assert (await at.read()).entry.body == b"body 1"


async def test_who_wants_only_what_is_cached_never_causes_a_load() -> None:
    async with desk() as at:
        with pytest.raises(NotCached):
            await at.read(bounds=CACHED)
        await at.hold_entry_aged(1000)
        assert (await at.read(bounds=CACHED)).outcome is Outcome.STALE_HIT
        with pytest.raises(NotCached):
            await at.read(bounds=Bounds(only_if_cached=True, max_age=timedelta(seconds=30)))
        await settle()
    assert at.source.loads == 0
    assert (at.counts.failures, at.counts.stale_hits, at.counts.reads) == (2, 1, 3)


async def test_who_wants_only_what_is_cached_does_not_wait_for_the_load_of_another() -> None:
    async with desk() as at:
        at.source.hold()
        others = at.ask()
        await settle()
        with pytest.raises(NotCached):
            await at.read(bounds=CACHED)
        await at.source.let_go()
        await asyncio.gather(*others)


async def test_what_another_process_has_brought_is_cached_too() -> None:
    clock = FakeClock()
    shelf = SharedShelf(clock)
    async with desk(shared=[shelf], clock=clock) as at:
        await at.hold_entry_aged(100)
        shelf.hold_entry_aged(10, body=b"newer")
        read = await at.read(bounds=CACHED)
        assert (read.outcome, read.source, read.entry.body) == (Outcome.HIT, "redis", b"newer")
    assert at.source.loads == 0


async def test_an_older_entry_of_another_process_does_not_replace_a_stale_one() -> None:
    clock = FakeClock()
    shelf = SharedShelf(clock)
    async with desk(shared=[shelf], clock=clock) as at:
        await at.hold_entry_aged(100)
        shelf.hold_entry_aged(900, body=b"older")
        read = await at.read(bounds=CACHED)
        assert (read.outcome, read.source, read.entry.body) == (Outcome.STALE_HIT, "memory", b"old")
