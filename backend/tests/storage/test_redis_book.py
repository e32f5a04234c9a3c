"""The book that machines share, in real servers: read whole, and replaced only by who has read what is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from dozor.storage.redis_book import RedisBook
from redis_binaries import Binary
from redis_groups import ClusterServers
from redis_servers import Server
from storage.linked import linked, own_prefix

QUOTA = "4f1c"
A_SECOND = 1.0


@asynccontextmanager
async def book_at(url: str, key_prefix: str = "", quota: str = QUOTA) -> AsyncIterator[RedisBook]:
    async with linked(url, key_prefix=key_prefix) as link:
        yield RedisBook(link, quota, key_prefix)


async def test_what_is_written_is_read_and_a_page_serves_once(redis_server: Server) -> None:
    async with book_at(redis_server.url, own_prefix()) as book:
        empty = await book.read()
        assert empty is not None
        assert (empty.stamp, empty.body) == ("", b"")
        assert await book.write(empty, b"one", A_SECOND) is True
        assert await book.write(empty, b"other", A_SECOND) is False, "somebody has written since"
        page = await book.read()
        assert page is not None
        assert page.body == b"one"
        assert page.server_time > empty.server_time
        assert await book.write(page, bytes(range(256)), A_SECOND) is True
        last = await book.read()
        assert last is not None
        assert last.body == bytes(range(256))


async def test_of_many_who_write_at_once_one_gets_on_each_time(redis_server: Server) -> None:
    prefix = own_prefix()

    async def add_ten() -> None:
        async with book_at(redis_server.url, prefix) as book:
            for _ in range(10):
                while True:
                    page = await book.read()
                    assert page is not None
                    if await book.write(page, str(int(page.body or b"0") + 1).encode(), A_SECOND):
                        break

    await asyncio.gather(*(add_ten() for _ in range(5)))
    async with book_at(redis_server.url, prefix) as book:
        page = await book.read()
        assert page is not None
        assert page.body == b"50"


async def test_page_is_worthless_after_its_time(redis_server: Server) -> None:
    async with book_at(redis_server.url, own_prefix()) as book:
        page = await book.read()
        assert page is not None
        assert await book.write(page, b"late", 0.0) is False


async def test_quotas_and_prefixes_are_apart_and_a_book_is_kept_for_two_months(redis_server: Server) -> None:
    prefix = own_prefix()
    async with book_at(redis_server.url, prefix) as book, book_at(redis_server.url, prefix, "other") as other:
        page = await book.read()
        assert page is not None
        assert await book.write(page, b"mine", A_SECOND)
        theirs = await other.read()
        assert theirs is not None
        assert theirs.body == b""
    assert redis_server.ask("TTL", f"{prefix}budget:{QUOTA}") == pytest.approx(62 * 86_400, abs=10)


async def test_server_that_was_started_again_has_another_name_and_takes_no_page_of_the_one_before(
    valkey: Binary,
) -> None:
    with Server(valkey, "--appendonly", "yes") as server:
        async with book_at(server.url) as book:
            before = await book.read()
            assert before is not None
            assert await book.write(before, b"kept", A_SECOND)
            page = await book.read()
            assert page is not None
        server.stop()
        server.start()
        async with book_at(server.url) as book:
            after = await book.read()
            assert after is not None
            assert (after.body, after.stamp) == (b"kept", page.stamp)
            assert after.server != page.server
            assert await book.write(page, b"as if nothing had been", 60.0) is False


async def test_flush_empties_the_book_and_a_page_from_before_it_is_not_written(redis_server: Server) -> None:
    prefix = own_prefix()
    async with book_at(redis_server.url, prefix) as book:
        page = await book.read()
        assert page is not None
        assert await book.write(page, b"one", A_SECOND)
        page = await book.read()
        assert page is not None
        redis_server.ask("DEL", f"{prefix}budget:{QUOTA}")
        assert await book.write(page, b"two", A_SECOND) is False
        redis_server.ask("SCRIPT", "FLUSH")
        empty = await book.read()
        assert empty is not None
        assert empty.body == b""


async def test_server_that_is_away_gives_nothing_and_is_taken_up_again(valkey: Binary) -> None:
    with Server(valkey) as server:
        async with book_at(server.url) as book:
            page = await book.read()
            assert page is not None
            assert book.is_up
            server.pause()
            assert await asyncio.wait_for(book.read(), 5) is None
            assert await asyncio.wait_for(book.write(page, b"x", A_SECOND), 5) is None
            server.kill()
            assert await asyncio.wait_for(book.read(), 5) is None
    async with book_at("redis://127.0.0.1:1") as book:
        assert not book.is_up
        assert await book.read() is None


async def test_foreign_value_under_the_key_is_left_alone_and_said_once(redis_server: Server) -> None:
    prefix = own_prefix()
    redis_server.ask("SET", f"{prefix}budget:{QUOTA}", "mine")
    async with book_at(redis_server.url, prefix) as book:
        with capture_logs() as logs:
            assert [await book.read() for _ in range(3)] == [None] * 3
    assert [entry["event"] for entry in logs] == ["redis.foreign_value"]
    assert redis_server.ask("GET", f"{prefix}budget:{QUOTA}") == "mine"


async def test_user_who_may_not_ask_for_the_servers_name_shares_a_book_all_the_same(valkey: Binary) -> None:
    with Server(valkey) as server:
        server.ask("ACL", "SETUSER", "dozor", "on", ">secret", "~*", "+@all", "-info")
        async with book_at(server.url.replace("redis://", "redis://dozor:secret@")) as book:
            page = await book.read()
            assert page is not None
            assert page.server == "unknown"
            assert await book.write(page, b"one", A_SECOND) is True


async def test_book_lies_in_a_cluster(cluster_servers: ClusterServers) -> None:
    async with book_at(cluster_servers.url, own_prefix()) as book:
        page = await book.read()
        assert page is not None
        assert await book.write(page, b"one", A_SECOND) is True
        written = await book.read()
        assert written is not None
        assert written.body == b"one"
