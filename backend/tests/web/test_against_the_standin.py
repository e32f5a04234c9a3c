"""The gateway in front of the stand-in: for every endpoint the same answer as the stand-in gives itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from dozor.standin import server as standin
from running_dozor import RunningDozor, running_dozor

QUESTIONS = [
    "/ping",
    "/simple/price?ids=bitcoin,ethereum,1move%20token,nosuchcoin&vs_currencies=usd,eur,xyz&include_market_cap=true",
    "/simple/price?symbols=btc&vs_currencies=usd&precision=full",
    "/simple/supported_vs_currencies",
    "/coins/list",
    "/coins/list?include_platform=true",
    "/coins/markets?vs_currency=usd",
    "/coins/markets?vs_currency=eur&per_page=7&page=3&sparkline=true&price_change_percentage=1h,7d&order=volume_desc",
    "/coins/markets?vs_currency=usd&ids=bitcoin,solana",
    "/coins/bitcoin",
    "/coins/bitcoin?localization=false&tickers=false&market_data=false&community_data=false&developer_data=false",
    "/coins/ethereum?sparkline=true&include_categories_details=true&localization=false",
    "/coins/ethereum?dex_pair_format=symbol&market_data=false",
    "/coins/bitcoin/market_chart?vs_currency=usd&days=1",
    "/coins/bitcoin/market_chart?vs_currency=usd&days=30",
    "/coins/bitcoin/market_chart?vs_currency=usd&days=365&interval=daily",
    "/coins/bitcoin/ohlc?vs_currency=usd&days=7",
    "/search?query=bit",
    "/search/trending",
    "/global",
]
REFUSED = ["/coins/nosuchcoin", "/simple/price?vs_currencies=usd", "/coins/markets"]


class Frozen:
    """The stand-in's clock: one moment, so that two fetches of one thing are equal."""

    def now(self):
        from datetime import UTC, datetime

        return datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)

    def monotonic(self) -> float:
        return 1000.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@pytest.fixture(scope="module", params=[0, 7])
async def stand_in(request: pytest.FixtureRequest) -> AsyncIterator[standin.StandIn]:
    running = await standin.start(coins=600, seed=request.param, clock=Frozen())
    yield running
    await running.close()


@pytest.fixture
async def dozor(stand_in: standin.StandIn, tmp_path: Path) -> AsyncIterator[RunningDozor]:
    async with running_dozor(stand_in.base_url, tmp_path) as running:
        yield running


async def straight(stand_in: standin.StandIn, question: str) -> tuple[int, bytes]:
    url = aiohttp.client.URL(stand_in.base_url + question, encoded=True)
    async with aiohttp.ClientSession(headers={"User-Agent": "a test of Dozor"}) as client, client.get(url) as reply:
        return reply.status, await reply.read()


@pytest.mark.parametrize("question", QUESTIONS)
async def test_an_answer_through_dozor_is_the_answer_of_upstream(
    dozor: RunningDozor, stand_in: standin.StandIn, question: str
) -> None:
    status, body = await straight(stand_in, question)
    for _ in range(2):  # once fetched, once from the cache
        reply = await dozor.get(f"/api/v3{question}")
        assert (reply.status, reply.body) == (status, body) == (200, body)


@pytest.mark.parametrize("question", REFUSED)
async def test_a_refusal_through_dozor_is_the_refusal_of_upstream(
    dozor: RunningDozor, stand_in: standin.StandIn, question: str
) -> None:
    reply = await dozor.get(f"/api/v3{question}")
    assert (reply.status, reply.body) == await straight(stand_in, question)


async def test_the_stand_in_and_the_status_count_the_same_calls(dozor: RunningDozor, stand_in: standin.StandIn) -> None:
    before = stand_in.calls.total
    for question in QUESTIONS + REFUSED:
        await dozor.get(f"/api/v3{question}")
    used = json.loads((await dozor.get("/api/v1/status")).body)["quota"]["month"]["used"]
    assert used == stand_in.calls.total - before


async def test_dozor_never_meets_the_limit_of_an_upstream_that_means_it(tmp_path: Path) -> None:
    limited = await standin.start(coins=300, per_minute=5)
    try:
        async with running_dozor(limited.base_url, tmp_path, COINGECKO_CALLS_PER_MINUTE="5") as dozor:
            asked = [dozor.get(f"/api/v3/coins/markets?vs_currency=usd&page={page}") for page in range(1, 30)]
            replies = await asyncio.gather(*asked)
        assert sorted({reply.status for reply in replies}) == [200, 429]
        assert limited.calls.by_status["429"] == 0
    finally:
        await limited.close()
