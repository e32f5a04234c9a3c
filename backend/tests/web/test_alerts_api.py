"""Rules, channels, people and tokens over REST: what is wrong is said, and nobody sees what is another's."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from alerts.owner import Owner
from alerts.watched_market import WatchedMarket, watched_market
from running_dozor import until

RULE = {"coin_id": "bitcoin", "quote": "usd", "condition": {"type": "price_cross", "level": "110", "direction": "up"}}


@pytest.fixture
async def market(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WatchedMarket]:
    settings = {"DOZOR_ALERTS_PER_USER": "2"}
    async with watched_market(tmp_path, monkeypatch, settings, bitcoin=100.0, ethereum=3000.0) as watched:
        yield watched


async def somebody(market: WatchedMarket) -> Owner:
    """Another user, let in by an invitation, with a token of their own."""
    code = (await market.owner.ok("POST", "/invitations"))["code"]
    client, url = market.dozor.client, market.dozor.url
    async with client.get(f"{url}/invite?code={code}") as looked:  # as a program does that looks before people
        assert looked.status == 200
    form = {"code": code, "name": "Boris"}
    async with client.post(f"{url}/invite", data=form, allow_redirects=False) as came:
        assert (came.status, came.headers["location"]) == (303, "/alerts")
        cookie = {"Cookie": f"dozor_session={came.cookies['dozor_session'].value}"}
    client.cookie_jar.clear()
    async with client.get(f"{url}/api/v1/me", headers=cookie) as me:
        csrf = (await me.json())["csrf"]
    wanted = {"name": "script", "scopes": ["alerts:read", "alerts:write"]}
    async with client.post(f"{url}/api/v1/me/tokens", json=wanted, headers=cookie) as refused:
        assert (await refused.json())["code"] == "forbidden"  # without the token against forged requests
    headers = {**cookie, "x-dozor-csrf": csrf}
    async with client.post(f"{url}/api/v1/me/tokens", json=wanted, headers=headers) as made:
        assert made.status == 201
        return Owner(client, url, (await made.json())["token"])


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"coin_id": "bitcoinn"}, "/coin_id", "unknown-coin"),
        ({"quote": "zzz"}, "/quote", "unknown-quote"),
        ({"coin_id": "bitcoin,ethereum"}, "/coin_id", "not-one-id"),
        ({"condition": {"type": "price_cross", "level": "NaN"}}, "/condition/level", "not-a-number"),
        ({"condition": {"type": "price_cross", "level": "0"}}, "/condition/level", "not-positive"),
        ({"condition": {"type": "price_cross", "level": -1}}, "/condition/level", "not-positive"),
        ({"condition": {"type": "price_cross", "level": "1e40"}}, "/condition/level", "out-of-range"),
        ({"condition": {"type": "price_cross"}}, "/condition/level", "missing"),
        ({"condition": {"type": "no_such", "level": 1}}, "/condition/type", "wrong-shape"),
        ({"condition": {"type": "pct_window", "pct": "5", "window": "1y"}}, "/condition/window", "not-a-window"),
        ({"channels": []}, "/channels", "no-channel"),
        ({"channels": ["chn_01"]}, "/channels/0", "unknown-channel"),
        ({"cooldown_s": -1}, "/cooldown_s", "out-of-range"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at", "in-the-past"),
        ({"colour": "red"}, "/colour", "unknown-member"),
        ({"note": "x" * 501}, "/note", "too-long"),
    ],
)
async def test_what_is_wrong_is_said_where_it_is_and_nothing_is_written(
    market: WatchedMarket, change: dict[str, Any], pointer: str, code: str
) -> None:
    status, said = await market.owner.ask("POST", "/alerts", {**RULE, "channels": [market.channel], **change})
    assert (status, said["code"]) == (422, "invalid-request")
    assert [(mistake["pointer"], mistake["code"]) for mistake in said["errors"]] == [(pointer, code)]
    assert said["errors"][0]["message"]
    assert (await market.owner.ok("GET", "/alerts"))["items"] == []


async def test_a_level_that_is_passed_already_is_made_and_what_comes_first_is_said(market: WatchedMarket) -> None:
    made = await market.owner.rule(market.channel, {"type": "price_cross", "level": "90", "direction": "up"})
    first = made["first_evaluation"]
    assert first["already_true"] is True
    assert first["price"] == "100.0"
    assert first["next"] == "first the price is below 89.55 usd, then 90 usd or above"


async def test_a_rule_like_another_is_refused_with_a_link_to_it(market: WatchedMarket) -> None:
    made = await market.owner.rule(market.channel)
    status, said = await market.owner.ask(
        "POST", "/alerts", {**RULE, "channels": [market.channel], "confirm_jumps": False}
    )
    assert (status, said["code"]) == (409, "duplicate")
    assert said["errors"][0]["message"] == f"/api/v1/alerts/{made['id']}"


async def test_the_same_request_is_done_once(market: WatchedMarket) -> None:
    wanted = {**RULE, "channels": [market.channel]}
    replies = [await market.owner.ask("POST", "/alerts", wanted, Idempotency_Key="one") for _ in range(3)]
    assert [status for status, _ in replies] == [201, 201, 201]
    assert len({said["id"] for _, said in replies}) == 1
    status, said = await market.owner.ask("POST", "/alerts", {**wanted, "note": "x"}, Idempotency_Key="one")
    assert (status, said["code"]) == (422, "key-reused")


async def test_a_rule_is_put_by_its_makers_own_name(market: WatchedMarket) -> None:
    wanted = {**RULE, "channels": [market.channel]}
    assert (await market.owner.ask("PUT", "/alerts/my-1", wanted))[0] == 201
    status, said = await market.owner.ask("PUT", "/alerts/my-1", {**wanted, "note": "again"})
    assert (status, said["external_id"], said["note"], said["version"]) == (200, "my-1", "again", 1)
    found = (await market.owner.ok("GET", "/alerts?external_id=my-1"))["items"]
    assert [one["id"] for one in found] == [said["id"]]


async def test_a_patch_changes_only_what_it_says_and_only_what_was_seen(market: WatchedMarket) -> None:
    made = await market.owner.rule(market.channel)
    path = f"/alerts/{made['id']}"
    changed = await market.owner.ok("PATCH", path, {"condition": {"level": "111.50"}, "cooldown_s": 5})
    assert changed["condition"] == {"type": "price_cross", "level": "111.50", "direction": "up"}
    assert (changed["cooldown_s"], changed["version"], changed["quote"]) == (5, 2, "usd")
    status, said = await market.owner.ask("PATCH", path, {"note": "late"}, If_Match='"1"')
    assert (status, said["code"]) == (412, "changed-meanwhile")
    other = {"condition": {"type": "range", "low": "90", "high": "120", "mode": "exit"}}
    assert (await market.owner.ok("PATCH", path, other))["condition"]["type"] == "range"


async def test_a_rule_is_paused_resumed_snoozed_and_deleted(market: WatchedMarket) -> None:
    rule = await market.armed()
    path = f"/alerts/{rule}"
    assert (await market.owner.ok("POST", f"{path}:pause"))["state"] == "paused"
    assert (await market.owner.ok("POST", f"{path}:resume"))["state"] == "arming"
    snoozed = await market.owner.ok("POST", f"{path}:snooze", {"seconds": 3600})
    assert snoozed["silent_until"] is not None
    status, said = await market.owner.ask("POST", f"{path}:snooze", {"seconds": 10**12})
    assert (status, said["code"]) == (422, "invalid-request")
    assert (await market.owner.ask("DELETE", path))[0] == 204
    assert (await market.owner.ask("GET", path))[0] == 404


async def test_everybody_sees_only_what_is_theirs(market: WatchedMarket) -> None:
    rule = await market.armed()
    await market.pass_by(30, bitcoin=120.0)
    await market.until_delivered(1)
    (event,) = await market.events()
    (delivery,) = (await market.owner.ok("GET", "/deliveries"))["items"]
    other = await somebody(market)
    for path in ("/alerts", "/events", "/deliveries", "/channels"):
        assert (await other.ok("GET", path))["items"] == []
    for method, path in (
        ("GET", f"/alerts/{rule}"),
        ("PATCH", f"/alerts/{rule}"),
        ("DELETE", f"/alerts/{rule}"),
        ("POST", f"/alerts/{rule}:pause"),
        ("GET", f"/events/{event['id']}"),
        ("GET", f"/deliveries/{delivery['id']}"),
        ("POST", f"/deliveries/{delivery['id']}:resend"),
        ("POST", f"/channels/{market.channel}:test"),
        ("DELETE", f"/channels/{market.channel}"),
    ):
        assert (await other.ask(method, path, {}))[0] == 404, (method, path)
    status, said = await other.ask("POST", "/alerts", {**RULE, "channels": [market.channel]})
    assert (status, said["errors"][0]["code"]) == (422, "unknown-channel")


async def test_a_user_has_a_limit_and_no_way_into_private_networks(market: WatchedMarket) -> None:
    other = await somebody(market)
    status, said = await other.ask("POST", "/channels", {"kind": "webhook", "url": market.receiver.url})
    assert (status, said["errors"][0]["code"]) == (422, "address-not-allowed")
    named = market.receiver.url.replace("127.0.0.1", "localhost")  # a name: where it leads is seen at the test
    channel = await other.webhook(named)
    tried = await other.ok("POST", f"/channels/{channel}:test")
    assert tried["ok"] is False
    assert "internal address" in tried["said"]
    assert market.receiver.ids == []
    for level in ("110", "111"):
        await other.rule(channel, {"type": "price_cross", "level": level})
    status, said = await other.ask("POST", "/alerts", {**RULE, "channels": [channel]})
    assert (status, said["code"]) == (422, "limit-reached")


async def test_a_token_opens_what_its_scopes_say_until_it_is_revoked(market: WatchedMarket) -> None:
    made = await market.owner.ok("POST", "/me/tokens", {"name": "reader", "scopes": ["alerts:read"]})
    reader = Owner(market.dozor.client, market.dozor.url, made["token"])
    assert (await reader.ask("GET", "/alerts"))[0] == 200
    for method, path in (("POST", "/alerts"), ("POST", "/invitations"), ("POST", "/me/tokens")):
        assert (await reader.ask(method, path, {}))[0] == 403
    assert made["token"] not in str(await market.owner.ok("GET", "/me/tokens"))
    assert (await market.owner.ask("DELETE", f"/me/tokens/{made['id']}"))[0] == 204
    assert (await reader.ask("GET", "/alerts"))[0] == 401


async def test_an_invitation_lets_one_person_in(market: WatchedMarket) -> None:
    code = (await market.owner.ok("POST", "/invitations"))["code"]

    async def come(name: str) -> int:
        form = {"code": code, "name": name}
        async with market.dozor.client.post(f"{market.dozor.url}/invite", data=form, allow_redirects=False) as came:
            return came.status

    assert sorted(await asyncio.gather(*(come(name) for name in ("Boris", "Vera", "Grigori")))) == [303, 403, 403]


async def test_a_secret_is_told_once_and_a_dead_delivery_is_sent_again(market: WatchedMarket) -> None:
    made = await market.owner.ok("POST", "/channels", {"kind": "webhook", "url": market.receiver.url})
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/=]{44}", made["secret"])
    assert "secret" not in str(await market.owner.ok("GET", "/channels"))
    market.receiver.says(410)
    await market.armed()
    await market.pass_by(30, bitcoin=120.0)

    async def is_dead() -> bool:
        items = (await market.owner.ok("GET", "/deliveries"))["items"]
        return bool(items) and items[0]["status"] == "dead"

    await until(is_dead, 20)
    (closed,) = [one for one in (await market.owner.ok("GET", "/channels"))["items"] if one["state"] == "dead"]
    assert "410" in closed["reason"]
    market.receiver.answer = None
    await market.owner.ok("PATCH", f"/channels/{closed['id']}", {"name": "mended"})
    (delivery,) = (await market.owner.ok("GET", "/deliveries?status=dead"))["items"]
    await market.owner.ok("POST", f"/deliveries/{delivery['id']}:resend")
    await market.until_delivered(2)
    shown = await market.owner.ok("GET", f"/deliveries/{delivery['id']}")
    assert [one["outcome"] for one in shown["tries"]] == ["channel_dead", "accepted"]
    assert len(set(market.receiver.ids)) == 1


async def test_a_rule_is_tried_on_all_its_channels(market: WatchedMarket) -> None:
    rule = await market.owner.rule(market.channel)
    market.receiver.says(418)
    (tried,) = (await market.owner.ok("POST", f"/alerts/{rule['id']}:test"))["channels"]
    assert (tried["channel_id"], tried["ok"]) == (market.channel, False)
    assert "418" in tried["said"]
    assert (await market.owner.ok("GET", "/events"))["items"] == []


async def test_a_token_opens_the_market_only_with_its_scope(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with watched_market(tmp_path, monkeypatch, {"DOZOR_PUBLIC_MARKET": "false"}) as market:
        url, client = market.dozor.url, market.dozor.client
        expected = {"market:read": 200, "alerts:read": 401}
        for scope, status in expected.items():
            made = await market.owner.ok("POST", "/me/tokens", {"name": scope, "scopes": [scope]})
            headers = {"Authorization": f"Bearer {made['token']}"}
            for path in ("/api/v1/prices?ids=bitcoin", "/api/v3/simple/price?ids=bitcoin&vs_currencies=usd"):
                async with client.get(url + path, headers=headers) as reply:
                    assert reply.status == status, (scope, path)
