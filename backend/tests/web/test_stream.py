"""Server-sent events: prices as they change, events as they happen, and what was missed after a broken line."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from alerts.owner import TOKEN
from alerts.watched_market import WatchedMarket, watched_market


@dataclass
class Told:
    id: str
    kind: str
    data: Any


@pytest.fixture
async def market(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WatchedMarket]:
    async with watched_market(tmp_path, monkeypatch) as watched:
        yield watched


@contextlib.asynccontextmanager
async def listening(market: WatchedMarket, topics: str, **headers: str) -> AsyncIterator[AsyncIterator[Told]]:
    url = f"{market.dozor.url}/api/v1/stream?topics={topics}"
    sent = {"Authorization": f"Bearer {TOKEN}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with market.dozor.client.get(url, headers=sent, timeout=aiohttp.ClientTimeout(total=30)) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        yield _told(response)


async def _told(response: aiohttp.ClientResponse) -> AsyncIterator[Told]:
    fields: dict[str, str] = {}
    async for line in response.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            fields[name] = value
        elif "data" in fields:
            yield Told(fields["id"], fields["event"], json.loads(fields["data"]))
            fields = {}


async def test_prices_come_as_a_snapshot_and_then_as_they_change(market: WatchedMarket) -> None:
    async with listening(market, "price:bitcoin") as stream:
        first = await anext(stream)
        assert (first.kind, first.data["prices"]["bitcoin"]["usd"]["value"]) == ("snapshot", "100.0")
        market.upstream.prices["bitcoin"] = 101.0
        second = await anext(stream)
        while second.data["prices"]["bitcoin"]["usd"]["value"] != "101.0":  # the time of the old price may come first
            second = await anext(stream)
        assert second.kind == "delta"


async def test_events_come_at_once_and_what_was_missed_comes_first(market: WatchedMarket) -> None:
    await market.armed(cooldown_s=0, rearm_band_pct="0")
    async with listening(market, "events") as stream:
        await market.pass_by(30, bitcoin=120.0)
        first = await asyncio.wait_for(anext(stream), 10)
    assert (first.kind, first.data["kind"]) == ("event", "fired")
    await market.pass_by(30, bitcoin=100.0)
    await market.pass_by(30, bitcoin=121.0)
    async with listening(market, "events", Last_Event_ID=first.id) as stream:
        missed = await asyncio.wait_for(anext(stream), 10)
    assert missed.data["id"] > first.data["id"]
    assert [event["id"] for event in await market.events()] == [first.data["id"], missed.data["id"]]


@pytest.mark.parametrize("topics", ["", "weather", "price:", "price:a|b"])
async def test_a_topic_that_is_none_is_refused(market: WatchedMarket, topics: str) -> None:
    status, said = await market.owner.ask("GET", f"/stream?topics={topics}")
    assert (status, said["code"]) == (422, "invalid-request")


async def test_events_are_for_who_they_belong_to(market: WatchedMarket) -> None:
    async with market.dozor.client.get(f"{market.dozor.url}/api/v1/stream?topics=events") as refused:
        assert refused.status == 401
