"""All 61 paths of CoinGecko's public API, through Dozor: upstream's own answers, in the published shape."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest

from dozor.market.endpoints import ENDPOINTS
from dozor.standin.server import StandIn, start
from running_dozor import RunningDozor, running_dozor
from standin.published_schema import needs_document, problems
from standin.questions import question

NOW = datetime.now(UTC)  # a public plan may not ask for what lies a year back, so the questions are of these days
PATHS = [endpoint.path for endpoint in ENDPOINTS if not endpoint.is_paid]


class Frozen:
    """The stand-in's clock: one moment, so that two fetches of one thing are equal."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 1000.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@pytest.fixture(scope="module")
async def stand_in() -> AsyncIterator[StandIn]:
    running = await start(coins=300, clock=Frozen())
    yield running
    await running.close()


@pytest.fixture(scope="module")
async def dozor(stand_in: StandIn, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningDozor]:
    async with running_dozor(stand_in.base_url, tmp_path_factory.mktemp("dozor")) as running:
        yield running


@pytest.mark.parametrize("path", PATHS)
async def test_an_answer_of_every_path_is_upstreams_own_and_kept(
    stand_in: StandIn, dozor: RunningDozor, path: str
) -> None:
    asked = question(path, NOW)
    async with (
        aiohttp.ClientSession(headers={"User-Agent": "a test of Dozor"}) as client,
        client.get(aiohttp.client.URL(stand_in.base_url + asked, encoded=True)) as straight,
    ):
        assert straight.status == 200
        body = await straight.read()
    calls = stand_in.calls.total
    first, second = [await dozor.get(f"/api/v3{asked}") for _ in range(2)]
    assert (first.status, first.body) == (second.status, second.body) == (200, body)
    assert stand_in.calls.total == calls + 1
    assert second.headers["cache-status"].startswith("dozor; hit; ttl=")


@needs_document
@pytest.mark.parametrize("path", PATHS)
async def test_an_answer_of_every_path_has_the_published_shape(dozor: RunningDozor, path: str) -> None:
    assert problems(path, json.loads((await dozor.get(f"/api/v3{question(path, NOW)}")).body)) == []
