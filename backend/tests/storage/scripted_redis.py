"""A server of two lines that answers as it is told: for replies that no real one gives when asked to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import hiredis

USUAL: Mapping[bytes, bytes] = {
    b"HELLO": b"%1\r\n+proto\r\n:3\r\n",
    b"CLIENT": b"+OK\r\n",
    b"AUTH": b"+OK\r\n",
    b"SELECT": b"+OK\r\n",
    b"GETRANGE": b"$0\r\n\r\n",
    b"TIME": b"*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n",
}


class ScriptedRedis:
    """``replies`` maps a command's first word to the bytes of its answer; change it at any time."""

    def __init__(self, replies: Mapping[bytes, bytes]) -> None:
        self.replies = {**USUAL, **replies}
        self.asked: list[bytes] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        commands = hiredis.Reader()
        try:
            while data := await reader.read(65536):
                commands.feed(data)
                while command := commands.gets():
                    word = command[0].upper()
                    self.asked.append(word)
                    writer.write(self.replies.get(word, b"-ERR unknown command\r\n"))
        except (ConnectionError, hiredis.HiredisError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def scripted_redis(replies: Mapping[bytes, bytes] | None = None) -> AsyncIterator[ScriptedRedis]:
    scripted = ScriptedRedis(replies or {})
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    scripted.port = server.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        server.close()


@asynccontextmanager
async def blunt_server(greeting: bytes, *, closes: bool) -> AsyncIterator[str]:
    """The URL of something that sends ``greeting`` as soon as it is asked anything, and then closes or hangs."""
    hanging: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hanging.append(writer)
        await reader.read(1)
        writer.write(greeting)
        if closes:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    finally:
        server.close()
        for writer in hanging:
            writer.close()
