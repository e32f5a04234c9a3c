"""Webhooks, sent to a real receiver on this machine."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme
from aiohttp.abc import AbstractResolver, ResolveResult

from dozor.alerts.channels import Channel, ChannelState
from dozor.alerts.messages.message import Message
from dozor.alerts.sending import Accepted, ChannelDead, Letter, Outcome, Postponed, Temporary
from dozor.notify.webhook import WebhookSender
from fakes import FakeClock
from notify.receiver import SECRET, Receiver

OWNER, STRANGER = "usr_owner", "usr_stranger"
AT = datetime(2026, 11, 23, 9, 3, 10, tzinfo=UTC)
LETTER = Letter("evt_1", "alert.fired", AT, Message("BTC ≥ $70,000 ↑", ("Crossed",)), {"alert_id": "alr_1", "muted": 0})


class Names(AbstractResolver):
    """What names resolve to, in place of the machine's own resolver."""

    def __init__(self, **addresses: list[str]) -> None:
        self.addresses = addresses
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
            for address in self.addresses[host.partition(".")[0]]
        ]

    async def close(self) -> None:
        pass


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


def channel(url: str, user: str = OWNER, secret: str | None = SECRET) -> Channel:
    key = None if secret is None else secret.encode()
    return Channel("chn_1", user, 1, "webhook", "ops", {"url": url}, key, ChannelState.OK, None, None, AT)


def a_sender(**options: Any) -> WebhookSender:
    return WebhookSender(FakeClock(), trusted_user=OWNER, **options)


async def sent(url: str, user: str = OWNER, **options: Any) -> Outcome:
    async with a_sender(**options) as sender:
        return await sender.send(channel(url, user), LETTER)


async def test_a_letter_is_a_signed_post_of_the_event(receiver: Receiver) -> None:
    assert await sent(receiver.url(path="/hook?key=1")) == Accepted("HTTP 204")
    (got,) = receiver.got
    assert got.path == "/hook?key=1"
    assert got.is_signed
    assert got.headers["webhook-id"] == "evt_1"
    assert got.headers["content-type"] == "application/json"
    assert json.loads(got.body) == {
        "type": "alert.fired",
        "timestamp": "2026-11-23T09:03:10Z",
        "data": {"event_id": "evt_1", "alert_id": "alr_1", "muted": 0, "text": "BTC ≥ $70,000 ↑\nCrossed"},
    }


async def test_every_attempt_has_the_same_id_and_body_and_the_time_of_its_own(receiver: Receiver) -> None:
    clock = FakeClock()
    receiver.says(500)
    async with WebhookSender(clock, trusted_user=OWNER) as sender:
        assert isinstance(await sender.send(channel(receiver.url()), LETTER), Temporary)
        await clock.advance(3600)
        assert isinstance(await sender.send(channel(receiver.url()), LETTER), Accepted)
    first, second = receiver.got
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 3600
    assert second.is_signed


async def test_a_channel_without_a_secret_is_not_signed(receiver: Receiver) -> None:
    async with a_sender() as sender:
        await sender.send(channel(receiver.url(), secret=None), LETTER)
    assert "webhook-signature" not in receiver.got[0].headers


@pytest.mark.parametrize(
    ("status", "retry_after", "outcome"),
    [
        (200, None, Accepted("HTTP 200: said")),
        (299, None, Accepted("HTTP 299: said")),
        (400, None, Temporary("HTTP 400: said")),  # a deployment may be half done
        (404, None, Temporary("HTTP 404: said")),
        (410, None, ChannelDead("HTTP 410: said")),
        (429, "120", Temporary("HTTP 429: said", timedelta(minutes=2))),
        (429, None, Temporary("HTTP 429: said")),
        (500, "120", Temporary("HTTP 500: said")),
        (503, "120", Temporary("HTTP 503: said", timedelta(minutes=2))),
    ],
)
async def test_the_receivers_status_says_what_became_of_it(
    receiver: Receiver, status: int, retry_after: str | None, outcome: Outcome
) -> None:
    receiver.says(status, "said", **({} if retry_after is None else {"Retry_After": retry_after}))
    assert await sent(receiver.url()) == outcome


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.says(307, Location=receiver.url(path="/elsewhere"))
    outcome = await sent(receiver.url())
    assert outcome == Temporary("HTTP 307: redirects are not followed; give the webhook's final address")
    assert [got.path for got in receiver.got] == ["/hook"]


async def test_an_answer_without_an_end_is_read_no_further_than_needed(receiver: Receiver) -> None:
    receiver.never_ends()
    outcome = await sent(receiver.url())
    assert isinstance(outcome, Accepted)
    assert len(outcome.detail) < 400


async def test_an_acceptance_counts_even_if_the_rest_of_the_answer_never_comes(receiver: Receiver) -> None:
    receiver.stops_after_its_head(200)
    assert await sent(receiver.url(), total_seconds=0.2) == Accepted("HTTP 200")


async def test_a_receiver_that_says_nothing_may_have_got_it(receiver: Receiver) -> None:
    receiver.hangs()
    assert await sent(receiver.url(), total_seconds=0.2) == Temporary("no answer within 0.2 s", may_have_arrived=True)


async def test_a_receiver_that_hangs_up_may_have_got_it(receiver: Receiver) -> None:
    receiver.hangs_up()
    outcome = await sent(receiver.url())
    assert outcome == Temporary("the connection was lost before an answer came", may_have_arrived=True)


async def test_where_nobody_listens_nothing_has_arrived() -> None:
    async with Receiver() as gone:
        url = gone.url()
    outcome = await sent(url)
    assert isinstance(outcome, Temporary)
    assert outcome.detail.startswith("no connection: ")
    assert not outcome.may_have_arrived


async def test_details_hold_neither_the_secret_nor_the_address(receiver: Receiver) -> None:
    receiver.says(500, f"unknown path /hook/s3cret-token on {receiver.url(path='/hook/s3cret-token')}, key {SECRET}")
    outcome = await sent(receiver.url(path="/hook/s3cret-token"))
    assert isinstance(outcome, Temporary)
    assert outcome.detail == "HTTP 500: unknown path […] on […], key […]"


async def test_what_a_receiver_says_is_one_printable_line(receiver: Receiver) -> None:
    receiver.says(500, "a\x1b[31m\n\n b\u202e" + "x" * 1000)
    outcome = await sent(receiver.url())
    assert isinstance(outcome, Temporary)
    assert outcome.detail.isprintable()
    assert outcome.detail.startswith("HTTP 500: a [31m b")
    assert len(outcome.detail) < 400


@pytest.mark.parametrize("address", ["not a url", "http://", "http://a:b:c/", "ftp://127.0.0.1/", "mailto:a@b"])
async def test_what_is_no_address_is_a_failure_and_no_bug(address: str) -> None:
    assert isinstance(await sent(address), Temporary)


ODD = ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001", "0177.0.0.1", "127.0.0.1.", "localhost"]
ODD += ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "user:pass@127.0.0.1", "[::1]", "[::]", "0.0.0.0", "0", "LOCALHOST."]


@pytest.mark.parametrize("host", ODD)
async def test_no_spelling_of_this_machine_is_open_to_a_stranger(receiver: Receiver, host: str) -> None:
    outcome = await sent(receiver.url(host), STRANGER)
    assert isinstance(outcome, Temporary)
    assert not outcome.may_have_arrived
    assert receiver.got == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_who_is_trusted_reaches_this_machine(receiver: Receiver, host: str) -> None:
    assert await sent(receiver.url(host)) == Accepted("HTTP 204")


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:169.254.169.254]", "[fe80::1%25lo]", "metadata.internal"])
async def test_link_local_addresses_are_open_to_nobody(host: str) -> None:
    outcome = await sent(f"http://{host}/latest/meta-data", resolver=Names(metadata=["169.254.169.254"]))
    assert outcome == Temporary("it leads to an internal address, which is not allowed")


async def test_a_name_of_a_private_address_is_refused_to_a_stranger(receiver: Receiver) -> None:
    names = Names(hooks=["127.0.0.1", "10.0.0.1"])
    outcome = await sent(receiver.url("hooks.example"), STRANGER, resolver=names)
    assert outcome == Temporary("it leads to an internal address, which is not allowed")
    assert receiver.got == []


async def test_a_connection_that_the_owner_has_opened_carries_no_letter_of_a_stranger(receiver: Receiver) -> None:
    async with a_sender(resolver=Names(hooks=["127.0.0.1"])) as sender:
        url = receiver.url("hooks.example")
        assert isinstance(await sender.send(channel(url, OWNER), LETTER), Accepted)
        assert isinstance(await sender.send(channel(url, STRANGER), LETTER), Temporary)
    assert len(receiver.got) == 1


async def test_without_a_trusted_user_nobody_reaches_this_machine(receiver: Receiver) -> None:
    async with WebhookSender(FakeClock()) as sender:
        assert isinstance(await sender.send(channel(receiver.url()), LETTER), Temporary)
    assert receiver.got == []


async def test_a_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Receiver() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(path=""))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert isinstance(await sent(receiver.url()), Accepted)
        assert proxy.got == []
    assert len(receiver.got) == 1


async def test_the_checked_address_is_connected_to_under_its_own_name() -> None:
    authority = trustme.CA()
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hooks.example").configure_cert(server_tls)
    client_tls = ssl.create_default_context()
    authority.configure_trust(client_tls)
    names = Names(hooks=["127.0.0.1"], other=["127.0.0.1"])
    async with Receiver(server_tls) as receiver, a_sender(resolver=names, tls=client_tls) as sender:
        url = receiver.url("hooks.example", scheme="https")
        assert await sender.send(channel(url), LETTER) == Accepted("HTTP 204")
        assert receiver.got[0].headers["Host"] == f"hooks.example:{receiver.port}"
        assert names.asked == 1
        outcome = await sender.send(channel(receiver.url("other.example", scheme="https")), LETTER)
    assert isinstance(outcome, Temporary)
    assert outcome.detail.startswith("its certificate is not trusted")
    assert len(receiver.got) == 1


async def test_a_hosts_bound_makes_the_others_wait_and_then_come_back_later(receiver: Receiver) -> None:
    receiver.hangs()
    async with a_sender(most_per_host=1, turn_seconds=0.05) as sender, asyncio.TaskGroup() as tasks:
        first = tasks.create_task(sender.send(channel(receiver.url()), LETTER))
        await receiver.has_got.wait()
        second = await sender.send(channel(receiver.url(path="/other")), LETTER)
        assert second == Postponed(timedelta(seconds=0.05), "many others are on their way to this host")
        assert len(receiver.got) == 1
        receiver.let_go()
    assert first.result() == Accepted("HTTP 204")


async def test_hosts_do_not_wait_for_each_other(receiver: Receiver) -> None:
    receiver.hangs()
    async with a_sender(most_per_host=1) as sender, asyncio.TaskGroup() as tasks:
        first = tasks.create_task(sender.send(channel(receiver.url()), LETTER))
        await receiver.has_got.wait()
        assert await sender.send(channel(receiver.url("localhost")), LETTER) == Accepted("HTTP 204")
        receiver.let_go()
    assert first.result() == Accepted("HTTP 204")
