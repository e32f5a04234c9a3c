"""The lines in the outbox: deliveries of one rule to one channel, of which only the first may be on its way.

In a line that has anything left to do exactly one delivery has a ``due_at``: the one that is sent, or waits to be. What
comes behind gets its own when all before are finished. So who looks for work finds it by that column alone, however
long the lines are.

All who add to a line hold its rule's state, and lock what is unfinished in it; who finishes a delivery locks that. So
either the new one is found by who lets the next one go, or it finds the line empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dozor.alerts.deliveries import DeliveryStatus
from dozor.alerts.ports import NewEvent
from dozor.domain.ids import Named, new_id
from dozor.storage.sql.tables import outbox

Line = tuple[int, str]
"""The number of the rule, and the id of the channel."""

RULES_AT_ONCE = 1_000


async def put_in_line(connection: AsyncConnection, told: Sequence[NewEvent]) -> None:
    """A delivery for each channel of each event, in this order. The states of the rules must be held."""
    rows = []
    busy = await busy_lines(connection, {event.number for event in told})
    for event in told:
        for channel in dict.fromkeys(event.channels):
            line = (event.number, channel)
            rows.append(
                {
                    "id": new_id(Named.DELIVERY, event.detected_at),
                    "event_id": event.id,
                    "channel_id": channel,
                    "user_id": event.user_id,
                    "rule_number": event.number,
                    "status": DeliveryStatus.PENDING.value,
                    "due_at": None if line in busy else event.detected_at,
                    "deliver_by": event.deliver_by,
                    "claims": 0,
                    "attempts": 0,
                    "may_have_arrived": False,
                    "created_at": event.detected_at,
                }
            )
            busy.add(line)
    if rows:
        await connection.execute(insert(outbox), rows)


async def busy_lines(connection: AsyncConnection, numbers: set[int]) -> set[Line]:
    """Lines of these rules that have something unfinished. They keep it until the end of the transaction."""
    lines: set[Line] = set()
    wanted = sorted(numbers)
    for start in range(0, len(wanted), RULES_AT_ONCE):
        chosen = (
            select(outbox.c.rule_number, outbox.c.channel_id)
            .where(
                outbox.c.rule_number.in_(wanted[start : start + RULES_AT_ONCE]),
                outbox.c.finished_at.is_(None),
            )
            .order_by(outbox.c.ordinal)
            .with_for_update()
        )
        lines.update((number, channel) for number, channel in await connection.execute(chosen))
    return lines


async def let_next_go(connection: AsyncConnection, lines: Sequence[Line], now: datetime) -> None:
    """Make the first unfinished delivery of each line due, where none is."""
    if not lines:
        return
    line = outbox.alias("line")
    first = (
        select(func.min(line.c.ordinal))
        .where(
            line.c.rule_number == bindparam("of_rule"),
            line.c.channel_id == bindparam("of_channel"),
            line.c.finished_at.is_(None),
        )
        .scalar_subquery()
    )
    await connection.execute(
        update(outbox)
        .where(outbox.c.ordinal == first, outbox.c.due_at.is_(None), outbox.c.finished_at.is_(None))
        .values(due_at=now),
        [{"of_rule": number, "of_channel": channel} for number, channel in sorted(set(lines))],
    )


async def cancel_unsent(connection: AsyncConnection, chosen: ColumnElement[bool], now: datetime) -> None:
    """Cancel the deliveries that ``chosen`` finds. One that is just being sent is, and is not tried again."""
    unfinished = (chosen, outbox.c.finished_at.is_(None))
    await connection.execute(select(outbox.c.ordinal).where(*unfinished).order_by(outbox.c.ordinal).with_for_update())
    is_claimed = outbox.c.status == DeliveryStatus.CLAIMED.value
    await connection.execute(update(outbox).where(*unfinished, is_claimed).values(deliver_by=now))
    await connection.execute(
        update(outbox)
        .where(*unfinished, ~is_claimed)
        .values(status=DeliveryStatus.CANCELLED.value, due_at=None, finished_at=now)
    )
