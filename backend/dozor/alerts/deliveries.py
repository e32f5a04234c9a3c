"""What has to reach whom: a delivery is one event on its way to one channel, and the outbox keeps all of them.

Deliveries of one rule to one channel form a line: only the first that is not finished may be sent. A delivery that is
claimed belongs to whoever claimed it until the claim ends; what became of it is written by them alone. One whose claim
ended without a word may or may not have arrived, and is given to the next who asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Protocol


class DeliveryStatus(Enum):
    """Where a delivery stands."""

    PENDING = "pending"
    CLAIMED = "claimed"
    RETRYING = "retrying"  # tried in vain, and due again later
    DELIVERED = "delivered"
    DEAD = "dead"  # given up; it can be sent again by hand
    CANCELLED = "cancelled"  # its rule was changed or deleted, or its channel is gone
    SILENCED = "silenced"  # its owner did not want to hear of it

    @property
    def is_final(self) -> bool:
        """Whether nothing more will be done by itself."""
        return self not in {DeliveryStatus.PENDING, DeliveryStatus.CLAIMED, DeliveryStatus.RETRYING}


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a rule. ``body`` is what people and programs read."""

    id: str
    rule_id: str
    user_id: str
    version: int
    latch: str
    episode: int
    n: int
    kind: str
    observed_at: datetime
    detected_at: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is ours to send. ``holder`` and ``number`` tell the claim from others of the same delivery.

    ``attempts`` are those that were made before and recorded. ``may_have_arrived``: one of them, or one that nobody
    recorded, ended without an answer, so the next may be a repeat.
    """

    id: str
    ordinal: int
    holder: str
    number: int
    attempts: int
    event: Event
    rule_number: int
    channel_id: str
    created_at: datetime
    deliver_by: datetime
    may_have_arrived: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send, and what came of it: ``outcome`` is one word, ``detail`` the other side's own."""

    started_at: datetime
    ended_at: datetime
    outcome: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a claim: the ``status`` it has from now on, and when it is due again unless that is final.

    ``attempt`` is ``None`` where nothing was sent; ``reason`` says in one word why. ``may_have_arrived``: the attempt
    ended without an answer.
    """

    claim: Claim
    status: DeliveryStatus
    due_at: datetime | None = None
    attempt: Attempt | None = None
    reason: str | None = None
    may_have_arrived: bool = False

    def __post_init__(self) -> None:
        assert self.status is not DeliveryStatus.CLAIMED
        assert self.status.is_final == (self.due_at is None)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is not finished, by status, and how long the oldest that could be sent has been waiting."""

    counts: Mapping[DeliveryStatus, int]
    lag: timedelta


class Outbox(Protocol):
    """Deliveries as their senders know them. Every method raises StoreUnavailable.

    When that comes of writing, it may have been done all the same; doing it again does no harm.
    """

    async def claim(self, limit: int, now: datetime, lease: timedelta, holder: str) -> Sequence[Claim]:
        """Claim up to ``limit`` due deliveries, the longest due first, each the first of its line.

        Nobody else gets a claimed delivery until its lease ends, so sending must finish within it, or ``renew``.
        """

    async def renew(self, claims: Sequence[Claim], now: datetime, lease: timedelta) -> frozenset[str]:
        """Keep these for another ``lease``; the ids of those that are not ours any more."""

    async def settle(self, settlements: Sequence[Settlement], now: datetime) -> frozenset[str]:
        """Write what became of claims, and let the next of their lines go; the ids of those that were not ours."""

    async def next_due(self) -> datetime | None:
        """When something is due next, claims of others that end included; ``None`` when nothing is under way."""

    async def backlog(self, now: datetime) -> Backlog:
        """How much there is to do."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as its owner sees it. ``finished_at`` is when it came to its final status."""

    id: str
    ordinal: int
    event_id: str
    rule_id: str
    channel_id: str
    status: DeliveryStatus
    created_at: datetime
    due_at: datetime | None
    deliver_by: datetime
    finished_at: datetime | None
    attempts: int
    may_have_arrived: bool
    last_outcome: str | None
    last_detail: str | None


class EventLog(Protocol):
    """Events as those whose rules made them see them. Every method raises StoreUnavailable."""

    async def page(
        self, user_id: str, limit: int, *, before: str | None = None, rule_id: str | None = None
    ) -> Sequence[Event]:
        """The user's events, the newest first, from the first whose id is below ``before``."""

    async def after(self, user_id: str, event_id: str, limit: int) -> Sequence[Event]:
        """The user's events that came after this one, the oldest first."""

    async def get(self, user_id: str, event_id: str) -> Event:
        """One event. Raises NotThere."""


class DeliveryLog(Protocol):
    """Deliveries as their owners see them. Every method raises StoreUnavailable."""

    async def page(
        self, user_id: str, limit: int, *, before: int | None = None, status: DeliveryStatus | None = None
    ) -> Sequence[Delivery]:
        """The user's deliveries, the newest first, from the first whose ordinal is below ``before``."""

    async def of_event(self, user_id: str, event_id: str) -> Sequence[Delivery]:
        """What became of one event, channel by channel."""

    async def get(self, user_id: str, delivery_id: str) -> tuple[Delivery, Sequence[Attempt]]:
        """One delivery, and every recorded attempt, the first first. Raises NotThere."""

    async def resend(self, user_id: str, delivery_id: str, now: datetime, deliver_by: datetime) -> Delivery:
        """Send one that was given up again, when its line is free. Raises NotThere, also for one that is not dead."""
