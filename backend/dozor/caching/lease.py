"""Leases: which of several processes loads a key, as values."""

from __future__ import annotations

from dataclasses import dataclass

# Short, and renewed while the load lives: when its process dies, those who wait have time left to load for themselves.
LEASE_SECONDS = 4.0
RENEW_EVERY_SECONDS = 1.0
VERDICT_SECONDS = 5.0  # how long those who wait elsewhere can read how a load failed


@dataclass(frozen=True, slots=True)
class Lease:
    """Leave to load ``key``. ``number`` only grows within a tier: it fences off whoever held the lease before."""

    key: str
    holder: str
    number: int


@dataclass(frozen=True, slots=True)
class Taken:
    """Somebody else holds the lease, for this much longer at most."""

    for_seconds: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Nobody holds the lease; its last holder failed a moment ago and left this account of it."""

    account: bytes
