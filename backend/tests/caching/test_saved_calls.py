"""Which reads saved a call: those that got their answer without a load of their own."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from caching.desk import Desk, desk
from caching.shared_shelf import SharedShelf
from dozor.caching.stats import Outcome
from dozor.domain.errors import DozorError
from fakes import FakeClock, settle


def saved(at: Desk) -> Mapping[Outcome, int]:
    return {outcome: calls for outcome, calls in at.stats.snapshot().saved.items() if calls}


async def test_a_miss_saves_nothing_and_each_hit_after_it_a_call() -> None:
    async with desk() as at:
        for _ in range(4):
            await at.read()
    assert saved(at) == {Outcome.HIT: 3}


async def test_of_stale_answers_the_one_that_began_the_refresh_saved_nothing() -> None:
    async with desk() as at:
        await at.hold_entry_aged(100)
        at.source.hold()
        for _ in range(5):
            await at.read()
        await at.source.let_go()
    assert (at.counts.stale_hits, at.source.loads, saved(at)) == (5, 1, {Outcome.STALE_HIT: 4})


async def test_who_joins_a_load_saves_a_call() -> None:
    async with desk() as at:
        at.source.hold()
        at.ask(10)
        await settle()
        await at.source.let_go()
    assert saved(at) == {Outcome.JOINED: 9}


async def test_a_remembered_refusal_saves_a_call_each_time() -> None:
    async with desk() as at:
        at.source.reject()
        for _ in range(3):
            with pytest.raises(DozorError):
                await at.read()
    assert (at.source.loads, saved(at)) == (1, {Outcome.NEGATIVE_HIT: 2})


async def test_a_stale_answer_after_a_failure_saves_a_call_but_for_who_began_the_load() -> None:
    async with desk() as at:
        await at.hold_entry_aged(600)  # past grace: everybody waits
        at.source.hold()
        at.source.fail()
        at.ask(4)
        await settle()
        await at.source.let_go()
        await at.read()  # the failure is remembered: no load at all
    assert (at.counts.stale_on_error, at.source.loads, saved(at)) == (5, 1, {Outcome.STALE_ON_ERROR: 4})


async def test_what_another_process_loads_meanwhile_saves_a_call() -> None:
    clock = FakeClock()
    shelf = SharedShelf(clock)
    async with (
        desk(shared=[shelf], clock=clock, holder="one") as one,
        desk(shared=[shelf], clock=clock, holder="two") as two,
    ):
        one.source.hold()
        one.ask()
        await settle()
        (waiting,) = two.ask()
        await settle()
        await one.source.let_go()
        await clock.advance(1)
        assert waiting.result().outcome is Outcome.LOADED_ELSEWHERE
    assert (saved(one), saved(two)) == ({}, {Outcome.LOADED_ELSEWHERE: 1})
    assert (two.source.loads, two.counts.reads, two.counts.loaded_elsewhere) == (0, 1, 1)


async def test_a_question_that_is_refused_at_once_saves_a_call() -> None:
    async with desk() as at:
        at.cache.count_refusal("prices")
    assert (at.counts.refused, at.counts.reads, saved(at)) == (1, 1, {Outcome.REFUSED: 1})
