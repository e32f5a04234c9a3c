"""Simulated time: an event loop whose clock jumps to the next timer whenever nothing is left to do.

A day of waiting takes no time, and whatever waits by the loop or by ``LoopClock`` runs unchanged. Nothing else may be
waited for in such a loop: no socket, and no thread.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any


class _JumpingSelector(selectors.BaseSelector):
    """Instead of waiting, lets the time pass for which it was to wait."""

    def __init__(self) -> None:
        self._inner = selectors.DefaultSelector()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing is going to happen")
        self.now += max(0.0, timeout)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._inner.unregister(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._inner.get_map()

    def close(self) -> None:
        self._inner.close()


class SimulatedLoop(asyncio.SelectorEventLoop):
    """See the module. Time begins at 0."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Simulated seconds."""
        return self._jumping.now


class LoopClock:
    """The clock of a simulated loop, whose time 0 is ``began_at`` (UTC)."""

    def __init__(self, loop: SimulatedLoop, began_at: datetime) -> None:
        self._loop = loop
        self._began_at = began_at
        self._known_at = 0.0
        self._known = began_at

    def now(self) -> datetime:
        """See ``Clock.now``."""
        at = self._loop.time()
        if at != self._known_at:  # asked many times at each moment
            self._known_at, self._known = at, self._began_at + timedelta(seconds=at)
        return self._known

    def monotonic(self) -> float:
        """See ``Clock.monotonic``."""
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """See ``Clock.sleep``."""
        await asyncio.sleep(max(0.0, seconds))
