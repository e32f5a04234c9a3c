"""An HTTP server on localhost that answers each request with the next step of a script, also where HTTP ends."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

Step = Callable[[asyncio.StreamWriter], Awaitable[None]]


class ScriptedServer:
    """Enter it, fill ``script``, and look at ``requests``, the head of each as it came. After the script come 200s."""

    def __init__(self) -> None:
        self.script: deque[Step] = deque()
        self.requests: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._asked = asyncio.Event()

    async def __aenter__(self) -> ScriptedServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        for serving in self._serving:  # one may hang on purpose; nobody shall find it unfinished later
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        """What was asked for, as it stood in the request line."""
        return [request.split(" ")[1] for request in self.requests]

    def header(self, name: str, request: int = -1) -> str | None:
        for line in self.requests[request].split("\r\n")[1:]:
            key, _, value = line.partition(": ")
            if key.lower() == name:
                return value
        return None

    async def has_been_asked(self, times: int) -> None:
        while len(self.requests) < times:
            self._asked.clear()
            await self._asked.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        serving = asyncio.current_task()
        assert serving is not None
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
                self._asked.set()
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                try:
                    await (self.script.popleft() if self.script else answer(200, b"{}"))(writer)
                finally:
                    self.at_once -= 1
                if writer.is_closing():
                    break
        self._writers.discard(writer)
        writer.close()


def answer(status: int, body: bytes = b"{}", **headers: str) -> Step:
    """A whole answer; the connection stays open for the next request."""

    async def step(writer: asyncio.StreamWriter) -> None:
        given = {"content-type": "application/json", "content-length": str(len(body))}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        writer.write(f"HTTP/1.1 {status} Whatever\r\n{lines}\r\n".encode() + body)
        await writer.drain()

    return step


def after(wait: Callable[[], Awaitable[object]], step: Step) -> Step:
    """Wait for something before this step."""

    async def waiting(writer: asyncio.StreamWriter) -> None:
        await wait()
        await step(writer)

    return waiting


def raw(data: bytes) -> Step:
    """These bytes, and the connection closed."""

    async def step(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return step


async def reset(writer: asyncio.StreamWriter) -> None:
    """The connection is torn down without a word."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    )
    writer.transport.abort()


async def silence(writer: asyncio.StreamWriter) -> None:
    """Nothing at all, for as long as the other side has patience."""
    await asyncio.Event().wait()


cut_off = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{" + b'"bitcoin"')
no_http = raw(b"220 mail.example.org ESMTP\r\n")
closed = raw(b"")
