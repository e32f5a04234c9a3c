"""Rules as their makers change them: ``alerts.rulebook.RuleBook`` in SQL.

Whoever writes to a rule locks its state first. The watch does so too, so what it evaluated of the rule as it was
before is not written, and what it wrote is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dozor.alerts.decision import due_at
from dozor.alerts.evaluation import sleeper_of
from dozor.alerts.rule import Rule
from dozor.alerts.rulebook import Draft, KeptRule, RuleStatus
from dozor.alerts.state import NEW, State
from dozor.domain.errors import AlreadyThere, ChangedMeanwhile, NotThere
from dozor.domain.ids import Named, new_id
from dozor.storage.sql.changes import next_changes
from dozor.storage.sql.database import Database
from dozor.storage.sql.lines import cancel_unsent
from dozor.storage.sql.rule_rows import (
    RULES,
    columns_of_draft,
    columns_of_standing,
    fingerprint_of,
    kept_rules,
)
from dozor.storage.sql.tables import channels, outbox, rule_channels, rule_states, rules, users


class SqlRuleBook:
    """See ``RuleBook``. Safe to share between all tasks of a loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, user_id: str, draft: Draft, now: datetime) -> KeptRule:
        """See ``RuleBook.add``."""
        try:
            async with self._database.write() as connection:
                await _refuse_a_second(connection, user_id, draft)
                await _hold_channels(connection, user_id, draft.channels)
                return await _insert(connection, user_id, draft, now)
        except IntegrityError as error:  # another has made it between our look and our write: PostgreSQL alone
            async with self._database.read() as connection:
                await _refuse_a_second(connection, user_id, draft)
            raise AssertionError("a rule that breaks a constraint has its like") from error

    async def change(
        self, user_id: str, rule_id: str, draft: Draft, now: datetime, *, if_change: int | None = None
    ) -> KeptRule:
        """See ``RuleBook.change``."""
        try:
            async with self._database.write() as connection:
                kept = await _held(connection, user_id, rule_id)
                if if_change is not None and if_change != kept.stored.change:
                    raise ChangedMeanwhile(rule_id, kept.stored.change)
                await _refuse_a_second(connection, user_id, draft, beside=rule_id)
                await _hold_channels(connection, user_id, draft.channels)
                return await _update(connection, kept, draft, now)
        except IntegrityError as error:
            async with self._database.read() as connection:
                await _refuse_a_second(connection, user_id, draft, beside=rule_id)
            raise AssertionError("a rule that breaks a constraint has its like") from error

    async def restate(
        self,
        user_id: str,
        rule_id: str,
        now: datetime,
        *,
        status: RuleStatus | None = None,
        state: Callable[[State], State] | None = None,
    ) -> KeptRule:
        """See ``RuleBook.restate``."""
        async with self._database.write() as connection:
            kept = await _held(connection, user_id, rule_id)
            stored = kept.stored
            new = stored.state if state is None else state(stored.state)
            await _write_state(connection, stored.rule, new, stored.seq + 1, status or kept.status)
            changed = {"status": (status or kept.status).value, "updated_at": now}
            return await _written(connection, stored.rule.number, changed)

    async def delete(self, user_id: str, rule_id: str, now: datetime) -> None:
        """See ``RuleBook.delete``."""
        async with self._database.write() as connection:
            number = (await _held(connection, user_id, rule_id)).stored.rule.number
            of_rule = rule_states.c.number == number
            await connection.execute(update(rule_states).where(of_rule).values(is_live=False, due_at=None))
            await cancel_unsent(connection, outbox.c.rule_number == number, now)
            await _touch(connection, number, {"deleted_at": now, "updated_at": now})

    async def get(self, user_id: str, rule_id: str) -> KeptRule:
        """See ``RuleBook.get``."""
        async with self._database.read() as connection:
            return await _found(connection, user_id, rule_id)

    async def find(self, user_id: str, external_id: str) -> KeptRule | None:
        """See ``RuleBook.find``."""
        chosen = RULES.where(*_of(user_id), rules.c.external_id == external_id)
        async with self._database.read() as connection:
            found = await kept_rules(connection, chosen)
            return found[0] if found else None

    async def page(
        self, user_id: str, limit: int, *, after: int = 0, coin_id: str | None = None, status: RuleStatus | None = None
    ) -> Sequence[KeptRule]:
        """See ``RuleBook.page``."""
        chosen = RULES.where(*_of(user_id), rules.c.number > after)
        if coin_id is not None:
            chosen = chosen.where(rules.c.coin_id == coin_id)
        if status is not None:
            chosen = chosen.where(rules.c.status == status.value)
        async with self._database.read() as connection:
            return await kept_rules(connection, chosen.order_by(rules.c.number).limit(limit))

    async def count(self, user_id: str) -> int:
        """See ``RuleBook.count``."""
        async with self._database.read() as connection:
            found = await connection.execute(select(func.count()).select_from(rules).where(*_of(user_id)))
            return int(found.scalar_one())


def _of(user_id: str) -> tuple[Any, ...]:
    return (rules.c.user_id == user_id, rules.c.deleted_at.is_(None))


async def _found(connection: AsyncConnection, user_id: str, rule_id: str) -> KeptRule:
    found = await kept_rules(connection, RULES.where(*_of(user_id), rules.c.id == rule_id))
    if not found:
        raise NotThere(rule_id)
    return found[0]


async def _held(connection: AsyncConnection, user_id: str, rule_id: str) -> KeptRule:
    """The rule as it stands until the end of the transaction. Raises NotThere."""
    number = select(rules.c.number).where(*_of(user_id), rules.c.id == rule_id).scalar_subquery()
    await connection.execute(select(rule_states.c.number).where(rule_states.c.number == number).with_for_update())
    return await _found(connection, user_id, rule_id)


async def _refuse_a_second(connection: AsyncConnection, user_id: str, draft: Draft, beside: str | None = None) -> None:
    is_like = rules.c.fingerprint == fingerprint_of(draft)
    if draft.external_id is not None:
        is_like = or_(is_like, rules.c.external_id == draft.external_id)
    chosen = select(rules.c.id).where(*_of(user_id), is_like)
    if beside is not None:
        chosen = chosen.where(rules.c.id != beside)
    other = (await connection.execute(chosen.order_by(rules.c.number).limit(1))).scalar()
    if other is not None:
        raise AlreadyThere(other)


async def _hold_channels(connection: AsyncConnection, user_id: str, wanted: Sequence[str]) -> None:
    """See that they are the user's, and are there until the end of the transaction. Raises NotThere."""
    chosen = select(channels.c.id).where(channels.c.id.in_(wanted), channels.c.user_id == user_id)
    there = set((await connection.execute(chosen.with_for_update(read=True))).scalars())
    for channel in wanted:
        if channel not in there:
            raise NotThere(channel)


async def _insert(connection: AsyncConnection, user_id: str, draft: Draft, now: datetime) -> KeptRule:
    zone = (await connection.execute(select(users.c.zone).where(users.c.id == user_id))).scalar()
    if zone is None:
        raise NotThere(user_id)
    rule = Rule(
        0, new_id(Named.ALERT, now), user_id, 1, draft.coin_id, draft.quote, draft.condition, draft.options, zone
    )
    [change] = await next_changes(connection, 1)
    inserted = await connection.execute(
        insert(rules)
        .values(
            **columns_of_draft(user_id, draft),
            id=rule.id,
            version=rule.version,
            status=RuleStatus.ACTIVE.value,
            change=change,
            created_at=now,
            updated_at=now,
        )
        .returning(rules.c.number)
    )
    rule = replace(rule, number=inserted.scalar_one())
    standing = columns_of_standing(NEW, 0, sleeper_of(rule, NEW), due_at(rule, NEW))
    await connection.execute(
        insert(rule_states).values(number=rule.number, version=rule.version, is_live=True, **standing)
    )
    await _write_channels(connection, rule.number, draft.channels)
    return await _found(connection, user_id, rule.id)


async def _update(connection: AsyncConnection, kept: KeptRule, draft: Draft, now: datetime) -> KeptRule:
    stored, old = kept.stored, kept.stored.rule
    is_another = fingerprint_of(draft) != fingerprint_of(draft_of(kept))
    rule = replace(
        old,
        version=old.version + is_another,
        coin_id=draft.coin_id,
        quote=draft.quote,
        condition=draft.condition,
        options=draft.options,
    )
    if is_another:
        await _write_state(connection, rule, NEW, stored.seq + 1, kept.status)
        await cancel_unsent(connection, outbox.c.rule_number == rule.number, now)
    if draft.channels != stored.channels:
        await connection.execute(delete(rule_channels).where(rule_channels.c.rule_number == rule.number))
        await _write_channels(connection, rule.number, draft.channels)
    changed = columns_of_draft(rule.user_id, draft) | {"version": rule.version, "updated_at": now}
    return await _written(connection, rule.number, changed)


def draft_of(kept: KeptRule) -> Draft:
    """What the rule would be made from again."""
    rule = kept.stored.rule
    return Draft(
        rule.coin_id, rule.quote, rule.condition, rule.options, kept.stored.channels, kept.note, kept.external_id
    )


async def _write_state(connection: AsyncConnection, rule: Rule, state: State, seq: int, status: RuleStatus) -> None:
    is_live = status is RuleStatus.ACTIVE
    standing = columns_of_standing(state, seq, sleeper_of(rule, state), due_at(rule, state) if is_live else None)
    await connection.execute(
        update(rule_states)
        .where(rule_states.c.number == rule.number)
        .values(version=rule.version, is_live=is_live, **standing)
    )


async def _write_channels(connection: AsyncConnection, number: int, wanted: Sequence[str]) -> None:
    rows = [
        {"rule_number": number, "position": position, "channel_id": channel}
        for position, channel in enumerate(dict.fromkeys(wanted))
    ]
    if rows:
        await connection.execute(insert(rule_channels), rows)


async def _written(connection: AsyncConnection, number: int, changed: dict[str, Any]) -> KeptRule:
    await _touch(connection, number, changed)
    [kept] = await kept_rules(connection, RULES.where(rules.c.number == number))
    return kept


async def _touch(connection: AsyncConnection, number: int, changed: dict[str, Any]) -> None:
    [change] = await next_changes(connection, 1)
    await connection.execute(update(rules).where(rules.c.number == number).values(change=change, **changed))
