"""Users, and the invitations by which they come in, each of which works once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dozor.domain.errors import AlreadyThere, NotThere
from dozor.domain.ids import Named, new_id
from dozor.domain.people import Invitation, NewUser, User
from dozor.storage.sql.database import Database
from dozor.storage.sql.hashes import hash_of, new_secret
from dozor.storage.sql.tables import invitations, users


class SqlPeople:
    """Users. Every method raises StoreUnavailable. Safe to share between all tasks of a loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def owner(self, now: datetime, new: NewUser) -> User:
        """The owner, who is made like ``new`` when there is none yet."""
        async with self._database.read() as connection:
            found = (await connection.execute(select(users).where(users.c.is_owner))).one_or_none()
        if found is not None:
            return user_of(found)
        try:
            return await self.add(new, now, is_owner=True)
        except IntegrityError:  # another process was first
            return await self.owner(now, new)

    async def add(self, new: NewUser, now: datetime, *, is_owner: bool = False) -> User:
        """Let somebody in. Raises AlreadyThere when the Telegram account belongs to somebody."""
        async with self._database.write() as connection:
            return await _add(connection, new, now, is_owner=is_owner)

    async def get(self, user_id: str) -> User:
        """One user. Raises NotThere."""
        return await self._one(users.c.id == user_id, user_id)

    async def load(self, ids: Collection[str]) -> Mapping[str, User]:
        """These users, for who writes to them; those that are gone are left out."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(users).where(users.c.id.in_(ids)))
            return {row.id: user_of(row) for row in rows}

    async def of_telegram(self, telegram_user_id: int) -> User:
        """The user with this Telegram account. Raises NotThere."""
        return await self._one(users.c.telegram_user_id == telegram_user_id, str(telegram_user_id))

    async def change(
        self,
        user_id: str,
        *,
        name: str | None = None,
        language: str | None = None,
        zone: str | None = None,
        telegram_user_id: int | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> User:
        """Change what is not ``None``. Raises NotThere, or AlreadyThere when the Telegram account is somebody's."""
        changed = {
            "name": name,
            "language": language,
            "zone": zone,
            "telegram_user_id": telegram_user_id,
            "settings": None if settings is None else msgspec.json.encode(settings).decode(),
        }
        values = {column: value for column, value in changed.items() if value is not None}
        async with self._database.write() as connection:
            await _refuse_a_second(connection, telegram_user_id, beside=user_id)
            if values:
                await connection.execute(update(users).where(users.c.id == user_id).values(**values))
        return await self.get(user_id)

    async def _one(self, chosen: Any, name: str) -> User:
        async with self._database.read() as connection:
            row = (await connection.execute(select(users).where(chosen))).one_or_none()
        if row is None:
            raise NotThere(name)
        return user_of(row)


class SqlInvitations:
    """Codes that let one person in each. Every method raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make(self, made_by: str, now: datetime, lasts: timedelta) -> tuple[str, Invitation]:
        """The code, which is not kept, and its invitation."""
        code = new_secret()
        made = insert(invitations).values(
            id=new_id(Named.INVITATION, now),
            hash=hash_of(code),
            made_by=made_by,
            created_at=now,
            expires_at=now + lasts,
        )
        async with self._database.write() as connection:
            return code, _invitation((await connection.execute(made.returning(*invitations.c))).one())

    async def redeem(self, code: str, new: NewUser, now: datetime) -> User:
        """Let somebody in by this code. Raises NotThere for one that is unknown, used or too old, and AlreadyThere."""
        is_it = (
            invitations.c.hash == hash_of(code),
            invitations.c.used_at.is_(None),
            invitations.c.expires_at > now,
        )
        async with self._database.write() as connection:
            used = update(invitations).where(*is_it).values(used_at=now).returning(invitations.c.id)
            invitation = (await connection.execute(used)).scalar()
            if invitation is None:
                raise NotThere("such invitation")
            user = await _add(connection, new, now, is_owner=False)
            await connection.execute(update(invitations).where(invitations.c.id == invitation).values(used_by=user.id))
            return user

    async def all_of(self, made_by: str) -> Sequence[Invitation]:
        """What this user has made, the newest first."""
        chosen = select(invitations).where(invitations.c.made_by == made_by).order_by(invitations.c.id.desc())
        async with self._database.read() as connection:
            return [_invitation(row) for row in await connection.execute(chosen)]


async def _add(connection: AsyncConnection, new: NewUser, now: datetime, *, is_owner: bool) -> User:
    await _refuse_a_second(connection, new.telegram_user_id)
    added = insert(users).values(
        id=new_id(Named.USER, now),
        name=new.name,
        language=new.language,
        zone=new.zone,
        is_owner=is_owner,
        telegram_user_id=new.telegram_user_id,
        settings="{}",
        created_at=now,
    )
    return user_of((await connection.execute(added.returning(*users.c))).one())


async def _refuse_a_second(
    connection: AsyncConnection, telegram_user_id: int | None, beside: str | None = None
) -> None:
    if telegram_user_id is None:
        return
    chosen = select(users.c.id).where(users.c.telegram_user_id == telegram_user_id)
    other = (await connection.execute(chosen)).scalar()
    if other is not None and other != beside:
        raise AlreadyThere(other)


def user_of(row: Row[Any], prefix: str = "") -> User:
    """The user in these columns, whose names may have a prefix."""
    kept = row._mapping
    return User(
        kept[f"{prefix}id"],
        kept[f"{prefix}name"],
        kept[f"{prefix}language"],
        kept[f"{prefix}zone"],
        kept[f"{prefix}is_owner"],
        kept[f"{prefix}telegram_user_id"],
        kept[f"{prefix}created_at"],
        msgspec.json.decode(kept[f"{prefix}settings"]),
    )


def _invitation(row: Row[Any]) -> Invitation:
    return Invitation(row.id, row.made_by, row.created_at, row.expires_at, row.used_by, row.used_at)
