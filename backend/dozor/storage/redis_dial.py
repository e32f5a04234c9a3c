"""Connecting to a Redis server: by every address of its name together, in two seconds at most."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl

from aiohappyeyeballs import start_connection
from redis.exceptions import RedisError, ResponseError

from dozor.storage.redis_address import Node, RedisAddress, Tls, Topology
from dozor.storage.redis_errors import code_of
from dozor.storage.redis_wire import Wire

DIAL_SECONDS = 2.0  # DNS, TCP, TLS and the handshake together
TLS_SECONDS = 1.5  # less than the whole: a server without TLS lets the handshake hang, which is worth saying
NEXT_ADDRESS_AFTER = 0.01  # "localhost" is ::1 and 127.0.0.1, and Redis often listens on one of them only
LONGEST_VALUE_IN_ONE_GO = 512 * 1024

_HELLO_IS_UNKNOWN = re.compile(r"unknown command|NOPROTO|unsupported protocol", re.IGNORECASE)


class Dialer:
    """Connects with one set of credentials. One instance per loop."""

    def __init__(
        self,
        *,
        username: str | None,
        password: str | None,
        database: int,
        tls: Tls | None,
        path: str | None = None,
    ) -> None:
        self._username = username
        self._password = password
        self._database = database
        self._tls = tls
        self._path = path
        self._context: ssl.SSLContext | None = None
        self._protocol = 3

    async def dial(self, node: Node) -> Wire:
        """A connection that is ready for questions, within 2 s.

        Raises OSError (``TimeoutError``, ``ssl.SSLError`` and ``socket.gaierror`` are some) or redis-py's errors.
        """
        async with asyncio.timeout(DIAL_SECONDS):
            try:
                return await self._dial(node)
            except RedisError as error:
                if self._protocol == 2 or not self._lacks_hello(error):
                    raise
            self._protocol = 2  # Redis 5; whatever stands there later understands it too
            return await self._dial(node)

    def _lacks_hello(self, error: RedisError) -> bool:
        if isinstance(error, ResponseError):
            return _HELLO_IS_UNKNOWN.search(str(error)) is not None
        # HELLO carries the password: whoever answers that one is wanted has not understood it.
        return self._password is not None and code_of(error) == "NOAUTH"

    async def _dial(self, node: Node) -> Wire:
        streams = await (self._open_path(self._path) if self._path else self._open_tcp(node))
        return await Wire.over(
            streams,
            f"{node.host}:{node.port}",
            username=self._username,
            password=self._password,
            database=self._database,
            protocol=self._protocol,
        )

    async def _open_tcp(self, node: Node) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        context = self._tls_context()
        loop = asyncio.get_running_loop()
        try:
            addresses = await loop.getaddrinfo(node.host, node.port, type=socket.SOCK_STREAM)
        except UnicodeError as error:  # "a..b": a name that can be none
            raise socket.gaierror(socket.EAI_NONAME, "no such name") from error
        connected = await start_connection(addresses, happy_eyeballs_delay=NEXT_ADDRESS_AFTER)
        return await asyncio.open_connection(
            sock=connected,
            ssl=context,
            server_hostname=node.host if context is not None else None,
            ssl_handshake_timeout=TLS_SECONDS if context is not None else None,
            limit=LONGEST_VALUE_IN_ONE_GO,
        )

    async def _open_path(self, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if not hasattr(asyncio, "open_unix_connection"):
            raise OSError("this system has no Unix sockets for Python")
        return await asyncio.open_unix_connection(path, limit=LONGEST_VALUE_IN_ONE_GO)

    def _tls_context(self) -> ssl.SSLContext | None:
        if self._tls is not None and self._context is None:
            context = ssl.create_default_context(cafile=self._tls.ca_file)
            if not self._tls.verify:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            self._context = context
        return self._context


def dialer_of(address: RedisAddress) -> Dialer:
    """For the servers that have the data."""
    return Dialer(
        username=address.username,
        password=address.password,
        database=address.database,
        tls=address.tls,
        path=address.path,
    )


def sentinel_dialer_of(address: RedisAddress) -> Dialer:
    """For the sentinels, which have credentials of their own."""
    assert address.topology is Topology.SENTINEL
    return Dialer(username=address.sentinel_username, password=address.sentinel_password, database=0, tls=address.tls)


NO_CONNECTION = (OSError, RedisError)
"""What dialling and asking may raise."""
