# ruff: noqa: S603  # every command here is put together by the launcher
"""Running other programs: quietly with a sign of life while it is long, or openly."""

from __future__ import annotations

import os
import re
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

from launcher.phrases import Exit, Stop, say, sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SIGN_OF_LIFE_S = 15
LAST_LINES = 12
NO_NETWORK = re.compile(
    # uv
    r"error sending request|client error \(connect\)|dns error|failed to fetch|network connectivity is disabled"
    # pip
    r"|newconnectionerror|max retries exceeded|no matching distribution"
    # npm
    r"|eai_again|enotfound|econnrefused|econnreset|etimedout|enetunreach"
    # any of them
    r"|connection refused|network is unreachable|name resolution|timed out",
    re.IGNORECASE,
)
_NOISE = re.compile(r"\s*(at .+|\W*|hint: .+)$")  # a stack trace pushes the reason out of the last lines
_PASSWORD = re.compile(r"(://)[^/@\s]+@")


class Finished(NamedTuple):
    """How a program ended and what it printed."""

    code: int
    output: str


def verbose() -> bool:
    """Does the user want to see what the tools print?"""
    return os.environ.get("DOZOR_VERBOSE") == "1"


def run_quietly(
    argv: Sequence[str], environ: Mapping[str, str], folder: Path | None = None, held: int | None = None
) -> Finished:
    """Run a tool, keeping what it prints, with a word now and then while it works.

    ``held`` is a descriptor the tool keeps open too: a lock then lasts as long as the work, even when the
    launcher is killed in the middle of it.
    """
    if verbose():
        return Finished(run_openly(argv, environ, folder), "")
    child = subprocess.Popen(
        argv,
        env={**environ, "PYTHONIOENCODING": "utf-8"},  # whatever the console takes, it is we who read this
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        pass_fds=() if held is None or os.name == "nt" else (held,),
    )
    started = time.monotonic()
    try:
        while True:
            try:
                output, _ = child.communicate(timeout=SIGN_OF_LIFE_S)
            except subprocess.TimeoutExpired:
                say(sentence("still", seconds=round(time.monotonic() - started)))
            else:
                return Finished(child.returncode, output)
    except BaseException:
        child.terminate()
        child.wait()
        raise


def run_openly(argv: Sequence[str], environ: Mapping[str, str], folder: Path | None = None) -> int:
    """Run a program whose output is the user's to see; returns its exit code."""
    return subprocess.run(argv, env=environ, cwd=folder, stdin=subprocess.DEVNULL, check=False).returncode


def failure(tool: str, finished: Finished) -> Stop:
    """The one sentence for a tool that failed, with its last words unless the reason is plain."""
    if NO_NETWORK.search(finished.output):
        return Stop(Exit.SET_UP_FAILED, "no-network")
    lines = [line for line in _PASSWORD.sub(r"\1***@", finished.output).splitlines() if not _NOISE.match(line)]
    detail = "\n".join(lines[-LAST_LINES:])
    return Stop(Exit.SET_UP_FAILED, "failed", detail=detail, tool=tool, status=finished.code)


def version_of(executable: str) -> tuple[int, ...]:
    """The first two numbers that ``--version`` prints; empty when it does not run (a pyenv shim may not)."""
    try:
        output = subprocess.run([executable, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ()
    found = re.search(r"(\d+)\.(\d+)", output)
    return tuple(int(number) for number in found.groups()) if found else ()
