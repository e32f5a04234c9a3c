"""What the budget has gone on, seen from outside: status, metrics, and the stand-in's own count beside them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dozor.standin import server as standin
from dozor.web.metrics import OUTCOMES
from redis_binaries import Binary
from redis_servers import Server
from running_dozor import RunningDozor, ScriptedUpstream, running_dozor, until

OWNER = "owner-token-0123456789"
ACCESS = {
    "DOZOR_GATEWAY_KEYS": "app:0123456789,bot:abcdefghij",
    "DOZOR_OWNER_TOKEN": OWNER,
    "DOZOR_PUBLIC_MARKET": "true",
}
CHART = "/api/v3/coins/{coin}/market_chart?vs_currency=usd&days=7"


@pytest.fixture
async def stand_in() -> AsyncIterator[standin.StandIn]:
    started = await standin.start(coins=300)
    yield started
    await started.close()


async def status(dozor: RunningDozor, **headers: str) -> Any:
    return json.loads((await dozor.get("/api/v1/status", **headers)).body)


async def ordered(stand_in: standin.StandIn, order: object = None) -> Any:
    """The stand-in's own account of itself, after this order."""
    method = "GET" if order is None else "POST"
    async with (
        aiohttp.ClientSession() as client,
        client.request(method, stand_in.control_url, json=order) as reply,
    ):
        return await reply.json()


async def ask_for_all_sorts(dozor: RunningDozor, stand_in: standin.StandIn) -> int:
    """Misses, hits, crowds, refreshes, refusals and failures. Returns how many market questions that was."""
    coins = ["bitcoin", "ethereum", "solana", "nosuchcoin"]
    crowd = [CHART.format(coin=coin) for coin in coins for _ in range(5)]
    again = [CHART.format(coin=coin) for coin in coins]
    refused = ["/api/v3/coins/markets", "/api/v3/not/there", "/api/v3/simple/price?ids=bitcoin"]
    await asyncio.gather(*(dozor.get(path) for path in crowd))
    for path in again + refused:
        await dozor.get(path)
    dozor.clock.advance(20 * 60)
    await asyncio.gather(*(dozor.get(path) for path in crowd))
    await ordered(stand_in, [{"kind": "http_500", "count": 4}])
    failing = [f"/api/v3/coins/{coin}" for coin in coins] * 2
    for path in failing:
        await dozor.get(path)
    return len(crowd) * 2 + len(again) + len(refused) + len(failing)


async def settled(dozor: RunningDozor, stand_in: standin.StandIn) -> Any:
    """The status once all loads behind have ended."""
    async with asyncio.timeout(20):
        while True:
            said, calls = await status(dozor), (await ordered(stand_in))["calls"]
            if sum(calls["by_status"].values()) == calls["total"] and said == await status(dozor):
                return said
            await asyncio.sleep(0.02)  # what goes on behind can only be looked at


async def test_the_stand_in_the_ledger_the_status_and_the_metrics_count_the_same_calls(
    stand_in: standin.StandIn, tmp_path: Path
) -> None:
    async with running_dozor(stand_in.base_url, tmp_path) as dozor:
        asked = await ask_for_all_sorts(dozor, stand_in)
        said = await settled(dozor, stand_in)
        metrics = (await dozor.get("/metrics")).body.decode()
    calls = (await ordered(stand_in))["calls"]["total"]
    quota, cache = said["quota"], said["cache"]
    assert calls > 10
    assert quota["month"]["used"] == calls
    assert sum(quota["costs"].values()) == calls
    assert f'dozor_quota_used{{window="month"}} {float(calls)}' in metrics
    assert sum(map(float, re.findall(r"^dozor_quota_costs\{.*\} (\S+)$", metrics, re.MULTILINE))) == calls

    assert cache["reads"] == asked == sum(cache[name] for name in OUTCOMES)
    saved = quota["saved"]
    assert saved["total"] == sum(calls for reason, calls in saved.items() if reason != "total") > 0
    assert saved["refused"] == cache["refused"] == 3
    told_by_another = 2 * 4  # of two crowds that asked for no coin, all but the first: failures, which save nothing
    assert saved["total"] == asked - cache["loads"] - told_by_another
    by_reason = re.findall(r"^dozor_calls_saved_total\{.*\} (\S+)$", metrics, re.MULTILINE)
    assert sum(map(float, by_reason)) == saved["total"]


async def test_who_has_cost_what_is_for_the_owners_eyes_alone(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    async with running_dozor(upstream.base_url, tmp_path, **ACCESS) as dozor:
        for number in range(3):
            await dozor.get(f"/api/v3/simple/price?ids=a{number}&vs_currencies=usd", x_cg_demo_api_key="0123456789")
        await dozor.get("/api/v3/simple/price?ids=b&vs_currencies=usd", x_cg_demo_api_key="abcdefghij")
        await dozor.get("/api/v3/simple/price?ids=b&vs_currencies=usd", x_cg_demo_api_key="0123456789")  # a hit
        owners = await dozor.get("/api/v1/status", Authorization=f"Bearer {OWNER}")
        assert json.loads(owners.body)["clients"] == [
            {"name": "app", "calls": 3, "too_many": 0},
            {"name": "bot", "calls": 1, "too_many": 0},
        ]
        assert owners.headers["cache-control"] == "no-store"
        assert b"0123456789" not in owners.body.replace(OWNER.encode(), b"")
        for others in ({}, {"x_cg_demo_api_key": "0123456789"}, {"Authorization": "Bearer 0123456789"}):
            assert "clients" not in await status(dozor, **others)
        for path in ("/metrics", "/"):
            body = (await dozor.get(path, Authorization=f"Bearer {OWNER}")).body
            assert b'"app"' not in body
            assert b'"bot"' not in body


async def test_no_more_than_fifty_clients_are_shown_the_most_costly_first(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    behind_a_proxy = {"DOZOR_TRUSTED_PROXIES": "127.0.0.1", **ACCESS}
    async with running_dozor(upstream.base_url, tmp_path, **behind_a_proxy) as dozor:
        for number in range(60):
            path = f"/api/v3/simple/price?ids=c{number}&vs_currencies=usd"
            await dozor.get(path, X_Forwarded_For=f"203.0.113.{number if number < 58 else 7}")
        clients = (await status(dozor, Authorization=f"Bearer {OWNER}"))["clients"]
    assert len(clients) == 50
    assert clients[0] == {"name": "203.0.113.7", "calls": 3, "too_many": 0}


async def test_each_refusal_without_a_call_is_counted_where_it_belongs(dozor: RunningDozor) -> None:
    for path in ("/api/v3/not/there", "/api/v3/coins/markets", "/api/v3/coins/%2E%2E/ohlc?vs_currency=usd&days=1"):
        assert (await dozor.get(path)).status in {404, 422}
    families = (await status(dozor))["cache"]["families"]
    assert {name: counts["refused"] for name, counts in families.items()} == {
        "no_such_path": 2,
        "get_crypto_list": 1,
    }


async def test_a_limit_tells_what_is_left(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    limits = {"COINGECKO_CALLS_PER_MONTH": "3000", "COINGECKO_CALLS_PER_MINUTE": "10"}
    async with running_dozor(upstream.base_url, tmp_path, **limits) as dozor:
        for coin in ("a", "b"):
            await dozor.get(f"/api/v3/simple/price?ids={coin}&vs_currencies=usd")
        quota = (await status(dozor))["quota"]
        metrics = (await dozor.get("/metrics")).body.decode()
    minute, month = quota["minute"], quota["month"]
    assert (minute["used"], minute["limit"], minute["left"], minute["resets_at"]) == (2, 9, 7, None)
    assert (month["used"], month["limit"], month["left"], month["is_known"]) == (2, 3000, 2998, True)
    assert 'dozor_quota_left{window="minute"} 7.0' in metrics
    assert 'dozor_quota_left{window="month"} 2998.0' in metrics
    assert 'dozor_quota_limit{window="month"} 3000.0' in metrics


async def test_machines_on_one_quota_see_all_calls_and_what_their_own_were_for(
    upstream: ScriptedUpstream, redis_binary: Binary, tmp_path: Path
) -> None:
    limits = {"COINGECKO_CALLS_PER_MONTH": "3000", "COINGECKO_CALLS_PER_MINUTE": "30"}
    with Server(redis_binary) as server:
        shared = {"REDIS_URL": server.url, **limits}
        async with (
            running_dozor(upstream.base_url, tmp_path / "a", **shared) as one,
            running_dozor(upstream.base_url, tmp_path / "b", **shared) as other,
        ):

            async def are_together() -> bool:
                return {(await status(machine))["quota"]["machines"] for machine in (one, other)} == {2}

            await until(are_together, 20)
            for coin in ("a", "b"):
                await one.get(f"/api/v3/simple/price?ids={coin}&vs_currencies=usd")
            await other.get("/api/v3/global")

            async def know_all() -> bool:
                return {(await status(machine))["quota"]["month"]["used"] for machine in (one, other)} == {3}

            await until(know_all, 20)
            costs = [(await status(machine))["quota"]["costs"] for machine in (one, other)]
    assert costs == [{"get_prices": 2}, {"get_global": 1}]
    assert len(upstream.calls) == 3
