"""The order of all changes that people make to rules.

One row counts them. Whoever changes a rule holds that row until their transaction ends, so that changes become visible
in the order of their numbers: who has seen the latest has missed none before it.
"""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dozor.storage.sql.tables import counters

CHANGES = counters.c.name == "changes"


async def next_changes(connection: AsyncConnection, count: int) -> range:
    """The numbers of the next ``count`` changes. Ask late: everybody else who changes a rule waits from then on."""
    statement = update(counters).where(CHANGES).values(value=counters.c.value + count).returning(counters.c.value)
    last: int = (await connection.execute(statement)).scalar_one()
    return range(last - count + 1, last + 1)


async def last_change(connection: AsyncConnection) -> int:
    """The number of the latest change, 0 before the first."""
    value: int = (await connection.execute(select(counters.c.value).where(CHANGES))).scalar_one()
    return value
