"""What becomes of a damaged ledger: it is set aside, and its month counts as spent until somebody says better."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from dozor.domain.allowance import Shortage
from dozor.domain.errors import UpstreamUnavailable
from dozor.domain.machines import Used
from fakes import FakeClock
from till import Short, Till

if TYPE_CHECKING:
    from pathlib import Path

GARBAGE = b"this is no database, and long enough to be taken for a header" * 20
AFTER_THE_RESET = datetime(2026, 12, 1, 0, 1, tzinfo=UTC)

START = """
import asyncio, os, sys
from pathlib import Path
from dozor.clock import SystemClock
from dozor.upstream.ledger import Ledger

class Dying:
    def __init__(self, steps):
        self.left = steps
    def __call__(self, event, arguments):
        if event in {"os.rename", "os.remove", "sqlite3.connect", "open"} and "ledger.db" in str(arguments[0]):
            self.left -= 1
            if not self.left:
                os._exit(9)  # as abruptly as a kill, just before this step

async def main():
    async with Ledger(Path(sys.argv[1]), resets_on=1, clock=SystemClock()):
        pass

sys.addaudithook(Dying(int(sys.argv[2])))
asyncio.run(main())
"""


def ledger_at(path: Path, clock: FakeClock | None = None, *, per_month: int = 100, resets_on: int = 1) -> Till:
    return Till(path, clock, per_month=per_month, resets_on=resets_on)


def set_aside(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if ".damaged-" in file.name}


def databases_set_aside(folder: Path) -> list[bytes]:
    return sorted(content for name, content in set_aside(folder).items() if not name.endswith("-wal"))


async def sound_ledger_with_calls(path: Path, calls: int, clock: FakeClock | None = None) -> None:
    async with ledger_at(path, clock, per_month=3000) as ledger:
        for _ in range(calls):
            await ledger.charge()


def overwrite_the_page_of_calls(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        [size] = database.execute("PRAGMA page_size").fetchone()
        [page] = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'spent'").fetchone()
    content = bytearray(path.read_bytes())
    content[(page - 1) * size : page * size] = b"\xaa" * size
    path.write_bytes(content)


def cut_in_half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("content", [GARBAGE, b"SQLite format 3\0"])
async def test_file_that_is_no_database_is_set_aside_as_it_was_and_the_month_counts_as_spent(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    with capture_logs() as logs:
        async with ledger_at(path) as ledger:
            with pytest.raises(Short) as refusal:
                await ledger.charge()
            spending = await ledger.spending()
    assert (refusal.value.shortage, refusal.value.until) == (Shortage.MONTH, AFTER_THE_RESET)
    assert (spending.month_used, spending.month_limit) == (100, 100)
    assert set_aside(tmp_path) == {"ledger.db.damaged-20261122T120000Z": content}
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("ledger.set_aside", "warning"),
        ("ledger.month_unknown", "error"),
    ]


@pytest.mark.parametrize("harm", [overwrite_the_page_of_calls, cut_in_half])
async def test_database_with_a_harmed_page_is_set_aside(tmp_path: Path, harm: object) -> None:
    path = tmp_path / "ledger.db"
    await sound_ledger_with_calls(path, 3)
    harm(path)  # type: ignore[operator]
    harmed = path.read_bytes()
    async with ledger_at(path) as ledger:
        assert await ledger.is_spent()
    assert databases_set_aside(tmp_path) == [harmed]


async def test_emptied_file_is_set_aside_with_the_wal_that_shows_it(tmp_path: Path) -> None:
    path, wal = tmp_path / "ledger.db", tmp_path / "ledger.db-wal"
    path.touch()
    wal.write_bytes(b"calls that were counted")
    async with ledger_at(path) as ledger:
        assert await ledger.is_spent()
    assert set_aside(tmp_path) == {
        "ledger.db.damaged-20261122T120000Z": b"",
        "ledger.db.damaged-20261122T120000Z-wal": b"calls that were counted",
    }


async def test_second_damage_within_a_second_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    for content in (GARBAGE, GARBAGE + b"2", GARBAGE + b"3"):
        path.write_bytes(content)
        async with ledger_at(path):
            pass
    assert databases_set_aside(tmp_path) == [GARBAGE, GARBAGE + b"2", GARBAGE + b"3"]


async def test_mark_survives_restarts_and_is_said_at_each(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(GARBAGE)
    for _ in range(3):
        with capture_logs() as logs:
            async with ledger_at(path) as ledger:
                assert await ledger.is_spent()
        assert [line["event"] for line in logs if line["log_level"] == "error"] == ["ledger.month_unknown"]
    assert len(databases_set_aside(tmp_path)) == 1


async def test_mark_ends_with_the_month(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.db", FakeClock(datetime(2026, 11, 30, 23, tzinfo=UTC))
    path.write_bytes(GARBAGE)
    async with ledger_at(path, clock) as ledger:
        assert await ledger.is_spent()
        await clock.advance(3660)
        assert not await ledger.is_spent()
        assert await ledger.used() == 0


async def test_moving_the_reset_day_does_not_forget_that_calls_were_lost(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.db", FakeClock(datetime(2026, 11, 30, 12, tzinfo=UTC))
    path.write_bytes(GARBAGE)
    async with ledger_at(path, clock):
        await clock.advance(86_400)
    async with ledger_at(path, clock, resets_on=15) as ledger:  # 15 November to 15 December
        assert await ledger.is_spent()


async def test_wall_clock_that_steps_back_over_the_damage_frees_nothing(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.db", FakeClock(datetime(2026, 12, 1, 0, 0, 5, tzinfo=UTC))
    path.write_bytes(GARBAGE)
    async with ledger_at(path, clock) as ledger:
        clock.step_wall_clock(-10)
        assert await ledger.is_spent()


async def test_without_a_limit_nothing_is_spent_and_nothing_is_said_as_an_error(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(GARBAGE)
    with capture_logs() as logs:
        async with ledger_at(path, per_month=0) as ledger:
            await ledger.charge()
            spending = await ledger.spending()
            assert not (await ledger.ledger.count()).is_known
    assert (spending.month_used, spending.month_limit) == (1, None)
    assert [line["log_level"] for line in logs] == ["warning"]


async def test_recovered_count_opens_the_month_again_once_and_for_all_processes(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(GARBAGE)
    async with ledger_at(path) as ledger, ledger_at(path) as other:
        assert await other.ledger.recover(Used(40))
        assert not await ledger.ledger.recover(Used(40))  # it is known by now: nothing is added twice
        await ledger.charge()
        assert await other.used() == 41
    async with ledger_at(path) as ledger:
        assert not await ledger.is_spent()


async def test_recovered_count_at_the_limit_leaves_the_month_spent(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(GARBAGE)
    async with ledger_at(path) as ledger:
        assert await ledger.ledger.recover(Used(100))
        assert await ledger.is_spent()
        assert (await ledger.ledger.count()).is_known


async def test_calls_made_without_a_limit_since_the_loss_are_added_to_what_is_recovered(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(GARBAGE)
    async with ledger_at(path, per_month=0) as ledger:
        await ledger.charge()
        await ledger.ledger.recover(Used(40))
        assert await ledger.used() == 41


async def test_count_that_is_not_lost_cannot_be_recovered(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    await sound_ledger_with_calls(path, 3)
    async with ledger_at(path) as ledger:
        assert not await ledger.ledger.recover(Used(40))
        assert await ledger.used() == 3


@pytest.mark.parametrize("used", [0, 2, 99])
async def test_count_that_is_set_replaces_what_was_there_and_clears_the_mark(tmp_path: Path, used: int) -> None:
    path, clock = tmp_path / "ledger.db", FakeClock(datetime(2026, 11, 20, tzinfo=UTC))
    await sound_ledger_with_calls(path, 5, clock)
    await clock.advance(86_400)
    async with ledger_at(path, clock) as ledger:
        await ledger.charge()
        before = await ledger.ledger.set_used(used)
        assert (before.used, before.is_known) == (6, True)
        assert await ledger.used() == used
    path.write_bytes(GARBAGE)
    async with ledger_at(path, clock) as ledger:
        assert not (await ledger.ledger.set_used(used)).is_known
        assert not await ledger.is_spent()
        assert await ledger.used() == used


async def test_running_process_goes_on_with_the_new_file_when_another_sets_its_own_aside(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with ledger_at(path) as running:
        in_flight = await running.charge()
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        overwrite_the_page_of_calls(path)
        async with ledger_at(path) as started:
            await started.ledger.set_used(10)
            await running.charge()
            assert await started.used() == 11
            await running.accounts.withdraw(
                in_flight
            )  # it was counted in the file set aside, so here there is nothing to undo
            assert await started.used() == 11
    assert len(databases_set_aside(tmp_path)) == 1


async def test_damage_that_shows_while_running_stops_calls_and_the_next_start_sets_it_aside(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with ledger_at(path) as running:
        await running.charge()
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        overwrite_the_page_of_calls(path)
        with capture_logs() as logs:
            for _ in range(3):
                with pytest.raises(UpstreamUnavailable):
                    await running.charge()
        assert [line["event"] for line in logs] == ["ledger.unusable"]
        assert set_aside(tmp_path) == {}
    async with ledger_at(path) as ledger:
        assert await ledger.is_spent()
    assert len(databases_set_aside(tmp_path)) == 1


async def test_many_processes_that_start_on_a_damaged_file_end_on_one_new_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(GARBAGE)
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", START, str(path), "0", stdout=subprocess.DEVNULL)
        for _ in range(4)
    ]
    assert [await process.wait() for process in processes] == [0, 0, 0, 0]
    assert list(set_aside(tmp_path).values()) == [GARBAGE]
    async with ledger_at(path, FakeClock(datetime.now(UTC))) as ledger:
        assert await ledger.is_spent()


async def test_start_that_dies_at_any_step_of_setting_aside_never_leaves_a_month_that_counts_from_zero(
    tmp_path: Path,
) -> None:
    steps, ended = 0, 9
    while ended == 9:
        steps += 1
        folder = tmp_path / str(steps)
        folder.mkdir()
        path = folder / "ledger.db"
        path.touch()
        (folder / "ledger.db-wal").write_bytes(b"calls that were counted")  # without it, this file would count as new
        start = [sys.executable, "-c", START, str(path), str(steps)]
        ended = (await asyncio.to_thread(subprocess.run, start, stdout=subprocess.DEVNULL, check=False)).returncode
        async with ledger_at(path, FakeClock(datetime.now(UTC))) as ledger:
            assert await ledger.is_spent(), f"died at step {steps}"
        kept = set_aside(folder)
        assert sorted(kept.values()) == [b"", b"calls that were counted"], f"died at step {steps}"
        assert not (folder / "ledger.db.setting-aside").exists()
    assert ended == 0
    assert steps > 8, "the steps are not seen, so nobody died at any"
