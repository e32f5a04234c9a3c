"""The only place that knows what time it is: everything else receives a ``Clock``.

A test passes a clock of its own and moves it, so that no test sleeps.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What time it is, and a way to wait. Safe to share between all tasks of a loop."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC. It may step back: never measure a span with it that must not be negative."""

    def monotonic(self) -> float:
        """Seconds that only grow, from an arbitrary start."""

    async def sleep(self, seconds: float) -> None:
        """Come back after ``seconds``; at once, but after one turn of the loop, when that is zero or less."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """See ``Clock.now``."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """See ``Clock.monotonic``."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See ``Clock.sleep``."""
        await asyncio.sleep(max(0.0, seconds))
