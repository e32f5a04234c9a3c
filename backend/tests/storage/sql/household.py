"""A user with channels and rules in a database, and what the watch would write of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from dozor.alerts.channels import Channel, ChannelDraft
from dozor.alerts.conditions.price_cross import Direction, PriceCross
from dozor.alerts.evaluation import transition_of
from dozor.alerts.ports import Batch, Lease, NewEvent, StoredRule
from dozor.alerts.rule import Options
from dozor.alerts.rulebook import Draft, KeptRule
from dozor.alerts.state import LatchState, State
from dozor.domain.ids import Named, new_id
from dozor.domain.people import NewUser, User
from dozor.storage.sql.channel_book import SqlChannelBook
from dozor.storage.sql.database import Database
from dozor.storage.sql.delivery_log import SqlDeliveryLog, SqlEventLog
from dozor.storage.sql.lease_book import SqlLeases
from dozor.storage.sql.outbox import SqlOutbox
from dozor.storage.sql.people import SqlPeople
from dozor.storage.sql.rule_book import SqlRuleBook
from dozor.storage.sql.vault import open_vault
from dozor.storage.sql.watch_store import SqlWatchStore
from fakes import FakeClock

WATCH = "watch"
ARMED = State(latches={"up": LatchState(is_armed=True)}, last=Decimal(69_000))


class Household:
    """Everything that the store offers, over one database. ``user`` is there once ``move_in`` was awaited."""

    user: User

    def __init__(self, database: Database, clock: FakeClock, folder: Path) -> None:
        self.database = database
        self.clock = clock
        self.people = SqlPeople(database)
        self.channels = SqlChannelBook(database, open_vault(folder / "secrets.key"))
        self.rules = SqlRuleBook(database)
        self.watch = SqlWatchStore(database)
        self.outbox = SqlOutbox(database)
        self.events = SqlEventLog(database)
        self.deliveries = SqlDeliveryLog(database)
        self.leases = SqlLeases(database, clock)

    async def move_in(self) -> Household:
        self.user = await self.people.add(NewUser("Anna", "ru", "Europe/Moscow"), self.clock.now())
        return self

    async def channel(self, name: str = "ops", user: User | None = None) -> Channel:
        draft = ChannelDraft("webhook", name, {"url": f"https://example.org/{name}"}, b"whsec_hunter2")
        return await self.channels.add((user or self.user).id, draft, self.clock.now())

    async def rule(self, level: int = 70_000, channels: Sequence[Channel] = (), **changes: object) -> KeptRule:
        return await self.rules.add(self.user.id, draft(level, channels, **changes), self.clock.now())

    async def lease(self, holder: str = "one", seconds: float = 60) -> Lease:
        lease = await self.leases.acquire(WATCH, holder, seconds)
        assert lease is not None
        return lease

    async def stored(self, kept: KeptRule) -> StoredRule:
        [stored] = await self.watch.load([kept.stored.rule.number])
        return stored

    async def fire(self, kept: KeptRule, lease: Lease, n: int = 0) -> NewEvent | None:
        """Commit one event of the rule, as the watch does; ``None`` when the rule did not stand where it was seen."""
        stored = await self.stored(kept)
        event = self.event(stored, n)
        lost = await self.watch.commit(lease, batch(stored, event))
        return None if lost else event

    def event(self, stored: StoredRule, n: int = 0) -> NewEvent:
        now = self.clock.now()
        rule = stored.rule
        return NewEvent(
            id=new_id(Named.EVENT, now),
            number=rule.number,
            version=rule.version,
            latch="up",
            episode=stored.seq + 1,
            n=n,
            user_id=rule.user_id,
            kind="fired",
            observed_at=now - timedelta(seconds=3),
            detected_at=now,
            body={"after": {"value": "70120.4"}},
            channels=stored.channels,
            deliver_by=now + timedelta(hours=24),
        )


def draft(level: int = 70_000, channels: Sequence[Channel] = (), **changes: object) -> Draft:
    made = Draft(
        "bitcoin",
        "usd",
        PriceCross(level=Decimal(level), direction=Direction.UP),
        Options(),
        tuple(channel.id for channel in channels),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def batch(stored: StoredRule, *told: NewEvent, state: State = ARMED) -> Batch:
    return Batch([transition_of(stored, state)], told)
