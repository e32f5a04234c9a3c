"""Channels in the database: ``alerts.channels.ChannelBook`` in SQL. Their secrets are kept encrypted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dozor.alerts.channels import Channel, ChannelDraft, ChannelState
from dozor.domain.errors import ChangedMeanwhile, NotThere
from dozor.domain.ids import Named, new_id
from dozor.storage.sql.changes import next_changes
from dozor.storage.sql.database import Database
from dozor.storage.sql.lines import cancel_unsent
from dozor.storage.sql.tables import channels, outbox, rule_channels, rule_states, rules
from dozor.storage.sql.vault import Vault


class SqlChannelBook:
    """See ``ChannelBook``. Safe to share between all tasks of a loop. Reading a channel raises SecretUnreadable."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def add(self, user_id: str, draft: ChannelDraft, now: datetime) -> Channel:
        """See ``ChannelBook.add``."""
        columns = self._columns(draft) | {"id": new_id(Named.CHANNEL, now), "user_id": user_id, "created_at": now}
        async with self._database.write() as connection:
            added = insert(channels).values(**columns, version=1, state=ChannelState.OK.value).returning(*channels.c)
            return self._channel((await connection.execute(added)).one())

    async def change(
        self, user_id: str, channel_id: str, draft: ChannelDraft, *, if_version: int | None = None
    ) -> Channel:
        """See ``ChannelBook.change``."""
        columns = self._columns(draft)
        if draft.secret is None:
            del columns["secret"]
        async with self._database.write() as connection:
            row = await _held(connection, user_id, channel_id)
            if if_version is not None and if_version != row.version:
                raise ChangedMeanwhile(channel_id, row.version)
            changed = (
                update(channels)
                .where(channels.c.id == channel_id)
                .values(
                    **columns, version=row.version + 1, state=ChannelState.OK.value, reason=None, failing_since=None
                )
                .returning(*channels.c)
            )
            return self._channel((await connection.execute(changed)).one())

    async def delete(self, user_id: str, channel_id: str, now: datetime) -> Sequence[str]:
        """See ``ChannelBook.delete``."""
        of_channel = rule_channels.c.channel_id == channel_id
        async with self._database.write() as connection:
            # The rules' states before the channel, in the order of everybody else who locks both.
            using = select(rule_channels.c.rule_number).where(of_channel)
            held = select(rule_states.c.number).where(rule_states.c.number.in_(using)).order_by(rule_states.c.number)
            await connection.execute(held.with_for_update())
            await _held(connection, user_id, channel_id)
            numbers = list((await connection.execute(using.order_by(rule_channels.c.rule_number))).scalars())
            await connection.execute(delete(rule_channels).where(of_channel))
            await connection.execute(delete(channels).where(channels.c.id == channel_id))
            await cancel_unsent(connection, outbox.c.channel_id == channel_id, now)
            await _note_changes(connection, numbers, now)
            bare = select(rules.c.id).where(
                rules.c.number.in_(numbers),
                rules.c.deleted_at.is_(None),
                rules.c.number.not_in(select(rule_channels.c.rule_number)),
            )
            return list((await connection.execute(bare.order_by(rules.c.number))).scalars())

    async def get(self, user_id: str, channel_id: str) -> Channel:
        """See ``ChannelBook.get``."""
        chosen = select(channels).where(channels.c.id == channel_id, channels.c.user_id == user_id)
        async with self._database.read() as connection:
            row = (await connection.execute(chosen)).one_or_none()
        if row is None:
            raise NotThere(channel_id)
        return self._channel(row)

    async def all_of(self, user_id: str) -> Sequence[Channel]:
        """See ``ChannelBook.all_of``."""
        chosen = select(channels).where(channels.c.user_id == user_id).order_by(channels.c.id)
        async with self._database.read() as connection:
            return [self._channel(row) for row in await connection.execute(chosen)]

    async def load(self, ids: Collection[str]) -> Mapping[str, Channel]:
        """See ``ChannelBook.load``."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(channels).where(channels.c.id.in_(ids)))
            return {row.id: self._channel(row) for row in rows}

    async def found_well(self, channel_id: str) -> None:
        """See ``ChannelBook.found_well``."""
        is_failing = channels.c.failing_since.is_not(None)
        async with self._database.write() as connection:
            await connection.execute(
                update(channels).where(channels.c.id == channel_id, is_failing).values(failing_since=None)
            )

    async def found_failing(self, channel_id: str, now: datetime) -> datetime:
        """See ``ChannelBook.found_failing``."""
        was_well = channels.c.failing_since.is_(None)
        async with self._database.write() as connection:
            await connection.execute(
                update(channels).where(channels.c.id == channel_id, was_well).values(failing_since=now)
            )
            chosen = select(channels.c.failing_since).where(channels.c.id == channel_id)
            return (await connection.execute(chosen)).scalar() or now

    async def close(self, channel_id: str, state: ChannelState, reason: str) -> bool:
        """See ``ChannelBook.close``."""
        is_open = channels.c.state == ChannelState.OK.value
        async with self._database.write() as connection:
            closed = update(channels).where(channels.c.id == channel_id, is_open)
            done = await connection.execute(closed.values(state=state.value, reason=reason).returning(channels.c.id))
            return done.scalar() is not None

    async def move(self, channel_id: str, address: Mapping[str, Any]) -> None:
        """See ``ChannelBook.move``."""
        async with self._database.write() as connection:
            moved = update(channels).where(channels.c.id == channel_id)
            await connection.execute(moved.values(address=msgspec.json.encode(address).decode()))

    def _columns(self, draft: ChannelDraft) -> dict[str, Any]:
        return {
            "kind": draft.kind,
            "name": draft.name,
            "address": msgspec.json.encode(draft.address).decode(),
            "secret": None if draft.secret is None else self._vault.locked(draft.secret),
        }

    def _channel(self, row: Row[Any]) -> Channel:
        return Channel(
            row.id,
            row.user_id,
            row.version,
            row.kind,
            row.name,
            msgspec.json.decode(row.address),
            None if row.secret is None else self._vault.unlocked(row.secret),
            ChannelState(row.state),
            row.reason,
            row.failing_since,
            row.created_at,
        )


async def _held(connection: AsyncConnection, user_id: str, channel_id: str) -> Row[Any]:
    chosen = select(channels).where(channels.c.id == channel_id, channels.c.user_id == user_id).with_for_update()
    row = (await connection.execute(chosen)).one_or_none()
    if row is None:
        raise NotThere(channel_id)
    return row


async def _note_changes(connection: AsyncConnection, numbers: Sequence[int], now: datetime) -> None:
    """Let the watch know that these rules have other channels."""
    for number, change in zip(numbers, await next_changes(connection, len(numbers)), strict=True):
        await connection.execute(update(rules).where(rules.c.number == number).values(change=change, updated_at=now))
