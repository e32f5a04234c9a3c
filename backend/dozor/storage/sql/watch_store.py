"""Rules, states, marks and events as the watch reads and writes them: ``alerts.ports.WatchStore`` in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, Select, bindparam, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dozor.alerts.ports import Batch, Lease, LeaseLost, NewEvent, Sleeper, StoredRule, Transition
from dozor.alerts.segments import Mark
from dozor.storage.sql.changes import last_change
from dozor.storage.sql.database import Database
from dozor.storage.sql.dialect import upserting
from dozor.storage.sql.event_rows import row_of
from dozor.storage.sql.lines import put_in_line
from dozor.storage.sql.rule_rows import RULES, columns_of_standing, stored_rules
from dozor.storage.sql.tables import events, leases, rule_states, rules, series_marks, series_pieces

SLEEPERS_AT_ONCE = 5_000  # some tens of milliseconds of the loop
RULES_AT_ONCE = 1_000
CHANGES_AT_ONCE = 5_000
PIECES_AT_ONCE = 5_000

_marks = msgspec.json.Decoder(Mark)


class SqlWatchStore:
    """See ``WatchStore``. Safe to share between all tasks of a loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sleepers(self) -> AsyncIterator[Sequence[Sleeper]]:
        """See ``WatchStore.sleepers``. Each batch is of another moment, so ask for ``last_change`` before."""
        last = 0
        narrow = (
            select(
                rule_states.c.number,
                rule_states.c.series,
                rule_states.c.below,
                rule_states.c.above,
                rule_states.c.is_awake,
                rule_states.c.wants_wicks,
                rule_states.c.since,
            )
            .where(rule_states.c.is_live, rule_states.c.number > bindparam("last"))
            .order_by(rule_states.c.number)
            .limit(SLEEPERS_AT_ONCE)
        )
        while True:
            async with self._database.read() as connection:
                rows = (await connection.execute(narrow, {"last": last})).all()
            if not rows:
                return
            yield [Sleeper(*row) for row in rows]
            last = rows[-1].number

    async def load(self, numbers: Collection[int]) -> Sequence[StoredRule]:
        """See ``WatchStore.load``."""
        wanted = sorted(numbers)
        found: list[StoredRule] = []
        async with self._database.read() as connection:
            for start in range(0, len(wanted), RULES_AT_ONCE):
                some = wanted[start : start + RULES_AT_ONCE]
                chosen = RULES.where(rules.c.number.in_(some), rules.c.deleted_at.is_(None)).order_by(rules.c.number)
                found += await stored_rules(connection, chosen)
        return found

    async def last_change(self) -> int:
        """See ``WatchStore.last_change``."""
        async with self._database.read() as connection:
            return await last_change(connection)

    async def changed_since(self, change: int) -> Sequence[StoredRule]:
        """See ``WatchStore.changed_since``."""
        async with self._database.read() as connection:
            chosen = RULES.where(rules.c.change > change).order_by(rules.c.change).limit(CHANGES_AT_ONCE)
            return await stored_rules(connection, chosen)

    async def due(self, now: datetime, limit: int) -> Sequence[StoredRule]:
        """See ``WatchStore.due``."""
        async with self._database.read() as connection:
            chosen = RULES.where(rule_states.c.due_at <= now).order_by(rule_states.c.due_at).limit(limit)
            return await stored_rules(connection, chosen)

    async def marks(self) -> Mapping[str, Mark]:
        """See ``WatchStore.marks``."""
        async with self._database.read() as connection:
            found = await connection.execute(select(series_marks.c.series, series_marks.c.body))
            return {series: _marks.decode(body) for series, body in found}

    async def count_by_user(self, series: Collection[str]) -> Mapping[str, int]:
        """See ``WatchStore.count_by_user``."""
        counts: Counter[str] = Counter()
        wanted = sorted(series)
        async with self._database.read() as connection:
            for start in range(0, len(wanted), RULES_AT_ONCE):
                chosen = (
                    select(rules.c.user_id, func.count().label("rules"))
                    .join_from(rule_states, rules, rules.c.number == rule_states.c.number)
                    .where(rule_states.c.series.in_(wanted[start : start + RULES_AT_ONCE]), rule_states.c.is_live)
                    .group_by(rules.c.user_id)
                )
                counts.update({row.user_id: row.rules for row in await connection.execute(chosen)})
        return counts

    async def pieces(self, series: Collection[str] | None = None) -> AsyncIterator[Mapping[tuple[str, int], str]]:
        """See ``WatchStore.pieces``."""
        wanted = series_pieces.c
        chosen = select(wanted.series, wanted.slot, wanted.body).order_by(wanted.series, wanted.slot)
        chosen = chosen.where(tuple_(wanted.series, wanted.slot) > tuple_(bindparam("name"), bindparam("last")))
        if series is None:
            some = chosen.limit(PIECES_AT_ONCE)
            after = ("", -1)
            while rows := await self._rows(some, {"name": after[0], "last": after[1]}):
                yield {(row.series, row.slot): row.body for row in rows}
                after = (rows[-1].series, rows[-1].slot)
            return
        for name in sorted(series):
            rows = await self._rows(chosen.where(wanted.series == name), {"name": "", "last": -1})
            yield {(row.series, row.slot): row.body for row in rows}

    async def _rows(self, chosen: Select[Any], values: Mapping[str, Any]) -> Sequence[Row[Any]]:
        async with self._database.read() as connection:
            rows: Sequence[Row[Any]] = (await connection.execute(chosen, values)).all()
            return rows

    async def commit(self, lease: Lease, batch: Batch) -> frozenset[int]:
        """See ``WatchStore.commit``. A StoreUnavailable may come after the batch was written."""
        async with self._database.write() as connection:
            await _hold(connection, lease)
            standing = await _as_they_say(connection, batch.transitions)
            await _write_states(connection, [one for one in batch.transitions if one.number in standing])
            await _write_events(connection, [event for event in batch.events if event.number in standing])
            await _write_marks(connection, batch.marks)
            await _write_pieces(connection, batch.pieces)
        return frozenset(one.number for one in batch.transitions) - standing


async def _hold(connection: AsyncConnection, lease: Lease) -> None:
    """See that it is still ours, and keep it so until the end of the transaction. Raises LeaseLost."""
    # Only the epoch counts: while nobody else has taken it, being late does no harm.
    chosen = select(leases.c.epoch).where(leases.c.name == lease.name).with_for_update(read=True)
    epoch = (await connection.execute(chosen)).scalar()
    if epoch != lease.epoch:
        raise LeaseLost(
            f"{lease.name}: another holder has taken the lease over (epoch {epoch}, ours was {lease.epoch})"
        )


async def _as_they_say(connection: AsyncConnection, transitions: Sequence[Transition]) -> set[int]:
    """Which rules stand where their transitions say. They stay so until the end of the transaction."""
    found = {}
    numbers = sorted(one.number for one in transitions)
    for start in range(0, len(numbers), RULES_AT_ONCE):
        chosen = (
            select(rule_states.c.number, rule_states.c.version, rule_states.c.seq)
            .where(rule_states.c.number.in_(numbers[start : start + RULES_AT_ONCE]), rule_states.c.is_live)
            .order_by(rule_states.c.number)  # or two who lock the same rules could wait for each other
            .with_for_update()
        )
        found.update({number: (version, seq) for number, version, seq in await connection.execute(chosen)})
    return {one.number for one in transitions if found.get(one.number) == (one.version, one.seq)}


async def _write_states(connection: AsyncConnection, transitions: Sequence[Transition]) -> None:
    if not transitions:
        return
    await connection.execute(
        update(rule_states).where(rule_states.c.number == bindparam("of_number")),
        [
            {"of_number": one.number} | columns_of_standing(one.state, one.seq + 1, one.sleeper, one.due_at)
            for one in transitions
        ],
    )


async def _write_events(connection: AsyncConnection, told: Sequence[NewEvent]) -> None:
    """The events, and their deliveries. One that is there already by its identity was told already."""
    if not told:
        return
    chosen = select(rules.c.number, rules.c.id).where(rules.c.number.in_({event.number for event in told}))
    names = {row.number: row.id for row in await connection.execute(chosen)}
    written = await connection.execute(
        upserting(connection)(events).on_conflict_do_nothing().returning(events.c.id),
        [row_of(event, names[event.number]) for event in told],
    )
    new = set(written.scalars())
    await put_in_line(connection, [event for event in told if event.id in new])


async def _write_marks(connection: AsyncConnection, marks: Mapping[str, Mark]) -> None:
    if not marks:
        return
    statement = upserting(connection)(series_marks)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=[series_marks.c.series], set_={"body": statement.excluded.body}),
        [{"series": series, "body": msgspec.json.encode(mark).decode()} for series, mark in marks.items()],
    )


async def _write_pieces(connection: AsyncConnection, pieces: Mapping[str, Mapping[int, str | None]]) -> None:
    rows = [(series, slot, body) for series, some in pieces.items() for slot, body in some.items()]
    gone = [{"of_series": series, "of_slot": slot} for series, slot, body in rows if body is None]
    kept = [{"series": series, "slot": slot, "body": body} for series, slot, body in rows if body is not None]
    if gone:
        await connection.execute(
            delete(series_pieces).where(
                series_pieces.c.series == bindparam("of_series"), series_pieces.c.slot == bindparam("of_slot")
            ),
            gone,
        )
    if kept:
        statement = upserting(connection)(series_pieces)
        key = [series_pieces.c.series, series_pieces.c.slot]
        await connection.execute(
            statement.on_conflict_do_update(index_elements=key, set_={"body": statement.excluded.body}), kept
        )
