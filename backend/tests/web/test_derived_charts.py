"""Where a chart is made of other charts, what is said of it, and where it never is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dozor.clock import SystemClock
from dozor.standin import server as standin
from running_dozor import RunningDozor, running_dozor

CHART = "/api/v1/coins/bitcoin/chart?range="
GATEWAY = "/api/v3/coins/bitcoin/market_chart?vs_currency=usd&days="


class Frozen(SystemClock):
    """One moment, so that two fetches of one thing are equal."""

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)


@pytest.fixture
async def stand_in() -> AsyncIterator[standin.StandIn]:
    running = await standin.start(coins=300, clock=Frozen())
    yield running
    await running.close()


async def chart(dozor: RunningDozor, length: str) -> tuple[dict[str, str], dict[str, object]]:
    reply = await dozor.get(CHART + length)
    assert reply.status == 200
    return reply.headers, json.loads(reply.body)


async def test_own_api_cuts_a_chart_from_a_longer_one_and_says_so(stand_in: standin.StandIn, tmp_path: Path) -> None:
    async with running_dozor(stand_in.base_url, tmp_path) as dozor:
        _, long = await chart(dozor, "90d")
        dozor.clock.advance(100)
        headers, week = await chart(dozor, "7d")
        assert stand_in.calls.total == 1
        assert week["meta"]["approximate"] is True
        assert week["meta"]["observed_at"] == long["meta"]["observed_at"]
        assert (week["meta"]["age_s"], headers["age"]) == (100, "100")
        assert headers["cache-status"].endswith("; detail=approximate")
        for kind in ("prices", "market_caps", "volumes"):
            assert week[kind] == long[kind][-len(week[kind]) :]
        assert len(week["prices"]) == pytest.approx(7 * 24, abs=2)
        assert week["granularity_s"] == 3600
        saved = json.loads((await dozor.get("/api/v1/status")).body)["quota"]["saved"]
        assert (saved["hits"], saved["total"]) == (1, 1)


@pytest.mark.parametrize("length", ["1d", "1y"])
async def test_other_granularities_are_answers_of_their_own(
    stand_in: standin.StandIn, tmp_path: Path, length: str
) -> None:
    async with running_dozor(stand_in.base_url, tmp_path) as dozor:
        await chart(dozor, "90d")
        _, own = await chart(dozor, length)
        assert own["meta"]["approximate"] is False
        assert stand_in.calls.total == 2


async def test_gateway_answers_with_upstreams_own_bodies_only(stand_in: standin.StandIn, tmp_path: Path) -> None:
    async with running_dozor(stand_in.base_url, tmp_path) as dozor:
        for days in ("90", "7"):
            assert "detail" not in (await dozor.get(GATEWAY + days)).headers["cache-status"]
        assert stand_in.calls.total == 2
        _, week = await chart(dozor, "7d")
        assert week["meta"]["approximate"] is False, "there is an answer of its own"
        _, month = await chart(dozor, "30d")
        assert month["meta"]["approximate"] is True, "what the gateway fetched serves the API too"
        assert stand_in.calls.total == 2


async def test_operator_can_turn_it_off(stand_in: standin.StandIn, tmp_path: Path) -> None:
    async with running_dozor(stand_in.base_url, tmp_path, DOZOR_DERIVED_CHARTS="off") as dozor:
        for length in ("90d", "30d", "7d"):
            _, own = await chart(dozor, length)
            assert own["meta"]["approximate"] is False
        assert stand_in.calls.total == 3


async def test_operator_can_allow_it_to_the_gateway(stand_in: standin.StandIn, tmp_path: Path) -> None:
    async with running_dozor(stand_in.base_url, tmp_path, DOZOR_DERIVED_CHARTS="everywhere") as dozor:
        long = json.loads((await dozor.get(GATEWAY + "90")).body)
        reply = await dozor.get(GATEWAY + "14")
        assert reply.headers["cache-status"].endswith("; detail=approximate")
        made = json.loads(reply.body)
        assert made.keys() == long.keys()
        assert made["prices"] == long["prices"][-len(made["prices"]) :]
        again = await dozor.get(GATEWAY + "14", If_None_Match=reply.headers["etag"])
        assert (again.status, stand_in.calls.total) == (304, 1)
