"""One workload against Dozor and its peers, each with an upstream of its own that takes 30 calls a minute.

    python3 backend/run.py check settings        # once: installs what the tests need
    apt-get install nginx-light varnish redis-server
    .venv/bin/python -m bench.frugal             # some 14 minutes; --short: the first 3; --only dozor,nginx

Prints a table and writes bench/results/frugal.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "backend"), str(ROOT / "backend" / "tests")]

import aiohttp  # noqa: E402
from aiohttp import web  # noqa: E402
from bench.frugal.checker import Checker  # noqa: E402
from bench.frugal.greedy import Greedy, Result, success  # noqa: E402
from bench.frugal.peers import PEERS  # noqa: E402
from bench.frugal.workload import PER_SECOND, SEED, Asked, trace  # noqa: E402
from yarl import URL  # noqa: E402

from dozor.standin.server import StandIn, start  # noqa: E402

PER_MINUTE, LATENCY_S, PATIENCE_S = 30, 0.15, 10.0
COLD, WARM = (0.0, 180.0), (600.0, 780.0)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one request: its kind, its second, whether it succeeded, how long it took and how old it was."""

    asked: Asked
    ok: bool
    took: float
    age: float | None


@dataclass
class Run:
    """One peer's run."""

    name: str
    answers: list[Answered] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    calls: list[float] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    refused: int = 0

    def row(self, begin: float, end: float) -> dict[str, Any]:
        """The figures of the requests between these seconds."""
        within = [one for one in self.answers if begin <= one.asked.at < end]
        took = sorted(one.took for one in within if one.ok)
        calls = sum(begin <= at < end for at in self.calls)
        served = sum(one.ok for one in within)
        ages: dict[str, list[float]] = defaultdict(list)
        for one in within:
            if one.ok and one.age is not None:
                ages[one.asked.kind].append(one.age)
        return {
            "who": self.name,
            "minutes": f"{begin / 60:g}-{end / 60:g}",
            "requests": len(within),
            "success_percent": round(100 * served / max(1, len(within)), 2),
            "failed": dict(Counter(one.asked.kind for one in within if not one.ok)),
            "p50_ms": round(1000 * at(took, 0.5), 1),
            "p99_ms": round(1000 * at(took, 0.99), 1),
            "age_p99_s": {kind: round(at(sorted(found), 0.99)) for kind, found in sorted(ages.items())},
            "calls": calls,
            "served_per_call": round(served / max(1, calls), 1),
            "wrong": len(self.wrong),
            "refused_upstream": self.refused,
        }


def at(ordered: Sequence[float], share: float) -> float:
    """The value below which this share lies; 0 without any."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@asynccontextmanager
async def recorded(stand_in: StandIn, run: Run, checker: Checker, began: float) -> AsyncIterator[str]:
    """A stand-in whose answers are written down on their way."""

    async def pass_on(request: web.Request) -> web.Response:
        sent = time.monotonic() - began
        url = URL(stand_in.origin + request.raw_path, encoded=True)
        async with client.get(url, headers={"User-Agent": "bench"}) as reply:
            body = await reply.read()
            run.calls.append(sent)
            run.targets.append(f"{sent:.1f} {reply.status} {request.raw_path.removeprefix('/api/v3')[:90]}")
            run.refused += reply.status == 429
            if reply.status == 200:
                checker.hear(request.raw_path.removeprefix("/api/v3"), sent, body)
            kept = {name: reply.headers[name] for name in ("Content-Type", "Retry-After") if name in reply.headers}
            return web.Response(status=reply.status, body=body, headers=kept)

    application = web.Application()
    application.router.add_get("/{rest:.*}", pass_on)
    runner = web.AppRunner(application, access_log=None)
    async with aiohttp.ClientSession(auto_decompress=True) as client:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/v3"
        finally:
            await runner.cleanup()


async def measure(name: str, requests: Sequence[Asked], folder: Path, **options: int) -> Run:
    """Send these requests to this peer, each at its time."""
    folder.mkdir()  # noqa: ASYNC240  # nothing else runs yet
    run, checker = Run(name), Checker()
    upstream = await start(per_minute=PER_MINUTE, latency_seconds=LATENCY_S, seed=SEED, check_user_agent=False)
    try:
        began = time.monotonic()
        async with recorded(upstream, run, checker, began) as recorder, PEERS[name](recorder, folder, **options) as url:
            offset = time.monotonic() - began
            connector = aiohttp.TCPConnector(limit=0)
            async with aiohttp.ClientSession(connector=connector) as client, asyncio.TaskGroup() as tasks:
                for asked in requests:
                    await asyncio.sleep(began + offset + asked.at - time.monotonic())
                    tasks.create_task(ask(client, url, asked, run, checker, began))
            run.calls = [sent - offset for sent in run.calls]
    finally:
        await upstream.close()
    return run


async def ask(client: aiohttp.ClientSession, url: str, asked: Asked, run: Run, checker: Checker, began: float) -> None:
    """Send one request and look at what comes."""
    sent = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE_S), client.get(URL(url + asked.target, encoded=True)) as reply:
            body = await reply.read()
            status, age = reply.status, float(reply.headers.get("Age", 0))
    except (TimeoutError, aiohttp.ClientError) as error:
        run.statuses[type(error).__name__] += 1
        run.answers.append(Answered(asked, ok=False, took=time.monotonic() - sent, age=None))
        return
    came = time.monotonic()
    run.statuses[str(status)] += 1
    run.answers.append(Answered(asked, ok=status == 200, took=came - sent, age=age))
    if status == 200 and run.name == "dozor":
        mistake = checker.check(asked.target, came - began, age, body)
        if mistake is not None:
            run.wrong.append(f"{asked.target}: {mistake}")


async def top_coins() -> list[str]:
    """The ids of the stand-in's coins, the most valuable first."""
    upstream = await start(seed=SEED, check_user_agent=False)
    try:
        async with aiohttp.ClientSession() as client:
            ids: list[str] = []
            for page in (1, 2):
                url = f"{upstream.base_url}/coins/markets?vs_currency=usd&per_page=250&page={page}"
                async with client.get(url) as reply:
                    ids += [row["id"] for row in await reply.json()]
            return ids
    finally:
        await upstream.close()


async def main() -> None:
    """Measure them all at once: each has an upstream of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true", help="the first 3 minutes alone")
    parser.add_argument("--only", default=",".join(PEERS), help="peers, with commas between")
    parser.add_argument("--month", type=int, default=0, help="Dozor's calls a month; 0: no limit")
    options = parser.parse_args()
    windows = [COLD] if options.short else [COLD, WARM]
    requests = list(trace(windows[-1][1], await top_coins()))
    print(f"{len(requests)} requests at {PER_SECOND:g}/s, seed {SEED}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        runs = await asyncio.gather(
            *(
                measure(
                    name, requests, Path(folder) / name, **({"per_month": options.month} if name == "dozor" else {})
                )
                for name in options.only.split(",")
            )
        )
    rows = [run.row(*window) for window in windows for run in runs]
    for days_apart in (False, True):
        results: list[Result] = Greedy(days_apart).run(requests)
        name = "greedy" + (", 7 and 30 days apart" if days_apart else "")
        rows += [
            {
                "who": name,
                "minutes": f"{w[0] / 60:g}-{w[1] / 60:g}",
                "success_percent": round(100 * success(results, *w), 2),
                "failed": dict(
                    Counter(one.asked.kind for one in results if not one.answered and w[0] <= one.asked.at < w[1])
                ),
            }
            for w in windows
        ]
    for row in rows:
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    where = ROOT / "bench" / "results"
    where.mkdir(exist_ok=True)
    for run in runs:
        print(run.name, dict(run.statuses), *run.wrong[:5], sep="\n  ")
        (where / f"calls-{run.name}.txt").write_text("\n".join(run.targets) + "\n")
    name = "frugal-month.json" if options.month else "frugal-short.json" if options.short else "frugal.json"
    (where / name).write_text(json.dumps({"seed": SEED, "per_second": PER_SECOND, "rows": rows}, indent=2) + "\n")


asyncio.run(main())
