"""Every way to connect that a REDIS_URL can name, to real servers."""

from __future__ import annotations

import asyncio
import os
import socket
import time

import pytest

from dozor.storage.redis_address import Node
from dozor.storage.redis_dial import DIAL_SECONDS, Dialer
from redis_binaries import Binary
from redis_servers import Server
from storage.linked import linked, shelf
from storage.scripted_redis import blunt_server, scripted_redis

HARD_PASSWORD = "п@сс#w%rd:/?"


async def assert_usable(url: str) -> None:
    async with shelf(url) as at:
        assert at.link.up, at.link.state
        await at.tier.put(at.entry())
        assert await at.body() == b'{"a":1}'
        assert await at.tier.take("k", "one", 12) is not None


@pytest.mark.parametrize("user", ["", "dozor"])
async def test_passwords_that_no_url_would_take(redis_binary: Binary, user: str) -> None:
    with Server(redis_binary, user=user, password=HARD_PASSWORD) as server:
        await assert_usable(server.url)
        await assert_usable(f"redis://{user}:{HARD_PASSWORD}@127.0.0.1:{server.port}/0")


async def test_a_server_that_knows_resp2_only(redis_binary: Binary) -> None:
    with Server(redis_binary, "--rename-command", "HELLO", "", password=HARD_PASSWORD) as server:
        await assert_usable(server.url)


async def test_a_database_of_another_number(redis_binary: Binary) -> None:
    with Server(redis_binary) as server:
        await assert_usable(server.url.removesuffix("/0") + "/3")
        assert server.ask("DBSIZE") == 0


@pytest.mark.skipif(os.name == "nt", reason="Python has no Unix sockets there")
async def test_a_unix_socket(redis_binary: Binary) -> None:
    with Server(redis_binary, password=HARD_PASSWORD) as server:
        await assert_usable(server.unix_url)
        async with linked(server.unix_url) as link:
            [node] = link.nodes()
            assert await link.on_node(node, "PING") == b"PONG"


async def test_tls_by_an_authority_of_one_s_own_or_unverified(redis_itself: Binary) -> None:
    with Server(redis_itself, password="one", tls=True) as server:
        await assert_usable(server.url)
        await assert_usable(f"rediss://:one@localhost:{server.port}/0?ssl_cert_reqs=none")


async def test_a_name_is_tried_at_all_its_addresses_together() -> None:
    """``localhost`` is two addresses, and Redis often listens on one of them only."""
    async with scripted_redis() as scripted:
        began = time.monotonic()
        async with linked(f"redis://localhost:{scripted.port}/0") as link:
            assert link.up
        assert time.monotonic() - began < 1


async def test_an_address_that_says_nothing_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted_redis() as scripted:
        loop = asyncio.get_running_loop()
        silent = socket.socket()
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        full = [socket.socket() for _ in range(3)]
        for one in full:
            one.setblocking(False)
            one.connect_ex(silent.getsockname())  # its backlog is full: connecting hangs

        async def two_addresses(*_: object, **__: object) -> list[tuple[object, ...]]:
            ports = (silent.getsockname()[1], scripted.port)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]

        monkeypatch.setattr(loop, "getaddrinfo", two_addresses)
        began = time.monotonic()
        wire = await Dialer(username=None, password=None, database=0, tls=None).dial(Node("two", 1))
        assert time.monotonic() - began < 1
        wire.abort()
        for one in (*full, silent):
            one.close()


async def test_dialling_a_server_that_says_nothing_ends_in_time() -> None:
    async with blunt_server(b"", closes=False) as url:
        dialer = Dialer(username=None, password=None, database=0, tls=None)
        port = int(url.split(":")[2].split("/")[0])
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            await dialer.dial(Node("127.0.0.1", port))
        assert DIAL_SECONDS - 0.1 < time.monotonic() - began < DIAL_SECONDS + 1


async def test_a_user_with_few_rights_can_still_be_served(redis_binary: Binary) -> None:
    with Server(redis_binary) as server:
        server.ask("ACL", "SETUSER", "few", "on", ">pw", "~few:*", "+getrange", "+get")
        async with shelf(f"redis://few:pw@127.0.0.1:{server.port}/0", key_prefix="few:") as at:
            assert at.link.up, at.link.state
            assert await at.get() is None


@pytest.mark.parametrize("host", ["a..b", "сервер..рф", "x" * 70 + ".example"])
async def test_a_name_that_can_be_none_is_a_name_that_is_not_found(host: str) -> None:
    async with linked(f"redis://{host}:6379/0") as link:
        assert not link.up
        assert link.state.reason is not None
        assert "DNS" in link.state.reason.en or "name" in link.state.reason.en
