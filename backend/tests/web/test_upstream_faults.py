"""Whatever upstream does: what was known is served, marked stale; nothing bad is stored; errors have time and shape."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from time import monotonic

import pytest
from aiohttp import web

from running_dozor import RunningDozor, ScriptedUpstream

PRICE = "/api/v3/simple/price?ids=bitcoin&vs_currencies=usd"
GOOD = b'{"bitcoin":{"usd":87869}}'
HTML_429 = "<html><head><title>429</title></head><body>error code: 1015</body></html>"

Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]


def body(payload: bytes | str, status: int = 200, content_type: str = "application/json") -> Fault:
    async def fault(_: web.Request) -> web.StreamResponse:
        return web.Response(body=payload, status=status, content_type=content_type)

    return fault


async def reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"bitcoin":{"usd":')
    assert request.transport is not None
    request.transport.close()
    return response


async def nothing(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


FAULTS: dict[str, tuple[Fault, int]] = {
    # name: (what upstream does, the status for somebody who knows nothing yet)
    "500": (body('{"status":500,"error":"Internal Server Error"}', 500), 502),
    "500 html": (body("<h1>Uh Oh!</h1>", 500, "text/html"), 502),
    "503 empty": (body(b"", 503), 502),
    "429": (body('{"status":{"error_code":429,"error_message":"You\'ve exceeded the Rate Limit."}}', 429), 429),
    "429 html": (body(HTML_429, 429, "text/html"), 429),
    "429 in a 200": (body('{"status":{"error_code":429,"error_message":"exceeded"}}'), 429),
    "garbage": (body(b"\x00\xff garbage"), 502),
    "html in a 200": (body("<html></html>", 200, "text/html"), 502),
    "empty 200": (body(b""), 502),
    "wrong shape": (body("[]"), 502),
    "error in a 200": (body('{"error":"something went wrong"}'), 502),
    "redirect": (body(b"", 302), 502),
    "key rejected": (body('{"status":{"error_code":10002,"error_message":"API Key Missing"}}', 401), 502),
    "forbidden": (body("403 Forbidden: Please add a descriptive User-Agent", 403, "text/plain"), 502),
    "reset": (reset, 502),
    "cut": (cut, 502),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_what_was_known_is_served_marked_stale_and_nothing_bad_is_stored(
    dozor: RunningDozor, upstream: ScriptedUpstream, name: str
) -> None:
    upstream.answer(GOOD)
    await dozor.get(PRICE)
    upstream.handler = FAULTS[name][0]
    dozor.clock.advance(600)  # beyond grace: the asker waits for the refresh, which fails
    for _ in range(3):
        reply = await dozor.get(PRICE)
        assert (reply.status, reply.body) == (200, GOOD)
        assert reply.headers["cache-status"].endswith("detail=stale")
        assert int(reply.headers["age"]) >= 600
    upstream.answer('{"bitcoin":{"usd":2}}')
    dozor.clock.advance(6 * 60)  # past every pause
    assert (await dozor.get(PRICE)).body == b'{"bitcoin":{"usd":2}}'


@pytest.mark.parametrize("name", FAULTS)
async def test_what_was_not_known_gets_an_error_in_coingeckos_shape(
    dozor: RunningDozor, upstream: ScriptedUpstream, name: str
) -> None:
    upstream.handler, status = FAULTS[name]
    reply = await dozor.get(PRICE)
    assert reply.status == status
    assert json.loads(reply.body)["status"]["error_code"] == status
    assert int(reply.headers["retry-after"]) >= 1
    assert reply.headers["access-control-allow-origin"] == "*"
    calls = len(upstream.calls)
    assert calls <= 2
    replies = await asyncio.gather(*(dozor.get(PRICE) for _ in range(20)))
    assert {again.status for again in replies} == {status}
    assert len(upstream.calls) == calls, "a failing question is asked again only after its error time"


async def test_a_hundred_askers_of_a_failing_upstream_cost_at_most_two_calls(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    upstream.answer("{}", status=500)
    replies = await asyncio.gather(*(dozor.get(PRICE) for _ in range(100)))
    assert {reply.status for reply in replies} == {502}
    assert len(upstream.calls) == 2


async def test_an_upstream_that_says_nothing_costs_an_asker_at_most_eight_and_a_half_seconds(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    upstream.handler = nothing
    began = monotonic()
    reply = await dozor.get(PRICE)
    assert monotonic() - began < 8.5
    assert reply.status == 504
    assert json.loads(reply.body)["status"]["error_code"] == 504


async def test_stale_data_is_not_served_for_more_than_a_day(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    upstream.answer(GOOD)
    await dozor.get(PRICE)
    upstream.answer("", status=500)
    dozor.clock.advance(24 * 3600 - 60)
    assert (await dozor.get(PRICE)).status == 200
    dozor.clock.advance(200)
    assert (await dozor.get(PRICE)).status == 502


async def test_a_limit_holds_every_question_back_until_retry_after(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    upstream.answer("{}", status=429, headers={"Retry-After": "119"})
    assert int((await dozor.get(PRICE)).headers["retry-after"]) in {118, 119, 120}
    upstream.answer(GOOD)
    other = "/api/v3/simple/price?ids=ethereum&vs_currencies=usd"
    dozor.clock.advance(100)
    assert (await dozor.get(other)).status == 429
    assert len(upstream.calls) == 1
    dozor.clock.advance(25)
    assert (await dozor.get(other)).status == 200


async def test_a_rejected_key_is_named_in_the_status(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    upstream.handler = FAULTS["key rejected"][0]
    reply = await dozor.get(PRICE)
    assert "COINGECKO_API_KEY" in json.loads(reply.body)["status"]["error_message"]
    status = json.loads((await dozor.get("/api/v1/status")).body)["upstream"]
    assert (status["state"], status["reason"]) == ("open", "key_rejected")
    assert status["retry_at"] is not None


async def test_a_details_answer_that_is_no_coin_is_not_stored(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    upstream.answer('{"name":"a coin without an id"}')
    assert (await dozor.get("/api/v3/coins/bitcoin")).status == 502
    upstream.answer('{"id":"bitcoin","market_data":{"sparkline_7d":{},"ath":1}}')
    dozor.clock.advance(61)
    reply = await dozor.get("/api/v3/coins/bitcoin")
    assert reply.body == b'{"id":"bitcoin","market_data":{"ath":1}}'
