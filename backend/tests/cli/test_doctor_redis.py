"""What ``dozor doctor`` finds at real Redis and Valkey servers, each step by itself."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from time import monotonic

import pytest

from dozor.cli.checks.finding import Finding, State
from dozor.cli.checks.redis import check_redis
from dozor.clock import Clock, SystemClock
from dozor.storage.redis_address import parse_redis_url
from redis_binaries import Binary
from redis_groups import ClusterServers, SentinelServers
from redis_servers import Server

PASSWORD = "p@ss#w%rd:пароль/?"


async def findings(url: str, clock: Clock | None = None) -> list[Finding]:
    return [finding async for finding in check_redis(parse_redis_url(url), clock or SystemClock())]


def steps(found: list[Finding]) -> dict[str, State]:
    return {finding.step: finding.state for finding in found}


def one(found: list[Finding], step: str) -> Finding:
    [finding] = [finding for finding in found if finding.step == step]
    return finding


def words(found: list[Finding]) -> str:
    return "\n".join(f"{said.ru}\n{said.en}" for finding in found for said in (finding.seen, finding.fix) if said)


async def test_a_healthy_server_passes_every_step(redis_server: Server) -> None:
    found = await findings(redis_server.url)
    assert steps(found) == dict.fromkeys(
        ["address", "dns", "tcp", "auth", "ping", "version", "mode", "role", "memory_policy", "latency", "clock"],
        State.OK,
    )
    assert redis_server.binary.implementation in one(found, "version").seen.en.lower()


async def test_a_server_that_knows_resp2_only_passes_too(redis_binary: Binary) -> None:
    with Server(redis_binary, "--rename-command", "HELLO", "") as server:
        assert set(steps(await findings(server.url)).values()) == {State.OK}


async def test_an_unix_socket_is_looked_for_and_used(redis_server: Server) -> None:
    assert set(steps(await findings(redis_server.unix_url)).values()) == {State.OK}
    missing = await findings("unix:///nowhere/redis.sock")
    assert steps(missing)["socket"] is State.WARNING


async def test_a_password_with_odd_letters_is_accepted_and_never_shown(redis_binary: Binary) -> None:
    with Server(redis_binary, user="дозор", password=PASSWORD) as server:
        found = await findings(server.url)
        assert set(steps(found).values()) == {State.OK}
        assert PASSWORD not in words(found)


@pytest.mark.parametrize("credentials", ["", ":wrong-one@", "nobody:wrong-one@"])
async def test_who_is_not_let_in_is_told_to_mend_the_password(redis_binary: Binary, credentials: str) -> None:
    with Server(redis_binary, password="right") as server:
        found = await findings(f"redis://{credentials}127.0.0.1:{server.port}/0")
    assert found[-1].step == "auth"
    assert found[-1].state is State.FAILED
    assert found[-1].fix is not None
    assert "REDIS_URL" in found[-1].fix.en
    assert "wrong-one" not in words(found)


async def test_a_password_is_not_shown_where_the_server_repeats_it(redis_binary: Binary) -> None:
    """Redis answers a command that it does not know with the command's arguments."""
    with Server(redis_binary, "--rename-command", "HELLO", "", "--rename-command", "AUTH", "") as server:
        found = await findings(f"redis://:swordfish@127.0.0.1:{server.port}/0")
    assert found[-1].state is State.FAILED
    assert "swordfish" not in words(found)


async def test_a_database_that_is_not_there_is_named(redis_server: Server) -> None:
    found = await findings(f"redis://127.0.0.1:{redis_server.port}/4000")
    assert steps(found)["auth"] is State.OK
    assert found[-1].step == "database"
    assert found[-1].state is State.FAILED


async def test_a_user_who_may_not_ask_is_told_what_to_allow(redis_server: Server) -> None:
    redis_server.ask("ACL", "SETUSER", "narrow", "on", ">secret", "~*", "+get", "+ping")
    found = await findings(f"redis://narrow:secret@127.0.0.1:{redis_server.port}/0")
    redis_server.ask("ACL", "DELUSER", "narrow")
    assert steps(found)["ping"] is State.OK
    assert found[-1].state is State.WARNING
    assert found[-1].fix is not None
    assert "+info" in found[-1].fix.en


async def test_a_replica_fails_and_its_master_is_named(redis_server: Server, redis_binary: Binary) -> None:
    with Server(redis_binary, "--replicaof", "127.0.0.1", str(redis_server.port)) as replica:
        found = await findings(replica.url)
    assert one(found, "role").state is State.FAILED
    assert f"127.0.0.1:{redis_server.port}" in one(found, "role").seen.en


@pytest.mark.parametrize(("policy", "state"), [("noeviction", State.WARNING), ("allkeys-lru", State.OK)])
async def test_a_limit_of_memory_needs_a_policy(redis_binary: Binary, policy: str, state: State) -> None:
    with Server(redis_binary, "--maxmemory", "20mb", "--maxmemory-policy", policy) as server:
        found = await findings(server.url)
    assert one(found, "memory_policy").state is state
    assert policy in one(found, "memory_policy").seen.en


async def test_tls_is_checked_as_a_step_of_its_own(redis_itself: Binary) -> None:
    with Server(redis_itself, tls=True) as server:
        good = await findings(server.url)
        unknown = await findings(f"rediss://127.0.0.1:{server.port}/0")
        unchecked = await findings(f"rediss://127.0.0.1:{server.port}/0?ssl_cert_reqs=none")
        plain = await findings(f"redis://127.0.0.1:{server.port}/0")
    assert set(steps(good).values()) == {State.OK}
    assert "tls" in steps(good)
    assert (unknown[-1].step, unknown[-1].state) == ("tls", State.FAILED)
    assert steps(unchecked)["tls"] is State.OK
    assert plain[-1].state is State.FAILED
    assert plain[-1].fix is not None
    assert "rediss://" in plain[-1].fix.en


async def test_tls_to_a_server_without_it_fails(redis_server: Server) -> None:
    found = await findings(f"rediss://127.0.0.1:{redis_server.port}/0")
    assert (found[-1].step, found[-1].state) == ("tls", State.FAILED)


async def test_a_server_that_hangs_is_a_warning_within_seconds(redis_binary: Binary) -> None:
    with Server(redis_binary) as server:
        server.pause()
        began = monotonic()
        found = await findings(server.url)
        assert monotonic() - began < 8
        server.resume()
    assert steps(found)["tcp"] is State.OK
    assert (found[-1].step, found[-1].state) == ("ping", State.WARNING)


async def test_a_name_that_is_not_found_is_a_warning() -> None:
    found = await findings("redis://no-such-host.invalid:6379/0")
    assert (found[-1].step, found[-1].state) == ("dns", State.WARNING)


@pytest.mark.parametrize(
    ("reply", "step", "state"),
    [
        (b"-DENIED Redis is running in protected mode because ...\r\n", "auth", State.FAILED),
        (b"-LOADING Redis is loading the dataset in memory\r\n", "ping", State.WARNING),
        (b"-ERR max number of clients reached\r\n", "ping", State.WARNING),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "ping", State.FAILED),
    ],
)
async def test_what_a_server_says_before_it_lets_us_in(reply: bytes, step: str, state: State) -> None:
    async with scripted(reply) as port:
        found = await findings(f"redis://127.0.0.1:{port}/0")
    assert (found[-1].step, found[-1].state) == (step, state), words(found)


class ClockAhead(SystemClock):
    def now(self) -> datetime:
        return super().now() + timedelta(seconds=30)


class SlowClock(SystemClock):
    """A second of which holds fifty of ours: every answer takes long."""

    def monotonic(self) -> float:
        return super().monotonic() * 1000


async def test_a_clock_that_differs_is_said_and_does_no_harm(redis_server: Server) -> None:
    clock = one(await findings(redis_server.url, ClockAhead()), "clock")
    assert clock.state is State.OK
    assert "-30.0" in clock.seen.en or "-29.9" in clock.seen.en


async def test_slow_answers_are_a_warning(redis_server: Server) -> None:
    assert one(await findings(redis_server.url, SlowClock()), "latency").state is State.WARNING


async def test_sentinels_are_asked_one_by_one_and_then_the_master(sentinel_servers: SentinelServers) -> None:
    found = await findings(sentinel_servers.url)
    assert {finding.state for finding in found} == {State.OK}, words(found)
    assert len([finding for finding in found if finding.step == "sentinel"]) == 3
    assert str(sentinel_servers.master.port) in one(found, "master").seen.en
    assert one(found, "role").state is State.OK


async def test_a_dead_sentinel_is_a_warning_and_the_others_suffice(sentinel_servers: SentinelServers) -> None:
    alive = sentinel_servers.sentinels[0].port
    found = await findings(f"redis+sentinel://127.0.0.1:9,127.0.0.1:{alive}/{sentinel_servers.name}/0")
    assert [finding.step for finding in found if finding.state is not State.OK] == ["tcp"]
    assert one(found, "master").seen.en.endswith("say 1 of 2 sentinels")


async def test_a_name_that_the_sentinels_do_not_know_fails(sentinel_servers: SentinelServers) -> None:
    found = await findings(sentinel_servers.url.replace(f"/{sentinel_servers.name}/", "/another/"))
    assert {finding.state for finding in found if finding.step == "sentinel"} == {State.FAILED}
    assert one(found, "master").state is State.SKIPPED


async def test_a_redis_and_a_sentinel_in_each_others_place_fail(
    redis_server: Server, sentinel_servers: SentinelServers
) -> None:
    found = await findings(f"redis+sentinel://127.0.0.1:{redis_server.port}/mymaster/0")
    assert one(found, "sentinel").state is State.FAILED
    other_way = await findings(f"redis://127.0.0.1:{sentinel_servers.sentinels[0].port}/0")
    assert one(other_way, "mode").state is State.FAILED


async def test_every_master_of_a_cluster_is_checked(cluster_servers: ClusterServers) -> None:
    found = await findings(cluster_servers.url)
    assert {finding.state for finding in found} == {State.OK}, words(found)
    assert "16384 of 16384" in one(found, "slots").seen.en
    clocks = [finding.seen.en for finding in found if finding.step == "clock"]
    assert [any(f":{node.port}: " in clock for clock in clocks) for node in cluster_servers.masters] == [True] * 3


async def test_one_server_of_a_cluster_is_not_enough(cluster_servers: ClusterServers) -> None:
    found = await findings(cluster_servers.masters[0].url)
    assert one(found, "mode").state is State.FAILED
    fix = one(found, "mode").fix
    assert fix is not None
    assert "redis+cluster://" in fix.en


async def test_a_single_server_is_no_cluster(redis_server: Server) -> None:
    found = await findings(f"redis+cluster://127.0.0.1:{redis_server.port}")
    assert one(found, "slots").state is State.FAILED


@contextlib.asynccontextmanager
async def scripted(reply: bytes) -> AsyncIterator[int]:
    """A server that answers whatever comes with ``reply``, and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            if await reader.read(1):
                writer.write(reply)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
