"""Rows by id and pages of the list share what they know, and neither is asked for what the other brings."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dozor.standin import server as standin
from dozor.standin.server import StandIn
from running_dozor import RunningDozor, running_dozor

MARKETS = "/api/v3/coins/markets?vs_currency=usd"


@pytest.fixture
async def upstream() -> AsyncIterator[StandIn]:
    started = await standin.start(coins=700, check_user_agent=False)
    yield started
    await started.close()


@pytest.fixture
async def dozor(upstream: StandIn, tmp_path: Path) -> AsyncIterator[RunningDozor]:
    async with running_dozor(upstream.base_url, tmp_path, COINGECKO_CALLS_PER_MINUTE="0") as running:
        yield running


async def ranked(dozor: RunningDozor, page: int) -> list[str]:
    reply = await dozor.get(f"{MARKETS}&per_page=250&page={page}")
    return [row["id"] for row in json.loads(reply.body)]


def ids_of_last_call(upstream: StandIn) -> list[str] | None:
    asked = dict(upstream.calls.recent[-1].query).get("ids")
    return None if asked is None else asked.split(",")


async def test_a_call_for_rows_takes_along_what_no_first_page_brings(dozor: RunningDozor, upstream: StandIn) -> None:
    """However much those of the first page are in demand, and however old they are."""
    first, second = await ranked(dozor, 1), await ranked(dozor, 2)
    for coin in first[:20]:
        await dozor.get(f"{MARKETS}&ids={coin}")
    dozor.clock.advance(34)  # past half of the longest fresh time: everything would ride along
    listed = json.loads((await dozor.get("/api/v3/coins/list")).body)
    unknown = next(coin["id"] for coin in listed if coin["id"] not in {*first, *second} and " " not in coin["id"])
    await dozor.get(f"{MARKETS}&ids={unknown}")
    taken = ids_of_last_call(upstream)
    assert taken is not None
    assert unknown in taken
    assert len(taken) == 250
    assert len(set(taken) & set(first)) <= 10, "none but those at the edge, whose place may change"


async def test_rows_too_far_apart_have_the_first_page_fetched_as_a_whole(
    dozor: RunningDozor, upstream: StandIn
) -> None:
    first = await ranked(dozor, 1)
    dozor.clock.advance(70)
    second = await ranked(dozor, 2)
    calls = upstream.calls.total
    reply = await dozor.get(f"{MARKETS}&ids={first[0]},{second[-1]}")
    assert [row["id"] for row in json.loads(reply.body)] == [first[0], second[-1]]
    assert int(reply.headers["age"]) < 60
    assert upstream.calls.total == calls + 1
    assert ids_of_last_call(upstream) is None
    page = await dozor.get(f"{MARKETS}&per_page=10&page=1")
    assert int(page.headers["age"]) < 60, "its readers have the new one too"
    assert upstream.calls.total == calls + 1
