"""What every place that keeps entries promises."""

from __future__ import annotations

from typing import Protocol

from dozor.caching.entry import Entry


class Tier(Protocol):
    """One place where entries live. Tiers are asked in order, nearest first.

    The contract on the implementer: an entry comes back equal to what was put (same bytes, same ``fetched_at``) or not
    at all; a failure inside a tier is a miss, never an error for the reader; an entry never replaces a newer one of the
    same key; the space it takes is bounded.
    """

    @property
    def name(self) -> str:
        """One word for logs, metrics and ``meta.source``: ``memory``, ``disk``, ``redis``."""

    async def get(self, key: str) -> Entry | None:
        """The entry of this key, whatever its age, or ``None``."""

    async def put(self, entry: Entry) -> None:
        """Keep this entry, in place of an older one of its key."""

    async def drop(self, key: str) -> None:
        """Forget this key; nothing happens when it is not there."""
