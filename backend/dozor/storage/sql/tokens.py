"""Tokens, by which people and their programs are known.

Only the SHA-256 of a token is kept. Tokens are random and long, so nothing slower is needed: nobody can guess one, and
who reads the database cannot come back to it. A token is looked up by that hash, which tells a guesser nothing by the
time it takes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, or_, select, update

from dozor.domain.errors import NotThere
from dozor.domain.ids import Named, new_id
from dozor.domain.people import Scope, Token, User
from dozor.storage.sql.database import Database
from dozor.storage.sql.hashes import hash_of, new_secret
from dozor.storage.sql.people import user_of
from dozor.storage.sql.tables import tokens, users

NOTE_USE_EVERY = timedelta(minutes=1)


class SqlTokens:
    """Tokens. Every method raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def issue(
        self, user_id: str, name: str, scopes: Collection[Scope], now: datetime, expires_at: datetime | None = None
    ) -> tuple[str, Token]:
        """A new token's text, which is not kept, and what is kept of it."""
        text = new_secret()
        issued = insert(tokens).values(
            id=new_id(Named.TOKEN, now),
            user_id=user_id,
            name=name,
            hash=hash_of(text),
            scopes=" ".join(sorted(scope.value for scope in scopes)),
            created_at=now,
            expires_at=expires_at,
        )
        async with self._database.write() as connection:
            return text, _token((await connection.execute(issued.returning(*tokens.c))).one())

    async def find(self, text: str, now: datetime) -> tuple[Token, User] | None:
        """Whose good token this is; ``None`` when it is nobody's. Its use is noted once a minute at most."""
        chosen = select(tokens, *(column.label(f"bearer_{column.name}") for column in users.c)).join_from(tokens, users)
        async with self._database.read() as connection:
            row = (await connection.execute(chosen.where(tokens.c.hash == hash_of(text)))).one_or_none()
        if row is None or not (token := _token(row)).is_good(now):
            return None
        if token.last_used_at is None or now - token.last_used_at >= NOTE_USE_EVERY:
            await self._note_use(token.id, now)
        return token, user_of(row, "bearer_")

    async def revoke(self, user_id: str, token_id: str, now: datetime) -> None:
        """Let it open nothing any more. Raises NotThere."""
        is_it = (tokens.c.id == token_id, tokens.c.user_id == user_id, tokens.c.revoked_at.is_(None))
        async with self._database.write() as connection:
            revoked = update(tokens).where(*is_it).values(revoked_at=now).returning(tokens.c.id)
            if (await connection.execute(revoked)).scalar() is None:
                raise NotThere(token_id)

    async def all_of(self, user_id: str) -> Sequence[Token]:
        """The user's tokens, the oldest first; the revoked ones too."""
        chosen = select(tokens).where(tokens.c.user_id == user_id).order_by(tokens.c.id)
        async with self._database.read() as connection:
            return [_token(row) for row in await connection.execute(chosen)]

    async def _note_use(self, token_id: str, now: datetime) -> None:
        used_before = or_(tokens.c.last_used_at.is_(None), tokens.c.last_used_at <= now - NOTE_USE_EVERY)
        async with self._database.write() as connection:
            await connection.execute(
                update(tokens).where(tokens.c.id == token_id, used_before).values(last_used_at=now)
            )


def _token(row: Row[Any]) -> Token:
    return Token(
        row.id,
        row.user_id,
        row.name,
        frozenset(Scope(scope) for scope in row.scopes.split()),
        row.created_at,
        row.expires_at,
        row.last_used_at,
        row.revoked_at,
    )
