"""Ids that the coin list lacks: what they cost, and whom they are refused."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from aiohttp import web

from running_dozor import RunningDozor, ScriptedUpstream, running_dozor

NOT_FOUND = b'{"error":"coin not found"}'
LIST = "/coins/list?include_platform=true&status=active"
MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
PRICE = "/api/v3/simple/price?vs_currencies=usd&ids="


class Coins:
    """An upstream with a list that can grow, and fail."""

    def __init__(self, upstream: ScriptedUpstream) -> None:
        self._upstream = upstream
        self.ids = ["bitcoin"]
        self.list_fails = False
        self.list_may_go = asyncio.Event()
        self.list_may_go.set()
        upstream.handler = self.answer

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/api/v3")
        if path == "/coins/list":
            await self.list_may_go.wait()
            if self.list_fails:
                return web.json_response({"error": "no"}, status=500)
            return web.json_response([{"id": coin, "symbol": coin[:3], "name": coin} for coin in self.ids])
        if path == "/simple/price":
            return web.json_response({coin: {"usd": 1} for coin in request.query["ids"].split(",") if coin in self.ids})
        if path.removeprefix("/coins/").split("/")[0] not in self.ids:
            return web.Response(status=404, body=NOT_FOUND, content_type="application/json")
        return web.json_response({"id": path.removeprefix("/coins/"), "prices": [], "name": "x", "symbol": "x"})

    def calls(self) -> list[str]:
        """What came since the last look, without parameters but for the list."""
        calls = [call if call == LIST else call.partition("?")[0] for call in self._upstream.calls]
        self._upstream.calls.clear()
        return calls


@pytest.fixture
def coins(upstream: ScriptedUpstream) -> Coins:
    return Coins(upstream)


async def know_the_list(dozor: RunningDozor, coins: Coins) -> None:
    assert (await dozor.get("/api/v3/coins/list")).status == 200
    assert coins.calls() == [LIST]


async def test_id_that_a_recent_list_lacks_is_refused_without_a_call(dozor: RunningDozor, coins: Coins) -> None:
    await know_the_list(dozor, coins)
    dozor.clock.advance(29 * MINUTE)
    for n in range(20):
        reply = await dozor.get(f"/api/v3/coins/nosuch{n}")
        assert (reply.status, reply.body) == (404, NOT_FOUND)
    own = await dozor.get("/api/v1/coins/nosuch")
    assert (own.status, json.loads(own.body)["code"]) == (404, "not-found")
    assert coins.calls() == []
    families = json.loads((await dozor.get("/api/v1/status")).body)["cache"]["families"]
    assert families["get_crypto_details"]["refused"] == 21
    assert (await dozor.get("/api/v3/coins/Bitcoin")).status == 200
    assert coins.calls() == ["/coins/bitcoin"]


async def test_without_a_list_upstream_is_asked(dozor: RunningDozor, coins: Coins) -> None:
    reply = await dozor.get("/api/v3/coins/nosuch")
    assert (reply.status, reply.body, coins.calls()) == (404, NOT_FOUND, ["/coins/nosuch"])


async def test_older_list_is_fetched_again_first_and_then_settles_it(dozor: RunningDozor, coins: Coins) -> None:
    await know_the_list(dozor, coins)
    dozor.clock.advance(31 * MINUTE)
    coins.ids.append("newcoin")
    assert (await dozor.get("/api/v3/coins/nosuch")).status == 404
    assert coins.calls() == [LIST]
    assert (await dozor.get("/api/v3/coins/newcoin")).status == 200
    assert (await dozor.get("/api/v3/coins/nosuch2")).status == 404
    assert coins.calls() == ["/coins/newcoin"]


async def test_new_coin_that_an_older_list_lacks_is_found(dozor: RunningDozor, coins: Coins) -> None:
    await know_the_list(dozor, coins)
    dozor.clock.advance(2 * HOUR)
    coins.ids.append("newcoin")
    assert (await dozor.get("/api/v3/coins/newcoin")).status == 200
    assert coins.calls() == [LIST, "/coins/newcoin"]


async def test_many_who_ask_for_unknown_ids_at_once_wait_for_one_list(dozor: RunningDozor, coins: Coins) -> None:
    await know_the_list(dozor, coins)
    dozor.clock.advance(HOUR)
    replies = await asyncio.gather(*(dozor.get(f"/api/v3/coins/nosuch{n}") for n in range(50)))
    assert {reply.status for reply in replies} == {404}
    assert coins.calls() == [LIST]


async def test_where_the_list_cannot_be_had_upstream_is_asked_and_the_list_left_alone_for_30_minutes(
    dozor: RunningDozor, coins: Coins
) -> None:
    await know_the_list(dozor, coins)
    dozor.clock.advance(HOUR)
    coins.list_fails = True
    assert (await dozor.get("/api/v3/coins/nosuch1")).status == 404
    assert set(coins.calls()) == {LIST, "/coins/nosuch1"}
    coins.list_fails = False
    dozor.clock.advance(29 * MINUTE)
    assert (await dozor.get("/api/v3/coins/nosuch2")).status == 404
    assert coins.calls() == ["/coins/nosuch2"]
    dozor.clock.advance(2 * MINUTE)
    assert (await dozor.get("/api/v3/coins/nosuch3")).status == 404
    assert coins.calls() == [LIST]


async def test_only_details_are_refused_by_the_list(dozor: RunningDozor, coins: Coins) -> None:
    await know_the_list(dozor, coins)
    chart = await dozor.get("/api/v3/coins/nosuch/market_chart?vs_currency=usd&days=1")
    assert (chart.status, coins.calls()) == (404, ["/coins/nosuch/market_chart"])


async def test_who_takes_only_what_is_cached_has_no_list_fetched(dozor: RunningDozor, coins: Coins) -> None:
    await know_the_list(dozor, coins)
    dozor.clock.advance(HOUR)
    reply = await dozor.get("/api/v3/coins/nosuch", Cache_Control="only-if-cached")
    assert (reply.status, coins.calls()) == (504, [])


async def test_coin_that_an_answer_has_named_is_asked_for_though_the_list_lacks_it(
    dozor: RunningDozor, coins: Coins
) -> None:
    coins.ids.append("unlisted")
    await dozor.get("/api/v3/coins/unlisted")
    coins.ids.remove("unlisted")
    coins.calls()
    await know_the_list(dozor, coins)
    dozor.clock.advance(20 * MINUTE)
    assert (await dozor.get("/api/v3/coins/unlisted")).status == 404
    assert coins.calls() == ["/coins/unlisted"]


async def test_price_of_an_unknown_id_has_an_older_list_fetched_behind_and_no_more_than_that(
    dozor: RunningDozor, coins: Coins
) -> None:
    await know_the_list(dozor, coins)
    dozor.clock.advance(HOUR)
    coins.list_may_go.clear()
    for n in range(3):
        assert (await dozor.get(f"{PRICE}bitcoin,nosuch{n}")).status == 200, "nobody waits for the list"
    coins.list_may_go.set()
    assert coins.calls().count(LIST) == 1
    await know_it_is_recent(dozor)
    assert LIST not in coins.calls()


async def know_it_is_recent(dozor: RunningDozor) -> None:
    """Whoever asks for an unknown id waits for a list that is being fetched."""
    assert (await dozor.get("/api/v3/coins/nosuch")).status == 404


async def test_list_that_is_found_on_disk_counts(upstream: ScriptedUpstream, coins: Coins, tmp_path: Path) -> None:
    async with running_dozor(upstream.base_url, tmp_path) as dozor:
        await know_the_list(dozor, coins)
    async with running_dozor(upstream.base_url, tmp_path) as dozor:
        await dozor.get("/api/v3/coins/list")
        assert (await dozor.get("/api/v3/coins/nosuch")).status == 404
        assert coins.calls() == []


async def test_search_goes_on_with_a_list_of_any_age(upstream: ScriptedUpstream, coins: Coins, tmp_path: Path) -> None:
    async with running_dozor(upstream.base_url, tmp_path) as dozor:
        await know_the_list(dozor, coins)
    coins.list_fails = True
    async with running_dozor(upstream.base_url, tmp_path) as dozor:
        dozor.clock.advance(100 * DAY)
        reply = await dozor.get("/api/v1/search?q=bitcoin")
        found = json.loads(reply.body)
        assert (reply.status, [hit["id"] for hit in found["items"]]) == (200, ["bitcoin"])
        assert (found["meta"]["state"], found["meta"]["age_s"] // DAY) == ("stale", 100)
        coins.list_fails = False
        coins.ids.append("litecoin")
        dozor.clock.advance(HOUR)
        await dozor.get("/api/v3/coins/list")
        assert json.loads((await dozor.get("/api/v1/search?q=litecoin")).body)["items"]
