"""A thin proxy before the stand-in that writes down every answer with data, so that others can be checked by it."""

from __future__ import annotations

import contextlib
import time
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

from bench.frugal.questions import ROOT

_GZIP = 16 + zlib.MAX_WBITS
_OF_ONE_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
_LONGEST_URL = 16_384


@dataclass(frozen=True, slots=True)
class Said:
    """One answer with data."""

    at: float
    """Seconds of the clock that answers are timed by (``time.monotonic``), taken before anybody got it."""
    path: str
    """Below ``/api/v3``, percent-encoding undone."""
    query: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """One call, by when it came (``time.monotonic``)."""

    at: float
    status: int
    target: str


@dataclass
class Record:
    """What upstream was asked, and what it said."""

    said: list[Said] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    """Every call, those that were refused included."""


@contextlib.asynccontextmanager
async def recording(origin: str) -> AsyncIterator[tuple[str, Record]]:
    """Stand before ``origin`` while the block runs; gives the origin to ask instead, and what is written down."""
    record = Record()
    async with aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(limit=0)) as client:

        async def pass_on(request: web.BaseRequest) -> web.StreamResponse:
            came = time.monotonic()
            headers = {name: value for name, value in request.headers.items() if name.lower() not in _OF_ONE_HOP}
            url = URL(origin + request.raw_path, encoded=True)
            async with client.request(request.method, url, headers=headers, allow_redirects=False) as response:
                body = await response.read()
            if response.status == 200:
                is_packed = response.headers.get("Content-Encoding") == "gzip"
                record.said.append(_said(request.raw_path, zlib.decompress(body, _GZIP) if is_packed else body))
            record.calls.append(Call(came, response.status, request.raw_path))
            kept = [(name, value) for name, value in response.headers.items() if name.lower() not in _OF_ONE_HOP]
            return web.Response(status=response.status, body=body, headers=kept)

        server = web.Server(pass_on, handler_cancellation=False, access_log=None, max_line_size=_LONGEST_URL)
        runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}", record
        finally:
            await runner.cleanup()


def _said(raw_path: str, body: bytes) -> Said:
    parts = urlsplit(raw_path)
    path = URL(parts.path, encoded=True).path.removeprefix(ROOT)
    return Said(time.monotonic(), path, dict(parse_qsl(parts.query, keep_blank_values=True)), body)
