"""A shared tier in the memory of the test: what two processes would see of one Redis or one disk."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from caching.desk import POLICY
from dozor.caching.entry import Entry
from dozor.caching.lease import VERDICT_SECONDS, Lease, Taken, Verdict
from dozor.caching.tier import PolicyOf
from fakes import FakeClock


class SharedShelf:
    """Implements ``SharedTier`` by the letter of its contract. ``away`` is a server that is gone; ``hold`` makes looks
    hang until ``let_go``.
    """

    def __init__(self, clock: FakeClock, name: str = "redis") -> None:
        self.name = name
        self._clock = clock
        self.entries: dict[str, Entry] = {}
        self.written_under: dict[str, int] = {}
        self._leases: dict[str, tuple[Lease, float]] = {}
        self._verdicts: dict[str, tuple[bytes, float]] = {}
        self._number = 0
        self._open = asyncio.Event()
        self._open.set()
        self.away = False
        self.large: set[str] = set()
        self.gets = 0

    def hold(self) -> None:
        self._open.clear()

    def let_go(self) -> None:
        self._open.set()

    async def get(self, key: str, policy_of: PolicyOf) -> Entry | None:
        self.gets += 1
        if not self.away:  # a gate keeps nobody at a server that is known to be away
            await self._open.wait()
        if self.away or key in self.large:
            return None
        return self._entry(key, policy_of)

    async def arriving(self, key: str, policy_of: PolicyOf) -> Entry | None:
        return self._entry(key, policy_of) if key in self.large and not self.away else None

    async def put(self, entry: Entry) -> None:
        self.keep(entry)

    async def drop(self, key: str) -> None:
        self.entries.pop(key, None)

    def keep(self, entry: Entry, lease: Lease | None = None) -> None:
        if self.away:
            return
        if lease is not None and lease.number < self.written_under.get(entry.key, 0):
            return
        known = self.entries.get(entry.key)
        equal = lease is None or lease.number == self.written_under.get(entry.key, 0)
        if equal and known is not None and known.fetched_at > entry.fetched_at:
            return
        self.entries[entry.key] = entry
        if lease is not None:
            self.written_under[entry.key] = lease.number
            self.release(lease)

    async def take(self, key: str, holder: str, for_seconds: float) -> Lease | Taken | None:
        if self.away:
            return None
        now = self._clock.monotonic()
        held, until = self._leases.get(key, (None, 0.0))
        if held is not None and until > now and held.holder != holder:
            return Taken(until - now)
        if held is None or held.holder != holder:
            self._number += 1
            held = Lease(key, holder, self._number)
        self._leases[key] = (held, now + for_seconds)
        return held

    async def look(self, key: str) -> Taken | Verdict | None:
        if self.away:
            return None
        now = self._clock.monotonic()
        _, until = self._leases.get(key, (None, 0.0))
        if until > now:
            return Taken(until - now)
        account, readable_until = self._verdicts.get(key, (b"", 0.0))
        return Verdict(account) if readable_until > now else None

    def release(self, lease: Lease, verdict: bytes | None = None) -> None:
        held, _ = self._leases.get(lease.key, (None, 0.0))
        if held != lease:
            return
        del self._leases[lease.key]
        if verdict is not None:
            self._verdicts[lease.key] = (verdict, self._clock.monotonic() + VERDICT_SECONDS)

    def _entry(self, key: str, policy_of: PolicyOf) -> Entry | None:
        kept = self.entries.get(key)
        if kept is None:
            return None
        return Entry(key, kept.body, kept.fetched_at, policy_of(kept.fetched_at), headers=kept.headers)

    def hold_entry_aged(self, seconds: float, key: str = "k", body: bytes = b"shared") -> Entry:

        entry = Entry(key, body, self._clock.now() - timedelta(seconds=seconds), POLICY)
        self.entries[key] = entry
        return entry
