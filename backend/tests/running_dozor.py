"""A whole Dozor on a real port in this process, with a clock that can be moved, and a scripted upstream for it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
from aiohttp import web
from starlette.types import ASGIApp

from dozor.app import App, running
from dozor.clock import SystemClock
from dozor.settings import read_settings
from dozor.supervise import Server, bind, prepare_data_dir, tasks_until_exit
from dozor.telemetry.phrases import Language

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class MovableClock(SystemClock):
    """The machine's clock, shifted: the app grows older without anybody sleeping."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._ahead)

    def monotonic(self) -> float:
        return super().monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds


@dataclass
class ScriptedUpstream:
    """A real HTTP server that answers what the test says, and counts.

    A Dozor on a paid plan asks for its limits by itself: that is answered with none, and counted apart.
    """

    base_url: str = ""
    calls: list[str] = field(default_factory=list)
    plan_calls: int = 0
    headers: list[dict[str, str]] = field(default_factory=list)
    handler: Handler | None = None
    came: asyncio.Event = field(default_factory=asyncio.Event)  # set by every call

    def answer(self, body: bytes | str, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """From now on every call gets this."""
        payload = body.encode() if isinstance(body, str) else body

        async def handler(_: web.Request) -> web.StreamResponse:
            return web.Response(
                body=payload, status=status, headers={"Content-Type": "application/json", **(headers or {})}
            )

        self.handler = handler

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/api/v3/key":
            self.plan_calls += 1
            return web.json_response({})
        self.calls.append(request.raw_path.removeprefix("/api/v3"))
        self.headers.append(dict(request.headers))
        self.came.set()
        assert self.handler is not None
        return await self.handler(request)


@contextlib.asynccontextmanager
async def scripted_upstream() -> AsyncIterator[ScriptedUpstream]:
    upstream = ScriptedUpstream()
    upstream.answer("{}")
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", upstream.serve)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    upstream.base_url = f"http://127.0.0.1:{port}/api/v3"
    try:
        yield upstream
    finally:
        await runner.cleanup()


@dataclass
class RunningDozor:
    """Where it listens, and a client to ask it with."""

    url: str
    client: aiohttp.ClientSession
    clock: MovableClock
    app: App

    async def get(self, path: str, **headers: str) -> Reply:
        return await self.ask("GET", path, **headers)

    async def ask(self, method: str, path: str, **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = aiohttp.client.URL(self.url + path, encoded=True)
        async with self.client.request(method, url, headers=named, allow_redirects=False) as response:
            return Reply(
                response.status, {key.lower(): value for key, value in response.headers.items()}, await response.read()
            )


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


@contextlib.asynccontextmanager
async def running_dozor(upstream_url: str, folder: Path, **environment: str) -> AsyncIterator[RunningDozor]:
    """Dozor with these settings, without a limit of the minute and Redis unless they say so. Nothing is warmed up."""
    settings = read_settings(
        {
            "COINGECKO_BASE_URL": upstream_url,
            "COINGECKO_CALLS_PER_MINUTE": "0",
            "PORT": "0",
            "DOZOR_LANG": "en",
            "REDIS_URL": "",
            **environment,
        },
        default_data_dir=folder / "data",
    )
    prepare_data_dir(settings.data_dir, Language.EN)
    clock = MovableClock()
    async with (
        tasks_until_exit() as tasks,
        running(settings, tasks, clock) as app,
        serving(app.site) as url,
        aiohttp.ClientSession(auto_decompress=False, headers={"Accept-Encoding": "identity"}) as client,
    ):
        yield RunningDozor(url, client, clock, app)


async def until(holds: Callable[[], Awaitable[bool]], seconds: float) -> float:
    """Look until it holds: what another process does can only be looked at. The seconds it took; fails after more."""
    began = time.monotonic()
    while not await holds():
        assert time.monotonic() - began < seconds, f"not so within {seconds} s"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


@contextlib.asynccontextmanager
async def serving(site: ASGIApp) -> AsyncIterator[str]:
    """This application on a free port, served as Dozor serves itself."""
    sockets = bind("127.0.0.1", 0, Language.EN)
    server = Server(site)
    task = asyncio.create_task(server.serve(sockets=sockets))
    await server.listening.wait()
    try:
        yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
