"""Leases in the database: ``alerts.ports.Leases`` in SQL.

Times are those of the askers' clocks, which need not agree: a holder that is taken for gone too early finds at its next
write that the epoch is another.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import case, or_, update

from dozor.alerts.ports import Lease
from dozor.clock import Clock
from dozor.storage.sql.database import Database
from dozor.storage.sql.dialect import upserting
from dozor.storage.sql.tables import leases


class SqlLeases:
    """See ``Leases``. Safe to share between all tasks of a loop."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def acquire(self, name: str, holder: str, seconds: float) -> Lease | None:
        """See ``Leases.acquire``."""
        now = self._clock.now()
        until = now + timedelta(seconds=seconds)
        async with self._database.write() as connection:
            new = upserting(connection)(leases).values(name=name, holder=holder, epoch=1, until=until)
            is_ours = leases.c.holder == holder
            taken = new.on_conflict_do_update(
                index_elements=[leases.c.name],
                set_={"holder": holder, "epoch": leases.c.epoch + case((is_ours, 0), else_=1), "until": until},
                where=or_(is_ours, leases.c.until <= now),
            ).returning(leases.c.epoch)
            epoch = (await connection.execute(taken)).scalar()
        return None if epoch is None else Lease(name, holder, epoch, until)

    async def release(self, lease: Lease) -> None:
        """See ``Leases.release``. What was written under it is; another's is left alone."""
        async with self._database.write() as connection:
            await connection.execute(
                update(leases)
                .where(leases.c.name == lease.name, leases.c.epoch == lease.epoch)
                .values(until=self._clock.now())
            )
