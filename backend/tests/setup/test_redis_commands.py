"""The commands of the page about Redis, run as a reader would run them, against a real server.

Two things differ: the server has a port of its own instead of 6379, and ``python run.py`` is the command behind it,
without the launcher, which has tests of its own.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from redis_page import ROOT, Block, blocks

from dozor.caching.entry import Entry
from dozor.caching.lease import Lease
from dozor.cli.checks.finding import State
from dozor.cli.checks.redis import check_redis
from dozor.clock import SystemClock
from dozor.domain.freshness import FreshnessPolicy
from dozor.storage.redis_address import parse_redis_url
from dozor.storage.redis_link import RedisLink
from dozor.storage.redis_tier import RedisTier
from redis_binaries import Binary
from redis_servers import Server
from running_dozor import running_dozor, scripted_upstream

CLOSED = "http://127.0.0.1:9"  # nobody listens on the discard port
POLICY = FreshnessPolicy(timedelta(minutes=1), timedelta(minutes=1))
PATIENCE_S = 30
TLS_FOLDER = "/etc/redis/tls"


@dataclass
class Desk:
    """A reader's folder and shell."""

    folder: Path
    port: int

    def run(self, block: Block) -> str:
        """What the block says on standard output; it must end well."""
        program = [sys.executable, "-c"] if block.kind.startswith("python") else ["bash", "-euo", "pipefail", "-c"]
        done = subprocess.run(
            [*program, self.commands(block)],
            cwd=self.folder if "cd backend" in block.text else self.folder / "backend",
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def commands(self, block: Block) -> str:
        return block.text.replace("6379", str(self.port))

    def environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("HOME", "SYSTEMROOT", "TEMP", "TMP") if name in os.environ}
        return {
            **inherited,
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONUTF8": "1",
            "DOZOR_ENV_FILE": str(self.folder / "backend" / ".env"),
            "DOZOR_DATA_DIR": str(self.folder / "data"),
            "REDIS_URL": f"redis://localhost:{self.port}/0",
            "COINGECKO_BASE_URL": CLOSED,
            "PORT": "0",
        }


@pytest.fixture
def desk(tmp_path: Path, redis_itself: Binary) -> Desk:
    with_backend = tmp_path / "backend"
    with_backend.mkdir()
    shutil.copy(ROOT / "backend" / "env.example.txt", with_backend)
    desk = Desk(tmp_path, 0)
    run_py = textwrap.dedent(f"""\
        if [ "$1" = run.py ]; then shift; exec "{sys.executable}" -m dozor "$@"; fi
        exec "{sys.executable}" "$@"
        """)
    program(desk, "python", run_py)
    for name in ("bash", "redis-cli", "curl"):
        if shutil.which(name) is None:
            pytest.fail(f"put {name} on PATH (Debian, Ubuntu: apt install bash redis-tools curl); on Windows, use WSL")
    return desk


def program(desk: Desk, name: str, script: str) -> None:
    path = desk.folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)


async def test_commands_do_what_the_page_says(desk: Desk, redis_itself: Binary) -> None:
    with Server(redis_itself) as server:
        desk.port = server.port
        program(desk, "redis-cli", f'exec "{shutil.which("redis-cli")}" -p {server.port} "$@"')
        async with tier_at(server.url) as tier:
            await tier.put(an_entry("coin_details:bitcoin"))
        every = blocks("en")
        run = [place for place, block in enumerate(every) if block.kind in {"sh run", "python run"}]
        assert len(run) > 7
        for place in run:
            said = await asyncio.to_thread(desk.run, every[place])
            if every[place + 1].kind == "output":
                assert re.fullmatch(pattern(every[place + 1].text), said), said
        assert server.ask("DBSIZE") == 0, "the last of them is FLUSHALL"


def pattern(shown: str) -> str:
    return re.escape(shown).replace("…", ".*")


def an_entry(key: str) -> Entry:
    return Entry(key, b'{"id":"bitcoin","symbol":"btc"}', SystemClock().now(), POLICY)


@asynccontextmanager
async def tier_at(url: str, key_prefix: str = "") -> AsyncIterator[RedisTier]:
    """The tier as Dozor has it, which must find its Redis there."""
    link = RedisLink(parse_redis_url(url), SystemClock(), key_prefix=key_prefix)
    tier = RedisTier(link, SystemClock(), key_prefix)
    async with asyncio.TaskGroup() as tasks:
        link.start(tasks)
        tier.start(tasks)
        try:
            await link.wait_until_tried()
            assert link.up, link.state
            yield tier
        finally:
            await tier.close()
            await link.close()


async def test_dozor_starts_as_the_page_says(desk: Desk) -> None:
    desk.port = 9
    [block] = (block for block in blocks("en") if block.kind == "sh serves")
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", f"exec {block.text}", cwd=desk.folder, env=desk.environment(), stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            while line := await process.stderr.readline():
                if b"http://localhost:" in line:
                    break
            process.terminate()
            await process.stderr.read()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_running_dozor_is_watched_as_the_page_says(desk: Desk) -> None:
    [block] = (block for block in blocks("en") if block.kind == "sh asks")
    async with scripted_upstream() as upstream, running_dozor(upstream.base_url, desk.folder) as dozor:
        port = dozor.url.rpartition(":")[2]
        asked = Block("sh run", block.text.replace("8000", port), is_marked=False)
        said = await asyncio.to_thread(desk.run, asked)
    assert '"tiers":{' in said
    assert 'dozor_tier_up{tier="memory"} 1.0' in said


class Configured(Server):
    """A server whose redis.conf is that of the page."""

    def __init__(self, binary: Binary, lines: str, *, user: str = "", password: str = "", tls: bool = False) -> None:
        super().__init__(binary, user=user, password=password, tls=tls)
        self.lines = lines

    def _command_line(self) -> list[str]:
        if self.tls:
            self._make_certificates()
        lines = self.lines.replace("6379", str(self.port)).replace(TLS_FOLDER, str(self.folder))
        conf = self.folder / "redis.conf"
        conf.write_text(lines.replace("192.168.1.100", "127.0.0.2") + "\n", "utf-8")  # an address that is here
        port = [] if self.tls else ["--port", str(self.port)]
        return [str(conf), "--dir", str(self.folder), "--save", "", *port]


def configurations() -> list[str]:
    return [block.text for block in blocks("en") if block.kind == "conf"]


async def test_a_server_with_the_configuration_of_the_page_serves_dozor(redis_itself: Binary) -> None:
    with Configured(redis_itself, configurations()[0], password="PASSWORD") as server:
        assert server.ask("CONFIG", "GET", "maxmemory-policy") == ["maxmemory-policy", "allkeys-lru"]
        with pytest.raises(redis.AuthenticationError):
            server.client(password=None).ping()
        await keeps_an_entry(server.url)


async def test_the_user_of_the_page_may_do_what_dozor_does_and_no_more(redis_itself: Binary) -> None:
    both = "\n".join(configurations())
    with Configured(redis_itself, both, user="dozor", password="PASSWORD") as server:
        await keeps_an_entry(server.url, "dozor:")
        found = [finding async for finding in check_redis(parse_redis_url(server.url), SystemClock())]
        assert [finding for finding in found if finding.state is not State.OK] == []
        for forbidden in (["FLUSHALL"], ["KEYS", "*"], ["CONFIG", "GET", "*"], ["GET", "another"]):
            with pytest.raises(redis.exceptions.NoPermissionError):
                server.ask(*forbidden)


async def test_the_tls_of_the_page_serves_dozor(redis_itself: Binary) -> None:
    [lines] = (block.text for block in blocks("en") if block.kind == "conf tls")
    with Configured(redis_itself, lines, tls=True) as server:
        await keeps_an_entry(server.url)


async def keeps_an_entry(url: str, key_prefix: str = "") -> None:
    """Everything that a running Dozor asks of the tier."""
    async with tier_at(url, key_prefix) as tier:
        lease = await tier.take("k", "somebody", 5)
        assert isinstance(lease, Lease)
        await tier.put(an_entry("k"))
        assert await tier.look("k") is not None
        tier.release(lease)
        found = await tier.get("k", lambda _: POLICY)
        assert found is not None
        assert found.body == an_entry("k").body
        await tier.drop("k")
        assert await tier.get("k", lambda _: POLICY) is None


def test_a_port_that_is_taken_is_told_in_the_words_of_the_page(redis_itself: Binary) -> None:
    with Server(redis_itself) as server:
        second = subprocess.run(
            [redis_itself.name, "--port", str(server.port), "--save", "", "--dir", str(server.folder)],
            executable=redis_itself.path,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
        )
    assert second.returncode == 1
    assert "Address already in use" in second.stdout
