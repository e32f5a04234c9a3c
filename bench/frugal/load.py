"""Asks a subject the questions of a trace when they are due, whatever became of the ones before."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import BinaryIO

import aiohttp
from yarl import URL

from bench.frugal.workload import Request

PATIENCE_S = 10.0
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "dozor-bench-frugal"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request."""

    request: Request
    ended: float
    """Seconds of ``time.monotonic``."""
    waited: float
    """Seconds."""
    status: int
    """0 when nothing came in time."""
    claimed_age: float | None
    """``Age``, where the answer has one."""
    body: bytes
    """Which body it was, as ``Bodies`` know it; empty when nothing came."""


class Bodies:
    """Bodies of answers, each kept once, in a file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._places: dict[bytes, tuple[int, int]] = {}

    def keep(self, body: bytes) -> bytes:
        """Keep a body; gives its name."""
        name = blake2b(body, digest_size=16).digest()
        if name not in self._places:
            self._places[name] = (self._file.seek(0, 2), len(body))
            self._file.write(body)
        return name

    def read(self, name: bytes) -> bytes:
        """Give the body of this name."""
        start, length = self._places[name]
        self._file.seek(start)
        return self._file.read(length)


async def ask_all(origin: str, requests: Iterable[Request], bodies: Bodies) -> tuple[float, list[Answer]]:
    """Ask ``origin`` everything; gives when the trace began (``time.monotonic``) and all answers."""
    answers: list[Answer] = []
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, headers=HEADERS) as client:
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:

            async def ask(request: Request) -> None:
                asked = time.monotonic()
                status, age, body = 0, None, b""
                try:
                    async with client.get(URL(origin + request.question.target, encoded=True)) as response:
                        text = await response.read()
                        status, body = response.status, bodies.keep(text)
                        age = float(response.headers["Age"]) if "Age" in response.headers else None
                except (aiohttp.ClientError, TimeoutError):
                    pass
                ended = time.monotonic()
                answers.append(Answer(request, ended, ended - asked, status, age, body))

            for request in requests:
                await asyncio.sleep(max(0.0, began + request.at - time.monotonic()))
                tasks.create_task(ask(request))
    return began, answers
