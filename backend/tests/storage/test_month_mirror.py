"""The month's count in real servers, and the name under which a machine keeps it there."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from dozor.clock import SystemClock
from dozor.domain.budget import MonthPeriod
from dozor.domain.errors import CannotRunHere
from dozor.storage.machine_id import machine_id
from dozor.storage.month_mirror import MonthMirror
from redis_binaries import Binary
from redis_groups import ClusterServers
from redis_servers import Server
from running_dozor import until
from storage.linked import linked, own_prefix

MONTH = MonthPeriod.around(SystemClock().now(), 1)
NEXT = MonthPeriod.around(MONTH.resets_at, 1)
WEEK_S = 7 * 86_400


@asynccontextmanager
async def mirror_at(url: str, machine: str = "one", key_prefix: str = "") -> AsyncIterator[MonthMirror]:
    async with linked(url, key_prefix=key_prefix) as link:
        yield MonthMirror(link, machine, key_prefix)


async def test_count_only_grows(redis_server: Server) -> None:
    prefix = own_prefix()
    async with mirror_at(redis_server.url, key_prefix=prefix) as mirror:
        assert await mirror.recall(MONTH) is None
        for used, kept in ((5, 5), (3, 5), (10, 10), (9, 10), (0, 10)):  # 10 is less than 9 where digits are compared
            assert await mirror.keep(MONTH, used)
            assert await mirror.recall(MONTH) == kept
    assert redis_server.ask("HGETALL", f"{prefix}month:{MONTH.start}") == ["one", "10"]


async def test_machines_and_months_are_apart(redis_server: Server) -> None:
    prefix = own_prefix()
    async with (
        mirror_at(redis_server.url, "one", prefix) as one,
        mirror_at(redis_server.url, "other", prefix) as other,
    ):
        await one.keep(MONTH, 5)
        await other.keep(MONTH, 7)
        await one.keep(NEXT, 1)
        assert [await one.recall(MONTH), await other.recall(MONTH)] == [5, 7]
        assert [await one.recall(NEXT), await other.recall(NEXT)] == [1, None]


async def test_month_is_forgotten_a_week_after_its_end(redis_server: Server) -> None:
    prefix = own_prefix()
    async with mirror_at(redis_server.url, key_prefix=prefix) as mirror:
        await mirror.keep(MONTH, 1)
    lives = redis_server.ask("TTL", f"{prefix}month:{MONTH.start}")
    assert lives == pytest.approx(MONTH.resets_at.timestamp() - time.time() + WEEK_S, abs=10)


async def test_redis_that_is_away_keeps_and_recalls_nothing_and_takes_both_up_again(valkey: Binary) -> None:
    with Server(valkey) as server:
        async with mirror_at(server.url) as mirror:
            assert await mirror.keep(MONTH, 4)
            server.kill()
            assert not await mirror.keep(MONTH, 5)
            assert await mirror.recall(MONTH) is None
            server.start()
            await until(lambda: mirror.keep(MONTH, 6), 15)
            assert await mirror.recall(MONTH) == 6


async def test_server_that_takes_no_writes_is_said_to_keep_nothing_and_still_recalls(valkey: Binary) -> None:
    with Server(valkey, "--min-replicas-to-write", "0") as server:
        async with mirror_at(server.url) as mirror:
            await mirror.keep(MONTH, 4)
            server.ask("CONFIG", "SET", "min-replicas-to-write", "1")
            assert not await mirror.keep(MONTH, 5)
            assert await mirror.recall(MONTH) == 4


async def test_foreign_value_under_the_key_is_left_alone_and_said_once(redis_server: Server) -> None:
    prefix = own_prefix()
    key = f"{prefix}month:{MONTH.start}"
    redis_server.ask("SET", key, "theirs")
    with capture_logs() as logs:
        async with mirror_at(redis_server.url, key_prefix=prefix) as mirror:
            for _ in range(3):
                assert not await mirror.keep(MONTH, 5)
                assert await mirror.recall(MONTH) is None
    assert redis_server.ask("GET", key) == "theirs"
    assert [line["event"] for line in logs].count("redis.foreign_value") == 1


@pytest.mark.parametrize("content", ["", "many", "-3", "1.5"])
async def test_field_that_is_no_count_is_none_and_is_replaced(redis_server: Server, content: str) -> None:
    prefix = own_prefix()
    redis_server.ask("HSET", f"{prefix}month:{MONTH.start}", "one", content)
    async with mirror_at(redis_server.url, key_prefix=prefix) as mirror:
        assert await mirror.recall(MONTH) is None
        await mirror.keep(MONTH, 5)
        assert await mirror.recall(MONTH) == 5


async def test_count_is_kept_in_a_cluster(cluster_servers: ClusterServers) -> None:
    async with mirror_at(cluster_servers.url, key_prefix=own_prefix()) as mirror:
        for period in (MONTH, NEXT, MonthPeriod.around(datetime(2030, 1, 1, tzinfo=UTC), 1)):
            assert await mirror.keep(period, 5)
            assert await mirror.recall(period) == 5


def test_machine_keeps_its_name_and_another_has_another(tmp_path: Path) -> None:
    name = machine_id(tmp_path / "machine.id")
    assert len(name) == 32
    assert machine_id(tmp_path / "machine.id") == name
    assert machine_id(tmp_path / "other.id") != name
    assert sorted(file.name for file in tmp_path.iterdir()) == ["machine.id", "other.id"]


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff" * 32])
def test_file_that_holds_no_name_gets_a_new_one(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "machine.id"
    file.write_bytes(content)
    name = machine_id(file)
    assert len(name) == 32
    assert machine_id(file) == name


def test_file_that_cannot_be_used_stops_the_start_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "machine.id").mkdir()
    with pytest.raises(CannotRunHere, match="Mend or delete it"):
        machine_id(tmp_path / "machine.id")


async def test_processes_that_start_at_once_get_the_same_name(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom dozor.storage.machine_id import machine_id\n"
        "print('ready', flush=True)\nsys.stdin.readline()\nprint(machine_id(Path(sys.argv[1])))"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, str(tmp_path / "machine.id"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    named = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert len({out for out, _ in named}) == 1
    assert len(named[0][0].strip()) == 32
