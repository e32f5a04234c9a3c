"""The disk tier on real files: bounds, damage, a disk that refuses, and processes that die."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
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


@contextlib.asynccontextmanager
async def disk(file: Path, max_bytes: int = 64 * MIB, clock: SystemClock | None = None) -> AsyncIterator[DiskTier]:
    async with asyncio.TaskGroup() as tasks:
        tier = DiskTier(file, max_bytes, clock or SystemClock())
        tier.start(tasks)
        try:
            yield tier
        finally:
            await tier.close()


def entry(key: str = "k", body: bytes = b"{}", age: float = 0.0) -> Entry:
    return Entry(key, body, SystemClock().now() - timedelta(seconds=age), POLICY)


async def written(tier: DiskTier) -> None:
    await tier._queue.emptied()


async def held(tier: DiskTier, holder: str) -> Lease:
    lease = await tier.take("k", holder, 12)
    assert isinstance(lease, Lease)
    return lease


def events(lines: list[structlog.typing.EventDict]) -> list[str]:
    return [line["event"] for line in lines if line["event"].startswith("disk_cache")]


async def test_what_was_kept_is_there_after_a_restart_to_the_microsecond(tmp_path: Path) -> None:
    put = entry(age=3.000123)
    async with disk(tmp_path / "cache.db") as tier:
        tier.keep(put)
    async with disk(tmp_path / "cache.db") as tier:
        assert await tier.get("k", policy_of) == put


async def test_the_file_stays_within_its_bound_and_the_oldest_fetch_goes_first(tmp_path: Path) -> None:
    file = tmp_path / "cache.db"
    async with disk(file, 2 * MIB) as tier:
        for number in range(200):
            tier.keep(entry(f"k{number}", os.urandom(50_000), age=20 - number / 10))
        await written(tier)
        assert await tier.get("k199", policy_of) is not None
        assert await tier.get("k0", policy_of) is None
        await tier.put(entry("too large", b"x" * 3 * MIB))
        assert await tier.get("too large", policy_of) is None
    assert file.stat().st_size <= 2 * MIB


async def test_expired_rows_make_room_by_themselves(tmp_path: Path) -> None:
    clock = MovableClock()
    async with disk(tmp_path / "cache.db", clock=clock) as tier:
        await tier.put(entry())
        clock.advance(POLICY.usable_for.total_seconds() + 1)
        assert await tier.get("k", policy_of) is None
        await tier.put(Entry("other", b"{}", clock.now(), POLICY))
        with contextlib.closing(sqlite3.connect(tmp_path / "cache.db")) as database:
            assert database.execute("SELECT key FROM entries").fetchall() == [("other",)]


def destroy_header(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.write(b"\0" * 4096)


def cut_short(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2 + 1)


def overwrite_with_text(file: Path) -> None:
    file.write_text("this is no database\n" * 1000)


def newer_format(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA user_version = 99")


DAMAGE = [destroy_header, cut_short, overwrite_with_text, newer_format]


@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_damaged_file_is_set_aside_with_a_sentence_and_begun_anew(tmp_path: Path, damage: object) -> None:
    file = tmp_path / "cache.db"
    async with disk(file) as tier:
        for number in range(50):
            tier.keep(entry(f"k{number}", os.urandom(5000)))
    damage(file)  # type: ignore[operator]
    with structlog.testing.capture_logs() as lines:
        async with disk(file) as tier:
            for number in range(50):
                await tier.get(f"k{number}", policy_of)
            put = entry("after", b"works")
            await tier.put(put)
            assert await tier.get("after", policy_of) == put
            assert tier.is_up
    assert events(lines) == ["disk_cache.set_aside"]
    assert file.with_name("cache.db.damaged").exists()


async def test_damage_while_it_runs_costs_what_was_kept_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "cache.db"
    async with disk(file) as tier:
        for number in range(200):
            tier.keep(entry(f"k{number}", os.urandom(5000)))
        await written(tier)
        with contextlib.closing(sqlite3.connect(file)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with file.open("r+b") as opened:
            opened.seek(4096)
            opened.write(os.urandom(file.stat().st_size - 4096))
        for number in range(200):
            found = await tier.get(f"k{number}", policy_of)
            assert found is None or found.hash
        put = entry("after")
        await tier.put(put)
        await tier.put(put)  # the writer may have met the damage with the first
        assert await tier.get("after", policy_of) == put


async def test_a_process_that_has_the_old_file_open_shares_the_new_one_within_a_second(tmp_path: Path) -> None:
    file = tmp_path / "cache.db"
    clock = MovableClock()
    async with disk(file, clock=clock) as one, disk(file, clock=clock) as two:
        await one.put(entry())
        await two.get("k", policy_of)
        file.replace(tmp_path / "gone")
        clock.advance(1.5)
        await held(one, "one")
        assert isinstance(await two.take("k", "two", 12), Taken)
        await one.put(entry("new"))
        assert await two.get("new", policy_of) is not None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of 1 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can mount a file system of its own; the same is tested by a folder that is read-only")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("this container mounts nothing")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_turns_the_tier_off_says_so_once_and_is_tried_again(small_disk: Path) -> None:
    clock = MovableClock()
    ballast = small_disk / "ballast"
    with structlog.testing.capture_logs() as lines:
        async with disk(small_disk / "cache.db", clock=clock) as tier:
            await tier.put(entry())
            ballast.write_bytes(b"x" * 700_000)
            for number in range(5):
                await tier.put(entry(f"k{number}", os.urandom(400_000)))
            assert not tier.is_up
            assert await tier.get("k", policy_of) is None
            assert await tier.take("k", "one", 12) is None, "nobody is kept from loading"
            ballast.unlink()
            clock.advance(AGAIN_AFTER_SECONDS + 1)
            put = entry("after")
            await tier.put(put)
            assert tier.is_up
            assert await tier.get("after", policy_of) == put
    assert events(lines) == ["disk_cache.off", "disk_cache.on"]


async def test_a_folder_that_cannot_be_written_costs_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "no such folder" / "cache.db"
    with structlog.testing.capture_logs() as lines:
        async with disk(file) as tier:
            for number in range(3):
                await tier.put(entry(f"k{number}"))
                assert await tier.get(f"k{number}", policy_of) is None
                assert await tier.look("k") is None
            await tier.drop("k")
            assert not tier.is_up
    assert events(lines) == ["disk_cache.off"]


WRITER = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from dozor.caching.entry import Entry
from dozor.clock import SystemClock
from dozor.domain.freshness import FreshnessPolicy
from dozor.storage.disk_tier import DiskTier

async def main():
    async with asyncio.TaskGroup() as tasks:
        tier = DiskTier(Path(sys.argv[1]), 64 << 20, SystemClock())
        tier.start(tasks)
        print(await tier.take("leased", "the one that is killed", 12), flush=True)
        number = 0
        while True:
            number += 1
            for part in range(20):
                body = b"%d" % number * 2000
                policy = FreshnessPolicy(timedelta(minutes=1), timedelta(minutes=1))
                tier.keep(Entry(f"k{part}", body, datetime.now(UTC), policy))
            await tier._queue.emptied()
            print(number, flush=True)

asyncio.run(main())
"""


async def test_a_process_killed_while_it_writes_leaves_whole_entries_and_a_lease_that_ends(tmp_path: Path) -> None:
    file = tmp_path / "cache.db"
    clock = MovableClock()
    async with disk(file, clock=clock) as tier:
        for _ in range(3):
            writer = await asyncio.create_subprocess_exec(
                sys.executable, "-c", WRITER, str(file), stdout=asyncio.subprocess.PIPE
            )
            assert writer.stdout is not None
            for _ in range(5):
                assert await writer.stdout.readline()
            writer.kill()
            await writer.communicate()
            found = [await tier.get(f"k{part}", policy_of) for part in range(20)]
            bodies = {read.body for read in found if read is not None}
            assert None not in found
            assert len(bodies) == 1, "a batch is there whole or not at all"
        assert isinstance(await tier.take("leased", "the next", 12), Taken)
        clock.advance(12.5)
        assert isinstance(await tier.take("leased", "the next", 12), Lease)
        put = entry("k0", b"after", age=-13)
        await tier.put(put)
        assert await tier.get("k0", policy_of) == put


async def test_a_lease_from_a_clock_that_was_put_back_ends(tmp_path: Path) -> None:
    fast, right = MovableClock(), MovableClock()
    fast.advance(3600)
    async with disk(tmp_path / "cache.db", clock=fast) as one, disk(tmp_path / "cache.db", clock=right) as two:
        await held(one, "one")
        assert await two.look("k") is None
        assert isinstance(await two.take("k", "two", 12), Lease)


async def test_numbers_go_on_growing_in_a_file_that_was_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "cache.db"
    async with disk(file) as tier:
        before = await held(tier, "one")
    file.unlink()
    async with disk(file) as tier:
        assert (await held(tier, "one")).number > before.number


async def test_askers_who_are_cancelled_leave_the_tier_whole(tmp_path: Path) -> None:
    async with disk(tmp_path / "cache.db") as tier:
        for turns in range(1, 21):
            put = entry(f"k{turns}", b"x" * 10_000)
            asking = [
                asyncio.create_task(tier.put(put)),
                asyncio.create_task(tier.take(f"k{turns}", "one", 12)),
                asyncio.create_task(tier.get(f"k{turns}", policy_of)),
            ]
            for _ in range(turns):
                await asyncio.sleep(0)
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
            await written(tier)
            assert await tier.get(f"k{turns}", policy_of) == put
