"""Several real processes that want far more than the plan allows, and the stand-in that counts what arrives."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

from dozor.domain.machines import Rules
from dozor.standin import server

PLAN = 30
USED = 27  # nine tenths
PROGRAM = Path(__file__).with_name("saturating.py")


@dataclass
class Worker:
    """One saturating process."""

    folder: Path
    process: asyncio.subprocess.Process

    async def stop(self) -> None:
        """Let it end in order; what it said, if that was wrong."""
        _, said = await asyncio.wait_for(self.process.communicate(b""), 30)  # which closes its standard input
        assert (self.process.returncode, said) == (0, b""), said.decode()


@dataclass
class Scene:
    """The stand-in, and what asks it."""

    stand_in: server.StandIn
    redis_url: str
    lengths: Rules
    workers: list[Worker] = field(default_factory=list)

    async def start(self, folder: Path) -> Worker:
        """One more process on this data folder, once it asks."""
        environment = {
            "COINGECKO_BASE_URL": self.stand_in.base_url,
            "COINGECKO_API_KEY": "CG-1",
            "COINGECKO_CALLS_PER_MINUTE": str(PLAN),
            "COINGECKO_CALLS_PER_MONTH": "10000000",
            "REDIS_URL": self.redis_url,
            "DOZOR_DATA_DIR": str(folder),
        }
        order = json.dumps({"environment": environment, "lengths": asdict(self.lengths)})
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PROGRAM),
            order,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert process.stderr is not None
        worker = Worker(folder, process)
        self.workers.append(worker)
        said = await process.stderr.readline()
        assert said == b"ready\n", (said + await process.stderr.read()).decode()
        return worker

    async def calls_more(self, number: int, seconds: float) -> None:
        """Come back once so many calls more have arrived."""
        until = self.stand_in.calls.total + number
        async with asyncio.timeout(seconds):
            while self.stand_in.calls.total < until:  # noqa: ASYNC110  # what others do can only be looked at
                await asyncio.sleep(0.05)

    def is_within_the_plan(self) -> None:
        """By the stand-in's own count."""
        assert self.stand_in.calls.by_status["429"] == 0
        assert self.stand_in.calls.largest_minute <= USED

    def on_record(self) -> int:
        """What all the ledgers have counted."""
        return sum(counted(folder) for folder in {worker.folder for worker in self.workers})


def counted(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "ledger.db")) as database:
        return int(database.execute("SELECT coalesce(sum(charged - refunded), 0) FROM spent").fetchone()[0])


@contextlib.asynccontextmanager
async def a_scene(lengths: Rules, redis_url: str = "") -> AsyncIterator[Scene]:
    """Upstream with a plan of 30 calls in a span; whatever was started ends with the block."""
    stand_in = await server.start(per_minute=PLAN, window_seconds=lengths.span, latency_seconds=0.05, coins=300)
    scene = Scene(stand_in, redis_url, lengths)
    try:
        yield scene
    finally:
        for worker in scene.workers:
            if worker.process.returncode is None:
                worker.process.kill()
                await worker.process.communicate()
        await stand_in.close()
