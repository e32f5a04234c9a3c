"""Commands that the documents show, run as a person would run them."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest


async def output_of(*command: str, folder: Path | None = None) -> str:
    """What the command printed; it must end well."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        printed, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode(errors="replace")
    return printed.decode()


async def output_of_tool(name: str, *arguments: str, folder: Path | None = None) -> str:
    """The same of a tool that some machines lack; the test is skipped there."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on PATH, so its examples are not run")
    return await output_of(found, *arguments, folder=folder)
