"""Who uses Dozor: users, what they may do, and the tokens that speak for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any


class Scope(Enum):
    """What the bearer of a token may do."""

    MARKET_READ = "market:read"
    ALERTS_READ = "alerts:read"
    ALERTS_WRITE = "alerts:write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class NewUser:
    """What has to be known of somebody before they can be let in. ``zone`` is an IANA name."""

    name: str
    language: str
    zone: str = "UTC"
    telegram_user_id: int | None = None


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with rules of their own. ``settings`` are what else they have chosen, as JSON has it."""

    id: str
    name: str
    language: str
    zone: str
    is_owner: bool
    telegram_user_id: int | None
    created_at: datetime
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept, without its text. ``expires_at`` is ``None`` for one that never does."""

    id: str
    user_id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code that lets one person in, once, as it is kept: without its text."""

    id: str
    made_by: str
    created_at: datetime
    expires_at: datetime
    used_by: str | None
    used_at: datetime | None
