"""What was answered to requests with an ``Idempotency-Key``, for a day, so that a repeat gets the same answer."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from dozor.domain.idempotency import Answered, Earlier, Fresh, Misused, UnderWay
from dozor.storage.sql.database import Database
from dozor.storage.sql.dialect import upserting
from dozor.storage.sql.tables import idempotency_keys

KEPT_FOR = timedelta(hours=24)
ANSWERED_WITHIN = timedelta(minutes=1)  # later the process that began it is gone, and another may begin


class SqlIdempotency:
    """Keys are each user's own. Every method raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, user_id: str, key: str, fingerprint: str, now: datetime) -> Earlier:
        """What is known of this key. ``fingerprint`` tells requests apart.

        After Fresh say ``finish`` or ``abandon``; until then others are told UnderWay.
        """
        new = {"fingerprint": fingerprint, "status": None, "body": None, "until": now + ANSWERED_WITHIN}
        async with self._database.write() as connection:
            begun = upserting(connection)(idempotency_keys).values(user_id=user_id, key=key, **new)
            begun = begun.on_conflict_do_update(
                index_elements=[idempotency_keys.c.user_id, idempotency_keys.c.key],
                set_=new,
                where=idempotency_keys.c.until <= now,
            )
            if (await connection.execute(begun.returning(idempotency_keys.c.key))).scalar() is not None:
                return Fresh()
            chosen = select(idempotency_keys).where(
                idempotency_keys.c.user_id == user_id, idempotency_keys.c.key == key
            )
            row = (await connection.execute(chosen)).one()
        if row.fingerprint != fingerprint:
            return Misused()
        return UnderWay() if row.status is None else Answered(row.status, row.body)

    async def finish(self, user_id: str, key: str, status: int, body: bytes, now: datetime) -> None:
        """Remember the answer."""
        async with self._database.write() as connection:
            answered = update(idempotency_keys).where(
                idempotency_keys.c.user_id == user_id, idempotency_keys.c.key == key
            )
            await connection.execute(answered.values(status=status, body=body, until=now + KEPT_FOR))

    async def abandon(self, user_id: str, key: str) -> None:
        """Forget the key: nothing was done, and the same request may be made again."""
        async with self._database.write() as connection:
            await connection.execute(
                delete(idempotency_keys).where(
                    idempotency_keys.c.user_id == user_id,
                    idempotency_keys.c.key == key,
                    idempotency_keys.c.status.is_(None),
                )
            )
