from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from dozor.domain.errors import CannotRunHere, StoreUnavailable
from dozor.storage.sql.address import PostgresAddress, parse_database_url
from dozor.storage.sql.database import Database, opened
from dozor.storage.sql.migrate import REVISIONS
from dozor.storage.sql.tables import counters, metadata
from dozor.telemetry.phrases import Language
from fakes import FakeClock
from postgres_servers import Postgres

Where = Path | PostgresAddress


async def counted(database: Database) -> int | None:
    async with database.read() as connection:
        return (await connection.execute(select(counters.c.value).where(counters.c.name == "x"))).scalar()


async def count_up(database: Database) -> None:
    """Read, give everybody else a turn, then write what was read and one more."""
    async with database.write() as connection:
        found = await connection.execute(select(counters.c.value).where(counters.c.name == "x").with_for_update())
        value = found.scalar_one()
        await asyncio.sleep(0)
        await connection.execute(update(counters).where(counters.c.name == "x").values(value=value + 1))


async def test_the_migrations_make_the_tables_that_the_code_knows(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata})
        return [*compare_metadata(context, metadata)]

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []


def test_the_list_of_revisions_is_that_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", "dozor.storage.sql:migrations")
    config.set_main_option("path_separator", "os")
    scripts = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(scripts)) == REVISIONS


async def test_processes_that_start_at_once_migrate_once(where: Where, clock: FakeClock) -> None:
    async def start() -> None:
        async with opened(where, clock, Language.EN) as database, database.read() as connection:
            assert (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars().all() == [
                REVISIONS[-1]
            ]

    async with asyncio.TaskGroup() as tasks:
        for _ in range(6):
            tasks.create_task(start())


async def test_what_was_written_is_there_at_the_next_start(where: Where, clock: FakeClock) -> None:
    async with opened(where, clock, Language.EN) as database, database.write() as connection:
        await connection.execute(insert(counters).values(name="x", value=5))
    async with opened(where, clock, Language.EN) as database:
        assert await counted(database) == 5


async def test_a_database_of_a_newer_dozor_refuses_the_start_with_a_sentence(where: Where, clock: FakeClock) -> None:
    async with opened(where, clock, Language.EN) as database, database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CannotRunHere, match=r"was written by a newer Dozor.*9999.*update Dozor"):
        async with opened(where, clock, Language.EN):
            pass


async def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    class Oops(Exception):
        pass

    async def write_and_raise() -> None:
        async with database.write() as connection:
            await connection.execute(insert(counters).values(name="x", value=1))
            raise Oops

    with pytest.raises(Oops):
        await write_and_raise()
    assert await counted(database) is None


async def test_writers_at_once_lose_no_write(where: Where, clock: FakeClock) -> None:
    """Within one process and between two."""
    async with opened(where, clock, Language.EN) as one, opened(where, clock, Language.EN) as other:
        async with one.write() as connection:
            await connection.execute(insert(counters).values(name="x", value=0))
        async with asyncio.TaskGroup() as tasks:
            for database in (one, other) * 20:
                tasks.create_task(count_up(database))
        assert await counted(one) == 40


async def test_a_reader_sees_one_moment_and_does_not_wait_for_the_writer(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(counters).values(name="x", value=1))
    async with database.write() as writing:
        await writing.execute(update(counters).values(value=2))
        assert await counted(database) == 1
    assert await counted(database) == 2


async def test_a_writer_that_is_cancelled_leaves_nothing_and_lets_the_next_one_in(database: Database) -> None:
    has_written = asyncio.Event()

    async def hang() -> None:
        async with database.write() as connection:
            await connection.execute(insert(counters).values(name="x", value=1))
            has_written.set()
            await asyncio.get_running_loop().create_future()

    writer = asyncio.create_task(hang())
    await has_written.wait()
    writer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writer
    assert await counted(database) is None
    async with database.write() as connection:
        await connection.execute(insert(counters).values(name="x", value=2))
    assert await counted(database) == 2


async def test_cancelling_at_any_moment_does_no_harm(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(counters).values(name="x", value=0))
    for turns in range(40):
        writer = asyncio.create_task(count_up(database))
        for _ in range(turns):
            await asyncio.sleep(0)
        writer.cancel()
        await asyncio.wait([writer])
    before = await counted(database)
    assert before is not None
    await count_up(database)
    assert await counted(database) == before + 1


async def test_breaking_a_constraint_is_told_as_such(database: Database) -> None:
    async def write_twice() -> None:
        async with database.write() as connection:
            await connection.execute(insert(counters).values(name="x", value=1))
            await connection.execute(insert(counters).values(name="x", value=2))

    with pytest.raises(IntegrityError):
        await write_twice()
    assert await counted(database) is None


async def test_sqlite_keeps_what_was_committed_through_a_power_cut(tmp_path: Path, clock: FakeClock) -> None:
    async with opened(tmp_path / "dozor.db", clock, Language.EN) as database, database.write() as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
        assert (await connection.execute(text("PRAGMA synchronous"))).scalar() == 2
        assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar() == 1


async def test_a_file_that_is_no_database_refuses_the_start_with_a_sentence(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "dozor.db").write_bytes(b"no database at all, but long enough to be looked at as one" * 40)
    with pytest.raises(CannotRunHere, match=r"dozor\.db cannot be used: .*not a database"):
        async with opened(tmp_path / "dozor.db", clock, Language.EN):
            pass


async def test_a_folder_that_is_not_there_refuses_the_start_with_a_sentence(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(CannotRunHere, match=r"dozor\.db cannot be used: .*unable to open"):
        async with opened(tmp_path / "nowhere" / "dozor.db", clock, Language.EN):
            pass


async def test_nobody_listening_is_a_matter_of_trying_later(clock: FakeClock) -> None:
    address = parse_database_url("postgresql://me:hunter2@127.0.0.1:1/dozor")
    with pytest.raises(StoreUnavailable, match="takes no connections: start PostgreSQL") as raised:
        async with opened(address, clock, Language.EN):
            pass
    assert "hunter2" not in str(raised.value)


async def test_a_wrong_password_refuses_the_start_and_is_not_shown(postgres_url: str, clock: FakeClock) -> None:
    address = parse_database_url(postgres_url.replace("postgres:", "postgres:hunter2", 1))
    with pytest.raises(CannotRunHere, match="the user or the password is wrong: mend them in DATABASE_URL") as raised:
        async with opened(address, clock, Language.EN):
            pass
    assert "hunter2" not in str(raised.value)


async def test_a_database_that_is_not_there_refuses_the_start_with_the_command(
    postgres_url: str, clock: FakeClock
) -> None:
    address = parse_database_url(postgres_url.rpartition("/")[0] + "/nowhere")
    with pytest.raises(CannotRunHere, match="there is no such database: make it"):
        async with opened(address, clock, Language.EN):
            pass


async def test_a_server_that_was_restarted_is_used_again(postgres_programs: Path, clock: FakeClock) -> None:
    with Postgres(postgres_programs) as server:
        async with opened(parse_database_url(server.url), clock, Language.EN) as database:
            async with database.write() as connection:
                await connection.execute(insert(counters).values(name="x", value=1))
            server.stop()
            with pytest.raises(StoreUnavailable):
                await counted(database)
            server.start()
            assert await counted(database) == 1


async def test_many_readers_at_once_wait_for_a_connection(database: Database) -> None:
    async def read() -> None:
        async with database.read() as connection:
            await connection.execute(select(func.count()).select_from(counters))
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(60):
            tasks.create_task(read())
