"""Leases in Redis: which of all processes on all machines loads a key.

A lease lies beside its entry: in a cluster both must be in one slot, for an entry lands in the same step in which its
lease ends.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dozor.caching.lease import VERDICT_SECONDS, Lease, Taken, Verdict
from dozor.clock import Clock
from dozor.storage.redis_errors import RedisUnreachable
from dozor.storage.redis_link import RedisLink
from dozor.storage.redis_script import Script
from dozor.storage.redis_slots import slot_of, tag_of

LEASE_KEY_MS = 600_000  # how long the last number is remembered; a later one is larger than any before, by the clock
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
LONGEST_MS = 60_000  # what claims to be held longer was not taken by us


def lease_key(key_prefix: str, key: str) -> str:
    """The key of the lease of ``key``, in the same slot of a cluster. The prefix has no braces; the key may."""
    entry_key = key_prefix + key
    beside = f"{key_prefix}lease:{{{entry_key}}}"
    if slot_of(beside) == slot_of(entry_key):
        return beside
    return f"{key_prefix}lease:{{{tag_of(slot_of(entry_key))}}}{entry_key}"


class RedisLeases:
    """Take, look at and end leases. Every method raises RedisUnreachable and RedisRefusal."""

    def __init__(self, link: RedisLink, clock: Clock, key_prefix: str) -> None:
        self._link = link
        self._clock = clock
        self._key_prefix = key_prefix
        self._take = Script("take")
        self._release = Script("release")

    async def take(self, key: str, holder: str, for_seconds: float) -> Lease | Taken:
        """See ``SharedTier.take``."""
        keys = (lease_key(self._key_prefix, key),)
        answer = await self._take.run(self._link.decide, keys, holder, round(for_seconds * 1000), LEASE_KEY_MS)
        match answer:
            case [int(is_ours), int(number)]:
                return Lease(key, holder, number) if is_ours else Taken(number / 1000)
            case _:
                raise RedisUnreachable  # whatever answers there is no Redis

    async def look(self, key: str) -> Taken | Verdict | None:
        """See ``SharedTier.look``."""
        at = lease_key(self._key_prefix, key)
        fields = await self._link.read(at, "HMGET", at, "until", "verdict", "verdict_until")
        try:
            held_until, verdict, readable_until = fields
            now = (self._clock.now() - EPOCH + self._link.offset_at(at)) // MILLISECOND
            left = int(held_until or 0) - now
            readable = verdict is not None and int(readable_until or 0) > now
        except (TypeError, ValueError):
            return None  # somebody else's fields, or no Redis
        if 0 < left <= LONGEST_MS:
            return Taken(left / 1000)
        return Verdict(verdict) if readable else None

    async def release(self, lease: Lease, verdict: bytes | None) -> None:
        """See ``SharedTier.release``."""
        keys = (lease_key(self._key_prefix, lease.key),)
        said = () if verdict is None else (verdict,)
        # Not as a write: a server that is full or refuses entries still lets go, and others wait for it.
        await self._release.run(self._link.load, keys, lease.number, round(VERDICT_SECONDS * 1000), LEASE_KEY_MS, *said)
