"""Entries on this machine's disk: the tier that is always there, that all its processes share and restarts leave alone.

Everything is written behind, in batches. A disk that refuses (full, read-only, broken) turns the tier off, which is
said once; it is tried again every 30 s. Two threads do the work, so that the disk never stops the loop: one writes,
one reads.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from dozor.caching.entry import Entry
from dozor.caching.lease import Lease, Taken, Verdict
from dozor.caching.tier import PolicyOf
from dozor.clock import Clock
from dozor.storage import disk_rows
from dozor.storage.cache_file import transaction
from dozor.storage.disk_reasons import fix_of, is_locked, reason_of
from dozor.storage.disk_thread import DiskThread
from dozor.storage.write_queue import Kept, Released, Work, WriteQueue, weight

READ_SECONDS = 1.0
CLOSING_SECONDS = 2.0
AGAIN_AFTER_SECONDS = 30.0
LONGEST_LEASE_SECONDS = 60.0  # what ends later was taken by a clock that was put back
BATCH_BYTES = 8 * 1024 * 1024

T = TypeVar("T")
log = structlog.get_logger(__name__)


class DiskTier:
    """Implements ``SharedTier`` over the SQLite file ``path``, in at most ``max_bytes`` of it.

    One instance per loop; ``start`` before use. After ``close`` it knows nothing and keeps nothing.
    """

    name = "disk"

    def __init__(self, path: Path, max_bytes: int, clock: Clock) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._batch_bytes = min(BATCH_BYTES, max_bytes // 8)
        self._clock = clock
        self._queue = WriteQueue()
        self._writes = DiskThread("write cache", path, clock)
        self._reads = DiskThread("read cache", path, clock)
        self._off_until = 0.0
        self._is_off = False
        self._is_locked = False
        self._is_closed = False
        self._writer: asyncio.Task[None] | None = None

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to write what is queued; ``tasks`` owns that until ``close``."""
        self._writer = tasks.create_task(self._write_behind(), name="write to disk")

    async def close(self) -> None:
        """Write what is queued and close the file, within 2 s."""
        ends_at = self._clock.monotonic() + CLOSING_SECONDS
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._all_written()
        except TimeoutError:
            pass
        self._is_closed = True
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait((self._writer,))
        left = max(ends_at - self._clock.monotonic(), 0.0)
        await asyncio.gather(self._reads.end(left), self._writes.end(left))

    @property
    def is_up(self) -> bool:
        """Whether the disk takes what it is given."""
        return not self._is_off

    async def get(self, key: str, policy_of: PolicyOf) -> Entry | None:
        """See ``Tier.get``: within a second."""
        now = self._clock.now()
        row = await self._read(lambda database: disk_rows.read(database, key, now))
        if row is None:
            return None
        return Entry(key, row.body, row.fetched_at, policy_of(row.fetched_at), row.status, row.headers)

    async def arriving(self, key: str, policy_of: PolicyOf) -> Entry | None:
        """See ``SharedTier.arriving``: a disk has none that is too large."""
        return None

    async def put(self, entry: Entry) -> None:
        """See ``Tier.put``."""
        self.keep(entry)
        await self._all_written()

    async def drop(self, key: str) -> None:
        """See ``Tier.drop``."""
        await self._all_written()
        await self._at_once(lambda database: disk_rows.drop(database, key))

    def keep(self, entry: Entry, lease: Lease | None = None) -> None:
        """See ``SharedTier.keep``."""
        now = self._clock.now()
        expires_at = now + entry.policy.usable_for - entry.age(now)
        if expires_at <= now or weight_of(entry) > self._max_bytes:
            if lease is not None:
                self.release(lease)
            return
        self._add(
            Kept(
                entry.key,
                entry.body,
                entry.hash,
                entry.fetched_at,
                expires_at,
                entry.headers,
                lease,
                entry.status,
            )
        )

    async def take(self, key: str, holder: str, for_seconds: float) -> Lease | Taken | None:
        """See ``SharedTier.take``: within a second."""

        def give_up(answer: Lease | Taken | None) -> None:
            # Whoever asked has left, and the next would wait for a load that nobody makes.
            if isinstance(answer, Lease):
                self.release(answer)

        return await self._at_once(
            lambda database: disk_rows.take(database, key, holder, for_seconds, self._clock.now()), give_up
        )

    async def look(self, key: str) -> Taken | Verdict | None:
        """See ``SharedTier.look``: within a second."""
        return await self._read(
            lambda database: disk_rows.look(database, key, LONGEST_LEASE_SECONDS, self._clock.now())
        )

    def release(self, lease: Lease, verdict: bytes | None = None) -> None:
        """See ``SharedTier.release``."""
        self._add(Released(lease, verdict))

    def _add(self, work: Work) -> None:
        if not self._is_closed:
            self._queue.add(work)

    async def _all_written(self) -> None:
        """Come back once all that was queued is written, or nobody writes any more."""
        if self._writer is None or self._writer.done():
            return
        emptied = asyncio.ensure_future(self._queue.emptied())
        try:
            await asyncio.wait((emptied, self._writer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            emptied.cancel()

    async def _write_behind(self) -> None:
        while True:
            batch = [await self._queue.next(), *self._queue.more(self._batch_bytes)]
            if self._may_try():
                await self._in(self._writes, partial(self._write, batch))

    async def _read(self, work: Callable[[sqlite3.Connection], T | None]) -> T | None:
        if self._is_off or self._is_closed or self._reads.hangs:
            return None
        return await self._within_a_second(self._reads, work)

    async def _at_once(
        self, work: Callable[[sqlite3.Connection], T], unclaimed: Callable[[T | None], None] | None = None
    ) -> T | None:
        def step(database: sqlite3.Connection) -> T:
            with transaction(database):
                return work(database)

        if self._is_closed or self._writes.hangs or not self._may_try():
            return None
        return await self._within_a_second(self._writes, step, unclaimed)

    async def _within_a_second(
        self,
        thread: DiskThread,
        work: Callable[[sqlite3.Connection], T],
        unclaimed: Callable[[T | None], None] | None = None,
    ) -> T | None:
        """The work goes on in its thread when nobody waits for it any more; its result goes to ``unclaimed`` then."""
        doing = asyncio.ensure_future(self._in(thread, work))
        is_claimed = False
        try:
            done, _ = await asyncio.wait((doing,), timeout=READ_SECONDS)
            is_claimed = bool(done)
            if is_claimed:
                return doing.result()
            thread.is_late(doing)
            return None
        finally:
            if unclaimed is not None and not is_claimed:
                doing.add_done_callback(lambda late: None if late.cancelled() else unclaimed(late.result()))

    async def _in(self, thread: DiskThread, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """The result of this work, ``None`` where the disk refuses. Never fails."""
        was_off = self._is_off
        try:
            result = await thread.run(work)
        except (sqlite3.Error, OSError) as error:
            if is_locked(error):
                self._note_lock(error)
            else:
                self._turn_off(error)
            return None
        except Exception:
            log.exception("disk_cache.broken", path=str(self._path))  # one thing that cannot be kept stops no other
            return None
        if thread is self._writes and (self._is_locked or (was_off and self._is_off)):
            self._is_off = self._is_locked = False
            log.info("disk_cache.on", path=str(self._path))
        return result

    def _write(self, batch: Sequence[Work], database: sqlite3.Connection) -> None:
        """What the thread does: one transaction for the batch."""
        now = self._clock.now()
        with transaction(database):
            disk_rows.make_room(database, sum(weight(work) for work in batch), self._max_bytes, now)
            for work in batch:
                match work:
                    case Kept():
                        disk_rows.keep(database, work, now)
                    case Released():
                        disk_rows.release(database, work, now)

    def _may_try(self) -> bool:
        return not self._is_off or self._clock.monotonic() >= self._off_until

    def _note_lock(self, error: sqlite3.Error | OSError) -> None:
        """Another program does not let us write. Reading goes on, and so does trying: it may end at any moment."""
        if not self._is_locked and not self._is_off:
            self._is_locked = True
            log.warning("disk_cache.locked", path=str(self._path), reason=reason_of(error))

    def _turn_off(self, error: sqlite3.Error | OSError) -> None:
        self._off_until = self._clock.monotonic() + AGAIN_AFTER_SECONDS
        if not self._is_off:
            self._is_off = True
            log.warning("disk_cache.off", path=str(self._path), reason=reason_of(error), fix=fix_of(error, self._path))
        # Both: Windows moves no file that is open, be it in our own other thread.
        self._reads.let_go(error)
        self._writes.let_go(error)


def weight_of(entry: Entry) -> int:
    """What an entry takes of the file, about."""
    return len(entry.body) + disk_rows.OVERHEAD_BYTES
