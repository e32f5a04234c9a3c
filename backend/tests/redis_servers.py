"""Real Redis and Valkey servers that a test may stop, freeze, kill and start again."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import redis
import trustme
from redis.backoff import NoBackoff
from redis.retry import Retry

from left_running import watcher
from redis_binaries import Binary

PATIENCE_S = 20
# Below every system's range of ports for outgoing connections, with the cluster's second port 10,000 above: the port of
# a server that is down must not be taken, nor be met by a connection to itself, before the server is back.
PORTS = range(11_000, 22_000)
CLUSTER_BUS = 10_000


class ServerFailed(Exception):
    """A server did not come up, or a group of them did not find together; its last words."""


class Server:
    """One server on loopback, without any file of data; a context manager that starts it and leaves nothing behind.

    ``arguments`` go to its command line, e.g. ``"--maxmemory", "2mb"``, or ``"--rename-command", "HELLO", ""`` for one
    that knows RESP2 only. ``password`` is demanded of everybody; with ``user``, nobody else may come in. ``tls`` makes
    it speak TLS only, by ``ca_file`` (Redis only: Valkey's test package is built without).

    It keeps its port and its folder when it is stopped and started again, and begins empty each time unless the
    arguments say otherwise (``"--appendonly", "yes"``).
    """

    def __init__(self, binary: Binary, *arguments: str, user: str = "", password: str = "", tls: bool = False) -> None:
        self.binary = binary
        self.user = user
        self.password = password
        self.tls = tls
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="dozor-redis-"))
        watcher().made(str(self.folder))
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start it and wait until it answers. Raises ServerFailed with what it said."""
        assert self._process is None
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.binary.name, *self._command_line()],
                executable=self.binary.path,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        watcher().started(self._process.pid)
        wait_until(self._answers, f"{self.binary.path} to answer", self.log)

    def stop(self) -> None:
        """End it as an operator does; waits until it is gone."""
        self._end(subprocess.Popen.terminate)

    def kill(self) -> None:
        """End it as a power cut does; waits until it is gone."""
        self._end(subprocess.Popen.kill)

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze it: connections are still accepted by the system, and nothing is answered. Not on Windows."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it for good, however it is; harmless when it is ended already."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        watcher().removed(str(self.folder))

    @property
    def url(self) -> str:
        """A REDIS_URL that reaches it by TCP."""
        scheme, query = ("rediss", f"?ssl_ca_certs={quote(str(self.ca_file))}") if self.tls else ("redis", "")
        return f"{scheme}://{self._credentials}127.0.0.1:{self.port}/0{query}"

    @property
    def unix_url(self) -> str:
        """A REDIS_URL that reaches it by its Unix socket. Not on Windows."""
        return f"unix://{self._credentials}{quote(str(self.folder / 'socket'))}?db=0"

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    def ask(self, *command: str | int | bytes) -> Any:
        """What it answers to a command: as it came, by RESP2, but for text, which is decoded."""
        with self.client() as client:
            client.response_callbacks.clear()  # which make something else of some answers
            return client.execute_command(*command)

    def client(self, **changes: Any) -> redis.Redis:
        """A client that asks once and gives up, in RESP2, which every version speaks; ``changes`` are its options."""
        options: dict[str, Any] = {
            "port": self.port,
            "username": self.user or None,
            "password": self.password or None,
            "ssl": self.tls,
            "ssl_ca_certs": str(self.ca_file) if self.tls else None,
            "protocol": 2,
            "decode_responses": True,
            "retry": Retry(NoBackoff(), 0),
        }
        return redis.Redis(**options | changes)

    def log(self) -> str:
        """The last of what it said."""
        return (self.folder / "log").read_text("utf-8", "replace")[-2000:]

    @property
    def _credentials(self) -> str:
        return f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.password else ""

    def _command_line(self) -> list[str]:
        arguments = ["--bind", "127.0.0.1", "-::1", "--dir", str(self.folder), "--save", "", "--appendonly", "no"]
        if os.name != "nt":
            arguments += ["--unixsocket", str(self.folder / "socket")]
        if self.tls:
            self._make_certificates()
            arguments += ["--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no"]
            arguments += [
                "--tls-cert-file",
                "server.pem",
                "--tls-key-file",
                "server.key",
                "--tls-ca-cert-file",
                "ca.pem",
            ]
        else:
            arguments += ["--port", str(self.port)]
        if self.user:
            arguments += ["--user", "default", "off"]
            arguments += ["--user", self.user, "on", f">{self.password}", "~*", "&*", "+@all"]
        elif self.password:
            arguments += ["--requirepass", self.password]
        return [*arguments, *self._arguments]

    def _make_certificates(self) -> None:
        if not self.ca_file.exists():
            authority = trustme.CA()
            certificate = authority.issue_cert("localhost", "127.0.0.1", "::1")
            authority.cert_pem.write_to_path(self.ca_file)
            certificate.private_key_pem.write_to_path(self.folder / "server.key")
            certificate.cert_chain_pems[0].write_to_path(self.folder / "server.pem")

    def _answers(self) -> bool:
        if self._running().poll() is not None:
            raise ServerFailed(f"{self.binary.path} ended with {self._running().returncode}:\n{self.log()}")
        with contextlib.suppress(redis.ConnectionError, redis.TimeoutError):
            return bool(self.ask("PING"))
        return False

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def _end(self, how: Callable[[subprocess.Popen[bytes]], None]) -> None:
        process = self._running()
        how(process)
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        watcher().ended(process.pid)
        self._process = None


def wait_until(holds: Callable[[], bool], what: str, log: Callable[[], str] = str) -> None:
    """Ask a server again and again until ``holds``; raises ServerFailed when it has not within PATIENCE_S."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise ServerFailed(f"waited {PATIENCE_S} s in vain for {what}\n{log()}")
        time.sleep(0.02)


_given: set[int] = set()


def free_port() -> int:
    """A port that nobody uses, nor its companion for a cluster; never the same twice in one run."""
    while True:
        port = random.choice(PORTS)
        with contextlib.suppress(OSError), socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", port))
            other.bind(("127.0.0.1", port + CLUSTER_BUS))
            if port not in _given:
                _given.add(port)
                return port
