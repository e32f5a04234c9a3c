"""How Dozor wants each connection to its SQLite file: durable, patient, and in charge of its own transactions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

LOCKED_FOR_SECONDS = 5.0  # how long another process may keep us from writing; it needs milliseconds
WAL_BYTES = 16 * 1024 * 1024
CONNECTIONS = 5  # one writes, the others read meanwhile
WRITES = "dozor_writes"
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # what was committed survives a power cut
    f"PRAGMA journal_size_limit = {WAL_BYTES:d}",
    "PRAGMA foreign_keys = ON",
)


def open_sqlite(path: Path) -> AsyncEngine:
    """An engine on the file at ``path``, which need not be there yet."""
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        # The driver begins no transaction by itself: it would do so with a plain BEGIN, and only before the first
        # change, so that whoever reads before it writes could find the file changed in between.
        connect_args={"timeout": LOCKED_FOR_SECONDS, "isolation_level": None},
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=LOCKED_FOR_SECONDS,
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
