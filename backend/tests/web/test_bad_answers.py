"""Bodies that come with a status of 200 and are no answers: never stored, never shown, never a 500."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dozor.standin import server as standin
from dozor.standin.faults import UNANSWERED, Fault, Kind
from running_dozor import Reply, RunningDozor, ScriptedUpstream, running_dozor

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
    "/exchange_rates",
    "/exchanges/list",
    "/derivatives",
    "/nfts/list",
    "/onchain/networks",
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
REST = [*(f"/api/v1{path}" for path in OWN), "/"]
EVERYTHING = [*(f"/api/v3{path}" for path in GATEWAY), *REST]
ANSWERED = sorted(set(Kind) - UNANSWERED - {Kind.SLOW, Kind.DRIP}, key=lambda kind: kind.value)
REFUSALS = {Kind.NOT_FOUND: 404, Kind.PAID_ONLY: 401, Kind.TIME_RANGE: 401}  # of the question: these are answers
TRIED_AGAIN = {Kind.HTTP_500, Kind.HTTP_500_HTML, Kind.HTTP_502, Kind.HTTP_503, Kind.HTTP_504}
BEYOND_ANY_GRACE = 14 * 3600.0  # of the coin list: 6 hours fresh, a tenth more at most, and 6 of grace
BEYOND_ANY_PAUSE = 1000.0


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
    return dict(zip(paths, await asyncio.gather(*(dozor.get(path) for path in paths)), strict=True))


async def ask_upstream(dozor: RunningDozor, stand_in: standin.StandIn, kind: Kind) -> dict[str, Reply]:
    """What the gateway says when each endpoint meets the fault: in turn, each after the pause that the last brought."""
    if kind in TRIED_AGAIN:  # half a second each; together, the first failures stop the other calls
        return await ask_all(dozor, [f"/api/v3{path}" for path in GATEWAY])
    replies = {}
    for path in GATEWAY:
        dozor.clock.advance(BEYOND_ANY_PAUSE)
        calls = stand_in.calls.total
        replies[f"/api/v3{path}"] = await dozor.get(f"/api/v3{path}")
        assert stand_in.calls.total > calls, path
    return replies


@pytest.mark.parametrize("kind", ANSWERED, ids=lambda kind: kind.value)
async def test_no_fault_at_any_endpoint_is_stored_or_takes_the_place_of_what_was_known(
    dozor: RunningDozor, stand_in: standin.StandIn, kind: Kind
) -> None:
    stand_in.fail(Fault(kind))
    for path, reply in (await ask_upstream(dozor, stand_in, kind)).items():
        assert 400 <= reply.status != 500, path
    dozor.clock.advance(BEYOND_ANY_PAUSE)
    for path, reply in (await ask_all(dozor, REST)).items():
        assert 400 <= reply.status != 500 if path != "/" else reply.status == 200, path

    stand_in.reset()
    dozor.clock.advance(BEYOND_ANY_PAUSE)
    await dozor.get("/api/v1/coins/tether")  # the probe, after which calls pass again
    known = await ask_all(dozor, EVERYTHING)
    assert {path: reply.status for path, reply in known.items()} == dict.fromkeys(EVERYTHING, 200)

    stand_in.fail(Fault(kind))
    dozor.clock.advance(BEYOND_ANY_GRACE)  # the asker waits for the refresh, and it fails
    for path, reply in (await ask_upstream(dozor, stand_in, kind)).items():
        assert reply.status == REFUSALS.get(kind, 200), path
        assert reply.body == known[path].body or kind in REFUSALS, path
    for path, reply in (await ask_all(dozor, REST)).items():
        assert reply.status < 500 if kind in REFUSALS and path != "/" else reply.status == 200, path


ODD = [
    # path of ours, upstream's body, the status that is left
    ("/prices?ids=c", '{"c":{"usd":1.5,"last_updated_at":1.7e9}}', 200),
    ("/prices?ids=c", '{"c":{"usd":1.5,"last_updated_at":99999999999999}}', 200),
    ("/prices?ids=c", '{"c":null}', 200),
    ("/global", '{"data":{"updated_at":1.5}}', 200),
    ("/trending", '{"coins":[{"x":1}]}', 200),
    ("/coins/bitcoin", '{"id":"bitcoin","market_data":[],"description":null,"links":null}', 200),
    ("/coins/bitcoin", '{"id":"bitcoin","links":{"homepage":1e999}}', 502),  # it cannot be shown, only passed on
    ("/coins/bitcoin", '{"id":5}', 502),
    ("/coins/bitcoin", '{"id":null}', 502),
    ("/coins", '[{"surprise":1}]', 502),
    ("/search?q=b", '[{"id":"bitcoin","symbol":null,"name":null}]', 200),
    ("/search?q=b", '[{"id":"bitcoin","symbol":5,"name":"Bitcoin"}]', 502),
]


@pytest.fixture
async def scripted(upstream: ScriptedUpstream, tmp_path: Path) -> AsyncIterator[RunningDozor]:
    async with running_dozor(upstream.base_url, tmp_path) as running:
        yield running


@pytest.mark.parametrize(("path", "body", "status"), ODD)
async def test_an_odd_answer_is_shown_with_gaps_or_is_upstreams_failure_never_ours(
    scripted: RunningDozor, upstream: ScriptedUpstream, path: str, body: str, status: int
) -> None:
    upstream.answer(body)
    for _ in range(2):
        reply = await scripted.get(f"/api/v1{path}")
        assert reply.status == status
        if status != 200:
            assert json.loads(reply.body)["code"] == "upstream-unavailable"
            assert int(reply.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    "member", ['"description":null', '"description":"text"', '"market_data":[]', '"market_data":7']
)
async def test_one_odd_coin_is_an_answer_to_every_question_about_it(
    scripted: RunningDozor, upstream: ScriptedUpstream, member: str
) -> None:
    upstream.answer(f'{{"id":"bitcoin",{member}}}')
    for query in ("", "?localization=false", "?sparkline=true", "?localization=false&sparkline=true"):
        assert (await scripted.get(f"/api/v3/coins/bitcoin{query}")).status == 200
    assert (await scripted.get("/api/v1/coins/bitcoin")).status == 200
    assert len(upstream.calls) == 1


@pytest.mark.parametrize("body", ['{"data":{"updated_at":1.5}}', '[{"surprise":1}]', '[{"id":"x","image":5}]', "{}"])
async def test_the_page_stands_whatever_its_first_screen_is_made_of(
    scripted: RunningDozor, upstream: ScriptedUpstream, body: str
) -> None:
    upstream.answer(body)
    await scripted.get("/api/v1/coins")
    await scripted.get("/api/v1/global")
    assert (await scripted.get("/")).status == 200


@pytest.mark.parametrize("dots", ["..", ".", "%2e%2e", "%2E"])
async def test_dots_are_no_coin_and_cost_no_call(scripted: RunningDozor, upstream: ScriptedUpstream, dots: str) -> None:
    for path in (f"/api/v3/coins/{dots}", f"/api/v3/coins/{dots}/ohlc?vs_currency=usd&days=7", f"/api/v1/coins/{dots}"):
        assert (await scripted.get(path)).status == 404
    assert upstream.calls == []
