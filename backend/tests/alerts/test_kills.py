"""A Dozor that is killed at any step between an observation and the acknowledgement of its delivery loses nothing.

What comes after it delivers the event: once more at most if the attempt was on its way, never again once its
acknowledgement was committed, and always under the same id.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from alerts.dying_dozor import STEPS
from alerts.owner import ALERTING, Owner
from alerts.priced_upstream import PricedUpstream, priced_upstream
from alerts.receiver import Receiver, receiving
from cli.process import Process, dozor_process
from postgres_servers import drop_database, make_database
from running_dozor import until

DYING = str(Path(__file__).with_name("dying_dozor.py"))
PATIENCE_S = 30
THINKING = "while the receiver thinks"
ACKNOWLEDGED = {"after settle"}
ARRIVED = {"after send", "before settle", "inside settle", THINKING, *ACKNOWLEDGED}  # once, before the kill
CLAIMED = {"after claim", "before send", *ARRIVED} - ACKNOWLEDGED  # and nobody knows what became of it


@pytest.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest) -> AsyncIterator[dict[str, str]]:
    """What says where the database is."""
    if request.param == "sqlite":
        yield {}
        return
    server = request.getfixturevalue("postgres_url")
    url = await make_database(server)
    yield {"DATABASE_URL": url}
    await drop_database(server, url)


@contextlib.asynccontextmanager
async def dozor(folder: Path, upstream: PricedUpstream, step: str, **more: str) -> AsyncIterator[tuple[Process, str]]:
    async with dozor_process(
        folder,
        "serve",
        program=(sys.executable, DYING, step),
        COINGECKO_BASE_URL=upstream.base_url,
        **ALERTING,
        **more,
    ) as process:
        yield process, await process.url()


async def armed_rule(owner: Owner, receiver: Receiver) -> str:
    rule = await owner.rule(await owner.webhook(receiver.url))

    async def is_armed() -> bool:
        return await owner.state_of(rule["id"]) == "armed"

    await until(is_armed, PATIENCE_S)
    return str(rule["id"])


async def delivered(owner: Owner) -> list[Any]:
    items: list[Any] = []

    async def is_delivered() -> bool:
        nonlocal items
        items = (await owner.ok("GET", "/deliveries"))["items"]
        return bool(items) and all(item["status"] == "delivered" for item in items)

    await until(is_delivered, PATIENCE_S)
    return items


@pytest.mark.timeout(180)
@pytest.mark.parametrize("step", [*STEPS, THINKING])
async def test_a_kill_loses_nothing_and_repeats_only_what_was_on_its_way(
    step: str, database: dict[str, str], tmp_path: Path
) -> None:
    async with (
        priced_upstream(bitcoin=100.0) as upstream,
        receiving() as receiver,
        aiohttp.ClientSession() as client,
    ):
        thinking = asyncio.Event()
        if step == THINKING:

            async def think() -> Any:
                thinking.set()
                await asyncio.Event().wait()

            receiver.answer = think
        async with dozor(tmp_path, upstream, step, **database) as (process, url):
            await armed_rule(Owner(client, url), receiver)
            upstream.prices["bitcoin"] = 120.0
            if step == THINKING:
                await asyncio.wait_for(thinking.wait(), PATIENCE_S)
                process.process.kill()
            assert await asyncio.wait_for(process.process.wait(), PATIENCE_S) != 0
        receiver.answer = None
        before = len(receiver.ids)
        async with dozor(tmp_path, upstream, "none", **database) as (_, url):
            owner = Owner(client, url)
            (delivery,) = await delivered(owner)
            (event,) = (await owner.ok("GET", "/events"))["items"]
        assert set(receiver.ids) == {event["id"]}
        assert (event["data"]["before"]["value"], event["data"]["after"]["value"]) == ("100.0", "120.0")
        assert before == (1 if step in ARRIVED else 0)
        assert len(receiver.ids) - before == (0 if step in ACKNOWLEDGED else 1)
        assert delivery["attempts"] == 1
        assert delivery["may_have_arrived"] is (step in CLAIMED)
