"""Asks a stand-in over real HTTP, each call on a connection of its own."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec
from yarl import URL

from dozor.standin.server import StandIn, start

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from dozor.clock import Clock


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class Caller:
    def __init__(self, stand_in: StandIn, session: aiohttp.ClientSession) -> None:
        self.stand_in = stand_in
        self._session = session

    async def get(self, path_and_query: str, **headers: str) -> Reply:
        """Ask the API, with the path exactly as written."""
        return await self.send("GET", self.stand_in.base_url + path_and_query, headers=headers)

    async def json(self, path_and_query: str) -> Any:
        reply = await self.get(path_and_query)
        assert reply.status == 200, reply.text
        return reply.json()

    async def control(self, method: str = "GET", order: object = None) -> Reply:
        body = None if order is None else order if isinstance(order, bytes) else msgspec.json.encode(order)
        return await self.send(method, self.stand_in.control_url, data=body)

    async def send(self, method: str, url: str, **more: Any) -> Reply:
        async with self._session.request(method, URL(url, encoded=True), **more) as response:
            return Reply(response.status, response.headers, await response.read())


async def until(happened: Callable[[], object]) -> None:
    """Let everybody run until ``happened``; for what comes over a real socket, which no clock of ours moves."""
    for _ in range(100_000):
        if happened():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never happened")


@asynccontextmanager
async def calling(clock: Clock, **options: Any) -> AsyncIterator[Caller]:
    """Start a stand-in of 2,000 coins (unless told otherwise) and a caller for it."""
    stand_in = await start(clock=clock, **{"coins": 2_000, **options})
    connections = aiohttp.TCPConnector(force_close=True)
    try:
        async with aiohttp.ClientSession(connector=connections, headers={"User-Agent": "dozor-tests/1"}) as session:
            yield Caller(stand_in, session)
    finally:
        await stand_in.close()
