"""The ``dozor`` command run to its end, with what it wrote to each stream."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 30


@dataclass
class Finished:
    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


async def finish(folder: Path, *arguments: str, terminal: int | None = None, **environment: str) -> Finished:
    """``dozor`` with these settings and no others, its data in ``folder``, and without Redis unless one is named.

    ``terminal`` is what it can ask its questions at.
    """
    inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "HOME", "TEMP", "TMP") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "dozor",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL if terminal is None else terminal,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            **inherited,
            "PYTHONUTF8": "1",
            "DOZOR_ENV_FILE": str(folder / "no.env"),
            "DOZOR_DATA_DIR": str(folder / "data"),
            "DOZOR_LANG": "en",
            "REDIS_URL": "",
            "PORT": "0",
            **environment,
        },
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    except TimeoutError:
        process.kill()
        await process.communicate()
        raise
    assert process.returncode is not None
    return Finished(process.returncode, out, err.decode("utf-8", "replace"))
