"""Each test of this folder that asks for ``database`` is run over SQLite and over PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from household import Household

from dozor.storage.sql.address import PostgresAddress, parse_database_url
from dozor.storage.sql.database import Database, opened
from dozor.telemetry.phrases import Language
from fakes import FakeClock
from postgres_servers import drop_database, make_database


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["sqlite", "postgres"])
async def where(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Path | PostgresAddress]:
    """Where a database can be: a file that is not there yet, or an empty database of the server's."""
    if request.param == "sqlite":
        yield tmp_path / "dozor.db"
        return
    server = request.getfixturevalue("postgres_url")
    url = await make_database(server)
    yield parse_database_url(url)
    await drop_database(server, url)


@pytest.fixture
async def database(where: Path | PostgresAddress, clock: FakeClock) -> AsyncIterator[Database]:
    async with opened(where, clock, Language.EN) as database:
        yield database


@pytest.fixture
async def home(database: Database, clock: FakeClock, tmp_path: Path) -> Household:
    return await Household(database, clock, tmp_path).move_in()
