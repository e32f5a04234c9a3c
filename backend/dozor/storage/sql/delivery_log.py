"""Events and deliveries as their owners see them: ``alerts.deliveries.DeliveryLog`` and ``EventLog`` in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select, update

from dozor.alerts.deliveries import Attempt, Delivery, DeliveryStatus, Event
from dozor.domain.errors import NotThere
from dozor.storage.sql.database import Database
from dozor.storage.sql.event_rows import EVENT, event_of
from dozor.storage.sql.lines import busy_lines
from dozor.storage.sql.tables import attempts, events, outbox, rule_states

DELIVERIES: Select[Any] = select(outbox, events.c.rule_id).join_from(outbox, events, events.c.id == outbox.c.event_id)


class SqlEventLog:
    """See ``EventLog``. Safe to share between all tasks of a loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, user_id: str, limit: int, *, before: str | None = None, rule_id: str | None = None
    ) -> Sequence[Event]:
        """See ``EventLog.page``."""
        chosen = select(*EVENT).where(events.c.user_id == user_id)
        if before is not None:
            chosen = chosen.where(events.c.id < before)
        if rule_id is not None:
            chosen = chosen.where(events.c.rule_id == rule_id)
        async with self._database.read() as connection:
            rows = await connection.execute(chosen.order_by(events.c.id.desc()).limit(limit))
            return [event_of(row) for row in rows]

    async def after(self, user_id: str, event_id: str, limit: int) -> Sequence[Event]:
        """See ``EventLog.after``."""
        chosen = select(*EVENT).where(events.c.user_id == user_id, events.c.id > event_id)
        async with self._database.read() as connection:
            rows = await connection.execute(chosen.order_by(events.c.id).limit(limit))
            return [event_of(row) for row in rows]

    async def get(self, user_id: str, event_id: str) -> Event:
        """See ``EventLog.get``."""
        chosen = select(*EVENT).where(events.c.user_id == user_id, events.c.id == event_id)
        async with self._database.read() as connection:
            row = (await connection.execute(chosen)).one_or_none()
        if row is None:
            raise NotThere(event_id)
        return event_of(row)


class SqlDeliveryLog:
    """See ``DeliveryLog``. Safe to share between all tasks of a loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, user_id: str, limit: int, *, before: int | None = None, status: DeliveryStatus | None = None
    ) -> Sequence[Delivery]:
        """See ``DeliveryLog.page``."""
        chosen = DELIVERIES.where(outbox.c.user_id == user_id)
        if before is not None:
            chosen = chosen.where(outbox.c.ordinal < before)
        if status is not None:
            chosen = chosen.where(outbox.c.status == status.value)
        async with self._database.read() as connection:
            rows = await connection.execute(chosen.order_by(outbox.c.ordinal.desc()).limit(limit))
            return [_delivery(row) for row in rows]

    async def of_event(self, user_id: str, event_id: str) -> Sequence[Delivery]:
        """See ``DeliveryLog.of_event``."""
        chosen = DELIVERIES.where(outbox.c.user_id == user_id, outbox.c.event_id == event_id)
        async with self._database.read() as connection:
            return [_delivery(row) for row in await connection.execute(chosen.order_by(outbox.c.ordinal))]

    async def get(self, user_id: str, delivery_id: str) -> tuple[Delivery, Sequence[Attempt]]:
        """See ``DeliveryLog.get``."""
        tried = select(attempts.c.started_at, attempts.c.ended_at, attempts.c.outcome, attempts.c.detail)
        async with self._database.read() as connection:
            row = (await connection.execute(_of(user_id, delivery_id))).one_or_none()
            if row is None:
                raise NotThere(delivery_id)
            rows = await connection.execute(tried.where(attempts.c.delivery_id == delivery_id).order_by(attempts.c.n))
            return _delivery(row), [Attempt(*one) for one in rows]

    async def resend(self, user_id: str, delivery_id: str, now: datetime, deliver_by: datetime) -> Delivery:
        """See ``DeliveryLog.resend``."""
        dead = outbox.c.status == DeliveryStatus.DEAD.value
        async with self._database.write() as connection:
            row = (await connection.execute(_of(user_id, delivery_id).where(dead))).one_or_none()
            if row is None:
                raise NotThere(delivery_id)
            await connection.execute(
                select(rule_states.c.number).where(rule_states.c.number == row.rule_number).with_for_update()
            )
            is_busy = (row.rule_number, row.channel_id) in await busy_lines(connection, {row.rule_number})
            await connection.execute(
                update(outbox)
                .where(outbox.c.ordinal == row.ordinal, dead)
                .values(
                    status=DeliveryStatus.PENDING.value,
                    due_at=None if is_busy else now,
                    deliver_by=deliver_by,
                    finished_at=None,
                )
            )
            return _delivery((await connection.execute(_of(user_id, delivery_id))).one())


def _of(user_id: str, delivery_id: str) -> Select[Any]:
    return DELIVERIES.where(outbox.c.user_id == user_id, outbox.c.id == delivery_id)


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        row.id,
        row.ordinal,
        row.event_id,
        row.rule_id,
        row.channel_id,
        DeliveryStatus(row.status),
        row.created_at,
        row.due_at,
        row.deliver_by,
        row.finished_at,
        row.attempts,
        row.may_have_arrived,
        row.last_outcome,
        row.last_detail,
    )
