"""Deliveries on their way: ``alerts.deliveries.Outbox`` in SQL, and what their owners see of them.

PostgreSQL's dispatchers pass over the rows that another is just claiming; in SQLite one claims at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dozor.alerts.deliveries import Backlog, Claim, DeliveryStatus, Settlement
from dozor.storage.sql.database import Database
from dozor.storage.sql.event_rows import EVENT, event_of
from dozor.storage.sql.lines import let_next_go
from dozor.storage.sql.tables import attempts, events, outbox

CLAIMED = DeliveryStatus.CLAIMED.value


class SqlOutbox:
    """See ``Outbox``. Safe to share between all tasks of a loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, limit: int, now: datetime, lease: timedelta, holder: str) -> Sequence[Claim]:
        """See ``Outbox.claim``."""
        due = (
            select(outbox, *EVENT)
            .join_from(outbox, events, events.c.id == outbox.c.event_id)
            .where(outbox.c.due_at <= now)
            .order_by(outbox.c.due_at, outbox.c.ordinal)
            .limit(limit)
            .with_for_update(skip_locked=True, of=outbox)
        )
        async with self._database.write() as connection:
            rows = (await connection.execute(due)).all()
            if not rows:
                return ()
            # A claim that has run out is due, and says CLAIMED still: nobody knows what became of it.
            await connection.execute(
                update(outbox)
                .where(outbox.c.ordinal.in_([row.ordinal for row in rows]))
                .values(
                    may_have_arrived=outbox.c.may_have_arrived | (outbox.c.status == CLAIMED),
                    status=CLAIMED,
                    holder=holder,
                    claims=outbox.c.claims + 1,
                    due_at=now + lease,
                )
            )
        return [
            Claim(
                row.id,
                row.ordinal,
                holder,
                row.claims + 1,
                row.attempts,
                event_of(row),
                row.rule_number,
                row.channel_id,
                row.created_at,
                row.deliver_by,
                row.may_have_arrived or row.status == CLAIMED,
            )
            for row in rows
        ]

    async def renew(self, claims: Sequence[Claim], now: datetime, lease: timedelta) -> frozenset[str]:
        """See ``Outbox.renew``."""
        async with self._database.write() as connection:
            ours = await _ours(connection, claims)
            await connection.execute(
                update(outbox).where(outbox.c.ordinal.in_([claim.ordinal for claim in ours])).values(due_at=now + lease)
            )
        return frozenset(claim.id for claim in claims) - {claim.id for claim in ours}

    async def settle(self, settlements: Sequence[Settlement], now: datetime) -> frozenset[str]:
        """See ``Outbox.settle``."""
        async with self._database.write() as connection:
            ours = {claim.id for claim in await _ours(connection, [one.claim for one in settlements])}
            settled = [one for one in settlements if one.claim.id in ours]
            await _write(connection, settled, now)
            finished = [(one.claim.rule_number, one.claim.channel_id) for one in settled if one.status.is_final]
            await let_next_go(connection, finished, now)
        return frozenset(one.claim.id for one in settlements) - ours

    async def next_due(self) -> datetime | None:
        """See ``Outbox.next_due``."""
        async with self._database.read() as connection:
            found: datetime | None = (await connection.execute(select(func.min(outbox.c.due_at)))).scalar()
            return found

    async def backlog(self, now: datetime) -> Backlog:
        """See ``Outbox.backlog``."""
        unfinished = outbox.c.finished_at.is_(None)
        async with self._database.read() as connection:
            counted = await connection.execute(
                select(outbox.c.status, func.count()).where(unfinished).group_by(outbox.c.status)
            )
            counts = {DeliveryStatus(status): count for status, count in counted}
            waiting = select(func.min(outbox.c.due_at)).where(outbox.c.due_at <= now)
            oldest: datetime | None = (await connection.execute(waiting)).scalar()
        return Backlog(counts, timedelta() if oldest is None else now - oldest)


async def _ours(connection: AsyncConnection, claims: Sequence[Claim]) -> list[Claim]:
    """Those that nobody else has claimed since, in the order of their ordinals. They stay ours while we write."""
    chosen = (
        select(outbox.c.ordinal, outbox.c.holder, outbox.c.claims)
        .where(outbox.c.ordinal.in_([claim.ordinal for claim in claims]), outbox.c.status == CLAIMED)
        .order_by(outbox.c.ordinal)
        .with_for_update()
    )
    standing = {ordinal: (holder, number) for ordinal, holder, number in await connection.execute(chosen)}
    ours = [claim for claim in claims if standing.get(claim.ordinal) == (claim.holder, claim.number)]
    return sorted(ours, key=lambda claim: claim.ordinal)


async def _write(connection: AsyncConnection, settled: Sequence[Settlement], now: datetime) -> None:
    if not settled:
        return
    await connection.execute(
        update(outbox)
        .where(outbox.c.ordinal == bindparam("of_ordinal"))
        .values(may_have_arrived=outbox.c.may_have_arrived | bindparam("is_doubtful")),
        [
            {
                "of_ordinal": one.claim.ordinal,
                "is_doubtful": one.may_have_arrived,
                "status": one.status.value,
                "due_at": one.due_at,
                "finished_at": now if one.status.is_final else None,
                "attempts": one.claim.attempts + (one.attempt is not None),
                "holder": None,
                "last_outcome": one.reason if one.attempt is None else one.attempt.outcome,
                "last_detail": None if one.attempt is None else one.attempt.detail,
            }
            for one in settled
        ],
    )
    tried = [
        {
            "delivery_id": one.claim.id,
            "n": one.claim.attempts + 1,
            "started_at": one.attempt.started_at,
            "ended_at": one.attempt.ended_at,
            "outcome": one.attempt.outcome,
            "detail": one.attempt.detail,
        }
        for one in settled
        if one.attempt is not None
    ]
    if tried:
        await connection.execute(insert(attempts), tried)
