"""What every subject of the bench has: a place to listen, a folder of its own, processes that end with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias

START_S = 60.0
STOP_S = 15.0
INHERITED = ("HOME", "PATH", "SYSTEMROOT", "TEMP", "TMPDIR")

Started: TypeAlias = AbstractAsyncContextManager[str]
"""The origin to ask, while it is entered."""
Subject: TypeAlias = Callable[[str, Path], Started]
"""Starts a subject that asks this upstream (an origin) and may write in this folder."""


class CannotRun(Exception):
    """A subject cannot be run here; the message says what to do."""


def find_program(name: str, package: str) -> str:
    """Find a program that Debian has in ``package``. Raises CannotRun where there is none."""
    if found := shutil.which(name) or shutil.which(name, path="/usr/sbin"):
        return found
    raise CannotRun(f"no {name} here: apt-get install {package}")


def free_port() -> int:
    """Find a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def process(
    command: Sequence[str | Path], folder: Path, port: int, environment: Mapping[str, str] | None = None
) -> AsyncIterator[str]:
    """Run a program until the block ends, from when it listens on ``port`` on; gives its origin.

    It gets ``environment`` and little else, so that nobody's own settings are measured. Raises CannotRun with its last
    words when it does not listen.
    """
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    log = folder / "log"
    with log.open("ab") as written:
        running = await asyncio.create_subprocess_exec(
            *map(str, command), stdout=written, stderr=written, cwd=folder, env={**inherited, **(environment or {})}
        )
    try:
        await _listening(running, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        await _end(running)


async def _listening(running: asyncio.subprocess.Process, port: int, log: Path) -> None:
    until = time.monotonic() + START_S
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        if running.returncode is not None or time.monotonic() > until:
            raise CannotRun(f"did not start: {_last_words(log)}")
        await asyncio.sleep(0.1)


def _last_words(log: Path) -> str:
    return log.read_text(errors="replace")[-2_000:]


async def _end(running: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        running.terminate()
    try:
        await asyncio.wait_for(running.wait(), STOP_S)
    except TimeoutError:
        running.kill()
        await running.wait()
