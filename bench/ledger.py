"""What admitting one call costs, and whether the count is exact over 100,000 calls.

    python3 backend/run.py check settings   # once: installs what the tests need
    .venv/bin/python bench/ledger.py [--calls 100000]

One admission is everything from asking for leave until the call has ended: a charge on disk before, and its end after.
Beside it, in the same run: a bare SQLite transaction with one row, which is what durability alone costs here. Writes
bench/results/ledger.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "backend"), str(ROOT / "backend" / "tests")]

from dozor.cli.loop import new_event_loop  # noqa: E402
from dozor.clock import SystemClock  # noqa: E402
from dozor.domain.budget import Limits  # noqa: E402
from dozor.domain.lanes import Asker, Lane  # noqa: E402
from dozor.storage.redis_book import RedisBook  # noqa: E402
from dozor.upstream.accounts import Accounts  # noqa: E402
from dozor.upstream.admission import Admission  # noqa: E402
from dozor.upstream.ledger import Ledger  # noqa: E402
from dozor.upstream.shared_accounts import SharedAccounts  # noqa: E402
from redis_binaries import find_server  # noqa: E402
from redis_servers import Server  # noqa: E402
from storage.linked import linked  # noqa: E402

ASKER = Asker(Lane.PERSON, "bench")
UNLIMITED = Limits(0, 0, 0)
WIDE = Limits(450, 450, 1_000_000)  # a paid plan: 500 a minute


def bare_transactions(folder: Path, number: int) -> list[float]:
    database = sqlite3.connect(folder / "bare.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE calls (day TEXT)")
    took = []
    for _ in range(number):
        began = time.perf_counter()
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO calls VALUES ('2026-11-23')")
        database.execute("COMMIT")
        took.append(time.perf_counter() - began)
    database.close()
    return took


@asynccontextmanager
async def admission_over(folder: Path, limits: Limits, redis: str = "") -> AsyncIterator[tuple[Admission, Accounts]]:
    clock = SystemClock()
    async with asyncio.TaskGroup() as tasks, Ledger(folder / "ledger.db", resets_on=1, clock=clock) as ledger:
        if not redis:
            accounts = Accounts(ledger, limits, clock)
            yield Admission(accounts, tasks, clock), accounts
            return
        async with linked(redis) as link:
            shared = SharedAccounts(ledger, limits, clock, RedisBook(link, "bench"), folder.name)
            await shared.touch()
            await shared.touch()  # the first offer is known, and said to be
            yield Admission(shared, tasks, clock), shared


async def admit(admission: Admission, number: int) -> list[float]:
    took = []
    for _ in range(number):
        began = time.perf_counter()
        async with admission.permit(ASKER, "bench") as permit:
            permit.spend()
        took.append(time.perf_counter() - began)
    return took


def row(name: str, took: list[float]) -> dict[str, Any]:
    in_order = sorted(took)
    return {
        "what": name,
        "calls": len(took),
        "median_us": round(statistics.median(in_order) * 1e6),
        "p99_us": round(in_order[int(len(in_order) * 0.99)] * 1e6),
        "per_second": round(len(took) / sum(took)),
    }


async def measure(calls: int) -> list[dict[str, Any]]:
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows.append(row("bare SQLite transaction", bare_transactions(folder, 2000)))
        for title, limits, number in (("SQLite, limits off", UNLIMITED, 2000), ("SQLite, 450 a minute", WIDE, 440)):
            place = folder / title.replace(" ", "-")
            async with admission_over(place, limits) as (admission, _):
                rows.append(row(title, await admit(admission, number)))
        binary = find_server("redis")
        assert binary is not None, "no Redis here: run `python3 backend/run.py test` once"
        with Server(binary) as redis:
            for title, limits, number in (("Redis, limits off", UNLIMITED, 2000), ("Redis, 450 a minute", WIDE, 440)):
                place = folder / title.replace(" ", "-")
                redis.ask("FLUSHALL")
                async with admission_over(place, limits, redis.url) as (admission, _):
                    rows.append(row(title, await admit(admission, number)))
        rows.append(await exact(folder / "exact", calls))
    return rows


async def exact(folder: Path, calls: int) -> dict[str, Any]:
    """All at once, as far as one loop goes: nothing is lost, nothing counted twice."""
    began = time.perf_counter()
    async with admission_over(folder, UNLIMITED) as (admission, accounts):
        async with asyncio.TaskGroup() as tasks:
            for _ in range(10):
                tasks.create_task(admit(admission, calls // 10))
        counted = (await accounts.spending()).month_used
    assert counted == calls // 10 * 10, f"{counted} on record of {calls}"
    seconds = time.perf_counter() - began
    return {"what": "exact, ten at a time", "calls": counted, "per_second": round(counted / seconds)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--calls", type=int, default=100_000, help="how many the count is to be exact over")
    chosen = options.parse_args()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        rows = runner.run(measure(chosen.calls))
    print(f"{'':<26} {'calls':>7} {'median us':>10} {'p99 us':>8} {'per second':>11}")
    for one in rows:
        print(
            f"{one['what']:<26} {one['calls']:>7} {one.get('median_us', ''):>10} {one.get('p99_us', ''):>8}"
            f" {one['per_second']:>11}"
        )
    results = ROOT / "bench" / "results"
    results.mkdir(exist_ok=True)
    (results / "ledger.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
