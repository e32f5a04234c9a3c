"""A receiver of webhooks on this machine: it keeps what it got, and answers as a test wants."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Got:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_signed(self) -> bool:
        """By the specification's own words, not by our code."""
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split(" ")


class Receiver:
    """Enter it. Each request takes the next of ``answers``; after them come 204s."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: deque[Answer] = deque()
        self.got: list[Got] = []
        self.has_got = asyncio.Event()
        self._tls = tls
        self._open = asyncio.Event()

    async def __aenter__(self) -> Receiver:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._receive)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.let_go()
        await self._runner.cleanup()

    def url(self, host: str = "127.0.0.1", path: str = "/hook", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def let_go(self) -> None:
        """Whoever hangs here goes on."""
        self._open.set()

    def says(self, status: int, text: str = "", **headers: str) -> None:
        """Answer the next request so."""

        async def answer(_: web.Request) -> web.Response:
            return web.Response(
                status=status, text=text, headers={name.replace("_", "-"): value for name, value in headers.items()}
            )

        self.answers.append(answer)

    def hangs(self) -> None:
        """Say nothing to the next request until ``let_go``."""

        async def answer(_: web.Request) -> web.Response:
            await self._open.wait()
            return web.Response(status=204)

        self.answers.append(answer)

    def stops_after_its_head(self, status: int) -> None:
        """Begin an answer to the next request whose body does not come until ``let_go``."""

        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(status=status)
            await response.prepare(request)
            await self._open.wait()
            return response

        self.answers.append(answer)

    def never_ends(self) -> None:
        """Answer the next request with more than anybody should read."""

        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(status=200)
            await response.prepare(request)
            while not self._open.is_set():
                await response.write(b"more " * 10_000)
            return response

        self.answers.append(answer)

    def hangs_up(self) -> None:
        """End the connection of the next request without an answer."""

        async def answer(request: web.Request) -> web.StreamResponse:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()

        self.answers.append(answer)

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        self.got.append(Got(request.path_qs, request.headers, await request.read()))
        self.has_got.set()
        if self.answers:
            return await self.answers.popleft()(request)
        return web.Response(status=204)
