"""A link and a tier as a running Dozor has them, for one test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from dozor.caching.entry import Entry
from dozor.clock import SystemClock
from dozor.domain.freshness import FreshnessPolicy
from dozor.storage.redis_address import parse_redis_url
from dozor.storage.redis_link import RedisLink
from dozor.storage.redis_tier import RedisTier

POLICY = FreshnessPolicy(timedelta(seconds=60), timedelta(seconds=60))
PATIENCE_S = 20

_prefixes = count()


def policy_of(_: datetime) -> FreshnessPolicy:
    return POLICY


class ShiftedClock(SystemClock):
    """The machine's clock, wrong by some seconds."""

    def __init__(self, seconds: float) -> None:
        self._wrong_by = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return super().now() + self._wrong_by


@asynccontextmanager
async def linked(url: str, *, clock: SystemClock | None = None, key_prefix: str = "") -> AsyncIterator[RedisLink]:
    """A link that knows whether its Redis is there. Its probes come as early as jitter lets them."""
    link = RedisLink(parse_redis_url(url), clock or SystemClock(), key_prefix=key_prefix, draw=lambda: 0.0)
    async with asyncio.TaskGroup() as tasks:
        link.start(tasks)
        try:
            await link.wait_until_tried()
            yield link
        finally:
            await link.close()


class Shelf:
    """A tier under a key prefix of its own, and what tests do with it."""

    def __init__(self, tier: RedisTier, link: RedisLink, clock: SystemClock, key_prefix: str) -> None:
        self.tier = tier
        self.link = link
        self.clock = clock
        self.key_prefix = key_prefix

    def entry(self, body: bytes = b'{"a":1}', key: str = "k", age: float = 0.0, **changes: Any) -> Entry:
        fetched_at = self.clock.now() - timedelta(seconds=age)
        fetched_at -= timedelta(microseconds=fetched_at.microsecond % 1000)
        return Entry(key, body, fetched_at, changes.pop("policy", POLICY), **changes)

    async def get(self, key: str = "k") -> Entry | None:
        return await self.tier.get(key, policy_of)

    async def body(self, key: str = "k") -> bytes | None:
        entry = await self.get(key)
        return None if entry is None else entry.body

    async def written(self) -> None:
        """Come back once everything that was given to ``keep`` and ``release`` is there, or lost."""
        await self.tier._queue.emptied()


def own_prefix() -> str:
    return f"test{next(_prefixes)}:"


@asynccontextmanager
async def shelf(url: str, *, clock: SystemClock | None = None, key_prefix: str | None = None) -> AsyncIterator[Shelf]:
    """A tier over a link, started and closed in the order in which the application does it."""
    clock = clock or SystemClock()
    key_prefix = own_prefix() if key_prefix is None else key_prefix
    async with linked(url, clock=clock, key_prefix=key_prefix) as link, asyncio.TaskGroup() as tasks:
        tier = RedisTier(link, clock, key_prefix)
        tier.start(tasks)
        try:
            yield Shelf(tier, link, clock, key_prefix)
        finally:
            await tier.close()


async def until(holds: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> float:
    """Wait until ``holds``, which nothing announces; how long it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, f"waited {seconds} s in vain for {what}"
        await asyncio.sleep(0.01)
    return time.monotonic() - began
