"""The ``dozor`` command as a real process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Process:
    """A running command, its lines so far and where it listens."""

    process: asyncio.subprocess.Process
    lines: list[str]

    async def line_with(self, text: str) -> str:
        """The next line that holds ``text``; the process must say it before it ends."""
        assert self.process.stderr is not None
        while line := (await self.process.stderr.readline()).decode("utf-8", "replace"):
            self.lines.append(line.rstrip())
            if text in line:
                return line
        raise AssertionError(f"ended without saying {text!r}:\n" + "\n".join(self.lines))

    async def url(self) -> str:
        found = re.search(r"http://localhost:\d+", await self.line_with("http://localhost:"))
        assert found is not None
        return found[0]

    async def end(self) -> tuple[int, str]:
        """The exit code and everything said, once it ends."""
        _, rest = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, "\n".join([*self.lines, rest.decode("utf-8", "replace")])


@contextlib.asynccontextmanager
async def dozor_process(
    folder: Path, *arguments: str, program: Sequence[str] = (sys.executable, "-m", "dozor"), **environment: str
) -> AsyncIterator[Process]:
    """``dozor`` with these settings and no others, its data in ``folder``; killed at the end if it still runs.

    ``program`` is what the arguments are given to.
    """
    inherited = {
        name: value for name, value in os.environ.items() if name in {"PATH", "SYSTEMROOT", "HOME", "TEMP", "TMP"}
    }
    process = await asyncio.create_subprocess_exec(
        *program,
        *arguments,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={
            **inherited,
            "PYTHONUTF8": "1",
            "DOZOR_ENV_FILE": str(folder / "no.env"),
            "DOZOR_DATA_DIR": str(folder / "data"),
            "PORT": "0",
            "REDIS_URL": "",
            **environment,
        },
    )
    try:
        yield Process(process, [])
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
