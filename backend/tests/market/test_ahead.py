"""What is in demand is refreshed before anybody waits for it, and nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dozor.domain.lanes import Lane
from dozor.market.ahead import refresh_ahead
from dozor.market.endpoints import BY_PATH
from dozor.market.question import Question, canonical
from fakes import FakeClock, settle
from recording_upstream import Parts, RecordingUpstream, parts_over

PAGE = canonical(BY_PATH["/coins/markets"], {}, [("vs_currency", "usd")], full_history=False)
PRICE = canonical(BY_PATH["/simple/price"], {}, [("ids", "bitcoin"), ("vs_currencies", "usd")], full_history=False)


class Scene:
    def __init__(self, parts: Parts, upstream: RecordingUpstream, clock: FakeClock) -> None:
        self.market, self.upstream, self.clock = parts.market, upstream, clock

    async def ask(self, question: Question, times: int, every_s: float) -> None:
        for _ in range(times):
            asking = asyncio.create_task(self.market.answer(question, client="bot"))
            await self.clock.advance(every_s)  # facts go on a call that leaves a few ms later
            await asking


@asynccontextmanager
async def a_scene(lane: Lane = Lane.REFRESH) -> AsyncIterator[Scene]:
    clock = FakeClock()
    upstream = RecordingUpstream(clock)
    upstream.bodies["/simple/price"] = b'{"bitcoin":{"usd":1}}'
    async with asyncio.TaskGroup() as tasks:
        parts = parts_over(upstream, tasks, clock)
        ahead = tasks.create_task(refresh_ahead(parts.units, parts.batches, clock, lane))
        await settle()
        yield Scene(parts, upstream, clock)
        ahead.cancel()


@pytest.mark.parametrize("question", [PAGE, PRICE], ids=["a unit", "facts"])
@pytest.mark.parametrize("lane", [Lane.REFRESH, Lane.WARM_UP])
async def test_what_is_asked_for_all_the_time_is_refreshed_although_nobody_asks_now(
    question: Question, lane: Lane
) -> None:
    async with a_scene(lane) as scene:
        await scene.ask(question, 50, 1)
        before = len(scene.upstream.calls)
        await scene.clock.advance(30)
        assert len(scene.upstream.calls) == before + 1
        assert scene.upstream.wanted[-1][1:] == (lane, "")
        fresh = await scene.market.answer(question, client="bot")
        assert fresh.is_fresh


@pytest.mark.parametrize("question", [PAGE, PRICE], ids=["a unit", "facts"])
async def test_what_hardly_anybody_asks_for_costs_no_call(question: Question) -> None:
    async with a_scene() as scene:
        await scene.clock.advance(3600)  # watched long enough to know how rare that is
        await scene.ask(question, 1, 120)
        assert len(scene.upstream.calls) == 1


@pytest.mark.parametrize("question", [PAGE, PRICE], ids=["a unit", "facts"])
async def test_what_nobody_asks_for_any_more_soon_costs_none_either(question: Question) -> None:
    async with a_scene() as scene:
        await scene.ask(question, 50, 1)
        await scene.clock.advance(1.5 * 3600)
        calls = len(scene.upstream.calls)
        await scene.clock.advance(3600)
        assert len(scene.upstream.calls) == calls
        assert calls < 80
