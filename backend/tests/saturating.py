"""One process that asks upstream for ever something new, as a whole Dozor does, until it is told to stop.

``python saturating.py <settings as JSON>``: the environment of a Dozor, and ``lengths``, the arguments of ``Rules``. It
says on its standard error when it is ready, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import sys
from pathlib import Path

from dozor.app import App, running
from dozor.clock import SystemClock
from dozor.domain.errors import TryLater
from dozor.domain.machines import Rules
from dozor.market.default_views import coins_question
from dozor.settings import read_settings
from dozor.supervise import tasks_until_exit

ASKERS = 6


async def ask_for_ever(app: App, pages: itertools.count[int], client: str) -> None:
    """Each question is a new one, so that no cache answers it."""
    while True:
        try:
            question = coins_question("usd", next(pages), 1, "market_cap_desc")
            await app.market.answer(question, client=client, wait_seconds=1.0)
        except TryLater:
            await asyncio.sleep(0.02)


async def main(order: dict[str, object]) -> None:
    environment = {str(name): str(value) for name, value in dict(order["environment"]).items()}  # type: ignore[call-overload]
    settings = read_settings(environment, default_data_dir=Path(environment["DOZOR_DATA_DIR"]))
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    rules = Rules(**dict(order["lengths"]))  # type: ignore[call-overload]
    async with tasks_until_exit() as tasks, running(settings, tasks, SystemClock(), rules) as app:
        pages = itertools.count(1 + os.getpid() * 1000)
        askers = [tasks.create_task(ask_for_ever(app, pages, f"client {number}")) for number in range(ASKERS)]
        sys.stderr.write("ready\n")
        await asyncio.to_thread(sys.stdin.read)
        for asker in askers:
            asker.cancel()
        await asyncio.wait(askers)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(json.loads(sys.argv[1])))
