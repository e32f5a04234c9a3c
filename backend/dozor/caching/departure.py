"""One load's leave to go upstream, among all processes that might load the same key.

It is asked for after admission, when a call could go out at once: a lease held by a load that waits for its turn would
keep those from loading who could. Whoever finds the lease taken gives its turn back, and waits for what the other
brings.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from types import TracebackType

from dozor.caching import verdict
from dozor.caching.lease import RENEW_EVERY_SECONDS, Taken
from dozor.caching.tier import PolicyOf
from dozor.caching.tiers import Found, Held, Tiers


class LoadedElsewhere(Exception):
    """No call is needed: another process has just loaded the key."""

    def __init__(self, found: Found) -> None:
        super().__init__(f"{found.entry.key} was loaded by another process")
        self.found = found


class LoadingElsewhere(Exception):
    """Another process holds the lease of the key."""


class Departure:
    """Take the leases with ``clear``, which are then kept alive; leaving the block ends those that no entry has ended.

    ``newer_than`` is the ``fetched_at`` of what was known when the load began, ``None`` when nothing was.
    """

    def __init__(self, tiers: Tiers, key: str, policy_of: PolicyOf, newer_than: datetime | None) -> None:
        self._tiers = tiers
        self._key = key
        self._policy_of = policy_of
        self._newer_than = newer_than
        self._held: Held | None = None
        self._renewing: asyncio.Task[None] | None = None

    async def clear(self) -> None:
        """Take the leases, and see that nobody has loaded the key meanwhile.

        Raises LoadedElsewhere and LoadingElsewhere, which the load lets through with nothing sent.
        """
        await self.take()
        # Somebody's entry may have landed between our last look and this lease.
        found = await self._tiers.beyond(self._key, self._policy_of)
        if found is not None and self._tiers.settles(found.entry, self._newer_than):
            raise LoadedElsewhere(found)

    async def take(self) -> None:
        """Take the leases, or renew them for a further attempt. Raises LoadingElsewhere."""
        before, self._held = self._held, None
        answer = await self._tiers.take(self._key, before)
        if isinstance(answer, Taken):
            raise LoadingElsewhere
        self._held = answer
        if self._renewing is None and answer.leases:
            self._renewing = self._tiers.in_background(self._renew(), f"renew the lease of {self._key}")

    def land(self) -> Held | None:
        """Hand the leases over to whoever keeps the entry, and thereby ends them."""
        self._stop_renewing()
        held, self._held = self._held, None
        return held

    def __enter__(self) -> Departure:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: TracebackType | None) -> None:
        self._stop_renewing()
        if self._held is not None:
            self._tiers.release(self._held, verdict.account_of(error))

    async def _renew(self) -> None:
        while self._held is not None:
            await self._tiers.pause(RENEW_EVERY_SECONDS)
            answer = await self._tiers.take(self._key, self._held)
            self._held = None if isinstance(answer, Taken) else answer

    def _stop_renewing(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
            self._renewing = None
