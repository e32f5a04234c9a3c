"""Bodies that come with a status of 200 and are no answers: never stored, never shown, never a 500."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dozor.standin import server as standin
from dozor.standin.faults import UNANSWERED, Fault, Kind
from running_dozor import Reply, RunningDozor, running_dozor

GATEWAY = [
    "/ping",
    "/simple/price?ids=bitcoin&vs_currencies=usd",
    "/simple/supported_vs_currencies",
    "/coins/list",
    "/coins/markets?vs_currency=usd",
    "/coins/bitcoin",
    "/coins/bitcoin/market_chart?vs_currency=usd&days=7",
    "/coins/bitcoin/ohlc?vs_currency=usd&days=7",
    "/search?query=bit",
    "/search/trending",
    "/global",
]
OWN = [
    "/coins",
    "/coins/ethereum",
    "/coins/bitcoin/chart",
    "/coins/bitcoin/ohlc",
    "/search?q=bit",
    "/prices?ids=bitcoin",
    "/global",
    "/trending",
]
EVERYTHING = [*(f"/api/v3{path}" for path in GATEWAY), *(f"/api/v1{path}" for path in OWN), "/"]
ANSWERED = sorted(set(Kind) - UNANSWERED - {Kind.SLOW, Kind.DRIP}, key=lambda kind: kind.value)
REFUSALS = {Kind.NOT_FOUND: 404, Kind.PAID_ONLY: 401, Kind.TIME_RANGE: 401}  # of the question: these are answers
BEYOND_ANY_GRACE = 3 * 3600.0
BEYOND_ANY_PAUSE = 3600.0


@pytest.fixture(scope="module")
async def stand_in() -> AsyncIterator[standin.StandIn]:
    running = await standin.start(coins=150)
    yield running
    await running.close()


@pytest.fixture
async def dozor(stand_in: standin.StandIn, tmp_path: Path) -> AsyncIterator[RunningDozor]:
    stand_in.reset()
    async with running_dozor(stand_in.base_url, tmp_path) as running:
        yield running


async def ask_all(dozor: RunningDozor, paths: list[str]) -> dict[str, Reply]:
    """All at once, so that each meets the fault before the first failures stop the calls."""
    return dict(zip(paths, await asyncio.gather(*(dozor.get(path) for path in paths)), strict=True))


@pytest.mark.parametrize("kind", ANSWERED, ids=lambda kind: kind.value)
async def test_no_fault_at_any_endpoint_is_stored_or_takes_the_place_of_what_was_known(
    dozor: RunningDozor, stand_in: standin.StandIn, kind: Kind
) -> None:
    stand_in.fail(Fault(kind))
    for path, reply in (await ask_all(dozor, EVERYTHING)).items():
        assert 400 <= reply.status != 500 if path != "/" else reply.status == 200, path
    assert stand_in.calls.total >= len(GATEWAY)

    stand_in.reset()
    dozor.clock.advance(BEYOND_ANY_PAUSE)
    await dozor.get("/api/v1/coins/tether")  # the probe, after which calls pass again
    known = await ask_all(dozor, EVERYTHING)
    assert {path: reply.status for path, reply in known.items()} == dict.fromkeys(EVERYTHING, 200)

    stand_in.reset()
    stand_in.fail(Fault(kind))
    dozor.clock.advance(BEYOND_ANY_GRACE)  # the asker waits for the refresh, and it fails
    for _ in range(2):  # when it fails, and once that is remembered
        for path, reply in (await ask_all(dozor, EVERYTHING)).items():
            if path.startswith("/api/v1") and kind in REFUSALS:
                assert reply.status < 500, path
            elif path.startswith("/api/v3"):
                assert reply.status == REFUSALS.get(kind, 200), path
                assert reply.body == known[path].body or kind in REFUSALS, path
            else:
                assert reply.status == 200, path
    assert stand_in.calls.total >= len(GATEWAY)
