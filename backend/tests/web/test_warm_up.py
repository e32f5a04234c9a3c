"""What Dozor fetches before anybody asks."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import structlog
from aiohttp import web

from dozor.app import warm_up
from dozor.domain.lanes import Lane
from fakes import FakeClock
from recording_upstream import RecordingUpstream, market_over
from running_dozor import RunningDozor, ScriptedUpstream

BODIES = {
    "/coins/markets": [{"id": "bitcoin", "symbol": "btc", "name": "Bitcoin"}],
    "/coins/list": [{"id": "bitcoin", "symbol": "btc", "name": "Bitcoin"}],
    "/global": {"data": {}},
}


def answer_all_but(upstream: ScriptedUpstream, *failing: str) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/api/v3")
        if path in failing:
            return web.json_response({"error": "bad"}, status=400)
        return web.json_response(BODIES[path])

    upstream.handler = handler


def paths(upstream: ScriptedUpstream) -> list[str]:
    return [call.partition("?")[0] for call in upstream.calls]


async def test_one_page_the_coin_list_the_market_as_a_whole_and_another_page_are_fetched_ahead(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    answer_all_but(upstream)
    await warm_up(dozor.app)
    assert paths(upstream) == ["/coins/markets", "/coins/list", "/global", "/coins/markets"]
    assert "per_page=250" in upstream.calls[0]
    assert json.loads((await dozor.get("/readyz")).body)["ready"]
    for path in ("/api/v1/coins", "/api/v1/search?q=btc", "/api/v1/global", "/api/v3/coins/list"):
        assert (await dozor.get(path)).status == 200
    assert len(upstream.calls) == 4, "all that needs is here"


async def test_they_go_after_everybody_who_asks_and_on_behalf_of_nobody(dozor: RunningDozor) -> None:
    clock = FakeClock()
    upstream = RecordingUpstream(clock)
    async with asyncio.TaskGroup() as tasks:
        await warm_up(replace(dozor.app, market=market_over(upstream, tasks, clock)))
    functions = ("get_crypto_list", "get_coin_list", "get_global", "get_crypto_list")
    assert upstream.wanted == [(function, Lane.WARM_UP, "") for function in functions]


async def test_what_cannot_be_had_keeps_nothing_else_from_being_fetched(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    answer_all_but(upstream, "/coins/markets", "/global")
    with structlog.testing.capture_logs() as logs:
        await warm_up(dozor.app)
    assert paths(upstream) == ["/coins/markets", "/coins/list", "/global", "/coins/markets"]
    said = [(line["event"], line["function"], line["log_level"]) for line in logs if "function" in line]
    assert said == [
        ("market.warm_up_failed", "get_crypto_list", "warning"),
        ("market.warmed_up", "get_coin_list", "info"),
        ("market.warm_up_failed", "get_global", "warning"),
        ("market.warm_up_failed", "get_crypto_list", "warning"),
    ]
    assert json.loads((await dozor.get("/readyz")).body)["ready"], "something was answered"


async def test_what_a_tier_still_knows_is_not_fetched_again(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    answer_all_but(upstream)
    await warm_up(dozor.app)
    upstream.calls.clear()
    await warm_up(dozor.app)
    assert upstream.calls == []
