"""What every place that keeps entries promises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeAlias

from dozor.caching.entry import Entry
from dozor.caching.lease import Lease, Taken, Verdict
from dozor.domain.freshness import FreshnessPolicy

PolicyOf: TypeAlias = Callable[[datetime], FreshnessPolicy]
"""The limits of an answer fetched at this instant. A place that outlives the settings keeps no limits: it asks."""


class Tier(Protocol):
    """One place where entries live. Tiers are asked in order, nearest first.

    The contract on the implementer: an entry comes back as it was put (same bytes, same headers, ``fetched_at`` to the
    millisecond) or not at all; a failure inside a tier is a miss, never an error for the reader; an entry never
    replaces a newer one of the same key; the space it takes is bounded.
    """

    @property
    def name(self) -> str:
        """One word for logs, metrics and ``meta.source``: ``memory``, ``disk``, ``redis``."""

    async def get(self, key: str, policy_of: PolicyOf) -> Entry | None:
        """The entry of this key, whatever its age, or ``None``. Never fails."""

    async def put(self, entry: Entry) -> None:
        """Keep this entry, in place of an older one of its key; returns when it is kept or cannot be. Never fails."""

    async def drop(self, key: str) -> None:
        """Forget this key; nothing happens when it is not there. Never fails."""


class SharedTier(Tier, Protocol):
    """A tier that other processes see too, and in which they agree on who loads a key."""

    async def arriving(self, key: str, policy_of: PolicyOf) -> Entry | None:
        """The entry of this key that a ``get`` found too large to wait for, once it is here; else ``None``.

        Never fails; ends within 2 s.
        """

    def keep(self, entry: Entry, lease: Lease | None = None) -> None:
        """Put this entry behind the caller's back, and end ``lease``, one of this tier's, in the same step.

        Fenced: an entry under a lower lease number than the last one kept is refused, whatever its ``fetched_at``.
        Without a lease, or with an equal one, the newer ``fetched_at`` wins. Never fails and never waits; what cannot
        be kept is lost.
        """

    async def take(self, key: str, holder: str, for_seconds: float) -> Lease | Taken | None:
        """Take the lease of this key, or renew it for the same ``holder``.

        ``None`` when this tier cannot say now: then it keeps nobody from loading. Never fails.
        """

    async def look(self, key: str) -> Taken | Verdict | None:
        """Who holds the lease of this key, or what the last holder left; ``None`` when nobody does, or none can say."""

    def release(self, lease: Lease, verdict: bytes | None = None) -> None:
        """End the lease behind the caller's back without an entry; ``verdict`` is left for those who wait, for 5 s.

        It does nothing when another holder has taken over. Never fails and never waits.
        """
