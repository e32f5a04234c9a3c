"""One Redis server that has let us in: is it what we need, and as quick as we need it?"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.exceptions import ResponseError

from dozor.cli.checks.finding import Finding, failed, ok, warning
from dozor.clock import Clock
from dozor.storage.redis_wire import Wire, Word
from dozor.telemetry.phrases import Words

ANSWER_SECONDS = 2.0
OLDEST_MAJOR = 5
PINGS = 7
SLOW_MS = 10
NO_MATTER = timedelta(seconds=1)
MASTER = "master"

ALLOW = Words(
    "Разрешите пользователю Redis эти команды: ACL SETUSER имя +ping +info +time",
    "Allow the Redis user these commands: ACL SETUSER name +ping +info +time",
)
ONE_OF_A_CLUSTER = Words(
    "Пишите redis+cluster://сервер1:порт,сервер2:порт: про чужие ключи один сервер отвечает только MOVED",
    "Write redis+cluster://host1:port,host2:port: of the others' keys one server says no more than MOVED",
)
A_SENTINEL = Words("Пишите redis+sentinel://сервер:порт/имя/0", "Write redis+sentinel://host:port/name/0")


async def ask(wire: Wire, *command: Word) -> Any:
    """The answer to one command. Raises redis-py's errors, and TimeoutError after ``ANSWER_SECONDS``."""
    async with asyncio.timeout(ANSWER_SECONDS):
        return await wire.ask(command)


async def check_server(wire: Wire, clock: Clock, *, in_cluster: bool) -> AsyncIterator[Finding]:
    """Findings about this server, from PING to its clock. Raises OSError or RedisError when it stops answering."""
    try:
        await ask(wire, "PING")
        yield ok("ping", Words("PONG", "PONG"))
        info = _members(await ask(wire, "INFO"))
        yield _version(info)
        yield _mode(info, in_cluster=in_cluster)
        yield _role(info)
        yield _memory_policy(info)
        yield await _latency(wire, clock)
        yield await _clock(wire, clock)
    except ResponseError as error:
        yield warning("allowed", Words(f"сервер отказал: {error}", f"the server refuses: {error}"), ALLOW)


def _members(info: bytes | str) -> dict[str, str]:
    text = info.decode("utf-8", "replace") if isinstance(info, bytes) else info
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line and not line.startswith("#"))


def _version(info: Mapping[str, str]) -> Finding:
    if "valkey_version" in info:
        return ok("version", Words(f"Valkey {info['valkey_version']}", f"Valkey {info['valkey_version']}"))
    version = info.get("redis_version", "?")
    seen = Words(f"Redis {version}", f"Redis {version}")
    major = version.split(".")[0]
    if not major.isdecimal() or int(major) >= OLDEST_MAJOR:
        return ok("version", seen)
    fix = Words(f"Поставьте Redis {OLDEST_MAJOR} или новее", f"Install Redis {OLDEST_MAJOR} or later")
    return warning("version", seen, fix)


def _mode(info: Mapping[str, str], *, in_cluster: bool) -> Finding:
    mode = info.get("server_mode") or info.get("redis_mode", "standalone")  # Valkey has renamed it
    if mode == "sentinel":
        return failed("mode", Words("это sentinel, данных в нём нет", "a sentinel, which keeps no data"), A_SENTINEL)
    if mode == "cluster" and not in_cluster:
        return failed(
            "mode", Words("это один из серверов кластера", "one of the servers of a cluster"), ONE_OF_A_CLUSTER
        )
    return ok("mode", Words(mode, mode))


def _role(info: Mapping[str, str]) -> Finding:
    if info.get("role", MASTER) == MASTER:
        replicas = info.get("connected_slaves", "0")
        return ok("role", Words(f"главный, реплик: {replicas}", f"a master, replicas: {replicas}"))
    master = f"{info.get('master_host', '?')}:{info.get('master_port', '?')}"
    return failed(
        "role",
        Words(f"реплика сервера {master}: писать в неё нельзя", f"a replica of {master}: it takes no writes"),
        Words(
            f"Укажите в REDIS_URL главный сервер, {master}, или redis+sentinel://",
            f"Name the master, {master}, in REDIS_URL, or use redis+sentinel://",
        ),
    )


def _memory_policy(info: Mapping[str, str]) -> Finding:
    # CONFIG, which others ask, is forbidden by many who rent Redis out; INFO has said the same since Redis 4.
    limit, policy = int(info.get("maxmemory", "0")), info.get("maxmemory_policy", "?")
    if limit == 0:
        return ok("memory_policy", Words(f"{policy}, предела памяти нет", f"{policy}, without a limit of memory"))
    shown = info.get("maxmemory_human", str(limit))
    seen = Words(f"{policy}, предел {shown}", f"{policy}, limit {shown}")
    if policy != "noeviction":
        return ok("memory_policy", seen)
    fix = Words(
        "Заполнившись, Redis не примет новых данных. Выполните redis-cli CONFIG SET maxmemory-policy allkeys-lru и"
        " впишите maxmemory-policy allkeys-lru в redis.conf",
        "Once full, Redis takes no new data. Run redis-cli CONFIG SET maxmemory-policy allkeys-lru, and put"
        " maxmemory-policy allkeys-lru into redis.conf",
    )
    return warning("memory_policy", seen, fix)


async def _latency(wire: Wire, clock: Clock) -> Finding:
    took_ms = []
    for _ in range(PINGS):
        began = clock.monotonic()
        await ask(wire, "PING")
        took_ms.append((clock.monotonic() - began) * 1000)
    median = statistics.median(took_ms)
    seen = Words(f"{median:.2f} мс (медиана {PINGS} PING)", f"{median:.2f} ms (median of {PINGS} PINGs)")
    if median <= SLOW_MS:
        return ok("latency", seen)
    fix = Words(
        f"Больше {SLOW_MS} мс: Redis далеко или занят. Поставьте его ближе: чтения дольше 50 мс он не дождётся",
        f"Above {SLOW_MS} ms: Redis is far away or busy. Put it nearer: no read waits longer than 50 ms for it",
    )
    return warning("latency", seen, fix)


async def _clock(wire: Wire, clock: Clock) -> Finding:
    asked_at = clock.now()
    seconds, microseconds = await ask(wire, "TIME")
    theirs = datetime.fromtimestamp(int(seconds), UTC) + timedelta(microseconds=int(microseconds))
    ahead = theirs - (asked_at + (clock.now() - asked_at) / 2)
    apart = f"{round(ahead.total_seconds(), 3) + 0.0:+.3f}"  # + 0.0: never "-0.000"
    if abs(ahead) <= NO_MATTER:
        return ok("clock", Words(f"от наших {apart} с", f"{apart} s from ours"))
    return ok(
        "clock",
        Words(
            f"от наших {apart} с; это не вредит: возраст считаем по часам Redis",
            f"{apart} s from ours; no harm: ages are counted by the clock of Redis",
        ),
    )
