"""Leases: which of several processes loads a key, as values."""

from __future__ import annotations

from dataclasses import dataclass

LEASE_SECONDS = 12.0  # an upstream attempt's 10 s and a margin; each attempt renews it
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
