"""What a disk, its files and those who wait for it may do wrong, and what it costs: never a reader, never a lease."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from dozor.caching.entry import Entry
from dozor.caching.lease import Lease, Taken
from dozor.clock import SystemClock
from dozor.storage.disk_tier import AGAIN_AFTER_SECONDS, DiskTier
from running_dozor import MovableClock
from storage.linked import POLICY, policy_of

MIB = 1024 * 1024
SOON_S = 6.0  # far less than a lease lasts


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


@contextlib.asynccontextmanager
async def disk(file: Path, max_bytes: int = 64 * MIB, clock: SystemClock | None = None) -> AsyncIterator[DiskTier]:
    async with asyncio.TaskGroup() as tasks:
        tier = DiskTier(file, max_bytes, clock or SystemClock())
        tier.start(tasks)
        try:
            yield tier
        finally:
            await tier.close()


@contextlib.contextmanager
def busy(file: Path) -> Iterator[None]:
    """Another program writes, and takes its time."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def change(file: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute(statement)


def count(file: Path, table: str = "entries") -> int:
    with contextlib.closing(sqlite3.connect(file)) as database:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def size_of(file: Path) -> int:
    return file.stat().st_size


def move_away(file: Path) -> None:
    file.replace(file.with_name("gone"))


def forbid_writing(file: Path) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        file.mkdir()  # whoever is root may write everything but a folder
    else:
        file.touch(mode=0o400)


def make_unmovable(file: Path) -> None:
    """As Windows keeps a file where it is that somebody has open."""
    in_the_way = file.with_name("cache.db.damaged")
    in_the_way.mkdir()
    (in_the_way / "something").touch()


def make_movable(file: Path) -> None:
    in_the_way = file.with_name("cache.db.damaged")
    (in_the_way / "something").unlink()
    in_the_way.rmdir()


def entry(key: str = "k", body: bytes = b"{}", age: float = 0.0) -> Entry:
    return Entry(key, body, SystemClock().now() - timedelta(seconds=age), POLICY)


def events(lines: list[structlog.typing.EventDict]) -> list[str]:
    return [line["event"] for line in lines if line["event"].startswith("disk_cache")]


async def lease_is_free_soon(tier: DiskTier) -> None:
    async with asyncio.timeout(SOON_S):
        while not isinstance(await tier.take("k", "another", 12), Lease):
            pass


async def test_a_lease_whose_taker_was_cancelled_is_held_by_nobody(file: Path) -> None:
    async with disk(file) as one, disk(file) as two:
        await one.put(entry())
        with busy(file):
            taking = asyncio.create_task(one.take("k", "one", 12))
            await asyncio.sleep(0)
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)
        await one.put(entry("behind"))  # whatever was begun before has ended
        await lease_is_free_soon(two)


async def test_a_lease_that_came_too_late_for_its_taker_is_held_by_nobody(file: Path) -> None:
    async with disk(file) as one, disk(file) as two:
        await one.put(entry())
        with busy(file):
            assert await one.take("k", "one", 12) is None, "it waits for a second, and for nobody's lease"
        await one.put(entry("behind"))
        await lease_is_free_soon(two)


async def test_while_the_disk_hangs_one_asker_waits_and_readers_go_on(file: Path) -> None:
    async with disk(file) as tier:
        put = entry()
        await tier.put(put)
        with busy(file):
            assert await tier.take("k", "one", 12) is None
            async with asyncio.timeout(0.5):
                assert await tier.take("k", "one", 12) is None
                assert await tier.get("k", policy_of) == put, "whoever only reads is kept by no writer"


async def test_after_its_end_the_tier_knows_nothing_and_harms_nobody(file: Path) -> None:
    async with disk(file) as tier:
        await tier.put(entry())
        lease = await tier.take("k", "one", 12)
        assert isinstance(lease, Lease)
    async with asyncio.timeout(SOON_S):
        assert await tier.get("k", policy_of) is None
        assert await tier.take("k", "one", 12) is None
        assert await tier.look("k") is None
        tier.keep(entry("late"), lease)
        tier.release(lease)
        await tier.put(entry("later"))
        await tier.drop("k")


async def test_whoever_waits_for_his_entry_to_be_kept_is_told_when_the_tier_ends_first(file: Path) -> None:
    async with asyncio.TaskGroup() as tasks:
        tier = DiskTier(file, 64 * MIB, SystemClock())
        tier.start(tasks)
        await tier.put(entry())
        with busy(file):
            putting = [asyncio.create_task(tier.put(entry(f"k{number}", b"x" * 9 * MIB))) for number in range(3)]
            await asyncio.sleep(0)
            async with asyncio.timeout(3.5):
                await tier.close()
        async with asyncio.timeout(SOON_S):
            await asyncio.gather(*putting)


DAMAGED_ROWS = [
    "body = x'00'",
    "hash = ''",
    "headers = '{'",
    "headers = '[1]'",
    "headers = '[[1,2]]'",
    "headers = CAST(x'ff' AS TEXT)",
    "fetched_at = 9223372036854775807",
    "status = 99999",
]


@pytest.mark.parametrize("damage", DAMAGED_ROWS)
async def test_a_damaged_row_is_a_miss_and_is_gone(file: Path, damage: str) -> None:
    async with disk(file) as tier:
        await tier.put(entry())
        change(file, f"UPDATE entries SET {damage}")
        assert await tier.get("k", policy_of) is None
        assert tier.is_up
        assert count(file) == 0
        put = entry()
        await tier.put(put)
        assert await tier.get("k", policy_of) == put


@pytest.mark.parametrize("damage", ["DROP TABLE entries", "ALTER TABLE leases RENAME COLUMN until TO till"])
async def test_a_file_with_other_tables_than_ours_is_set_aside(file: Path, damage: str) -> None:
    async with disk(file) as tier:
        await tier.put(entry())
    change(file, damage)
    with structlog.testing.capture_logs() as lines:
        async with disk(file) as tier:
            put = entry()
            await tier.put(put)
            assert await tier.get("k", policy_of) == put
            assert isinstance(await tier.take("k", "one", 12), Lease)
    assert events(lines) == ["disk_cache.set_aside"]


async def test_a_damaged_file_that_cannot_be_moved_turns_the_tier_off_until_it_can(file: Path) -> None:
    no_database(file)
    make_unmovable(file)
    clock = MovableClock()
    with structlog.testing.capture_logs() as lines:
        async with disk(file, clock=clock) as tier:
            assert await tier.get("k", policy_of) is None
            await tier.put(entry())
            assert not tier.is_up
            make_movable(file)
            clock.advance(AGAIN_AFTER_SECONDS + 1)
            put = entry()
            await tier.put(put)
            assert await tier.get("k", policy_of) == put
    assert events(lines) == ["disk_cache.off", "disk_cache.set_aside", "disk_cache.on"]
    assert "cache.db" in str(lines[0]["fix"])


async def test_a_read_only_file_turns_the_tier_off_and_the_fix_is_told(file: Path) -> None:
    forbid_writing(file)
    with structlog.testing.capture_logs() as lines:
        async with disk(file) as tier:
            await tier.put(entry())
            assert not tier.is_up
    assert events(lines) == ["disk_cache.off"]
    assert "permissions" in str(lines[0]["fix"])


async def test_one_thing_that_cannot_be_written_stops_neither_the_writer_nor_the_server(file: Path) -> None:
    with structlog.testing.capture_logs() as lines:
        async with disk(file) as tier:
            await tier.put(entry("\udc80"))  # no text at all: UTF-8 has no word for it
            assert await tier.get("\udc80", policy_of) is None
            put = entry()
            await tier.put(put)
            assert await tier.get("k", policy_of) == put
    assert set(events(lines)) == {"disk_cache.broken"}


async def test_a_late_leader_replaces_nothing_in_a_file_that_was_begun_anew_meanwhile(file: Path) -> None:
    clock = MovableClock()
    async with disk(file, clock=clock) as tier:
        late = await tier.take("k", "one", 1)
        clock.advance(2)
        later = await tier.take("k", "two", 12)
        assert isinstance(late, Lease)
        assert isinstance(later, Lease)
        move_away(file)
        clock.advance(2)
        good = entry(body=b"under the later lease", age=10)
        tier.keep(good, later)
        tier.keep(entry(body=b"late, with a newer stamp"), late)
        await tier.put(entry("behind"))
        assert await tier.get("k", policy_of) == good


async def test_making_room_takes_no_more_than_is_needed(file: Path) -> None:
    async with disk(file, 4 * MIB) as tier:
        for number in range(100):
            await tier.put(entry(f"k{number}", os.urandom(100_000), age=50 - number / 10))
        kept = [number for number in range(100) if await tier.get(f"k{number}", policy_of) is not None]
        assert kept == list(range(100 - len(kept), 100)), "the oldest are out"
        assert len(kept) * 100_000 > 3 * MIB
    assert size_of(file) <= 4 * MIB


async def test_a_mass_of_expired_rows_is_cleared_away_in_parts(file: Path) -> None:
    async with disk(file) as tier:
        await tier.put(entry())
        change(
            file,
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 3000)"
            " INSERT INTO entries SELECT 'expired ' || n, x'00', '', 200, '[]', 0, 0 FROM numbers",
        )
        await tier.put(entry())
        assert count(file) > 1, "nobody waits until all of them are out"
        for _ in range(20):
            await tier.put(entry())
        assert count(file) == 1


RIVAL = """
import asyncio, sys
from pathlib import Path
from dozor.caching.lease import Lease
from dozor.clock import SystemClock
from dozor.storage.disk_tier import DiskTier

async def main():
    async with asyncio.TaskGroup() as tasks:
        for round in range(int(sys.argv[3])):
            print("said: ready", flush=True)
            sys.stdin.readline()
            tier = DiskTier(Path(sys.argv[1]) / f"{round}" / "cache.db", 64 << 20, SystemClock())
            tier.start(tasks)
            first = await tier.take("k", sys.argv[2], 60)
            await asyncio.sleep(1.2)  # whoever had the old file open has looked again
            again = await tier.take("k", sys.argv[2], 60)
            await tier.close()
            print("said: has it" if isinstance(again, Lease) else "said: no", tier.is_up, flush=True)

asyncio.run(main())
"""


async def said(rival: asyncio.subprocess.Process) -> str:
    """What it says next; its log lines are passed over."""
    assert rival.stdout is not None
    while line := await rival.stdout.readline():
        if line.startswith(b"said: "):
            return line.removeprefix(b"said: ").decode().strip()
    raise AssertionError("it ended without a word")


def no_database(file: Path) -> None:
    file.write_bytes(b"this is no database\n" * 1000)


def no_header(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE entries (key TEXT)")
        database.executemany("INSERT INTO entries VALUES (?)", [("k" * 1000,)] * 100)
        database.commit()
    with file.open("r+b") as opened:
        opened.seek(20)
        opened.write(b"\xff" * 4000)


@pytest.mark.parametrize("damage", [no_database, no_header])
async def test_processes_that_start_at_once_on_a_damaged_file_agree_on_who_loads(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    rounds = 4
    for number in range(rounds):
        (tmp_path / f"{number}").mkdir()
        damage(tmp_path / f"{number}" / "cache.db")
    rivals = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", RIVAL, str(tmp_path), f"rival {name}", str(rounds),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )
        for name in range(4)
    ]  # fmt: skip
    for _ in range(rounds):
        for rival in rivals:
            assert await said(rival) == "ready"
        for rival in rivals:
            assert rival.stdin is not None
            rival.stdin.write(b"go\n")
        assert sorted([await said(rival) for rival in rivals]) == ["has it True", "no True", "no True", "no True"]
    for rival in rivals:
        await rival.communicate()


async def test_leases_are_exclusive_between_processes(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    rivals = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", RIVAL, str(tmp_path), f"rival {name}", "1",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )
        for name in range(3)
    ]  # fmt: skip
    for rival in rivals:
        assert await said(rival) == "ready"
        assert rival.stdin is not None
        rival.stdin.write(b"go\n")
    assert sorted([await said(rival) for rival in rivals]) == ["has it True", "no True", "no True"]
    for rival in rivals:
        await rival.communicate()
    async with disk(tmp_path / "0" / "cache.db") as tier:
        assert isinstance(await tier.take("k", "a fourth", 60), Taken)
