"""What can be told of a stored value without reading its body, in whichever tier it lies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dozor.domain.errors import DozorError
from dozor.telemetry.phrases import Words


@dataclass(frozen=True, slots=True)
class Facts:
    """A value of ours: its key (without a prefix), its bytes where it lies, and when it was fetched, by our clock.

    ``expires_at`` is ``None`` where nothing ends it: somebody has taken its expiry away.
    """

    key: str
    tier: str
    size_bytes: int
    fetched_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Content:
    """A whole value: its facts, the body as sent, and the headers that were kept with it."""

    facts: Facts
    body: bytes
    hash: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what a tier holds: values of ours, and how many others lay between them."""

    values: tuple[Facts, ...]
    foreign: int = 0


class ShelfAway(DozorError):
    """A tier cannot be looked into, or has stopped answering, for this ``reason``."""

    def __init__(self, tier: str, reason: Words) -> None:
        super().__init__(f"{tier}: {reason.en}")
        self.tier = tier
        self.reason = reason
