"""A bell that a waiting task hears at once, and that goes on ringing until it is heard."""

from __future__ import annotations

import asyncio


class Bell:
    """Wakes the one task that waits for it before its time."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake whoever waits, now or when he next does."""
        self._rung.set()

    async def heard(self, within_seconds: float) -> bool:
        """Whether it rang, before or during this time; it is silent again afterwards."""
        try:
            async with asyncio.timeout(within_seconds):
                await self._rung.wait()
        except TimeoutError:
            return False
        finally:
            self._rung.clear()
        return True
