"""A master that sentinels name, through failovers."""

from __future__ import annotations

import time

import structlog

from dozor.caching.lease import Lease
from dozor.storage.redis_address import parse_redis_url
from dozor.storage.redis_errors import UnknownMaster
from dozor.storage.redis_reasons import NO_SENTINEL_THERE, SENTINEL_AUTH, reason_for
from redis_binaries import Binary
from redis_groups import SentinelServers, sentinel
from redis_servers import free_port
from storage.linked import linked, shelf, until


async def test_the_master_is_followed_through_a_failover(sentinel_servers: SentinelServers) -> None:
    async with shelf(sentinel_servers.url) as at:
        assert at.link.up
        await at.tier.put(at.entry())
        with structlog.testing.capture_logs() as lines:
            master = sentinel_servers.failover()
            took = await until(lambda: [node.port for node in at.link.nodes()] == [master.port], "the new master")
            await at.tier.put(at.entry(b"2"))
            assert await at.body() == b"2"
        assert took < 10
        assert master.ask("EXISTS", f"{at.key_prefix}k") == 1
        assert isinstance(await at.tier.take("k", "one", 12), Lease)
        assert lines == [], "a failover in good order is nobody's news"


async def test_a_master_that_dies_is_replaced(valkey: Binary) -> None:
    with sentinel(valkey) as servers:
        async with shelf(servers.url) as at:
            await at.tier.put(at.entry())
            old = servers.master
            old.kill()
            [sentinel_down] = servers.sentinels[:1]
            sentinel_down.kill()  # a majority is left
            await until(lambda: [node.port for node in at.link.nodes()] != [old.port], "the new master")
            began = time.monotonic()
            while await at.body() != b"2":
                await at.tier.put(at.entry(b"2"))
            assert time.monotonic() - began < 10
            assert at.link.up


async def test_both_passwords_are_used(redis_itself: Binary) -> None:
    with sentinel(redis_itself, password="one", sentinel_password="two") as servers:
        async with shelf(servers.url) as at:
            assert at.link.up, at.link.state
            await at.tier.put(at.entry())
            assert await at.body() is not None
        async with linked(servers.url.replace("sentinel_password=two", "sentinel_password=wrong")) as link:
            assert link.state.reason == SENTINEL_AUTH


async def test_a_dead_sentinel_keeps_nobody_from_the_master(sentinel_servers: SentinelServers) -> None:
    url = sentinel_servers.url.replace("127.0.0.1", f"127.0.0.1:{free_port()},127.0.0.1", 1)
    async with linked(url) as link:
        assert link.up, link.state


async def test_a_name_that_no_sentinel_knows(sentinel_servers: SentinelServers) -> None:
    url = sentinel_servers.url.replace("/mymaster/", "/hermaster/")
    async with linked(url) as link:
        assert link.state.reason == reason_for(UnknownMaster("hermaster"), parse_redis_url(url))
        assert link.state.reason is not None
        assert "hermaster" in link.state.reason.ru


async def test_no_sentinel_answers() -> None:
    async with linked(f"redis+sentinel://127.0.0.1:{free_port()}/mymaster/0") as link:
        assert link.state.reason is not None
        assert link.state.reason.en.startswith("no sentinel answers (the connection is refused")


async def test_a_server_that_is_no_sentinel(sentinel_servers: SentinelServers) -> None:
    async with linked(f"redis+sentinel://127.0.0.1:{sentinel_servers.master.port}/mymaster/0") as link:
        assert link.state.reason == NO_SENTINEL_THERE
