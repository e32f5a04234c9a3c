"""Entries in Redis: the tier that all processes of all machines share, and that people look into.

``fetched_at`` is kept in the time of Redis and turned back on the way out, so that machines whose clocks differ see the
same age. Whatever fails is a miss, or a write that is lost; the link says so once.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from dozor.caching.entry import Entry
from dozor.caching.lease import Lease, Taken, Verdict
from dozor.caching.lru import ByteLru
from dozor.caching.tier import PolicyOf
from dozor.clock import Clock
from dozor.storage.redis_errors import RedisRefusal, RedisUnreachable
from dozor.storage.redis_leases import EPOCH, LEASE_KEY_MS, MILLISECOND, RedisLeases, lease_key
from dozor.storage.redis_link import RedisLink
from dozor.storage.redis_script import Script
from dozor.storage.stored import Stored, read_text, write_text
from dozor.storage.write_queue import Kept, Released, WriteQueue

LARGE_BYTES = 256 * 1024  # a longer value is not waited for by a reader
LARGE_AT_ONCE = 16
LOAD_SECONDS = 2.0
CLOSING_SECONDS = 1.0
FOREIGN_KEYS_BYTES = 64 * 1024
FUTURE_KEYS_BYTES = 4 * 1024 * 1024
OK = 200

T = TypeVar("T")

log = structlog.get_logger(__name__)


class RedisTier:
    """Implements ``SharedTier``. One instance per loop; ``start`` before use."""

    name = "redis"

    def __init__(self, link: RedisLink, clock: Clock, key_prefix: str = "") -> None:
        self._link = link
        self._clock = clock
        self._key_prefix = key_prefix
        self._leases = RedisLeases(link, clock, key_prefix)
        self._put = Script("put")
        self._drop = Script("drop")
        self._queue = WriteQueue()
        self._tasks: asyncio.TaskGroup | None = None
        self._writer: asyncio.Task[None] | None = None
        self._loads: dict[str, asyncio.Task[Entry | None]] = {}
        self._from_the_future: ByteLru[str, tuple[int, datetime]] = ByteLru(
            FUTURE_KEYS_BYTES, lambda key, _: len(key) + 300
        )
        self._foreign: ByteLru[str, None] = ByteLru(FOREIGN_KEYS_BYTES, lambda key, _: len(key) + 200)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to write what is queued; ``tasks`` owns that until ``close``, and the loads of large values."""
        self._tasks = tasks
        self._writer = tasks.create_task(self._write_behind(), name="write to redis")

    async def close(self) -> None:
        """Write what is queued, for a second at most, and stop; before the link is closed."""
        if self._writer is None:
            return
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._queue.emptied()
        except TimeoutError:
            pass
        for task in (self._writer, *self._loads.values()):
            task.cancel()
        await asyncio.wait((self._writer, *self._loads.values()))

    async def get(self, key: str, policy_of: PolicyOf) -> Entry | None:
        """See ``Tier.get``: within 50 ms. A value of more than 256 KiB is a miss, and loaded behind."""
        at = self._key_prefix + key
        text: object = await self._or_nothing(at, self._link.read(at, "GETRANGE", at, 0, LARGE_BYTES))
        if not isinstance(text, bytes):
            return None
        if len(text) > LARGE_BYTES:
            self._load_behind(key, policy_of)
            return None
        return self._entry(key, text, policy_of)

    async def put(self, entry: Entry) -> None:
        """See ``Tier.put``."""
        kept = self._kept(entry, None)
        if kept is not None:
            await self._or_nothing(self._key_prefix + entry.key, self._write(kept))

    async def drop(self, key: str) -> None:
        """See ``Tier.drop``; what is not ours stays."""
        at = self._key_prefix + key
        await self._or_nothing(at, self._drop.run(self._link.write, (at,)))

    async def arriving(self, key: str, policy_of: PolicyOf) -> Entry | None:  # the load has its limits already
        """See ``SharedTier.arriving``."""
        load = self._loads.get(key)
        if load is None:
            return None
        await asyncio.wait((load,))
        if self._loads.get(key) is load:
            del self._loads[key]
        return None if load.cancelled() else load.result()

    def keep(self, entry: Entry, lease: Lease | None = None) -> None:
        """See ``SharedTier.keep``."""
        kept = self._kept(entry, lease)
        if kept is not None:
            self._queue.add(kept)
        elif lease is not None:
            self._queue.add(Released(lease, None))

    def copy(self, key: str, body: bytes, fetched_at: datetime, expires_in: timedelta) -> None:
        """See ``market.default_views.CopyKeeper.copy``: in the same form as an entry, for people to look up."""
        expires_at = fetched_at + expires_in
        self._queue.add(Kept(key, body, hashlib.sha256(body).hexdigest(), fetched_at, expires_at))

    async def take(self, key: str, holder: str, for_seconds: float) -> Lease | Taken | None:
        """See ``SharedTier.take``: within 50 ms."""
        return await self._or_nothing(key, self._leases.take(key, holder, for_seconds))

    async def look(self, key: str) -> Taken | Verdict | None:
        """See ``SharedTier.look``: within 50 ms."""
        return await self._or_nothing(key, self._leases.look(key))

    def release(self, lease: Lease, verdict: bytes | None = None) -> None:
        """See ``SharedTier.release``."""
        self._queue.add(Released(lease, verdict))

    async def _write_behind(self) -> None:
        while True:
            match await self._queue.next():
                case Kept() as kept:
                    written = await self._or_nothing(self._key_prefix + kept.key, self._write(kept))
                    if not written and kept.lease is not None:
                        await self._or_nothing(kept.key, self._leases.release(kept.lease, None))
                case Released(lease, verdict):
                    await self._or_nothing(lease.key, self._leases.release(lease, verdict))

    async def _write(self, kept: Kept) -> bool:
        """Whether the server has taken note of it; its lease has ended then."""
        at = self._key_prefix + kept.key
        lives = kept.expires_at - self._clock.now()
        if lives < MILLISECOND:
            return False
        fetched_at = (kept.fetched_at - EPOCH + self._link.offset_at(at)) // MILLISECOND
        text = write_text(Stored(kept.body, fetched_at, kept.hash, kept.headers))
        arguments = (text, lives // MILLISECOND, fetched_at)
        if kept.lease is None:
            await self._put.run(self._link.write, (at,), *arguments)
            return True
        keys = (at, lease_key(self._key_prefix, kept.key))
        try:
            await self._put.run(self._link.write, keys, *arguments, LEASE_KEY_MS, kept.lease.number)
        except RedisRefusal as refusal:
            if refusal.code != "TRYAGAIN":
                raise
            # Their slot is moving to another server of a cluster, which does one key at a time until that is over.
            await self._put.run(self._link.write, (at,), *arguments)
            await self._leases.release(kept.lease, None)
        return True

    def _kept(self, entry: Entry, lease: Lease | None) -> Kept | None:
        """``None`` for what does not belong here: the text has no place for another status, and every key expires."""
        age = entry.age(self._clock.now())
        if entry.status != OK or age >= entry.policy.usable_for:
            return None
        expires_at = self._clock.now() + entry.policy.usable_for - age
        return Kept(entry.key, entry.body, entry.hash, entry.fetched_at, expires_at, entry.headers, lease)

    def _load_behind(self, key: str, policy_of: PolicyOf) -> None:
        assert self._tasks is not None, "start it first"
        before = self._loads.get(key)
        if before is not None and not before.done():
            return
        self._loads.pop(key, None)
        if len(self._loads) >= LARGE_AT_ONCE:
            oldest, load = next(iter(self._loads.items()))
            if not load.done():
                return
            del self._loads[oldest]
        self._loads[key] = self._tasks.create_task(self._load(key, policy_of), name=f"load {key} from redis")

    async def _load(self, key: str, policy_of: PolicyOf) -> Entry | None:
        at = self._key_prefix + key
        text: object = await self._or_nothing(at, self._link.load(at, "GET", at, seconds=LOAD_SECONDS))
        return self._entry(key, text, policy_of) if isinstance(text, bytes) else None

    def _entry(self, key: str, text: bytes, policy_of: PolicyOf) -> Entry | None:
        stored = read_text(text)
        if stored is None:
            return None
        at = EPOCH + stored.fetched_at * MILLISECOND - self._link.offset_at(self._key_prefix + key)
        fetched_at = self._seen(key, stored.fetched_at) if at > self._clock.now() else at
        return Entry(key, stored.body, fetched_at, policy_of(fetched_at), headers=stored.headers)

    def _seen(self, key: str, stamp: int) -> datetime:
        """When a stamp from the future was first seen: it counts as age 0 then, and grows old like any other.

        Counted as age 0 at every read, what a wrong clock has stamped would be fresh until its hour comes.
        """
        now = self._clock.now()
        known = self._from_the_future.get(key)
        if known is not None and known[0] == stamp:
            return min(known[1], now)
        self._from_the_future.put(key, (stamp, now))
        return now

    async def _or_nothing(self, key: str, answer: Awaitable[T]) -> T | None:
        try:
            return await answer
        except RedisUnreachable:
            return None
        except RedisRefusal as refusal:
            if refusal.code == "WRONGTYPE" and key not in self._foreign:
                self._foreign.put(key, None)
                log.warning("redis.foreign_value", key=key)
            return None
