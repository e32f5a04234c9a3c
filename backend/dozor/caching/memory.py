"""The nearest tier: entries in this process's own memory."""

from __future__ import annotations

from dozor.caching.entry import Entry
from dozor.caching.lru import ByteLru
from dozor.caching.tier import PolicyOf


class MemoryTier:
    """Entries in at most ``max_bytes`` of memory, the least recently used out first. One instance per loop."""

    name = "memory"

    def __init__(self, max_bytes: int) -> None:
        self._entries: ByteLru[str, Entry] = ByteLru(max_bytes, lambda _key, entry: entry.size_bytes)

    async def get(self, key: str, policy_of: PolicyOf) -> Entry | None:  # these limits are never older
        """See ``Tier.get``."""
        return self._entries.get(key)

    async def put(self, entry: Entry) -> None:
        """See ``Tier.put``."""
        known = self._entries.get(entry.key)
        if known is None or known.fetched_at <= entry.fetched_at:
            self._entries.put(entry.key, entry)

    async def drop(self, key: str) -> None:
        """See ``Tier.drop``."""
        self._entries.drop(key)

    @property
    def entries(self) -> int:
        """How many entries are here."""
        return len(self._entries)

    @property
    def size_bytes(self) -> int:
        """What they weigh together."""
        return self._entries.size_bytes
