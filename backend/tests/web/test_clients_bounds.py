"""What a client's ``Cache-Control`` gets from the gateway, and what it costs: over real HTTP."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from dozor.standin import server as standin
from running_dozor import Reply, RunningDozor, ScriptedUpstream, running_dozor

PRICE = "/api/v3/simple/price?ids=bitcoin&vs_currencies=usd"
OLD = b'{"bitcoin":{"usd":1}}'
NEW = b'{"bitcoin":{"usd":2}}'
INSISTING = ["no-cache", "max-age=0", "max-age=30", "min-fresh=1", "max-stale=5", "max-age=soon"]


@dataclass
class Known:
    """A question whose answer Dozor has fetched, and to which upstream has a new one since."""

    dozor: RunningDozor
    upstream: ScriptedUpstream
    path: str
    old: bytes
    new: bytes

    async def ask(self, control: str = "") -> Reply:
        return await self.dozor.get(self.path, Cache_Control=control)

    def age(self, seconds: float) -> None:
        self.dozor.clock.advance(seconds)


@pytest.fixture(params=["put together", "a unit"])
async def known(request: pytest.FixtureRequest, dozor: RunningDozor, upstream: ScriptedUpstream) -> Known:
    known = {
        "put together": Known(dozor, upstream, PRICE, OLD, NEW),
        "a unit": Known(dozor, upstream, "/api/v3/simple/supported_vs_currencies", b'["usd"]', b'["usd","eur"]'),
    }[request.param]
    upstream.answer(known.old)
    await known.ask()
    upstream.answer(known.new)
    return known


async def test_a_thousand_clients_who_insist_cost_one_call_per_fresh_time(tmp_path: Path) -> None:
    upstream = await standin.start(coins=300)
    try:
        async with running_dozor(upstream.base_url, tmp_path) as dozor:
            for fresh_times in (1, 2):
                for _ in range(10):
                    crowd = (dozor.get(PRICE, Cache_Control="no-cache") for _ in range(100))
                    assert {reply.status for reply in await asyncio.gather(*crowd)} == {200}
                assert upstream.calls.total == fresh_times
                dozor.clock.advance(67)
    finally:
        await upstream.close()


@pytest.mark.parametrize("control", [*INSISTING, "only-if-cached, no-cache"])
async def test_inside_the_fresh_time_everybody_is_answered_from_the_cache(known: Known, control: str) -> None:
    known.age(40)
    reply = await known.ask(control)
    assert (reply.status, reply.body, reply.headers["age"]) == (200, known.old, "40")
    assert reply.headers["cache-status"].startswith("dozor; hit; ttl=")
    assert "stale" not in reply.headers["cache-status"]
    assert len(known.upstream.calls) == 1


@pytest.mark.parametrize("control", INSISTING)
async def test_outside_it_who_insists_waits_for_the_refresh(known: Known, control: str) -> None:
    known.age(100)
    reply = await known.ask(control)
    assert reply.body == known.new
    assert reply.headers["cache-status"].startswith("dozor; fwd=miss; stored")
    assert len(known.upstream.calls) == 2


@pytest.mark.parametrize("control", ["", "max-age=600", "max-stale=600", "no-store"])
async def test_who_does_not_insist_gets_the_stale_answer_at_once(known: Known, control: str) -> None:
    known.age(100)
    reply = await known.ask(control)
    assert (reply.body, reply.headers["age"]) == (known.old, "100")
    assert reply.headers["cache-status"].endswith("; detail=stale")


async def test_pragma_is_understood_as_old_clients_send_it(known: Known) -> None:
    known.age(100)
    assert (await known.dozor.get(known.path, Pragma="no-cache")).body == known.new


async def test_a_modest_client_is_not_made_to_wait_and_the_refresh_runs_behind(known: Known) -> None:
    known.age(20 * 3600)
    known.upstream.came.clear()
    release = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        await release.wait()
        return web.Response(body=known.new, content_type="application/json")

    known.upstream.handler = slow
    reply = await known.ask("max-stale")
    assert (reply.body, reply.headers["age"]) == (known.old, str(20 * 3600))
    assert reply.headers["cache-status"].endswith("; detail=stale")
    await known.upstream.came.wait()
    waiting = asyncio.create_task(known.ask())
    release.set()
    assert (await waiting).body == known.new
    assert len(known.upstream.calls) == 2


async def test_what_expired_is_served_to_nobody(known: Known) -> None:
    known.age(25 * 3600)
    assert (await known.ask("max-stale, only-if-cached")).status == 504
    assert (await known.ask("max-stale")).body == known.new


async def test_only_if_cached_with_nothing_is_504_in_coingeckos_shape_without_a_call(tmp_path: Path) -> None:
    upstream = await standin.start(coins=300)
    try:
        async with running_dozor(upstream.base_url, tmp_path) as dozor:
            reply = await dozor.get(PRICE, Cache_Control="only-if-cached")
            status = json.loads(reply.body)["status"]
            assert (reply.status, status["error_code"]) == (504, 504)
            assert "only-if-cached" in status["error_message"]
            assert reply.headers["access-control-allow-origin"] == "*"
            assert "retry-after" not in reply.headers, "waiting cannot help"
            assert upstream.calls.total == 0
            assert (await dozor.get(PRICE)).status == 200
    finally:
        await upstream.close()


@pytest.mark.parametrize(
    ("control", "status"),
    [
        ("only-if-cached", 200),
        ("only-if-cached, max-stale", 200),
        ("only-if-cached, max-age=1000", 200),
        ("only-if-cached, max-age=600", 504),
        ("only-if-cached, max-stale=600", 504),
        ("only-if-cached, min-fresh=1", 504),
        ("only-if-cached, no-cache", 504),
    ],
)
async def test_only_if_cached_gets_what_else_it_accepts_and_no_refresh(known: Known, control: str, status: int) -> None:
    known.age(700)
    reply = await known.ask(control)
    assert reply.status == status
    assert status == 504 or reply.body == known.old
    first = await known.ask()
    assert first.headers["cache-status"].startswith("dozor; fwd=miss; stored"), "no load was under way"
    assert len(known.upstream.calls) == 2


async def test_with_the_budget_spent_who_insists_gets_the_stale_answer_marked(tmp_path: Path) -> None:
    upstream = await standin.start(coins=300, per_minute=5)
    try:
        async with running_dozor(upstream.base_url, tmp_path, COINGECKO_CALLS_PER_MINUTE="5") as dozor:
            first = await dozor.get(PRICE)
            dozor.clock.advance(67)
            markets = (dozor.get(f"/api/v3/coins/markets?vs_currency=usd&page={page}") for page in range(1, 10))
            assert 429 in {reply.status for reply in await asyncio.gather(*markets)}
            calls = upstream.calls.total
            for control in ("no-cache", "max-age=0", "min-fresh=10"):
                reply = await dozor.get(PRICE, Cache_Control=control)
                assert (reply.status, reply.body) == (200, first.body)
                assert reply.headers["cache-status"].endswith("; detail=stretched"), "and says until when"
                assert int(reply.headers["age"]) >= 67
            assert upstream.calls.total == calls
    finally:
        await upstream.close()


async def test_what_comes_too_late_leaves_the_stale_answer_to_who_insists(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    never = asyncio.Event()

    async def silent(_: web.Request) -> web.Response:
        await never.wait()
        raise AssertionError

    upstream.answer(OLD)
    await dozor.get(PRICE)
    dozor.clock.advance(100)
    upstream.handler = silent
    reply = await asyncio.wait_for(dozor.get(PRICE, Cache_Control="no-cache"), 9.5)
    assert (reply.status, reply.body) == (200, OLD)
    assert reply.headers["cache-status"].endswith("; detail=stale")


async def test_prices_that_lie_far_apart_are_not_put_together_however_modest_the_client(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    async def answers(request: web.Request) -> web.Response:
        ids = request.query["ids"].split(",")
        return web.json_response({id_: {"usd": len(upstream.calls)} for id_ in ids})

    upstream.handler = answers
    first, second = ([f"{name}-{number}" for number in range(515)] for name in ("a", "b"))  # as many as a call takes
    for ids in (first, second):
        await dozor.get(f"/api/v3/simple/price?ids={','.join(ids)}&vs_currencies=usd")
        dozor.clock.advance(100)
    assert len(upstream.calls) == 2
    both = f"/api/v3/simple/price?ids={first[0]},{second[0]}&vs_currencies=usd"
    reply = await dozor.get(both, Cache_Control="max-stale")
    assert json.loads(reply.body) == {first[0]: {"usd": 3}, second[0]: {"usd": 3}}


async def test_rows_that_a_page_has_are_refreshed_with_the_page_for_who_insists(tmp_path: Path) -> None:
    upstream = await standin.start(coins=300, latency_seconds=0.1)
    try:
        async with running_dozor(upstream.base_url, tmp_path) as dozor:
            await dozor.get("/api/v3/coins/markets?vs_currency=usd")
            watchlist = "/api/v3/coins/markets?vs_currency=usd&ids=bitcoin"
            assert (await dozor.get(watchlist)).status == 200
            calls = upstream.calls.total
            dozor.clock.advance(100)
            cached = await dozor.get(watchlist, Cache_Control="only-if-cached")
            assert (cached.status, cached.headers["age"]) == (200, "100")
            refused = await dozor.get(watchlist, Cache_Control="only-if-cached, max-age=30")
            assert (refused.status, upstream.calls.total) == (504, calls)
            insisting = await dozor.get(watchlist, Cache_Control="no-cache")
            assert int(insisting.headers["age"]) < 100
            assert "stale" not in insisting.headers["cache-status"]
            assert upstream.calls.total == calls + 1
            assert dict(upstream.calls.recent[-1].query).get("ids") is None, "the page was asked for, not the coin"
    finally:
        await upstream.close()
