"""How long answers take while Redis hangs, dies, comes back empty, is flushed, refuses writes and fills up.

    python3 backend/run.py check settings   # once: installs what the tests need
    .venv/bin/python bench/redis_faults.py [--rate 200] [--seconds 5]

Dozor runs in a process of its own with 8 MiB of memory for the cache, over 300 charts of some 50 kB: half of all reads
miss memory. Each phase lasts --seconds; the first is the quiet run to compare with. Writes
bench/results/redis_faults.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "backend"), str(ROOT / "backend" / "tests")]

import aiohttp  # noqa: E402

from cli.process import dozor_process  # noqa: E402
from redis_binaries import find_server  # noqa: E402
from redis_servers import Server  # noqa: E402
from running_dozor import scripted_upstream, until  # noqa: E402
from steady_load import percentile, steady_load  # noqa: E402
from web.test_redis_under_load import PATHS, answer_charts  # noqa: E402


async def get(url: str) -> bytes:
    async with aiohttp.ClientSession() as client, client.get(url) as response:
        return await response.read()


async def prime(url: str) -> None:
    async with aiohttp.ClientSession(url) as client:
        for path in PATHS:
            async with client.get(path) as response:
                assert response.status == 200
                await response.read()


async def until_up(url: str) -> float:
    async def is_up() -> bool:
        return bool(json.loads(await get(f"{url}/api/v1/status"))["tiers"]["redis"] == "up")

    return await until(is_up, 15)


async def measure(implementation: str, rate: float, seconds: float) -> list[dict[str, Any]]:
    binary = find_server(implementation)
    assert binary is not None, f"no {implementation} here: run `python3 backend/run.py test` once"
    loop = asyncio.get_running_loop()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder, Server(binary) as server:
        phases: list[tuple[str, Callable[[], object] | None]] = [
            ("quiet", None),
            ("stopped (SIGSTOP)", server.pause),
            ("continued", server.resume),
            ("killed", server.kill),
            ("restarted empty", server.start),
            ("flushed", lambda: server.ask("FLUSHALL")),
            ("read-only replica", lambda: server.ask("REPLICAOF", "127.0.0.1", "1")),
            ("master again", lambda: server.ask("REPLICAOF", "NO", "ONE")),
            ("memory full", lambda: server.ask("CONFIG", "SET", "maxmemory", "1mb")),
            ("memory free again", lambda: server.ask("CONFIG", "SET", "maxmemory", "0")),
        ]
        async with scripted_upstream() as upstream:
            answer_charts(upstream)
            settings = {
                "COINGECKO_BASE_URL": upstream.base_url,
                "COINGECKO_CALLS_PER_MINUTE": "0",
                "REDIS_URL": server.url,
                "DOZOR_MEMORY_CACHE_MIB": "8",
                "DOZOR_LANG": "en",
            }
            async with dozor_process(Path(folder), **settings) as process:
                url = await process.url()
                await until_up(url)
                await prime(url)
                async with steady_load(url, PATHS, rate) as load:
                    await asyncio.sleep(seconds)  # what priming left to write is written by then
                    for name, act in phases:
                        calls, began = len(upstream.calls), time.monotonic()
                        if act is not None:
                            await loop.run_in_executor(None, act)
                        await asyncio.sleep(seconds)
                        rows.append({"phase": name, "from": began, "to": time.monotonic(), "calls": calls})
                        if name in {"continued", "restarted empty"}:
                            rows[-1]["up_after_s"] = round(await until_up(url) + seconds, 1)
                for row, after in zip(rows, [*(row["calls"] for row in rows[1:]), len(upstream.calls)], strict=True):
                    answers = load.between(row.pop("from"), row.pop("to"))
                    row |= {
                        "answers": len(answers),
                        "failed": sum(answer.status != 200 for answer in answers),
                        "calls": after - row["calls"],
                        **{
                            name: round(1000 * percentile(answers, share), 2)
                            for name, share in (("p50_ms", 0.5), ("p99_ms", 0.99), ("max_ms", 1.0))
                        },
                    }
    return rows


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rate", type=float, default=200, help="requests a second")
    options.add_argument("--seconds", type=float, default=5, help="how long each phase lasts")
    options.add_argument("--server", choices=["redis", "valkey"], default="redis")
    chosen = options.parse_args()
    rows = asyncio.run(measure(chosen.server, chosen.rate, chosen.seconds))
    print(f"{'phase':<20} {'answers':>8} {'failed':>7} {'calls':>6} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8}")
    for row in rows:
        print(
            f"{row['phase']:<20} {row['answers']:>8} {row['failed']:>7} {row['calls']:>6}"
            f" {row['p50_ms']:>8} {row['p99_ms']:>8} {row['max_ms']:>8}"
        )
    results = ROOT / "bench" / "results"
    results.mkdir(exist_ok=True)
    (results / "redis_faults.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
