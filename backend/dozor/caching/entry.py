"""One cached answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dozor.domain.bounds import Bounds
from dozor.domain.freshness import Freshness, FreshnessPolicy

OVERHEAD_BYTES = 850  # of one entry beyond its texts, with its place in a map, as measured


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer as it was fetched: never changed, only replaced.

    ``body`` is the bytes as sent. ``fetched_at`` (aware, UTC) never changes on the way through the tiers, so that age
    is always counted from the fetch. ``headers`` are those worth keeping, names in lower case. ``hash`` is the SHA-256
    of the body in hexadecimal digits.
    """

    key: str
    body: bytes
    fetched_at: datetime
    policy: FreshnessPolicy
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    hash: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", hashlib.sha256(self.body).hexdigest())

    def age(self, now: datetime) -> timedelta:
        """Time since the fetch; zero for an entry from the future (a clock that stepped back)."""
        return max(now - self.fetched_at, timedelta(0))

    def freshness(self, now: datetime) -> Freshness:
        """Fresh, stale or expired at ``now``.

        An entry from the future counts as old as it lies ahead: a small skew between machines does no harm, and one
        stamped by a clock that was hours wrong is not fresh for all those hours.
        """
        return self.policy.classify(abs(now - self.fetched_at))

    def within_grace(self, now: datetime) -> bool:
        """Whether it may be served at ``now`` without waiting for its refresh."""
        return self.policy.within_grace(abs(now - self.fetched_at))

    def staleness(self, now: datetime) -> float:
        """How far it is on its way from the end of its fresh time, 0, to the end of its grace, 1; below 0: fresh."""
        return self.policy.staleness(abs(now - self.fetched_at))

    def is_accepted(self, now: datetime, bounds: Bounds) -> bool:
        """Whether the asker who sets these bounds takes it at ``now`` as it is."""
        return bounds.accept(abs(now - self.fetched_at), self.policy)

    @property
    def size_bytes(self) -> int:
        """What it weighs in memory, near enough for a bound."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.body) + len(self.key) + headers + OVERHEAD_BYTES
