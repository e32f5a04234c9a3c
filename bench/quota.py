"""A plan of 30 calls a minute, wanted by far more than it serves, at full length: the stand-in counts what arrives.

    python3 backend/run.py check settings   # once: installs what the tests need
    .venv/bin/python bench/quota.py

First four data folders on one Redis, which is killed and returns empty, then four processes on one data folder; in each
one process is killed and started again. Some ten minutes. Writes bench/results/quota.json.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "backend"), str(ROOT / "backend" / "tests")]

from dozor.domain.machines import Rules  # noqa: E402
from redis_binaries import find_server  # noqa: E402
from redis_servers import Server  # noqa: E402
from saturated import Scene, a_scene  # noqa: E402

RULES = Rules()


class Report:
    """What each phase brought."""

    def __init__(self, scene: Scene, scenario: str) -> None:
        self.rows: list[dict[str, Any]] = []
        self._scene = scene
        self._scenario = scenario

    async def phase(self, name: str, seconds: float) -> None:
        """Let it go on for so long."""
        before, began = self._scene.stand_in.calls.total, time.monotonic()
        await asyncio.sleep(seconds)
        self._add(name, before, began)

    def _add(self, name: str, before: int, began: float) -> None:
        calls = self._scene.stand_in.calls
        row = {
            "scenario": self._scenario,
            "phase": name,
            "seconds": round(time.monotonic() - began),
            "calls": calls.total - before,
            "refused": calls.by_status["429"],
            "largest_minute": calls.largest_minute,
        }
        self.rows.append(row)
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)

    def end(self) -> None:
        """What the ledgers say, beside the stand-in."""
        on_record, arrived = self._scene.on_record(), self._scene.stand_in.calls.total
        row = {"scenario": self._scenario, "phase": "all", "on_record": on_record, "arrived": arrived}
        self.rows.append(row)
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)


async def four_machines(folder: Path, redis: Server) -> list[dict[str, Any]]:
    async with a_scene(RULES, redis.url) as scene:
        report = Report(scene, "four data folders on one Redis")
        for name in "abcd":
            await scene.start(folder / name)
        await report.phase("together", 120)
        redis.kill()
        await report.phase("Redis killed", RULES.alone_after + 70)
        redis.start()
        await report.phase("Redis back, empty", 90)
        await replace_one(scene)
        await report.phase("one killed and started again", 90)
        await stop_all(scene)
        report.end()
        return report.rows


async def four_processes(folder: Path) -> list[dict[str, Any]]:
    async with a_scene(RULES) as scene:
        report = Report(scene, "four processes on one data folder")
        for _ in range(4):
            await scene.start(folder / "shared")
        await report.phase("together", 90)
        await replace_one(scene)
        await report.phase("one killed and started again", 90)
        await stop_all(scene)
        report.end()
        return report.rows


async def replace_one(scene: Scene) -> None:
    killed = scene.workers[0]
    killed.process.kill()
    await killed.process.communicate()
    await scene.start(killed.folder)


async def stop_all(scene: Scene) -> None:
    for worker in scene.workers[1:]:
        await worker.stop()


async def main() -> None:
    binary = find_server("redis")
    assert binary is not None, "no Redis here: run `python3 backend/run.py test` once"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Server(binary) as redis:
            rows = await four_machines(folder, redis)
        rows += await four_processes(folder)
    results = ROOT / "bench" / "results"
    results.mkdir(exist_ok=True)
    (results / "quota.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
