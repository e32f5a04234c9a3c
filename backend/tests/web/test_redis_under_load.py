"""Redis may hang, die, forget, refuse and fill up while people ask: nobody notices but the log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from redis_binaries import Binary
from redis_groups import ClusterServers, SentinelServers
from redis_servers import Server
from running_dozor import RunningDozor, ScriptedUpstream, running_dozor, scripted_upstream, until
from steady_load import SteadyLoad, steady_load

COINS = 300
PATHS = [f"/api/v3/coins/coin-{number}/market_chart?vs_currency=usd&days=7" for number in range(COINS)]
POINTS = [[1_764_000_000_000 + 3_600_000 * hour, 1.5 + hour / 7] for hour in range(1500)]
TAKEN_UP_WITHIN_S = 10.0


def answer_charts(upstream: ScriptedUpstream) -> None:
    """Charts of some 50 kB, so that 300 of them are more than 8 MiB of memory hold: half of all reads miss it."""

    async def handler(request: web.Request) -> web.Response:
        await asyncio.sleep(0.01)  # as far as upstream is
        coin = request.path.split("/")[-2]
        body = {"prices": POINTS, "market_caps": [[0, coin]], "total_volumes": []}
        return web.json_response(body)

    upstream.handler = handler


async def prime(dozor: RunningDozor) -> None:
    for start in range(0, COINS, 50):
        replies = await asyncio.gather(*(dozor.get(path) for path in PATHS[start : start + 50]))
        assert {reply.status for reply in replies} == {200}


async def state_of_redis(dozor: RunningDozor) -> str:
    state = json.loads((await dozor.get("/api/v1/status")).body)["tiers"]["redis"]
    assert isinstance(state, str)
    return state


async def until_redis_is(dozor: RunningDozor, state: str, seconds: float = TAKEN_UP_WITHIN_S) -> float:
    async def is_so() -> bool:
        return await state_of_redis(dozor) == state

    return await until(is_so, seconds)


def move_keys(servers: ClusterServers, pattern: str, slots: int) -> int:
    """Give so many slots that have such keys to the next master, keys and all; how many were moved."""
    source, target = servers.masters[0], servers.masters[1]
    with source.client() as client:
        # Two keys may share a slot, and a scan may name a key twice.
        found = sorted({servers.slot_of(key) for key in client.scan_iter(match=pattern, count=1000)})[:slots]
    for slot in found:
        servers.move_slot(slot, target)
    return len(found)


async def in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)


def nothing_failed(load: SteadyLoad) -> None:
    assert len(load.answers) > 100
    assert load.failures == []


async def test_no_request_fails_and_no_call_is_repeated_whatever_redis_does(
    redis_binary: Binary, tmp_path: Path
) -> None:
    async with scripted_upstream() as upstream:
        answer_charts(upstream)
        with Server(redis_binary) as server:
            async with running_dozor(
                upstream.base_url, tmp_path, REDIS_URL=server.url, DOZOR_MEMORY_CACHE_MIB="8"
            ) as dozor:
                await until_redis_is(dozor, "up")
                await prime(dozor)
                assert len(upstream.calls) == COINS
                async with steady_load(dozor.url, PATHS, 200) as load:
                    await asyncio.sleep(1)
                    server.pause()
                    await until_redis_is(dozor, "down", 5)
                    await asyncio.sleep(4)
                    server.resume()
                    await until_redis_is(dozor, "up")
                    server.kill()
                    await until_redis_is(dozor, "down", 5)
                    await in_thread(server.start)
                    await until_redis_is(dozor, "up")
                    await in_thread(server.ask, "FLUSHALL")
                    await asyncio.sleep(0.5)
                    await in_thread(server.ask, "REPLICAOF", "127.0.0.1", "1")
                    await asyncio.sleep(0.5)
                    await in_thread(server.ask, "REPLICAOF", "NO", "ONE")
                    await in_thread(server.ask, "CONFIG", "SET", "maxmemory", "1mb")
                    await asyncio.sleep(0.5)
                    await in_thread(server.ask, "CONFIG", "SET", "maxmemory", "0")
                    await until_redis_is(dozor, "up")
                nothing_failed(load)
                assert len(upstream.calls) == COINS
                assert await in_thread(server.ask, "DBSIZE") > 0, "it is used again"


async def test_a_failover_of_sentinel_fails_no_request(sentinel_servers: SentinelServers, tmp_path: Path) -> None:
    async with scripted_upstream() as upstream:
        answer_charts(upstream)
        async with running_dozor(
            upstream.base_url,
            tmp_path,
            REDIS_URL=sentinel_servers.url,
            REDIS_KEY_PREFIX="failover:",
            DOZOR_MEMORY_CACHE_MIB="8",
        ) as dozor:
            await until_redis_is(dozor, "up")
            await prime(dozor)
            async with steady_load(dozor.url, PATHS, 200) as load:
                await asyncio.sleep(0.5)
                await in_thread(sentinel_servers.failover)
                await asyncio.sleep(0.5)
                await until_redis_is(dozor, "up")
                await asyncio.sleep(0.5)
            nothing_failed(load)
            assert len(upstream.calls) == COINS


async def test_a_resharding_of_the_cluster_fails_no_request(cluster_servers: ClusterServers, tmp_path: Path) -> None:
    async with scripted_upstream() as upstream:
        answer_charts(upstream)
        async with running_dozor(
            upstream.base_url,
            tmp_path,
            REDIS_URL=cluster_servers.url,
            REDIS_KEY_PREFIX="resharding:",
            DOZOR_MEMORY_CACHE_MIB="8",
        ) as dozor:
            await until_redis_is(dozor, "up")
            await prime(dozor)
            async with steady_load(dozor.url, PATHS, 200) as load:
                await asyncio.sleep(0.3)
                moved = await in_thread(move_keys, cluster_servers, "resharding:*", 15)
                await asyncio.sleep(0.3)
            nothing_failed(load)
            assert moved == 15
            assert await state_of_redis(dozor) == "up"
            assert len(upstream.calls) == COINS
