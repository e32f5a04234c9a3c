"""Looking into real Redis and Valkey servers: what is ours is told of and can be dropped, what is not is left alone."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from time import monotonic
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linked import ShiftedClock, linked

from dozor.clock import SystemClock
from dozor.storage.inspection import Facts, Page, ShelfAway
from dozor.storage.redis_address import parse_redis_url
from dozor.storage.redis_inspect import RedisShelf, scan_pattern
from dozor.storage.redis_leases import lease_key
from dozor.storage.redis_reasons import REPLIES
from dozor.storage.stored import Stored, write_text
from redis_binaries import Binary
from redis_groups import ClusterServers
from redis_servers import Server, wait_until

BODY = b'{"id":"bitcoin"}'
AN_HOUR_MS = 3_600_000


def text_of(body: bytes = BODY, age_s: float = 0) -> bytes:
    fetched_at = round((datetime.now(UTC).timestamp() - age_s) * 1000)
    return write_text(Stored(body, fetched_at, hashlib.sha256(body).hexdigest()))


@pytest.fixture
def prefix() -> str:
    return f"test-{uuid4().hex}:"


@contextlib.asynccontextmanager
async def shelf_of(url: str, prefix: str, clock: SystemClock | None = None) -> AsyncIterator[RedisShelf]:
    clock = clock or SystemClock()
    async with linked(url, clock=clock, key_prefix=prefix) as link:
        yield RedisShelf(link, parse_redis_url(url), clock, prefix)


async def all_of(shelf: RedisShelf, glob: str = "*") -> Page:
    values: dict[str, Facts] = {}
    foreign = 0
    async for page in shelf.pages(glob):
        foreign += page.foreign
        values.update((facts.key, facts) for facts in page.values)
    return Page(tuple(values[key] for key in sorted(values)), foreign)


async def test_a_value_is_told_of_with_its_facts_and_read_byte_for_byte(redis_server: Server, prefix: str) -> None:
    text = text_of(age_s=90)
    redis_server.ask("SET", f"{prefix}coin_details:bitcoin", text, "PX", AN_HOUR_MS)
    async with shelf_of(redis_server.url, prefix) as shelf:
        [facts] = (await all_of(shelf)).values
        content = await shelf.read("coin_details:bitcoin")
    now = datetime.now(UTC)
    assert (facts.key, facts.tier, facts.size_bytes) == ("coin_details:bitcoin", "redis", len(text))
    assert timedelta(seconds=89) < now - facts.fetched_at < timedelta(seconds=100)
    assert facts.expires_at is not None
    assert timedelta(minutes=59) < facts.expires_at - now <= timedelta(hours=1)
    assert content is not None
    assert (content.body, content.hash) == (BODY, hashlib.sha256(BODY).hexdigest())


async def test_ages_are_told_by_the_clock_of_redis(redis_server: Server, prefix: str) -> None:
    redis_server.ask("SET", f"{prefix}a", text_of(age_s=5), "PX", AN_HOUR_MS)
    clock = ShiftedClock(30)
    async with shelf_of(redis_server.url, prefix, clock) as shelf:
        [facts] = (await all_of(shelf)).values
        assert timedelta(seconds=4) < clock.now() - facts.fetched_at < timedelta(seconds=15)


async def test_values_of_others_are_counted_and_neither_told_of_nor_read_nor_dropped(
    redis_server: Server, prefix: str
) -> None:
    keys = [f"{prefix}{name}" for name in ("text", "list", "hash", "other-version", "damaged")]
    redis_server.ask("SET", keys[0], "hello")
    redis_server.ask("RPUSH", keys[1], "a")
    redis_server.ask("HSET", keys[2], "a", "b")
    redis_server.ask("SET", keys[3], text_of().replace(b'"v":1', b'"v":2'))
    redis_server.ask("SET", keys[4], b"\xff\x00" + text_of())
    async with shelf_of(redis_server.url, prefix) as shelf:
        assert await all_of(shelf) == Page((), foreign=5)
        for key in keys:
            assert await shelf.read(key.removeprefix(prefix)) is None
        assert await shelf.drop([key.removeprefix(prefix) for key in keys]) == 0
    assert redis_server.ask("EXISTS", *keys) == 5


async def test_leases_are_nobodys_values(redis_server: Server, prefix: str) -> None:
    at = lease_key(prefix, "coin_details:bitcoin")
    redis_server.ask("HSET", at, "holder", "somebody")
    async with shelf_of(redis_server.url, prefix) as shelf:
        assert await all_of(shelf) == Page((), foreign=0)
        assert await shelf.drop([at.removeprefix(prefix)]) == 0
    assert redis_server.ask("EXISTS", at) == 1


async def test_only_what_lies_below_the_prefix_is_touched(redis_server: Server, prefix: str) -> None:
    tricky = prefix + "a*[b]?\\"  # as a pattern it would fit much more
    redis_server.ask("SET", f"{tricky}mine", text_of(), "PX", AN_HOUR_MS)
    redis_server.ask("SET", f"{prefix}a-b-c-mine", text_of(), "PX", AN_HOUR_MS)
    async with shelf_of(redis_server.url, tricky) as shelf:
        assert [facts.key for facts in (await all_of(shelf)).values] == ["mine"]
        assert await shelf.drop(["mine", "a-b-c-mine"]) == 1
    assert redis_server.ask("EXISTS", f"{prefix}a-b-c-mine") == 1


async def test_a_value_without_an_expiry_is_told_so(redis_server: Server, prefix: str) -> None:
    redis_server.ask("SET", f"{prefix}a", text_of())
    async with shelf_of(redis_server.url, prefix) as shelf:
        [facts] = (await all_of(shelf)).values
    assert facts.expires_at is None


async def test_every_master_of_a_cluster_is_looked_into(cluster_servers: ClusterServers, prefix: str) -> None:
    names = [f"coin_details:{number}" for number in range(200)]
    for name in names:
        owner = cluster_servers.owner(cluster_servers.slot_of(prefix + name))
        owner.ask("SET", prefix + name, text_of(), "PX", AN_HOUR_MS)
    async with shelf_of(cluster_servers.url, prefix) as shelf:
        assert sorted(facts.key for facts in (await all_of(shelf)).values) == sorted(names)
        assert await shelf.drop(names) == 200
        assert (await all_of(shelf)).values == ()


async def test_a_server_that_leaves_is_told_with_the_reason(redis_binary: Binary) -> None:
    with Server(redis_binary) as server:
        async with shelf_of(server.url, "") as shelf:
            server.kill()
            with pytest.raises(ShelfAway) as caught:
                await all_of(shelf)
            server.start()
    assert caught.value.tier == "redis"


async def test_what_a_server_refuses_is_told_with_the_reason(redis_binary: Binary) -> None:
    with Server(redis_binary) as master, Server(redis_binary, "--replicaof", "127.0.0.1", str(master.port)) as replica:
        wait_until(lambda: replica.ask("ROLE")[3] == "connected", "the replica to follow")
        master.ask("SET", "a", text_of(), "PX", AN_HOUR_MS)
        assert master.ask("WAIT", 1, 5000) == 1
        async with shelf_of(replica.url, "") as shelf:
            with pytest.raises(ShelfAway) as caught:
                await shelf.drop(["a"])
    assert caught.value.reason == REPLIES["READONLY"]


async def test_a_hundred_thousand_values_are_listed_in_seconds_without_their_bodies(valkey: Binary) -> None:
    with Server(valkey) as server:
        body = b'{"pad":"' + b"x" * 2000 + b'"}'
        with server.client(decode_responses=False) as client:
            for start in range(0, 100_000, 10_000):
                pipeline = client.pipeline(transaction=False)
                for number in range(start, start + 10_000):
                    pipeline.execute_command("SET", f"coin_details:{number}", text_of(body), "PX", AN_HOUR_MS)
                pipeline.execute()
        sent_before = int(info_of(server)["total_net_output_bytes"])
        async with shelf_of(server.url, "") as shelf:
            began = monotonic()
            assert len((await all_of(shelf)).values) == 100_000
            assert monotonic() - began < 30
        assert int(info_of(server)["total_net_output_bytes"]) - sent_before < 100_000 * 400


def info_of(server: Server) -> dict[str, str]:
    return dict(line.split(":", 1) for line in server.ask("INFO").splitlines() if ":" in line)


LETTERS = "ab*?[]!^\\-é:"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(glob=st.text(LETTERS, max_size=6), key=st.text(LETTERS, min_size=1, max_size=6))
async def test_redis_finds_every_key_that_a_glob_fits(redis_server: Server, prefix: str, glob: str, key: str) -> None:
    redis_server_key = f"{prefix}{key}"
    with redis_server.client() as client:
        client.set(redis_server_key, "x")
        found = set(client.scan_iter(match=scan_pattern(prefix, glob), count=10_000))
        client.delete(redis_server_key)
    assert not fnmatchcase(key, glob) or redis_server_key in found
