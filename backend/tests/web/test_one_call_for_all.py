"""What many people miss goes on few calls: counted by the stand-in itself."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web

from dozor.standin.server import start
from running_dozor import RunningDozor, running_dozor, scripted_upstream

LATENCY_S = 0.05


@dataclass
class Scene:
    """A Dozor, and the calls for prices that reached upstream, each as the ids it asked for."""

    dozor: RunningDozor
    names: list[str]
    asked: list[list[str]] = field(default_factory=list)

    async def prices(self, *ids: str, currency: str = "usd") -> dict[str, object]:
        reply = await self.dozor.get(f"/api/v3/simple/price?ids={','.join(ids)}&vs_currencies={currency}")
        assert reply.status == 200, reply
        found: dict[str, object] = json.loads(reply.body)
        return found


@asynccontextmanager
async def a_scene(folder: Path, *, lists: bool) -> AsyncIterator[Scene]:
    """``lists``: the coin list is known from the start."""
    stand_in = await start(coins=700, latency_seconds=LATENCY_S, check_user_agent=False)
    asked: list[list[str]] = []

    async def pass_on(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/simple/price"):
            asked.append(dict(parse_qsl(request.query_string))["ids"].split(","))
        async with client.get(stand_in.origin + request.raw_path) as reply:
            return web.Response(status=reply.status, body=await reply.read(), content_type="application/json")

    try:
        async with scripted_upstream() as upstream, aiohttp.ClientSession() as client:
            upstream.handler = pass_on
            async with client.get(f"{stand_in.base_url}/coins/list") as listed:
                names = [coin["id"] for coin in await listed.json() if " " not in coin["id"]]
            async with running_dozor(upstream.base_url, folder, COINGECKO_CALLS_PER_MINUTE="0") as dozor:
                if lists:
                    assert (await dozor.get("/api/v3/coins/list")).status == 200
                yield Scene(dozor, names, asked)
    finally:
        await stand_in.close()


async def test_twenty_cold_questions_of_different_ids_are_two_calls_that_ask_for_each_once(tmp_path: Path) -> None:
    async with a_scene(tmp_path, lists=False) as scene:
        found = await asyncio.gather(*(scene.prices(name) for name in scene.names[:20]))
        assert [list(answer) for answer in found] == [[name] for name in scene.names[:20]]
        assert len(scene.asked) <= 2
        wanted = [coin for coins in scene.asked for coin in coins if coin in scene.names[:20]]
        assert sorted(wanted) == sorted(scene.names[:20])


async def test_two_hundred_reorders_cases_and_subsets_cost_nothing(tmp_path: Path) -> None:
    dice = random.Random(6)
    async with a_scene(tmp_path, lists=False) as scene:
        names = scene.names[:20]
        await scene.prices(*names)
        calls = len(scene.asked)
        for _ in range(200):
            some = dice.sample(names, dice.randint(1, 20))
            assert list(await scene.prices(*(dice.choice((str, str.upper))(name) for name in some))) == sorted(some)
        assert len(scene.asked) == calls


@pytest.mark.parametrize("lists", [False, True])
async def test_six_hundred_ids_that_do_not_exist_are_eight_calls_at_most(tmp_path: Path, lists: bool) -> None:
    async with a_scene(tmp_path, lists=lists) as scene:
        found = await asyncio.gather(*(scene.prices(f"no-such-coin-{number}") for number in range(600)))
        assert found == [{}] * 600
        assert len(scene.asked) <= 8
        assert {coin for coins in scene.asked for coin in coins} >= {f"no-such-coin-{number}" for number in range(600)}


@pytest.mark.parametrize("lists", [False, True])
async def test_one_bogus_id_among_good_ones_costs_no_call_of_its_own_and_then_none(tmp_path: Path, lists: bool) -> None:
    async with a_scene(tmp_path, lists=lists) as scene:
        good = scene.names[:5]
        assert list(await scene.prices(*good, "bogus")) == sorted(good)
        assert len(scene.asked) == 1
        scene.dozor.clock.advance(30)
        assert list(await scene.prices(*good, "bogus")) == sorted(good)
        assert len(scene.asked) == 1


async def test_an_id_that_the_list_lacks_waits_for_a_call_that_goes_anyway(tmp_path: Path) -> None:
    async with a_scene(tmp_path, lists=True) as scene:
        bogus = asyncio.create_task(scene.prices("bogus"))
        await asyncio.sleep(0.1)
        assert scene.asked == []
        await scene.prices(scene.names[0])
        assert await bogus == {}
        assert len(scene.asked) == 1
        assert "bogus" in scene.asked[0]


async def test_a_batch_that_fails_condemns_nobody(tmp_path: Path) -> None:
    async with scripted_upstream() as upstream:
        upstream.answer('{"error":"down"}', status=500)
        async with running_dozor(upstream.base_url, tmp_path, COINGECKO_CALLS_PER_MINUTE="0") as dozor:
            path = "/api/v3/simple/price?ids=bitcoin&vs_currencies=usd"
            assert (await dozor.get(path)).status == 502
            upstream.answer('{"bitcoin":{"usd":1}}')
            dozor.clock.advance(61)
            assert (await dozor.get(path)).body == b'{"bitcoin":{"usd":1}}'


async def test_one_id_that_upstream_refuses_costs_the_others_nothing_but_calls(tmp_path: Path) -> None:
    async def choosy(request: web.Request) -> web.StreamResponse:
        ids = request.query["ids"].split(",")
        if "poison" in ids:
            return web.json_response({"error": "bad id"}, status=400)
        return web.json_response({coin: {"usd": 1} for coin in ids})

    async with scripted_upstream() as upstream:
        upstream.handler = choosy
        async with running_dozor(upstream.base_url, tmp_path, COINGECKO_CALLS_PER_MINUTE="0") as dozor:
            path = "/api/v3/simple/price?vs_currencies=usd&ids="
            assert (await dozor.get(path + "first")).status == 200
            replies = await asyncio.gather(*(dozor.get(path + coin) for coin in ("a", "b", "poison", "c", "d")))
            assert [reply.status for reply in replies] == [200, 200, 400, 200, 200]
            before = len(upstream.calls)
            assert (await dozor.get(path + "poison")).status == 400
            assert len(upstream.calls) == before


async def test_a_url_that_is_too_long_is_made_shorter_now_and_later(tmp_path: Path) -> None:
    async def narrow(request: web.Request) -> web.StreamResponse:
        if len(request.query["ids"]) > 1200:
            return web.Response(status=414, body=b"Request-URI Too Large")
        return web.json_response({coin: {"usd": 1} for coin in request.query["ids"].split(",")})

    async with scripted_upstream() as upstream:
        upstream.handler = narrow
        async with running_dozor(upstream.base_url, tmp_path, COINGECKO_CALLS_PER_MINUTE="0") as dozor:
            ids = [f"some-coin-{number}" for number in range(200)]
            reply = await dozor.get(f"/api/v3/simple/price?vs_currencies=usd&ids={','.join(ids)}")
            assert sorted(json.loads(reply.body)) == sorted(ids)
            before = len(upstream.calls)
            more = [f"more-coin-{number}" for number in range(60)]
            assert (await dozor.get(f"/api/v3/simple/price?vs_currencies=usd&ids={','.join(more)}")).status == 200
            assert len(upstream.calls) == before + 1, "the limit is learnt"
