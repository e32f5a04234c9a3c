"""All subjects at once, each on its stage in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import threading
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from bench.frugal.peers.subject import CannotRun

ROOT = Path(__file__).resolve().parents[2]
APART_S = 5.0
"""A cold start is much work for a stand-in, and two at once would disturb each other."""

Result = TypeVar("Result")


async def side_by_side(names: Sequence[str], choices: Sequence[str]) -> dict[str, Any]:
    """Run these subjects and give the figures of each. ``choices`` go to each stage's command line.

    Raises a group of CannotRun when one could not be run; it has said on standard error why.
    """
    with tempfile.TemporaryDirectory(prefix="frugal-") as place:
        folder = Path(place)
        async with asyncio.TaskGroup() as tasks:
            for number, name in enumerate(names):
                tasks.create_task(_stage(name, folder / name, choices, number * APART_S))
        return {name: json.loads((folder / name).read_bytes()) for name in names}


async def _stage(name: str, out: Path, choices: Sequence[str], later: float) -> None:
    await asyncio.sleep(later)
    command = [sys.executable, "-m", "bench.frugal", "stage", name, str(out), *choices]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdin=asyncio.subprocess.PIPE, start_new_session=True
    )
    assert process.stdin is not None
    try:
        await process.wait()
    finally:
        process.stdin.close()  # which ends it, and what it started
        await process.wait()
    if process.returncode:
        raise CannotRun(name)
    print(f"{name}: done", file=sys.stderr)


async def while_wanted(work: Coroutine[Any, Any, Result]) -> Result:
    """Do the work of a stage; give it up, in order, when whoever started it goes and so closes its standard input."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)

    def wait_for_end() -> None:
        os.read(sys.stdin.fileno(), 1)  # not through a buffer, whose lock would outlive the interpreter
        with contextlib.suppress(RuntimeError):  # the loop has ended before
            loop.call_soon_threadsafe(task.cancel)

    threading.Thread(target=wait_for_end, daemon=True).start()
    return await task
