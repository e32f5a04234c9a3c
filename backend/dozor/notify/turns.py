"""Turns at something that only so many may use at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class NoTurn(Exception):
    """Too many others were before us."""


class Turns:
    """At most ``most`` at a time for each name; the others wait in the order in which they came.

    One instance per loop. Names that nobody uses are forgotten.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._gates: dict[str, _Gate] = {}

    def __len__(self) -> int:
        """How many names are in use."""
        return len(self._gates)

    @asynccontextmanager
    async def at(self, name: str, within_seconds: float) -> AsyncIterator[None]:
        """Hold a turn. Raises NoTurn when none came in time."""
        gate = self._gates.setdefault(name, _Gate(self._most))
        gate.users += 1
        try:
            try:
                async with asyncio.timeout(within_seconds):
                    await gate.acquire()
            except TimeoutError:
                raise NoTurn from None
            try:
                yield
            finally:
                gate.release()
        finally:
            gate.users -= 1
            if not gate.users:
                del self._gates[name]


class _Gate(asyncio.Semaphore):
    users = 0
