"""The servers that the other tests lean on do what they say."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from redis_binaries import Binary
from redis_groups import ClusterServers, SentinelServers, cluster, sentinel
from redis_servers import Server, ServerFailed, wait_until

TESTS = Path(__file__).resolve().parents[1]


def test_server_is_the_implementation_that_was_asked_for(redis_server: Server, redis_binary: Binary) -> None:
    assert ("valkey_version" in redis_server.ask("INFO", "server")) == (redis_binary.implementation == "valkey")


def test_server_comes_back_on_its_port_and_empty(redis_binary: Binary) -> None:
    with Server(redis_binary) as server:
        url = server.url
        server.ask("SET", "k", "v")
        server.kill()
        with pytest.raises(redis.ConnectionError):
            server.ask("GET", "k")
        server.start()
        assert server.ask("GET", "k") is None
        assert server.url == url
        server.restart()
        assert server.ask("PING") == "PONG"
    assert not server.folder.exists()


def test_paused_server_answers_nothing_until_it_is_resumed(redis_binary: Binary) -> None:
    with Server(redis_binary) as server:
        server.pause()
        with (
            redis.Redis.from_url(server.url, socket_timeout=0.1, retry=None) as client,
            pytest.raises(redis.TimeoutError),
        ):
            client.ping()
        server.resume()
        assert server.ask("PING") == "PONG"
        server.pause()  # and is closed frozen


@pytest.mark.parametrize("user", ["", "dozor"])
def test_password_is_demanded(redis_binary: Binary, user: str) -> None:
    with Server(redis_binary, user=user, password="p@ss#w%rd") as server:
        assert redis.Redis.from_url(server.url).ping()
        assert redis.Redis.from_url(server.unix_url).ping()
        with server.client(username=None, password=None) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()


def test_server_speaks_tls(redis_itself: Binary) -> None:
    with Server(redis_itself, tls=True) as server:
        assert redis.Redis.from_url(server.url).ping()
        with server.client(ssl=False) as plain, pytest.raises(redis.ConnectionError):
            plain.ping()


def test_server_without_hello_speaks_resp2_only(redis_binary: Binary) -> None:
    with Server(redis_binary, "--rename-command", "HELLO", "") as server:
        assert server.ask("PING") == "PONG"
        with pytest.raises(redis.ResponseError, match="unknown command"):
            server.ask("HELLO", 3)


def test_server_that_cannot_start_says_why(redis_binary: Binary) -> None:
    with pytest.raises(ServerFailed, match="nonsense"), Server(redis_binary, "--nonsense", "yes"):
        pass


def test_failover_makes_the_replica_the_master_and_back(sentinel_servers: SentinelServers) -> None:
    first = sentinel_servers.master
    second = sentinel_servers.failover()
    assert second is not first
    assert second.ask("SET", "k", "v") == "OK"
    assert sentinel_servers.failover() is first
    assert first.ask("GET", "k") == "v"


def test_sentinels_and_their_servers_can_have_passwords(redis_itself: Binary) -> None:
    with sentinel(redis_itself, password="one", sentinel_password="two") as servers:
        assert servers.failover().ask("PING") == "PONG"


def test_slot_moves_to_another_master_with_its_keys(cluster_servers: ClusterServers) -> None:
    slot = cluster_servers.slot_of("{a}1")
    source = cluster_servers.owner(slot)
    target = next(master for master in cluster_servers.masters if master is not source)
    for number in range(250):
        source.ask("SET", f"{{a}}{number}", number)
    with cluster_servers.moving_slot(slot, target), pytest.raises(redis.exceptions.AskError):
        source.ask("GET", "{a}1")
    with pytest.raises(redis.exceptions.MovedError):
        source.ask("GET", "{a}1")
    assert target.ask("GET", "{a}249") == "249"
    assert cluster_servers.owner(slot) is target
    cluster_servers.move_slot(slot, source)
    assert source.ask("GET", "{a}0") == "0"


def test_cluster_can_have_replicas(valkey: Binary) -> None:
    with cluster(valkey, masters=3, replicas=1, password="one") as servers:
        assert [node.ask("ROLE")[0] for node in servers.nodes] == ["master"] * 3 + ["slave"] * 3
        servers.move_slot(0, servers.masters[2])


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_killed_test_run_leaves_no_server_and_no_folder(valkey: Binary) -> None:
    script = f"""
import sys
from pathlib import Path
from redis_binaries import Binary
from redis_servers import Server
with Server(Binary("valkey", Path({str(valkey.path)!r}))) as server:
    print(server.port, server.folder, flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        port, folder = run.stdout.readline().split()
        assert answers(int(port))
        run.send_signal(signal.SIGKILL)
    wait_until(lambda: not answers(int(port)) and not Path(folder).exists(), "the server and its folder to be gone")


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
