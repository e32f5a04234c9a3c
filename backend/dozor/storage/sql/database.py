"""The database of one process: where reads and writes begin, and where its errors become ours.

SQLite has one writer at a time. Within a process writers queue here, in their order; between processes SQLite makes
them wait. Everybody reads meanwhile, from the moment their transaction began.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from dozor.clock import Clock
from dozor.domain.errors import CannotRunHere, StoreUnavailable
from dozor.storage.sql.address import PostgresAddress
from dozor.storage.sql.failures import translated
from dozor.storage.sql.migrate import NewerSchema, migrate
from dozor.storage.sql.postgres import CannotConnect, connect
from dozor.storage.sql.sqlite import WRITES, open_sqlite
from dozor.telemetry.phrases import Language, sentence

POSTGRES_CONNECTIONS = 10
POOL_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Database:
    """Reads and writes. One instance per loop; made by ``opened``."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**{WRITES: True})
        self._clock = clock
        self._writing = asyncio.Lock() if self.is_sqlite else None

    @property
    def is_sqlite(self) -> bool:
        """Whether it is the file, which locks itself as a whole, and not PostgreSQL, which locks rows."""
        return self._engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads. Raises StoreUnavailable."""
        with translated(self._clock):
            async with self._engine.connect() as connection, connection.begin():
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is committed at the block's end, and rolled back when the block raises.

        Raises StoreUnavailable; when that comes of the commit itself, whether it was done is not known.
        """
        async with AsyncExitStack() as stack:
            if self._writing is not None:
                await stack.enter_async_context(self._writing)
            with translated(self._clock):
                async with self._writer.begin() as connection:
                    yield connection

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


@asynccontextmanager
async def opened(where: Path | PostgresAddress, clock: Clock, language: Language) -> AsyncIterator[Database]:
    """The database in the file or in PostgreSQL, brought up to date by whichever process comes first.

    Raises CannotRunHere for what an operator has to mend, in ``language``, and StoreUnavailable when it cannot be
    reached just now.
    """
    shown = str(where) if isinstance(where, Path) else where.shown
    engine = open_sqlite(where) if isinstance(where, Path) else _open_postgres(where)
    database = Database(engine, clock)
    try:
        try:
            async with database.write() as connection:
                before = await migrate(connection)
        except NewerSchema as error:
            raise CannotRunHere(
                sentence("start.database_newer", language, database=shown, revision=error.revision)
            ) from error
        except StoreUnavailable as error:
            _refuse_if_lasting(error, where, language)
            raise
        if before.revision is None:
            log.info("database.made", database=shown)
        elif before.revision != before.newest:
            log.info("database.migrated", database=shown, before=before.revision, after=before.newest)
        yield database
    finally:
        await database.close()


def _open_postgres(address: PostgresAddress) -> AsyncEngine:
    return create_async_engine(
        "postgresql+asyncpg://",  # without the address: nothing that can be printed knows the password
        async_creator=lambda: connect(address),
        pool_size=POSTGRES_CONNECTIONS,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        pool_pre_ping=True,  # after a restart of the server old connections are no good
    )


def _refuse_if_lasting(error: StoreUnavailable, where: Path | PostgresAddress, language: Language) -> None:
    cause = error.__cause__
    if isinstance(cause, CannotConnect) and cause.is_lasting:
        assert isinstance(where, PostgresAddress)
        reason = cause.reason.in_language(language)
        raise CannotRunHere(
            sentence("start.database_refused", language, database=where.shown, reason=reason)
        ) from error
    if isinstance(where, Path):  # a file is there at once or not at all
        raise CannotRunHere(
            sentence("start.database_file_refused", language, file=str(where), reason=str(error))
        ) from error
