"""Who may ask: keys, the owner, loopback, proxies."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from dozor.standin import refusals
from dozor.web.access import client_address
from dozor.web.quotas import WINDOW_S, Meter
from running_dozor import RunningDozor, ScriptedUpstream, running_dozor

PRICE = "/api/v3/simple/price?ids=bitcoin&vs_currencies=usd"
READS = [PRICE, "/api/v1/coins", "/api/v1/status", "/metrics"]
KEYS = "app:0123456789,bot:abcdefghij:2"
OWNER = "owner-token-0123456789"


@pytest.fixture(autouse=True)
def answers(upstream: ScriptedUpstream) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"[]" if "markets" in request.path else b"{}", content_type="application/json")

    upstream.handler = handler


async def test_without_keys_loopback_is_open_and_any_key_is_ignored(dozor: RunningDozor) -> None:
    for path in READS:
        assert (await dozor.get(path)).status == 200
        assert (await dozor.get(path, x_cg_demo_api_key="whatever")).status == 200


async def test_with_keys_nobody_asks_without_one_of_ours(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    async with running_dozor(upstream.base_url, tmp_path, DOZOR_GATEWAY_KEYS=KEYS) as dozor:
        for path in READS:
            assert (await dozor.get(path)).status == 401
            assert (await dozor.get(path, x_cg_demo_api_key="0123456780")).status == 401
            assert (await dozor.get(path, x_cg_demo_api_key="0123456789")).status == 200
            assert (await dozor.get(path, x_cg_pro_api_key="0123456789")).status == 200
            assert (await dozor.get(path, Authorization="Bearer 0123456789")).status == 200
            separator = "&" if "?" in path else "?"
            assert (await dozor.get(f"{path}{separator}x_cg_demo_api_key=0123456789")).status == 200
        refused = await dozor.get(PRICE)
        assert json.loads(refused.body)["status"]["error_code"] == 10002
        assert (await dozor.get("/livez")).status == 200
        assert (await dozor.get("/readyz")).status in {200, 503}
    assert all("0123456789" not in call for call in upstream.calls)


FORMS: list[tuple[dict[str, str], str]] = [
    ({"x_cg_demo_api_key": "0123456789"}, ""),
    ({"x_cg_pro_api_key": "0123456789"}, ""),
    ({"Authorization": "Bearer 0123456789"}, ""),
    ({"Authorization": "bearer  0123456789"}, ""),
    ({}, "&x_cg_demo_api_key=0123456789"),
    ({}, "&x_cg_pro_api_key=0123456789"),
    ({"x_cg_demo_api_key": "of-another-service"}, "&x_cg_pro_api_key=0123456789"),  # one of ours is enough
]


@pytest.mark.parametrize(("headers", "query"), FORMS)
async def test_a_key_opens_the_gateway_in_every_form_and_goes_nowhere_else(
    upstream: ScriptedUpstream, tmp_path: Path, headers: dict[str, str], query: str
) -> None:
    async with running_dozor(upstream.base_url, tmp_path, DOZOR_GATEWAY_KEYS=KEYS) as dozor:
        replies = [await dozor.get(PRICE + query, **headers), await dozor.get(PRICE, x_cg_pro_api_key="abcdefghij")]
        metrics = await dozor.get("/metrics", x_cg_demo_api_key="0123456789")
    assert [reply.status for reply in replies] == [200, 200]
    assert len(upstream.calls) == 1  # one entry for all keys
    told = [*upstream.calls, *map(str, upstream.headers), metrics.body.decode(), *map(str, replies)]
    assert not [text for text in told if "0123456789" in text or "abcdefghij" in text]


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, ""),
        ({"x_cg_demo_api_key": "CG-of-coingecko-itself"}, ""),
        ({"x_cg_demo_api_key": "012345678"}, ""),
        ({"x_cg_demo_api_key": "01234567890"}, ""),
        ({"Authorization": "Basic 0123456789"}, ""),
        ({}, "&x_cg_demo_api_key=%FF%00"),
        ({}, "&x_cg_demo_api_key="),
    ],
)
async def test_who_has_no_key_of_ours_is_told_so_in_coingeckos_shape_without_a_call(
    upstream: ScriptedUpstream, tmp_path: Path, headers: dict[str, str], query: str
) -> None:
    async with running_dozor(upstream.base_url, tmp_path, DOZOR_GATEWAY_KEYS=KEYS) as dozor:
        reply = await dozor.get(PRICE + query, Origin="https://app.example", **headers)
    assert reply.status == 401
    ours, theirs = json.loads(reply.body), json.loads(refusals.key_missing(0).body)
    assert shape(ours) == shape(theirs)
    assert ours["status"]["error_code"] == theirs["status"]["error_code"]
    assert "API key" in ours["status"]["error_message"]
    assert (reply.headers["www-authenticate"], reply.headers["cache-control"]) == ("Bearer", "no-store")
    assert reply.headers["access-control-allow-origin"] == "*"  # a page must be able to read why
    assert "ratelimit" not in reply.headers
    assert upstream.calls == []


def shape(value: object) -> object:
    """Names in their order and kinds of values; of a time, how it is written."""
    if isinstance(value, dict):
        return [(name, shape(member)) for name, member in value.items()]
    if isinstance(value, str) and value[:1].isdigit():
        return re.sub(r"\d", "0", value)
    return type(value)


async def test_a_key_with_a_rate_is_refused_beyond_it_with_the_time_to_wait(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    async with running_dozor(upstream.base_url, tmp_path, DOZOR_GATEWAY_KEYS=KEYS) as dozor:
        statuses = [(await dozor.get(PRICE, x_cg_demo_api_key="abcdefghij")).status for _ in range(3)]
        assert statuses == [200, 200, 429]
        refused = await dozor.get(PRICE, x_cg_demo_api_key="abcdefghij")
        wait = int(refused.headers["retry-after"])
        assert 55 <= wait <= 60
        assert json.loads(refused.body)["status"]["error_code"] == 429
        assert refused.headers["ratelimit"] == f'"minute";r=0;t={wait}'
        assert (await dozor.get(PRICE, x_cg_demo_api_key="0123456789")).status == 200
        dozor.clock.advance(wait)
        assert (await dozor.get(PRICE, x_cg_demo_api_key="abcdefghij")).status == 200


async def test_every_reply_to_a_key_with_a_rate_says_how_much_of_it_is_left(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    async with running_dozor(upstream.base_url, tmp_path, DOZOR_GATEWAY_KEYS="bot:abcdefghij:4") as dozor:
        first = await dozor.get(PRICE, x_cg_demo_api_key="abcdefghij")
        asked = [
            dozor.get(PRICE, x_cg_demo_api_key="abcdefghij", If_None_Match=first.headers["etag"]),
            dozor.get("/api/v3/simple/price", x_cg_demo_api_key="abcdefghij"),
            dozor.get("/api/v3/no/such/path", x_cg_demo_api_key="abcdefghij"),
        ]
        replies = [first, *[await each for each in asked]]
    assert [reply.status for reply in replies] == [200, 304, 422, 404]
    assert {reply.headers["ratelimit-policy"] for reply in replies} == {'"minute";q=4;w=60'}
    assert [reply.headers["ratelimit"].split(";t=")[0] for reply in replies] == [
        f'"minute";r={n}' for n in (3, 2, 1, 0)
    ]
    assert all(1 <= int(reply.headers["ratelimit"].split(";t=")[1]) <= 60 for reply in replies)


async def test_every_reply_of_the_own_api_to_a_key_with_a_rate_says_so_too(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    key = {"x_cg_demo_api_key": "abcdefghij"}
    async with running_dozor(upstream.base_url, tmp_path, DOZOR_GATEWAY_KEYS="bot:abcdefghij:5") as dozor:
        first = await dozor.get("/api/v1/coins", **key)
        again = await dozor.get("/api/v1/coins", **key, If_None_Match=first.headers["etag"])
        invalid = await dozor.get("/api/v1/coins?page=0", **key)
        on_status = await dozor.get("/api/v1/status", **key)
        upstream.answer('{"error":"coin not found"}', status=404)
        unknown = await dozor.get("/api/v1/coins/nothing/ohlc", **key)
        image = await dozor.get("/api/v1/images/nothing", **key)
        refused = await dozor.get("/api/v1/coins", **key)
    replies = [first, again, invalid, unknown, image, refused]
    assert [reply.status for reply in replies] == [200, 304, 422, 404, 200, 429]
    assert [reply.headers["ratelimit"].split(";t=")[0] for reply in replies] == [
        f'"minute";r={n}' for n in (4, 3, 2, 1, 0, 0)
    ]
    assert {reply.headers["ratelimit-policy"] for reply in replies} == {'"minute";q=5;w=60'}
    assert refused.headers["ratelimit"].endswith(f";t={refused.headers['retry-after']}")
    assert (on_status.status, "ratelimit" in on_status.headers) == (200, False)  # a look at it is not counted


@pytest.mark.parametrize("blank", [" ", "\t", " \t  "])
async def test_a_blank_behind_a_key_is_no_part_of_it(upstream: ScriptedUpstream, tmp_path: Path, blank: str) -> None:
    async with running_dozor(upstream.base_url, tmp_path, DOZOR_GATEWAY_KEYS=KEYS) as dozor:
        host, port = dozor.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = ["Host: localhost", "Connection: close", f"x-cg-demo-api-key: 0123456789{blank}", "", ""]
        writer.write("\r\n".join([f"GET {PRICE} HTTP/1.1", *head]).encode())
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()


async def test_of_several_keys_the_first_of_ours_is_counted(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    settings = {"DOZOR_GATEWAY_KEYS": "first:abcdefghij:5,second:0123456789:7"}
    forms: list[tuple[str, str, str]] = [  # demo header, pro header, in the question
        ("abcdefghij", "0123456789", ""),
        ("CG-of-coingecko", "abcdefghij", "0123456789"),
        ("abcdefghij", "", "CG-of-coingecko"),
    ]
    async with running_dozor(upstream.base_url, tmp_path, **settings) as dozor:
        for demo, pro, asked in forms:
            reply = await dozor.get(
                f"{PRICE}&x_cg_demo_api_key={asked}", x_cg_demo_api_key=demo, x_cg_pro_api_key=pro,
                Authorization="Bearer 0123456789",
            )  # fmt: skip
            assert (reply.status, reply.headers["ratelimit-policy"]) == (200, '"minute";q=5;w=60')


async def test_who_has_no_rate_is_told_of_none(upstream: ScriptedUpstream, tmp_path: Path, dozor: RunningDozor) -> None:
    assert "ratelimit" not in (await dozor.get(PRICE)).headers
    async with running_dozor(upstream.base_url, tmp_path / "keys", DOZOR_GATEWAY_KEYS=KEYS) as with_keys:
        assert "ratelimit" not in (await with_keys.get(PRICE, x_cg_demo_api_key="0123456789")).headers


@given(st.integers(1, 4), st.lists(st.floats(0, 70), max_size=40))
def test_a_meter_never_allows_more_than_its_limit_in_any_minute_and_tells_the_truth(
    limit: int, pauses: list[float]
) -> None:
    meter, now, made = Meter(limit), 1000.0, list[float]()
    for pause in pauses:
        now += pause
        allowed, quota = meter.count(now)
        if allowed:
            made.append(now)
        recent = [moment for moment in made if moment > now - WINDOW_S]
        assert len(recent) <= limit
        assert quota.remaining == limit - len(recent)
        assert allowed or quota.remaining == 0
        assert recent[0] + WINDOW_S <= now + quota.more_in_s < recent[0] + WINDOW_S + 1.001


async def test_a_market_that_is_not_public_is_for_key_or_owner_only(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    settings = {"DOZOR_PUBLIC_MARKET": "false", "DOZOR_OWNER_TOKEN": OWNER}
    async with running_dozor(upstream.base_url, tmp_path, **settings) as dozor:
        for path in READS:
            assert (await dozor.get(path)).status == 401
            assert (await dozor.get(path, Authorization="Bearer wrong-token-000000")).status == 401
            assert (await dozor.get(path, Authorization=f"Bearer {OWNER}")).status == 200
        problem = await dozor.get("/api/v1/coins")
        assert problem.headers["content-type"] == "application/problem+json"
        assert problem.headers["www-authenticate"] == "Bearer"
        assert json.loads(problem.body)["code"] == "unauthorized"


async def test_a_public_market_with_keys_is_open_but_a_wrong_key_is_told_so(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    async with running_dozor(upstream.base_url, tmp_path, DOZOR_GATEWAY_KEYS=KEYS, DOZOR_PUBLIC_MARKET="true") as dozor:
        assert (await dozor.get(PRICE)).status == 200
        assert (await dozor.get(PRICE, x_cg_demo_api_key="not-one-of-ours")).status == 401


async def test_the_login_link_works_once_and_its_cookie_is_the_owner(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    async with running_dozor(upstream.base_url, tmp_path, DOZOR_PUBLIC_MARKET="false") as dozor:
        link = dozor.app.login_link_path
        assert link is not None
        assert (await dozor.get("/login?code=wrong")).status == 403
        reply = await dozor.get(link)
        assert (reply.status, reply.headers["location"]) == (303, "/")
        cookie = reply.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=lax" in cookie.lower()
        assert (await dozor.get(link)).status == 403
        session = cookie.split(";")[0]
        assert (await dozor.get("/api/v1/coins", Cookie=session)).status == 200
        assert (await dozor.get("/api/v1/coins", Cookie=session[:-2] + "xx")).status == 401
    async with running_dozor(upstream.base_url, tmp_path, DOZOR_PUBLIC_MARKET="false") as restarted:
        assert (await restarted.get("/api/v1/coins", Cookie=session)).status == 200


async def test_a_request_through_an_untrusted_proxy_is_not_local(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    async with running_dozor(upstream.base_url, tmp_path) as dozor:
        assert (await dozor.get(PRICE, X_Forwarded_For="127.0.0.1")).status == 401
    async with running_dozor(upstream.base_url, tmp_path, DOZOR_TRUSTED_PROXIES="127.0.0.1") as dozor:
        assert (await dozor.get(PRICE, X_Forwarded_For="203.0.113.9")).status == 401
        assert (await dozor.get(PRICE, X_Forwarded_For="203.0.113.9, 127.0.0.1")).status == 401


PROXIES = [ipaddress.ip_network("10.0.0.0/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address", "is_local"),
    [
        ("127.0.0.1", None, "127.0.0.1", True),
        ("::1", None, "::1", True),
        ("::ffff:127.0.0.1", None, "::ffff:127.0.0.1", True),
        ("192.0.2.1", None, "192.0.2.1", False),
        ("192.0.2.1", "127.0.0.1", "192.0.2.1", False),  # nobody we trust wrote that header
        ("10.0.0.1", "198.51.100.7", "198.51.100.7", False),
        ("10.0.0.1", "127.0.0.1, 198.51.100.7", "198.51.100.7", False),  # the asker made up the first hop
        ("10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7", False),  # two proxies of ours
        ("10.0.0.1", "not an address", "not an address", False),
    ],
)
def test_the_asker_is_the_first_hop_that_no_trusted_proxy_vouches_for(
    peer: str, forwarded: str | None, address: str, is_local: bool
) -> None:
    assert client_address(peer, forwarded, PROXIES) == (address, is_local)


@given(st.text(max_size=50), st.text(max_size=80))
def test_no_header_makes_an_outsider_local_unless_a_trusted_proxy_says_so(peer: str, forwarded: str) -> None:
    assert client_address(f"192.0.2.1{peer}", forwarded or "x", PROXIES)[1] is False
