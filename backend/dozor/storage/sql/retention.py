"""Forget what is old enough: events with their deliveries, deleted rules, and what has ended.

It is done in small transactions, one at each call, so that nobody waits long for it. What is still to be delivered is
never deleted, nor is the event it tells of.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Delete, delete, exists, or_, select

from dozor.storage.sql.database import Database
from dozor.storage.sql.tables import events, idempotency_keys, invitations, outbox, rules, tokens

AT_ONCE = 500


class Retention:
    """Forgets what is older than ``keep``. One caller at a time is enough; more do no harm."""

    def __init__(self, database: Database, keep: timedelta) -> None:
        self._database = database
        self._keep = keep

    async def sweep_some(self, now: datetime) -> int:
        """Delete a few hundred rows; how many. Call again, with pauses, until it is 0. Raises StoreUnavailable."""
        async with self._database.write() as connection:
            for statement in self._statements(now):
                deleted = (await connection.execute(statement)).rowcount
                if deleted:
                    return deleted
        return 0

    def _statements(self, now: datetime) -> list[Delete]:
        before = now - self._keep
        is_told_still = exists().where(outbox.c.event_id == events.c.id, outbox.c.finished_at.is_(None))
        old_events = select(events.c.id).where(events.c.detected_at < before, ~is_told_still).limit(AT_ONCE)
        is_told_of = exists().where(outbox.c.rule_number == rules.c.number, outbox.c.finished_at.is_(None))
        old_rules = select(rules.c.number).where(rules.c.deleted_at < before, ~is_told_of).limit(AT_ONCE)
        return [
            delete(events).where(events.c.id.in_(old_events)),  # their deliveries and attempts go with them
            delete(rules).where(rules.c.number.in_(old_rules)),  # and so do states and channels of rules
            delete(idempotency_keys).where(idempotency_keys.c.until < now),
            delete(invitations).where(invitations.c.expires_at < before),
            delete(tokens).where(or_(tokens.c.revoked_at < before, tokens.c.expires_at < before)),
        ]
