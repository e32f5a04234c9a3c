"""The month's count on disk."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from dozor.domain.allowance import Shortage
from dozor.domain.budget import MonthPeriod
from dozor.domain.errors import CannotRunHere, UpstreamUnavailable
from fakes import FakeClock
from till import Short, Till

if TYPE_CHECKING:
    from pathlib import Path

WITH_TILL = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def ledger_at(path: Path, clock: FakeClock | None = None, *, per_month: int = 100, resets_on: int = 1) -> Till:
    return Till(path, clock, per_month=per_month, resets_on=resets_on)


async def test_call_charged_and_never_heard_of_again_stays_counted_after_a_restart(tmp_path: Path) -> None:
    async with ledger_at(tmp_path / "ledger.db") as ledger:
        await ledger.charge()
    async with ledger_at(tmp_path / "ledger.db") as ledger:
        assert await ledger.used() == 1


async def test_process_that_dies_after_charging_leaves_its_call_counted(tmp_path: Path) -> None:
    program = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "from dozor.clock import SystemClock\n"
        "from till import Till\n"
        "async def main():\n"
        "    async with Till(Path(sys.argv[1]), SystemClock(), per_month=0) as ledger:\n"
        "        for _ in range(3):\n"
        "            await ledger.charge()\n"
        "        os._exit(9)\n"  # as abruptly as a kill: nothing is closed, nothing is flushed
        "asyncio.run(main())\n"
    )
    path = tmp_path / "ledger.db"
    command = [sys.executable, "-c", program, str(path)]
    died = await asyncio.to_thread(subprocess.run, command, check=False, timeout=60, env=WITH_TILL)
    assert died.returncode == 9
    async with ledger_at(path, FakeClock(datetime.now(UTC))) as ledger:
        assert await ledger.used() == 3


async def test_days_share_is_never_overspent_by_several_processes_on_one_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from dozor.clock import SystemClock\n"
        "from till import Short, Till\n"
        "async def main():\n"
        "    charged = 0\n"
        "    async with Till(Path(sys.argv[1]), SystemClock(), per_month=1200) as ledger:\n"
        "        for _ in range(30):\n"
        "            try:\n"
        "                await ledger.charge()\n"
        "                charged += 1\n"
        "            except Short:\n"
        "                pass\n"
        "    print(charged)\n"
        "asyncio.run(main())\n"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, str(path), stdout=asyncio.subprocess.PIPE, env=WITH_TILL
        )
        for _ in range(3)
    ]
    counted = [int((await process.communicate())[0]) for process in processes]
    period = MonthPeriod.around(datetime.now(UTC), 1)
    assert sum(counted) == 1200 // (period.end - period.start).days


async def test_two_ledgers_on_one_file_count_together(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with ledger_at(path, per_month=90) as one, ledger_at(path, per_month=90) as other:
        await one.charge()
        await other.charge()
        await one.charge()
        with pytest.raises(Short) as refusal:
            await other.charge()
        assert refusal.value.shortage is Shortage.PACE
        assert await other.used() == 3


async def test_spent_month_is_refused_until_a_minute_after_the_reset_and_counts_nothing(tmp_path: Path) -> None:
    clock = FakeClock(datetime(2026, 12, 31, 23, 58, tzinfo=UTC))
    async with ledger_at(tmp_path / "ledger.db", clock, per_month=1) as ledger:
        await ledger.charge()
        for _ in range(3):
            with pytest.raises(Short) as refusal:
                await ledger.charge()
        assert refusal.value.shortage is Shortage.MONTH
        await clock.advance(120)
        assert await ledger.used() == 0
        await clock.advance(60)
        await ledger.charge()


async def test_for_a_minute_on_either_side_of_the_reset_no_call_goes_out(tmp_path: Path) -> None:
    clock = FakeClock(datetime(2026, 12, 31, 23, 58, 59, tzinfo=UTC))
    opens_at = datetime(2027, 1, 1, 0, 1, tzinfo=UTC)
    async with ledger_at(tmp_path / "ledger.db", clock) as ledger:
        await ledger.charge()
        for _ in range(119):
            await clock.advance(1)
            with pytest.raises(Short) as refusal:
                await ledger.charge()
            assert (refusal.value.shortage, refusal.value.until) == (Shortage.MONTH, opens_at)
        await clock.advance(2)
        await ledger.charge()


async def test_reset_on_the_31st_falls_on_the_last_day_of_february(tmp_path: Path) -> None:
    clock = FakeClock(datetime(2028, 2, 28, 23, 59, 30, tzinfo=UTC))  # a leap year
    async with ledger_at(tmp_path / "ledger.db", clock, resets_on=31) as ledger:
        with pytest.raises(Short) as refusal:
            await ledger.charge()
        assert refusal.value.until == datetime(2028, 2, 29, 0, 1, tzinfo=UTC)


async def test_moving_the_reset_day_forgets_no_call_of_the_period_it_makes(tmp_path: Path) -> None:
    clock = FakeClock(datetime(2026, 11, 22, 12, tzinfo=UTC))
    async with ledger_at(tmp_path / "ledger.db", clock) as ledger:
        await ledger.charge()
    async with ledger_at(tmp_path / "ledger.db", clock, resets_on=20) as ledger:
        assert await ledger.used() == 1


async def test_wall_clock_stepping_over_the_reset_and_back_forgets_nothing(tmp_path: Path) -> None:
    clock = FakeClock(datetime(2026, 11, 30, 23, tzinfo=UTC))
    async with ledger_at(tmp_path / "ledger.db", clock) as ledger:
        await ledger.charge()
        clock.step_wall_clock(7200)
        await ledger.charge()
        assert await ledger.used() == 1
        clock.step_wall_clock(-7200)
        assert await ledger.used() == 2  # a call of a later day was made by now at the latest


async def test_call_given_back_after_the_reset_leaves_the_new_period_alone(tmp_path: Path) -> None:
    clock = FakeClock(datetime(2026, 11, 30, 23, 58, 50, tzinfo=UTC))
    async with ledger_at(tmp_path / "ledger.db", clock) as ledger:
        charge = await ledger.charge()
        await clock.advance(150)
        await ledger.charge()
        await ledger.accounts.give_back(charge)
        assert await ledger.used() == 1


async def test_without_a_limit_calls_are_counted_all_the_same(tmp_path: Path) -> None:
    async with ledger_at(tmp_path / "ledger.db", per_month=0) as ledger:
        for _ in range(3):
            await ledger.charge()
        spending = await ledger.spending()
        assert (spending.month_used, spending.month_limit) == (3, None)


async def test_every_charge_is_on_the_disk_before_the_call_goes_out(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with ledger_at(path) as ledger:
        await ledger.charge()
        with closing(sqlite3.connect(path)) as reader:
            assert reader.execute("SELECT sum(charged) FROM spent").fetchone() == (1,)
            assert reader.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_file_of_no_bytes_is_what_an_interrupted_first_start_leaves_and_counts_as_new(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.touch()
    async with ledger_at(path) as ledger:
        await ledger.charge()
        assert await ledger.used() == 1


async def test_file_of_a_newer_format_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(CannotRunHere, match="newer Dozor"):
        await ledger_at(path).__aenter__()


async def test_place_that_is_no_file_stops_the_start_and_says_the_ways_out(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.mkdir()
    with pytest.raises(CannotRunHere) as refusal:
        await ledger_at(path).__aenter__()
    assert str(path) in str(refusal.value)
    assert "move it away" in str(refusal.value)
    assert path.is_dir()


async def test_call_that_cannot_be_recorded_is_not_made_and_the_log_says_so_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with ledger_at(path) as ledger:
        await ledger.charge()
        assert await ledger.used() == 1
        with closing(sqlite3.connect(path)) as vandal:
            vandal.execute("ALTER TABLE spent RENAME TO gone")
            vandal.commit()
        with capture_logs() as logs:
            for _ in range(3):
                with pytest.raises(UpstreamUnavailable, match="cannot be counted") as refusal:
                    await ledger.charge()
                assert str(tmp_path) not in str(refusal.value)  # clients read it
                assert "gone" not in str(refusal.value)
            with closing(sqlite3.connect(path)) as vandal:
                vandal.execute("ALTER TABLE gone RENAME TO spent")
                vandal.commit()
            await ledger.charge()
        assert [entry["event"] for entry in logs] == ["ledger.unusable", "ledger.usable_again"]
        assert logs[0]["path"] == str(path)


async def test_days_of_long_ago_are_cleared_away(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with ledger_at(path, FakeClock(datetime(2024, 1, 1, 12, tzinfo=UTC))) as ledger:
        await ledger.charge()
    async with ledger_at(path):
        with closing(sqlite3.connect(path)) as reader:
            assert reader.execute("SELECT count(*) FROM spent").fetchone() == (0,)


async def test_what_an_older_format_has_counted_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE calls (day TEXT PRIMARY KEY, used INTEGER NOT NULL) STRICT")
        database.execute("CREATE TABLE losses (day TEXT PRIMARY KEY) STRICT")
        database.execute("CREATE TABLE minute (id INTEGER PRIMARY KEY, started_at INTEGER, ended_at INTEGER) STRICT")
        database.execute("INSERT INTO calls VALUES ('2026-11-20', 41)")
        database.execute("PRAGMA user_version = 2")
        database.commit()
    async with ledger_at(path) as ledger:
        await ledger.charge()
        assert await ledger.used() == 42
    async with ledger_at(path) as ledger:
        assert await ledger.used() == 42


async def test_calls_are_counted_by_what_they_were_for(tmp_path: Path) -> None:
    async with ledger_at(tmp_path / "ledger.db", per_month=3000) as ledger:
        for family in ("get_coins", "get_prices", "get_prices"):
            await ledger.charge(family=family)
        await ledger.accounts.withdraw(await ledger.charge(family="get_chart"))
        assert dict(await ledger.ledger.costs()) == {"get_prices": 2, "get_coins": 1}


@pytest.mark.parametrize(("used", "expected"), [(69, []), (70, [70]), (89, [70]), (90, [90]), (99, [90])])
async def test_warning_comes_once_at_seventy_and_at_ninety_per_cent(
    tmp_path: Path, used: int, expected: list[int]
) -> None:
    async with ledger_at(tmp_path / "ledger.db", per_month=100) as ledger:
        await ledger.ledger.set_used(used - 1)
        with capture_logs() as logs:
            await ledger.charge()
        assert [line["per_cent"] for line in logs if line["event"] == "quota.nearly_spent"] == expected
        with capture_logs() as logs:
            await ledger.ledger.set_used(used)
            await ledger.accounts.withdraw(await ledger.charge())
        further = {69: [70], 89: [90]}.get(used, [])
        assert [line["per_cent"] for line in logs if line["event"] == "quota.nearly_spent"] == further
