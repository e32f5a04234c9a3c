"""Requests at a steady rate, whatever the answers do: a slow answer delays nobody else's question."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import aiohttp


@dataclass(frozen=True)
class Answer:
    """One answer: when it was asked for (seconds of a clock that only grows), its status (0: none came), how long it
    took, and where it came from.
    """

    at: float
    status: int
    seconds: float
    path: str
    cache_status: str


@dataclass
class SteadyLoad:
    """What came of it."""

    answers: list[Answer] = field(default_factory=list)

    @property
    def failures(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.status != 200]

    def between(self, start: float, end: float) -> list[Answer]:
        return [answer for answer in self.answers if start <= answer.at < end]


@contextlib.asynccontextmanager
async def steady_load(
    base_url: str, paths: Sequence[str], per_second: float, seed: int = 7
) -> AsyncIterator[SteadyLoad]:
    """Ask for random ones of ``paths`` while the block runs; at its end the last answers are waited for."""
    load = SteadyLoad()
    stopped = asyncio.Event()
    chance = random.Random(seed)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(base_url, connector=connector) as client, asyncio.TaskGroup() as tasks:

        async def ask(path: str) -> None:
            began = time.monotonic()
            try:
                async with client.get(path, timeout=aiohttp.ClientTimeout(total=20)) as response:
                    await response.read()
                    status, cache_status = response.status, response.headers.get("cache-status", "")
            except (aiohttp.ClientError, TimeoutError):
                status, cache_status = 0, ""
            load.answers.append(Answer(began, status, time.monotonic() - began, path, cache_status))

        async def ask_on() -> None:
            loop = asyncio.get_running_loop()
            due = loop.time()
            while not stopped.is_set():
                tasks.create_task(ask(chance.choice(paths)))
                due += 1 / per_second
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopped.wait(), max(0.0, due - loop.time()))

        asking = tasks.create_task(ask_on())
        try:
            yield load
        finally:
            stopped.set()
            await asking


def percentile(answers: Sequence[Answer], share: float) -> float:
    """The time in seconds that this share of the answers took at most."""
    times = sorted(answer.seconds for answer in answers)
    return times[min(len(times) - 1, int(share * len(times)))] if times else float("nan")
