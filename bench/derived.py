"""What a derived answer costs that was not asked before: 10 of 250 coins, as prices and as rows, identity.

    .venv/bin/python bench/derived.py

CPU of ``MarketService.answer`` from a canonical question to its bytes, and with the reading of the question. Writes
bench/results/derived.json.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from pathlib import Path
from urllib.parse import parse_qsl

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "backend"), str(ROOT / "backend" / "tests")]

import aiohttp  # noqa: E402

from dozor.clock import SystemClock  # noqa: E402
from dozor.domain.lanes import Asker  # noqa: E402
from dozor.market.endpoints import match  # noqa: E402
from dozor.market.ports import Call, Depart, Fetched  # noqa: E402
from dozor.market.question import Question, canonical  # noqa: E402
from dozor.standin.server import start  # noqa: E402
from recording_upstream import RecordingUpstream, market_over  # noqa: E402

COINS, SOME, QUESTIONS = 250, 10, 3000
CURRENCY = "usd"


class Passing(RecordingUpstream):
    """Passes calls on to a stand-in."""

    def __init__(self, base_url: str, client: aiohttp.ClientSession) -> None:
        super().__init__(SystemClock())
        self._base_url, self._client = base_url, client

    async def fetch(self, asker: Asker, family: str, depart: Depart) -> Fetched:
        call: Call = await depart()
        async with self._client.get(self._base_url + call.path, params=call.params) as reply:
            return Fetched(await reply.read(), (), SystemClock().now())


def question(target: str) -> Question:
    """The canonical question at this path and query."""
    path, _, query = target.partition("?")
    found = match(path.strip("/").split("/"))
    assert found is not None
    return canonical(*found, parse_qsl(query), full_history=False)


async def main() -> None:
    """Measure and write down."""
    dice = random.Random(1)
    stand_in = await start(coins=1000, check_user_agent=False)
    rows = []
    try:
        async with aiohttp.ClientSession() as client, asyncio.TaskGroup() as tasks:
            market = market_over(Passing(stand_in.base_url, client), tasks, SystemClock())
            page = await market.answer(question(f"/coins/markets?vs_currency={CURRENCY}&per_page={COINS}"), client="")
            ids = [row["id"] for row in json.loads(page.body)]
            await market.answer(question(f"/simple/price?ids={','.join(ids)}&vs_currencies={CURRENCY}"), client="")
            for kind, path in (
                ("prices", f"/simple/price?vs_currencies={CURRENCY}&include_market_cap=true"),
                ("rows", f"/coins/markets?vs_currency={CURRENCY}&price_change_percentage=24h"),
                ("rows with sparklines", f"/coins/markets?vs_currency={CURRENCY}&sparkline=true"),
            ):
                targets = [f"{path}&ids={','.join(dice.sample(ids, SOME))}" for _ in range(QUESTIONS)]
                read: list[int] = []
                answered: list[int] = []
                for target in targets:
                    began = time.process_time_ns()
                    asked = question(target)
                    was_read = time.process_time_ns()
                    await market.answer(asked, client="somebody")
                    read.append(was_read - began)
                    answered.append(time.process_time_ns() - was_read)
                rows.append(
                    {
                        "what": kind,
                        "answer_us_median": sorted(answered)[QUESTIONS // 2] / 1000,
                        "answer_us_mean": round(sum(answered) / QUESTIONS / 1000, 1),
                        "question_us_median": sorted(read)[QUESTIONS // 2] / 1000,
                    }
                )
                print(rows[-1], flush=True)
    finally:
        await stand_in.close()
    where = ROOT / "bench" / "results"
    where.mkdir(exist_ok=True)
    (where / "derived.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


asyncio.run(main())
