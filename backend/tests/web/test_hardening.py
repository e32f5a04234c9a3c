"""What was broken once: each of these let somebody in, stopped the server, or told what should not be told."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from itsdangerous import TimestampSigner

from dozor.web.access import is_loopback_name
from dozor.web.replies import matches
from dozor.web.sessions import OwnerLogin, session_secret
from running_dozor import RunningDozor, ScriptedUpstream, running_dozor

PRICE = "/api/v3/simple/price?ids=bitcoin&vs_currencies=usd"


async def test_an_empty_session_secret_is_replaced_and_signs_for_nobody(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "session.secret").touch()
    forged = TimestampSigner(b"", salt="dozor.session").sign("owner.x").decode()
    async with running_dozor(upstream.base_url, tmp_path, DOZOR_PUBLIC_MARKET="false") as dozor:
        assert (await dozor.get("/api/v1/status", Cookie=f"dozor_session={forged}")).status == 401
    assert len((tmp_path / "data" / "session.secret").read_bytes()) == 32
    with pytest.raises(ValueError, match="too short"):
        OwnerLogin(b"")


def test_the_session_secret_stays_the_same(tmp_path: Path) -> None:
    assert session_secret(tmp_path / "s") == session_secret(tmp_path / "s")
    assert [file.name for file in tmp_path.iterdir()] == ["s"]


async def test_a_session_beside_another_programs_cookie_is_seen(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    async with running_dozor(upstream.base_url, tmp_path, DOZOR_PUBLIC_MARKET="false") as dozor:
        assert dozor.app.login_link_path is not None
        session = (await dozor.get(dozor.app.login_link_path)).headers["set-cookie"].split(";")[0]
        for other in ('foo={"a":1}', "a b=c", "x"):
            assert (await dozor.get("/api/v1/status", Cookie=f"{other}; {session}")).status == 200


async def test_a_look_at_the_login_link_by_head_does_not_spend_it(dozor: RunningDozor) -> None:
    assert dozor.app.login_link_path is not None
    assert (await dozor.ask("HEAD", dozor.app.login_link_path)).status == 405
    assert (await dozor.get(dozor.app.login_link_path)).status == 303


@pytest.mark.parametrize(
    "path",
    [
        "/api/v3/coins/bitcoin/market_chart?vs_currency=usd&days=%C2%B3",  # a superscript three
        "/api/v3/coins/bitcoin/ohlc?vs_currency=usd&days=%E2%91%A0",
        "/static/" + "a" * 300,
        "/api/v3",
        "/api/v1/coins/",
    ],
)
async def test_no_path_is_a_bug(dozor: RunningDozor, path: str) -> None:
    reply = await dozor.get(path)
    assert reply.status != 500
    assert "location" not in reply.headers


@pytest.mark.parametrize("host", ["[", "evil.example", "a b", ":", ""])
async def test_no_host_header_is_a_bug_or_a_redirect_elsewhere(dozor: RunningDozor, host: str) -> None:
    for path in ("/", "/coins/bitcoin", "/api/v1/coins/", "/docs"):
        reply = await dozor.get(path, Host=host)
        assert reply.status != 500
        assert "location" not in reply.headers


async def test_a_page_whose_name_points_at_this_machine_is_not_local(dozor: RunningDozor) -> None:
    assert (await dozor.get(PRICE, Host="rebound.example:8000")).status == 401
    assert (await dozor.get(PRICE, Host="localhost:8000")).status == 200


@pytest.mark.parametrize(
    ("host", "is_local"),
    [("localhost", True), ("LOCALHOST:8000", True), ("127.0.0.1:80", True), ("[::1]:8000", True),
     ("dozor.localhost", True), (None, True), ("localhost.evil.example", False), ("192.168.1.2:8000", False),
     ("", False), ("[", False)],
)  # fmt: skip
def test_names_of_this_machine(host: str | None, is_local: bool) -> None:
    assert is_loopback_name(host) is is_local


@pytest.mark.parametrize(
    ("header", "is_match"),
    [('"abc"', True), ('W/"abc"', True), ('"abc-gzip"', True), ('"x", "abc"', True), ("*", True), (" * ", True),
     ('"a,abc,c"', False), ("abc", False), ('"*"', False), ('"abcd"', False), ("", False), ('"', False)],
)  # fmt: skip
def test_entity_tags_are_read_whole(header: str, is_match: bool) -> None:
    assert matches(header, "abc") is is_match


async def test_a_bug_below_the_gateway_is_told_in_coingeckos_shape_with_cors(
    dozor: RunningDozor, upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(dozor.app.market, "answer", broken)
    reply = await dozor.get(PRICE)
    assert reply.status == 500
    assert json.loads(reply.body)["status"]["error_code"] == 500
    assert reply.headers["access-control-allow-origin"] == "*"
    own = await dozor.get("/api/v1/coins")
    assert (own.status, json.loads(own.body)["code"]) == (500, "internal")


async def test_more_than_a_thousand_ids_all_go_upstream_in_calls_that_it_takes(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    ids = {f"c{number}" for number in range(1500)}
    await dozor.get(f"/api/v3/simple/price?ids={','.join(ids)}&vs_currencies=usd")
    asked = [set(dict(parse_qsl(call.split("?")[1]))["ids"].split(",")) for call in upstream.calls]
    assert len(asked) == 3
    assert max(map(len, asked)) == 515
    assert set.union(*asked) == ids


async def test_looking_at_the_status_costs_a_key_nothing_of_its_rate(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"{}", content_type="application/json")

    upstream.handler = handler
    async with running_dozor(upstream.base_url, tmp_path, DOZOR_GATEWAY_KEYS="bot:abcdefghij:1") as dozor:
        for _ in range(3):
            assert (await dozor.get("/api/v1/status", x_cg_demo_api_key="abcdefghij")).status == 200
        assert (await dozor.get(PRICE, x_cg_demo_api_key="abcdefghij")).status == 200
        assert (await dozor.get(PRICE, x_cg_demo_api_key="abcdefghij")).status == 429
