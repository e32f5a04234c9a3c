"""``?max_age=`` of ``/api/v1``: data no older than that, or 503 that says when to come back."""

from __future__ import annotations

import json

import pytest
from aiohttp import web

from running_dozor import Reply, RunningDozor, ScriptedUpstream

PRICES = "/api/v1/prices?ids=bitcoin"
OLD, NEW = 1, 2


def quote(price: int) -> str:
    return f'{{"bitcoin":{{"usd":{price},"last_updated_at":1700000000}}}}'


def price(reply: Reply) -> int:
    value: int = json.loads(reply.body)["prices"]["bitcoin"]["usd"]["value"]
    return value


def refused(reply: Reply) -> int:
    """The seconds after which asking again is worth it, by head and body alike."""
    problem = json.loads(reply.body)
    assert (reply.status, problem["code"]) == (503, "too-stale")
    assert reply.headers["content-type"] == "application/problem+json"
    assert int(reply.headers["retry-after"]) == problem["retry_after"]
    return int(problem["retry_after"])


@pytest.fixture(autouse=True)
async def known(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    upstream.answer(quote(OLD))
    await dozor.get(PRICES)
    upstream.answer(quote(NEW))


async def test_inside_the_fresh_time_older_data_is_refused_without_a_call_until_it_ends(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    dozor.clock.advance(40)
    assert price(await dozor.get(f"{PRICES}&max_age=60")) == OLD
    again_in = refused(await dozor.get(f"{PRICES}&max_age=30"))
    assert 15 <= again_in <= 26
    assert len(upstream.calls) == 1
    dozor.clock.advance(again_in)
    assert price(await dozor.get(f"{PRICES}&max_age=30")) == NEW, "the time it named was true"


async def test_outside_it_the_asker_waits_for_the_refresh_instead_of_taking_older_data(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    dozor.clock.advance(100)
    reply = await dozor.get(f"{PRICES}&max_age=0")
    assert (reply.status, price(reply)) == (200, NEW)
    assert json.loads(reply.body)["meta"]["age_s"] == 0
    assert len(upstream.calls) == 2


async def test_stale_data_that_is_young_enough_is_served_at_once(dozor: RunningDozor) -> None:
    dozor.clock.advance(100)
    reply = await dozor.get(f"{PRICES}&max_age=110")
    assert (price(reply), json.loads(reply.body)["meta"]["state"]) == (OLD, "stale")


async def test_when_the_refresh_fails_the_refusal_says_when_upstream_is_asked_again(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    dozor.clock.advance(100)
    upstream.answer("", status=503)
    again_in = refused(await dozor.get(f"{PRICES}&max_age=30"))
    calls = len(upstream.calls)
    assert calls > 1
    refused(await dozor.get(f"{PRICES}&max_age=30"))
    assert len(upstream.calls) == calls, "told by memory"
    upstream.answer(quote(NEW))
    dozor.clock.advance(again_in)
    assert price(await dozor.get(f"{PRICES}&max_age=30")) == NEW


async def test_when_upstream_limits_us_the_refusal_says_for_how_long(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    dozor.clock.advance(100)
    upstream.answer("{}", status=429, headers={"Retry-After": "119"})
    assert 118 <= refused(await dozor.get(f"{PRICES}&max_age=30")) <= 120


async def test_what_is_gone_is_not_found_rather_than_too_old(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    async def gone(_: web.Request) -> web.Response:
        return web.Response(status=404, body=b'{"error":"coin not found"}', content_type="application/json")

    dozor.clock.advance(100)
    upstream.handler = gone
    assert (await dozor.get(f"{PRICES}&max_age=30")).status == 404
