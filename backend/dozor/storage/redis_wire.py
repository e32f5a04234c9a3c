"""One connection to a Redis server: a question, its answer, and nothing left over for the next asker.

The protocol is redis-py's (hiredis parses). What is ours: a connection is opened by whoever dials and never opens
itself again, and one whose answer was not read to its end is closed, so that no answer ever reaches another asker.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any, TypeAlias

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import InvalidResponse, RedisError, ResponseError

Word: TypeAlias = bytes | str | int
Command: TypeAlias = tuple[Word, ...]


class _OpenConnection(AbstractConnection):
    """redis-py's protocol over streams that are open already."""

    def __init__(self, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], where: str, **options: Any) -> None:
        super().__init__(**options)
        self._streams = streams
        self._where = where

    async def _connect(self) -> None:
        self._reader, self._writer = self._streams

    def _host_error(self) -> str:
        return self._where

    def repr_pieces(self) -> Iterable[tuple[str, str | int]]:
        return [("where", self._where)]


class Wire:
    """A connection that is ready for questions, one at a time."""

    def __init__(self, connection: _OpenConnection, transport: asyncio.WriteTransport) -> None:
        self._connection = connection
        self._transport = transport

    @classmethod
    async def over(
        cls,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        where: str,
        *,
        username: str | None,
        password: str | None,
        database: int,
        protocol: int,
    ) -> Wire:
        """Shake hands over fresh streams: ``protocol`` 3 or 2, credentials, database.

        Raises OSError or redis-py's errors, with the streams closed.
        """
        connection = _OpenConnection(
            streams,
            where,
            username=username,
            password=password,
            db=database,
            protocol=protocol,
            driver_info=None,  # two answers that nobody reads
            socket_timeout=None,  # whoever asks sets the deadline
            socket_connect_timeout=None,
        )
        wire = cls(connection, streams[1].transport)
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
            with contextlib.suppress(ResponseError):  # a user who may not do this can still read
                await wire.ask(("CLIENT", "SETNAME", "dozor"))
        except (OSError, RedisError):
            wire.abort()
            raise
        except Exception as error:  # as in ``ask``
            wire.abort()
            raise InvalidResponse(f"{type(error).__name__} while shaking hands") from error
        except BaseException:
            wire.abort()
            raise
        return wire

    async def ask(self, *commands: Command) -> Any:
        """Send these commands together, and return the answer to the last of them.

        Raises ``ResponseError`` for an answer that is an error. Anything else that ends it early (OSError, another of
        redis-py's errors, cancellation) closes the connection.
        """
        connection = self._connection
        try:
            if not self.is_open:  # redis-py would open a new one
                raise ConnectionResetError("the connection is closed")
            await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
            for _ in commands[1:]:
                await connection.read_response()
            return await connection.read_response()
        except ResponseError:
            if len(commands) > 1:
                self.abort()  # later answers are on their way
            raise
        except (OSError, RedisError):
            self.abort()
            raise
        except Exception as error:  # what redis-py stumbles over when something else listens there
            self.abort()
            raise InvalidResponse(f"{type(error).__name__} while reading an answer") from error
        except BaseException:
            self.abort()
            raise

    async def is_clean(self) -> bool:
        """Whether it is open and nothing has come that nobody asked for. Never waits."""
        try:
            return self.is_open and not await self._connection.can_read()
        except RedisError:
            return False

    @property
    def is_open(self) -> bool:
        """Whether questions can be asked; a server that has left may not have been noticed yet."""
        return bool(self._connection.is_connected) and not self._transport.is_closing()

    def abort(self) -> None:
        """Close it at once, without waiting to send what is left: a server that hangs would take it for ever."""
        self._transport.abort()
        self._connection._reader = self._connection._writer = None
