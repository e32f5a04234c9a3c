"""On whose behalf a load runs, and how urgently."""

from __future__ import annotations

import asyncio

import pytest

from caching.desk import Desk, desk
from dozor.domain.errors import DeadlinePassed
from dozor.domain.lanes import Lane
from fakes import settle


def loads(at: Desk) -> list[tuple[Lane, str]]:
    return [(asker.lane, asker.client) for asker in at.source.askers]


@pytest.mark.parametrize("lane", [Lane.ALERT, Lane.PERSON, Lane.WARM_UP])
@pytest.mark.parametrize("age", [None, 600], ids=["cold", "past grace"])
async def test_a_load_that_is_waited_for_runs_in_the_lane_and_for_the_client_of_who_waits(
    age: float | None, lane: Lane
) -> None:
    async with desk() as at:
        if age is not None:
            await at.hold_entry_aged(age)
        await at.read(lane=lane, client="bot")
    assert loads(at) == [(lane, "bot")]


@pytest.mark.parametrize(
    ("reader", "refresh"),
    [(Lane.ALERT, Lane.REFRESH), (Lane.PERSON, Lane.REFRESH), (Lane.WARM_UP, Lane.WARM_UP)],
)
async def test_a_stale_answer_is_refreshed_behind_for_the_client_who_got_it(reader: Lane, refresh: Lane) -> None:
    async with desk() as at:
        await at.hold_entry_aged(70)
        await at.read(lane=reader, client="bot")
        await settle()
    assert loads(at) == [(refresh, "bot")]


async def test_refresh_of_a_fresh_entry_runs_for_who_wants_it() -> None:
    async with desk() as at:
        await at.hold_entry_aged(10)
        at.refresh(lane=Lane.PERSON, client="bot")
        await settle()
    assert loads(at) == [(Lane.PERSON, "bot")]


async def test_person_who_comes_to_wait_for_a_refresh_raises_it_while_it_is_under_way() -> None:
    async with desk() as at:
        await at.hold_entry_aged(70)
        at.source.hold()
        await at.read(client="app")
        await settle()
        assert loads(at) == [(Lane.REFRESH, "app")]
        await at.clock.advance(500)  # past grace: whoever comes now has to wait
        waiting = asyncio.create_task(at.read(client="bot"))
        await settle()
        assert loads(at) == [(Lane.PERSON, "bot")]
        await at.source.let_go()
        assert (await waiting).entry.body == b"body 1"


async def test_warm_up_is_raised_by_who_gets_a_stale_answer_and_by_who_waits() -> None:
    async with desk() as at:
        await at.hold_entry_aged(70)
        at.source.hold()
        await at.read(lane=Lane.WARM_UP, client="")
        await settle()
        await at.read(client="app")
        assert loads(at) == [(Lane.REFRESH, "app")]
        assert not at.refresh(client="bot")
        assert loads(at) == [(Lane.PERSON, "bot")]
        await at.source.let_go()


async def test_load_stays_urgent_when_the_person_leaves_or_runs_out_of_time() -> None:
    async with desk() as at:
        at.source.hold()
        warming = asyncio.create_task(at.read(lane=Lane.WARM_UP, client=""))
        await settle()
        with pytest.raises(DeadlinePassed):
            await at.read(client="bot", wait_seconds=0)
        assert loads(at) == [(Lane.PERSON, "bot")]
        await at.source.let_go()
        await warming
        await at.read(lane=Lane.WARM_UP, client="")
    assert loads(at) == [(Lane.PERSON, "bot")]


async def test_next_load_of_a_key_knows_nothing_of_the_urgency_of_the_last() -> None:
    async with desk() as at:
        await at.read(client="bot")
        await at.clock.advance(70)
        await at.read(client="app")
        await settle()
    assert loads(at) == [(Lane.PERSON, "bot"), (Lane.REFRESH, "app")]
