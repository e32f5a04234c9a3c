"""Every way in which Redis cannot be used is told in words that say the fix, and never with a password."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest
import structlog
from redis.exceptions import AuthenticationError, ResponseError

from dozor.storage import redis_reasons as words
from dozor.storage.redis_address import parse_redis_url
from dozor.storage.redis_reasons import REPLIES, reason_for
from dozor.telemetry.phrases import Language, Words, sentence
from redis_binaries import Binary
from redis_groups import ClusterServers
from redis_servers import Server, free_port
from storage.linked import linked, shelf, until
from storage.scripted_redis import blunt_server, scripted_redis

SECRET = "s3cr3t-и-тайна"


def texts() -> Iterator[Words]:
    yield from REPLIES.values()
    yield from (text for _, text in words.TEXTS)
    yield from (value for value in vars(words).values() if isinstance(value, Words))


async def reason_at(url: str) -> Words:
    """What the log says when this is the REDIS_URL."""
    with structlog.testing.capture_logs() as lines:
        async with linked(url) as link:
            state = link.state
    assert not state.up
    assert [line["event"] for line in lines] == ["redis.unavailable", "redis.going_on_without"]
    assert SECRET not in str(lines)
    reason = lines[0]["reason"]
    assert isinstance(reason, Words)
    assert reason == state.reason
    return reason


def test_the_log_says_what_is_promised() -> None:
    said = sentence("redis.unavailable", Language.RU, reason=words.REFUSED)
    assert said.startswith("⚠️  Redis недоступен: в подключении отказано")
    assert sentence("redis.unavailable", Language.EN, reason=words.REFUSED).endswith(words.REFUSED.en)
    assert sentence("redis.going_on_without", Language.RU) == "ℹ️  Продолжаем работу без Redis кэширования"


def test_every_reason_is_said_in_both_languages() -> None:
    for text in texts():
        assert any("а" <= letter <= "я" for letter in text.ru.lower()), text
        assert not any("а" <= letter <= "я" for letter in text.en.lower()), text


async def test_nothing_listens() -> None:
    assert await reason_at(f"redis://:{SECRET}@localhost:{free_port()}/0") == words.REFUSED


async def test_the_name_does_not_exist() -> None:
    assert await reason_at(f"redis://:{SECRET}@no-such-host.invalid:6379/0") == words.NO_SUCH_HOST


async def test_the_server_hangs(redis_binary: Binary) -> None:
    with Server(redis_binary) as server:
        server.pause()
        assert await reason_at(server.url) == words.NO_ANSWER
        server.resume()


async def test_no_password_is_given(redis_binary: Binary) -> None:
    with Server(redis_binary, password=SECRET) as server:
        assert await reason_at(f"redis://127.0.0.1:{server.port}/0") == REPLIES["NOAUTH"]


@pytest.mark.parametrize("old", [[], ["--rename-command", "HELLO", ""]], ids=["resp3", "resp2"])
async def test_the_password_is_wrong(redis_binary: Binary, old: list[str]) -> None:
    with Server(redis_binary, *old, password="another") as server:
        url = f"redis://:{SECRET}@127.0.0.1:{server.port}/0"
        assert await reason_at(url) == REPLIES["WRONGPASS"]


async def test_the_user_is_unknown(redis_binary: Binary) -> None:
    with Server(redis_binary, user="dozor", password=SECRET) as server:
        url = f"redis://another:{SECRET}@127.0.0.1:{server.port}/0"
        assert await reason_at(url) == REPLIES["WRONGPASS"]


async def test_a_password_is_given_to_a_redis_5_that_has_none() -> None:
    refusal = b"-ERR Client sent AUTH, but no password is set\r\n"
    hello = f"-ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `default`, `{SECRET}`, \r\n".encode()
    async with scripted_redis({b"HELLO": hello, b"AUTH": refusal}) as scripted:
        reason = await reason_at(f"redis://:{SECRET}@127.0.0.1:{scripted.port}/0")
    assert "take it out" in reason.en


async def test_the_user_may_not_read_our_keys(redis_binary: Binary) -> None:
    with Server(redis_binary) as server:
        server.ask("ACL", "SETUSER", "few", "on", f">{SECRET}", "~theirs:*", "+@all")
        assert await reason_at(f"redis://few:{SECRET}@127.0.0.1:{server.port}/0") == REPLIES["NOPERM"]


async def test_a_user_who_may_not_write_is_read_for(redis_binary: Binary) -> None:
    with Server(redis_binary) as server:
        server.ask("ACL", "SETUSER", "few", "on", ">pw", "~*", "+@read", "+@connection", "+time")
        with structlog.testing.capture_logs() as lines:
            async with shelf(f"redis://few:pw@127.0.0.1:{server.port}/0") as at:
                for _ in range(3):
                    await at.tier.put(at.entry())
                    assert await at.get() is None
                    assert await at.tier.take("k", "one", 12) is None
                assert at.link.up
                assert at.link.state.writes_refused == REPLIES["NOPERM"]
    assert [line["event"] for line in lines] == ["redis.available", "redis.refuses_writes"]


def other_address_of_this_machine() -> str | None:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing
        address = str(probe.getsockname()[0])
        return None if address.startswith("127.") else address
    return None


@pytest.mark.skipif(other_address_of_this_machine() is None, reason="needs an address beyond loopback")
async def test_protected_mode_answers_its_own_machine_only(redis_binary: Binary) -> None:
    with Server(redis_binary, "--bind", "0.0.0.0", "--protected-mode", "yes") as server:
        assert await reason_at(f"redis://{other_address_of_this_machine()}:{server.port}/0") == REPLIES["DENIED"]


async def test_there_is_no_room_for_another_client(redis_binary: Binary) -> None:
    with Server(redis_binary, "--maxclients", "1") as server, server.client() as occupant:
        occupant.ping()
        reason = await reason_at(server.url)
    assert "maxclients" in reason.en


async def test_the_database_does_not_exist(redis_binary: Binary) -> None:
    with Server(redis_binary, "--databases", "1") as server:
        reason = await reason_at(server.url.removesuffix("/0") + "/7")
    assert "number of a database" in reason.en or "database of this number" in reason.en


async def test_one_server_of_a_cluster_is_not_all_of_it(cluster_servers: ClusterServers) -> None:
    for node in cluster_servers.masters:
        with structlog.testing.capture_logs() as lines:
            async with shelf(node.url) as at:
                # By chance its probe may read a key that this one has: then the readers find out.
                for number in range(200):
                    await at.body(f"k{number}")
                await until(lambda link=at.link: not link.up, "the link to notice")
                assert at.link.state.reason == REPLIES["MOVED"]
        assert lines[-2]["reason"] == REPLIES["MOVED"]


async def test_a_single_server_is_no_cluster(redis_binary: Binary) -> None:
    with Server(redis_binary) as server:
        reason = await reason_at(server.url.replace("redis://", "redis+cluster://").removesuffix("/0"))
    assert "no cluster" in reason.en


async def test_a_plain_server_is_asked_for_tls(redis_binary: Binary) -> None:
    with Server(redis_binary) as server:
        assert await reason_at(server.url.replace("redis://", "rediss://")) == words.NO_TLS_ANSWER
    async with blunt_server(b"-ERR no TLS here\r\n", closes=True) as url:
        assert await reason_at(url.replace("redis://", "rediss://")) == words.HAS_NO_TLS


async def test_a_tls_server_is_asked_without(redis_itself: Binary) -> None:
    with Server(redis_itself, tls=True) as server:
        assert await reason_at(f"redis://127.0.0.1:{server.port}/0") in {words.WANTS_TLS, words.CLOSED}


async def test_the_certificate_is_nobody_s_we_trust(redis_itself: Binary) -> None:
    with Server(redis_itself, tls=True) as server:
        reason = await reason_at(f"rediss://127.0.0.1:{server.port}/0")
    assert "certificate" in reason.en
    assert "ssl_ca_certs" in reason.en


async def test_the_file_of_the_authority_is_missing(redis_itself: Binary) -> None:
    with Server(redis_itself, tls=True) as server:
        url = f"rediss://127.0.0.1:{server.port}/0?ssl_ca_certs=/no/such/file.pem"
        assert await reason_at(url) == words.NO_CA_FILE


async def test_the_socket_is_missing() -> None:
    assert await reason_at("unix:///no/such/socket?db=0") == words.NO_SOCKET


async def test_something_else_listens_there() -> None:
    async with blunt_server(b"HTTP/1.1 400 Bad Request\r\n\r\n", closes=True) as url:
        assert await reason_at(url) == words.NOT_REDIS


async def test_the_connection_is_closed_at_once() -> None:
    async with blunt_server(b"", closes=True) as url:
        assert await reason_at(url) == words.CLOSED


@pytest.mark.parametrize(
    ("code", "reply"),
    [
        ("LOADING", "LOADING Redis is loading the dataset in memory"),
        ("MASTERDOWN", "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."),
        ("CLUSTERDOWN", "CLUSTERDOWN Hash slot not served"),
        ("BUSY", "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."),
    ],
)
async def test_a_server_that_is_there_and_cannot_answer(code: str, reply: str) -> None:
    async with scripted_redis({b"GETRANGE": f"-{reply}\r\n".encode()}) as scripted:
        assert await reason_at(scripted.url) == REPLIES[code]


async def test_a_server_that_needs_longer_than_a_reader_waits() -> None:
    address = parse_redis_url("redis://localhost:6379/0")
    assert "80 ms" in reason_for(words.TooSlow(0.08), address).en


def test_an_unknown_reply_is_named_and_not_quoted() -> None:
    address = parse_redis_url("redis://localhost:6379/0")
    for error in (ResponseError(f"NEWS {SECRET}"), AuthenticationError(SECRET), ResponseError(SECRET)):
        reason = reason_for(error, address)
        assert SECRET not in str((reason.ru, reason.en))
    assert "NEWS" in reason_for(ResponseError("NEWS of tomorrow"), address).en


@pytest.mark.parametrize(
    "wrapped",
    [
        "READONLY You can't write against a read only replica. script: abc, on @user_script:1.",
        (
            "ERR Error running script (call to f_abc): @user_script:1: @user_script: 1: "
            "-READONLY You can't write against a read only replica."
        ),
    ],
    ids=["redis 7", "redis 5"],
)
def test_the_reason_of_a_script_s_failure_is_found(wrapped: str) -> None:
    assert reason_for(ResponseError(wrapped), parse_redis_url("redis://h")) == REPLIES["READONLY"]
