"""Short of calls, what is stale is served at once, and says until when nothing newer is to be had."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from running_dozor import Reply, RunningDozor, ScriptedUpstream, running_dozor

PRICE = "/api/v3/simple/price?ids=bitcoin&vs_currencies=usd"
CHART = "/api/v3/coins/{}/market_chart?vs_currency=usd&days=7"
QUESTIONS = pytest.mark.parametrize("path", [PRICE, CHART.format("bitcoin")], ids=["facts", "a unit"])
AGES = pytest.mark.parametrize("fresh_times", [1.05, 9.0], ids=["within its grace", "far beyond it"])


def whole_fresh_time(reply: Reply) -> int:
    return int(reply.headers["cache-control"].split("max-age=")[1].split(",")[0])


@pytest.fixture
async def dozor(upstream: ScriptedUpstream, tmp_path: Path) -> AsyncIterator[RunningDozor]:
    async def answer(request: web.Request) -> web.StreamResponse:
        number = len(upstream.calls)
        if request.path.endswith("/simple/price"):
            return web.json_response({"bitcoin": {"usd": number}})
        return web.json_response({"prices": [[number, number]], "market_caps": [], "total_volumes": []})

    upstream.handler = answer
    async with running_dozor(upstream.base_url, tmp_path, COINGECKO_CALLS_PER_MINUTE="5") as running:
        yield running


async def grown_stale(dozor: RunningDozor, path: str, fresh_times: float) -> tuple[Reply, int]:
    """The answer that is known, by now older than so many fresh times, and the seconds until there is a call again."""
    known = await dozor.get(path)
    dozor.clock.advance(whole_fresh_time(known) * fresh_times)
    spent = []
    for number in range(5):
        spent.append(await dozor.get(CHART.format(f"coin-{number}")))
        dozor.clock.advance(5.1)  # no crowd, whose loads are held back
    assert [reply.status for reply in (known, *spent)] == [200] * 5 + [429]
    return known, int(spent[-1].headers["retry-after"]) - 5


@QUESTIONS
@AGES
async def test_it_is_marked_and_may_be_kept_until_the_next_call_and_then_there_is_a_newer_one(
    dozor: RunningDozor, upstream: ScriptedUpstream, path: str, fresh_times: float
) -> None:
    known, again_in = await grown_stale(dozor, path, fresh_times)
    calls = len(upstream.calls)
    reply = await dozor.get(path)
    assert (reply.status, reply.body) == (200, known.body)
    marked = re.fullmatch(r"dozor; hit; ttl=(\d+); detail=stretched", reply.headers["cache-status"])
    assert marked is not None, reply.headers["cache-status"]
    wait_s = int(marked[1])
    assert wait_s == pytest.approx(again_in, abs=2)
    assert whole_fresh_time(reply) == pytest.approx(int(reply.headers["age"]) + wait_s, abs=1)

    dozor.clock.advance(wait_s - 20)
    early = await dozor.get(path)
    assert (early.body, len(upstream.calls)) == (known.body, calls), "asking sooner is of no use"
    assert early.headers["cache-status"].endswith("; detail=stretched")

    dozor.clock.advance(21)
    upstream.came.clear()
    await dozor.get(path)  # answered at once, or with the new one; either way a call goes out now
    await asyncio.wait_for(upstream.came.wait(), 5)
    newer = await dozor.get(path, Cache_Control="no-cache")
    assert newer.body != known.body
    assert whole_fresh_time(newer) == pytest.approx(whole_fresh_time(known), rel=0.11)
    assert len(upstream.calls) == calls + 1


async def test_nothing_is_stretched_while_there_are_calls(dozor: RunningDozor) -> None:
    known = await dozor.get(PRICE)
    dozor.clock.advance(whole_fresh_time(known) + 1)
    reply = await dozor.get(PRICE)
    assert reply.headers["cache-status"].endswith("; detail=stale")
    assert whole_fresh_time(reply) == whole_fresh_time(known)
