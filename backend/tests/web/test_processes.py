"""Two real processes that share a Redis or a disk: one question is one call."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import AsyncExitStack, closing
from pathlib import Path

import aiohttp
from aiohttp import web

from cli.process import Process, dozor_process
from redis_binaries import Binary
from redis_servers import Server
from running_dozor import ScriptedUpstream, scripted_upstream, until

CHART = "/api/v3/coins/{coin}/market_chart?vs_currency=usd&days=7"
LIMITLESS = {"COINGECKO_CALLS_PER_MINUTE": "0", "DOZOR_LANG": "en"}


def answer_slowly(upstream: ScriptedUpstream, status: int = 200) -> None:
    async def handler(request: web.Request) -> web.Response:
        await asyncio.sleep(0.3)  # upstream's own time: the other process comes while the call is under way
        if "market_chart" not in request.path:
            return web.json_response([])
        if status != 200:
            return web.json_response({"error": "coin not found"}, status=status)
        return web.json_response({"prices": [[1, 2.5]], "market_caps": [], "total_volumes": []})

    upstream.handler = handler


def chart_calls(upstream: ScriptedUpstream) -> int:
    return sum("market_chart" in call for call in upstream.calls)


async def ask(url: str, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as client, client.get(url + path) as response:
        await response.read()
        return response.status, response.headers.get("cache-status", "")


async def ask_both(urls: list[str], upstream: ScriptedUpstream, coins: int) -> None:
    for number in range(coins):
        before = chart_calls(upstream)
        replies = await asyncio.gather(*(ask(url, CHART.format(coin=f"coin-{number}")) for url in urls * 5))
        assert {status for status, _ in replies} == {200}
        assert chart_calls(upstream) - before == 1


async def ready(process: Process) -> str:
    url = await process.url()

    async def is_ready() -> bool:
        return (await ask(url, "/readyz"))[0] == 200

    await until(is_ready, 20)
    return url


async def until_redis_is_up(url: str) -> None:
    async def is_up() -> bool:
        async with aiohttp.ClientSession() as client, client.get(f"{url}/api/v1/status") as response:
            return bool((await response.json())["tiers"]["redis"] == "up")

    await until(is_up, 20)


async def test_a_question_asked_of_two_processes_on_one_redis_is_one_call(redis_binary: Binary, tmp_path: Path) -> None:
    async with scripted_upstream() as upstream, AsyncExitStack() as stack:
        answer_slowly(upstream)
        with Server(redis_binary) as server:
            settings = {**LIMITLESS, "COINGECKO_BASE_URL": upstream.base_url, "REDIS_URL": server.url}
            machines = [await stack.enter_async_context(dozor_process(tmp_path / name, **settings)) for name in "ab"]
            urls = [await ready(machine) for machine in machines]
            for url in urls:
                await until_redis_is_up(url)
            await ask_both(urls, upstream, 5)


async def test_a_question_asked_of_two_processes_on_one_disk_is_one_call(tmp_path: Path) -> None:
    async with scripted_upstream() as upstream, AsyncExitStack() as stack:
        answer_slowly(upstream)
        settings = {**LIMITLESS, "COINGECKO_BASE_URL": upstream.base_url, "REDIS_URL": ""}
        processes = [await stack.enter_async_context(dozor_process(tmp_path, **settings)) for _ in range(2)]
        await ask_both([await ready(process) for process in processes], upstream, 5)


async def test_prices_and_rows_that_one_process_has_fetched_cost_another_on_its_disk_no_call(tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.Response:
        coins = [coin for coin in request.query.get("ids", "").split(",") if coin != "nobody"]
        if request.path.endswith("/simple/price"):
            return web.json_response({coin: {"usd": 1.5} for coin in coins})
        if request.path.endswith("/coins/list"):
            coins = ["bitcoin", "ethereum"]
        return web.json_response([{"id": coin} for coin in coins if coin])

    def calls_by_id() -> int:
        return sum("ids=" in call for call in upstream.calls)

    async def body_of(url: str, path: str) -> bytes:
        async with aiohttp.ClientSession() as client, client.get(url + path) as response:
            assert response.status == 200
            return await response.read()

    async with scripted_upstream() as upstream, AsyncExitStack() as stack:
        upstream.handler = answer
        settings = {**LIMITLESS, "COINGECKO_BASE_URL": upstream.base_url, "REDIS_URL": ""}
        processes = [await stack.enter_async_context(dozor_process(tmp_path, **settings)) for _ in range(2)]
        first, second = [await ready(process) for process in processes]
        for asked in ("/api/v3/simple/price?vs_currencies=usd&ids=", "/api/v3/coins/markets?vs_currency=usd&ids="):
            for coin in ("bitcoin", "nobody", "ethereum"):
                fetched = await body_of(first, asked + coin)
                calls = calls_by_id()
                assert await body_of(second, asked + coin) == fetched
                assert calls_by_id() == calls
        assert calls_by_id() >= 2, "these are what was counted"


async def test_a_refusal_is_one_call_for_two_processes(tmp_path: Path) -> None:
    async with scripted_upstream() as upstream, AsyncExitStack() as stack:
        answer_slowly(upstream, status=404)
        settings = {**LIMITLESS, "COINGECKO_BASE_URL": upstream.base_url, "REDIS_URL": ""}
        processes = [await stack.enter_async_context(dozor_process(tmp_path, **settings)) for _ in range(2)]
        urls = [await ready(process) for process in processes]
        replies = await asyncio.gather(*(ask(url, CHART.format(coin="nobody")) for url in urls * 5))
        assert {status for status, _ in replies} == {404}
        assert chart_calls(upstream) == 1


async def is_on_disk(file: Path, coin: str) -> bool:
    with closing(sqlite3.connect(file)) as database:
        rows = database.execute("SELECT count(*) FROM entries WHERE key LIKE ?", (f"%/coins/{coin}/%",))
        return int(rows.fetchone()[0]) > 0


async def test_after_a_restart_what_was_known_costs_no_call(tmp_path: Path) -> None:
    async with scripted_upstream() as upstream:
        answer_slowly(upstream)
        settings = {**LIMITLESS, "COINGECKO_BASE_URL": upstream.base_url, "REDIS_URL": ""}
        path = CHART.format(coin="bitcoin")
        async with dozor_process(tmp_path, **settings) as process:
            url = await ready(process)
            assert (await ask(url, path))[0] == 200
            await asyncio.sleep(
                0.5
            )  # what is written behind is on disk within this; the process is killed, not stopped
            process.process.kill()
            await process.end()
        before = len(upstream.calls)
        async with dozor_process(tmp_path, **settings) as process:
            status, cache_status = await ask(await ready(process), path)
        assert (status, chart_calls(upstream)) == (200, 1)
        assert re.match(r"dozor; hit; ttl=\d+", cache_status)
        assert len(upstream.calls) - before <= 1, "the warm-up's list, which was known too"


async def test_when_the_process_that_loads_is_killed_another_answers_in_time(tmp_path: Path) -> None:
    async with scripted_upstream() as upstream, AsyncExitStack() as stack:
        answer_slowly(upstream)
        settings = {**LIMITLESS, "COINGECKO_BASE_URL": upstream.base_url, "REDIS_URL": ""}
        processes = [await stack.enter_async_context(dozor_process(tmp_path, **settings)) for _ in range(2)]
        first, second = [await ready(process) for process in processes]
        answer = upstream.handler
        asked = asyncio.Event()

        async def hang_once(request: web.Request) -> web.StreamResponse:
            assert answer is not None
            if "market_chart" in request.path and not asked.is_set():
                asked.set()
                await asyncio.sleep(30)  # the killed process hangs up long before
            return await answer(request)

        upstream.handler = hang_once
        path = CHART.format(coin="bitcoin")
        lost = asyncio.create_task(ask(first, path))
        await asked.wait()
        waiting = asyncio.create_task(ask(second, path))
        processes[0].process.kill()
        assert isinstance((await asyncio.gather(lost, return_exceptions=True))[0], aiohttp.ClientError)
        assert (await waiting)[0] == 200
        assert chart_calls(upstream) == 2
