"""Rules that fire at once, and a receiver that was away: how fast, and that nothing is lost, repeated or out of order.

    .venv/bin/python bench/deliveries.py [--rules 1000] [--queued 100000] [--postgres URL]

A whole Dozor in this process over a real database, and a receiver of webhooks beside it on loopback. First all rules
fire in one look, five times: from the moment the watch knows to the receiver's acceptance. Then the receiver answers
503 until so many deliveries are queued, and comes back; the clock is moved over the pauses between attempts, so what
is measured is work. Writes bench/results/deliveries.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "backend"), str(ROOT / "backend" / "tests")]

from aiohttp import web  # noqa: E402

from alerts.owner import ALERTING, Owner  # noqa: E402
from alerts.priced_upstream import priced_upstream  # noqa: E402
from dozor.alerts import patrol  # noqa: E402
from running_dozor import running_dozor, until  # noqa: E402

COLUMNS = ("rules", "p50 ms", "p95 ms", "max ms")


class Receiver:
    """Counts what arrives; ``is_away`` makes it answer 503."""

    def __init__(self) -> None:
        self.is_away = False
        self.at: dict[str, float] = {}
        self.repeats = 0
        self.by_rule: dict[str, list[str]] = defaultdict(list)

    async def serve(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if self.is_away:
            return web.Response(status=503)
        if not body["type"].startswith("alert."):
            return web.Response(text="ok")  # a notice: the clock's leaps look like an outage
        event = body["data"]["event_id"]
        self.repeats += event in self.at
        self.at.setdefault(event, time.time())
        self.by_rule[body["data"]["alert_id"]].append(event)
        return web.Response(text="ok")


async def main(rules: int, queued: int, database: str) -> None:
    patrol.TURN_S = 0.02
    receiver = Receiver()
    application = web.Application()
    application.router.add_post("/hook", receiver.serve)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    with tempfile.TemporaryDirectory() as folder:
        settings = {**ALERTING, "DOZOR_WATCH_INTERVAL_S": "30", "DATABASE_URL": database}
        async with (
            priced_upstream(bitcoin=100.0) as upstream,
            running_dozor(upstream.base_url, Path(folder), **settings) as dozor,
        ):
            owner = Owner(dozor.client, dozor.url)
            channel = await owner.webhook(hook)
            began = time.monotonic()
            for number in range(rules):
                level = f"110.{number:06d}"
                condition = {"type": "price_cross", "level": level, "direction": "up"}
                await owner.rule(channel, condition, cooldown_s=0, rearm_band_pct="0")
            made_s = time.monotonic() - began

            async def look(price: float) -> None:
                dozor.clock.advance(30)
                upstream.prices["bitcoin"] = price
                upstream.seen_at = now = dozor.clock.now()

                async def is_taken_in() -> bool:
                    polled_at = (await owner.ok("GET", "/status"))["watch"]["polled_at"]
                    return polled_at is not None and datetime.fromisoformat(polled_at) > now

                await until(is_taken_in, 120)

            async def waiting() -> int:
                return int((await owner.ok("GET", "/status"))["outbox"]["waiting"])

            await look(100.0)
            await look(100.0)
            latencies: list[float] = []
            for _ in range(5):
                ahead = dozor.clock.now().timestamp() - datetime.now(UTC).timestamp() + 30
                known = set(receiver.at)
                await look(120.0)
                await until(partial(_has, receiver, len(known) + rules), 60)
                detected = await _detected(owner, rules)
                new = [event for event in receiver.at if event not in known]
                latencies += [receiver.at[event] - (detected[event] - ahead) for event in new if event in detected]
                await look(100.0)
            at_once = {
                "rules": rules,
                "p50 ms": round(statistics.median(latencies) * 1000),
                "p95 ms": round(statistics.quantiles(latencies, n=20)[-1] * 1000),
                "max ms": round(max(latencies) * 1000),
            }
            print(at_once, f"{rules / made_s:.0f} rules a second made over REST", flush=True)

            receiver.is_away = True
            while await waiting() < queued:
                await look(120.0)
                await look(100.0)
                print(f"\rqueued {await waiting()} ", end="", file=sys.stderr, flush=True)
            total, before = await waiting(), len(receiver.at)
            receiver.is_away = False
            began = time.monotonic()
            while left := await waiting():
                dozor.clock.advance(600)  # over the pauses between attempts
                await asyncio.sleep(0.25)
                print(f"\rleft {left} ", end="", file=sys.stderr, flush=True)
            drained_s = time.monotonic() - began
            out_of_order = sum(events != sorted(events) for events in receiver.by_rule.values())
            drained = {
                "queued": total,
                "arrived": len(receiver.at) - before,
                "repeats": receiver.repeats,
                "rules out of order": out_of_order,
                "seconds": round(drained_s, 1),
                "a second": round(total / drained_s),
            }
            print("\n", drained)
    await runner.cleanup()
    results = ROOT / "bench" / "results"
    results.mkdir(exist_ok=True)
    (results / "deliveries.json").write_text(json.dumps({"at_once": at_once, "drained": drained}, indent=1))


async def _has(receiver: Receiver, count: int) -> bool:
    return len(receiver.at) >= count


async def _detected(owner: Owner, count: int) -> dict[str, float]:
    """When the watch knew of the newest events, by their ids."""
    items: list[Any] = (await owner.ok("GET", f"/events?limit={min(count, 1000)}"))["items"]
    return {item["id"]: datetime.fromisoformat(item["detected_at"]).timestamp() for item in items}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=int, default=1000)
    parser.add_argument("--queued", type=int, default=100_000)
    parser.add_argument("--postgres", default="", help="a database to use instead of a file of SQLite")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.rules, arguments.queued, arguments.postgres))
