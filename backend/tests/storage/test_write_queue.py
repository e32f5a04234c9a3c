"""What waits to be written to Redis."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from dozor.caching.lease import Lease
from dozor.storage.write_queue import OVERHEAD_BYTES, Kept, Released, WriteQueue

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LEASE = Lease("k", "one", 7)


def kept(body: bytes, lease: Lease | None = None) -> Kept:
    return Kept("k", body, "hash", NOW, NOW, (), lease)


async def test_work_comes_out_in_the_order_it_went_in() -> None:
    queue = WriteQueue()
    work = [kept(b"1"), Released(LEASE, b"why"), kept(b"2")]
    for piece in work:
        queue.add(piece)
    assert [await queue.next() for _ in work] == work


async def test_the_oldest_is_lost_when_there_is_no_room() -> None:
    queue = WriteQueue(max_bytes=2 * (OVERHEAD_BYTES + 100))
    pieces = [kept(b"x" * 100), kept(b"y" * 100), kept(b"z" * 100)]
    for piece in pieces:
        queue.add(piece)
    assert [await queue.next(), await queue.next()] == pieces[1:]


async def test_the_lease_of_what_is_lost_ends_all_the_same() -> None:
    queue = WriteQueue(max_bytes=2 * OVERHEAD_BYTES + 200)
    queue.add(kept(b"x" * 100, LEASE))
    queue.add(kept(b"y" * 100))
    queue.add(last := kept(b"z" * 50))
    rest = [await queue.next(), await queue.next()]
    assert rest == [last, Released(LEASE, None)]


async def test_a_piece_larger_than_the_bound_leaves_nothing_behind() -> None:
    queue = WriteQueue(max_bytes=10)
    queue.add(kept(b"", LEASE))
    taker = asyncio.ensure_future(queue.next())
    await queue.emptied()
    assert not taker.done()
    taker.cancel()


async def test_it_is_empty_only_when_the_last_piece_is_done() -> None:
    queue = WriteQueue()
    queue.add(kept(b"1"))
    await queue.next()
    emptied = asyncio.ensure_future(queue.emptied())
    await asyncio.sleep(0)
    assert not emptied.done()
    taker = asyncio.ensure_future(queue.next())  # which says that the one before is done
    await emptied
    taker.cancel()
