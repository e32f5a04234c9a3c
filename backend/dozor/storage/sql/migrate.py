"""Bring a database to the tables that this Dozor knows.

Which migrations there are is written here as well as in ``migrations/versions``: a start that finds all done must not
wait for Alembic to be imported.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

REVISIONS = ("0001", "0002")
ONE_AT_A_TIME = 7_106_420_251  # the advisory lock's number: any that nobody else is likely to use


class NewerSchema(Exception):
    """The database was brought to ``revision`` by a Dozor that is newer than this one."""

    def __init__(self, revision: str) -> None:
        super().__init__(f"migrated to {revision} by a newer Dozor")
        self.revision = revision


@dataclass(frozen=True, slots=True)
class Before:
    """Where the database stood, ``None`` when it was empty, and where it stands now."""

    revision: str | None
    newest: str = REVISIONS[-1]


async def migrate(connection: AsyncConnection) -> Before:
    """Run the migrations that are missing, all or none: the transaction is the caller's. Raises NewerSchema.

    Processes that start at once do it one after the other, and the second finds it done.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ONE_AT_A_TIME})
    before = await connection.run_sync(_revision)
    if before is not None and before not in REVISIONS:
        raise NewerSchema(before)
    if before != REVISIONS[-1]:
        await connection.run_sync(_upgrade)
    return Before(before)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "dozor.storage.sql:migrations")
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")
