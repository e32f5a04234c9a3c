"""Connections to one server that askers take in turns.

Nobody who waits here opens a connection: whoever keeps the lane adds them, and is told when one is lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from dozor.storage.redis_errors import RedisUnreachable
from dozor.storage.redis_wire import Wire


class Lane:
    """At most ``size`` connections; first come, first served. One instance per loop.

    ``on_loss`` is called when one is found closed or was closed by its asker's leaving.
    """

    def __init__(self, size: int, on_loss: Callable[[], None]) -> None:
        self._size = size
        self._on_loss = on_loss
        self._idle: list[Wire] = []
        self._lent: set[Wire] = set()
        self._waiting: deque[asyncio.Future[Wire]] = deque()

    @property
    def missing(self) -> int:
        """How many connections there is room for."""
        return self._size - len(self._idle) - len(self._lent)

    def add(self, wire: Wire) -> None:
        """Put a fresh connection in."""
        self._hand_on(wire)

    @asynccontextmanager
    async def borrowed(self) -> AsyncIterator[Wire]:
        """A connection to ask by, once one is free. Raises RedisUnreachable when those who wait are sent away."""
        wire = await self._borrow()
        try:
            yield wire
        finally:
            self._lent.discard(wire)
            if wire.is_open and self._size:
                self._hand_on(wire)
            else:
                wire.abort()
                self._on_loss()

    def send_away(self) -> None:
        """Let nobody wait for a connection any longer."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(RedisUnreachable())
                waiter.exception()  # he may be leaving this very moment; that is not worth a warning

    def clear(self) -> None:
        """Close the connections that nobody is asking by: their server is gone."""
        self.send_away()
        for wire in self._idle:
            wire.abort()
        self._idle.clear()

    def close(self) -> None:
        """Close all connections, those in use too, for good."""
        self._size = 0
        self.clear()
        for wire in self._lent:
            wire.abort()

    async def _borrow(self) -> Wire:
        while self._idle:
            wire = self._idle.pop()
            if await wire.is_clean():  # does not give up control, so the connection cannot get lost here
                self._lent.add(wire)
                return wire
            wire.abort()
            self._on_loss()
        waiter: asyncio.Future[Wire] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                # It came in the very turn in which he left.
                self._lent.discard(waiter.result())
                self._hand_on(waiter.result())
            raise

    def _hand_on(self, wire: Wire) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                self._lent.add(wire)
                waiter.set_result(wire)
                return
        self._idle.append(wire)
