"""A real receiver of webhooks, which checks every signature."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()

Answer = Callable[[], Awaitable[web.StreamResponse]]


@dataclass
class Receiver:
    """What arrived, in its order. ``answer`` is what it says; by default that all is well."""

    url: str = ""
    got: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    answer: Answer | None = None
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        message_id, timestamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        content = b".".join((message_id.encode(), timestamp.encode(), body))
        signature = base64.b64encode(hmac.new(b"s" * 32, content, hashlib.sha256).digest()).decode()
        if request.headers["webhook-signature"] != f"v1,{signature}":
            return web.Response(status=401)
        self.ids.append(message_id)
        self.got.append(json.loads(body))
        self.came.set()
        return web.Response(text="thanks") if self.answer is None else await self.answer()

    def says(self, status: int, **headers: str) -> None:
        """From now on it answers this."""

        async def answer() -> web.StreamResponse:
            return web.Response(status=status, text="no", headers={k.replace("_", "-"): v for k, v in headers.items()})

        self.answer = answer


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    application = web.Application()
    application.router.add_post("/hook", receiver.serve)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()
