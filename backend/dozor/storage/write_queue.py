"""What is to be written behind everybody's back: in order, in bounded memory, the oldest lost first."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from dozor.caching.lease import Lease

QUEUE_BYTES = 64 * 1024 * 1024
OVERHEAD_BYTES = 500  # of one piece of work, about


@dataclass(frozen=True, slots=True)
class Kept:
    """A value to keep under ``key`` until ``expires_at``, by our clock; it ends ``lease``."""

    key: str
    body: bytes
    hash: str
    fetched_at: datetime
    expires_at: datetime
    headers: tuple[tuple[str, str], ...] = ()
    lease: Lease | None = None
    status: int = 200


@dataclass(frozen=True, slots=True)
class Released:
    """A lease to end, with a word to those who wait."""

    lease: Lease
    verdict: bytes | None


Work: TypeAlias = Kept | Released


class WriteQueue:
    """First in, first out. One instance per loop, with one taker."""

    def __init__(self, max_bytes: int = QUEUE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._work: deque[Work] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def add(self, work: Work) -> None:
        """Queue this. What does not fit any more is lost, beginning with the oldest; its lease ends all the same."""
        self._idle.clear()
        self._push(work)
        while self._bytes > self._max_bytes:
            lost = self._pop()
            if isinstance(lost, Kept) and lost.lease is not None:
                self._push(Released(lost.lease, None))

    async def next(self) -> Work:
        """The oldest piece of work, once there is one; asking for it says that the one before is done."""
        while not self._work:
            self._idle.set()
            self._filled.clear()
            await self._filled.wait()
        return self._pop()

    def more(self, max_bytes: int) -> list[Work]:
        """What is queued behind the piece that ``next`` gave, as much as ``max_bytes`` hold, to be done with it."""
        taken: list[Work] = []
        while self._work and (max_bytes := max_bytes - weight(self._work[0])) >= 0:
            taken.append(self._pop())
        return taken

    async def emptied(self) -> None:
        """Come back once everything that was queued is done."""
        await self._idle.wait()

    def _push(self, work: Work) -> None:
        self._work.append(work)
        self._bytes += weight(work)
        self._filled.set()

    def _pop(self) -> Work:
        work = self._work.popleft()
        self._bytes -= weight(work)
        return work


def weight(work: Work) -> int:
    """What a piece of work takes of a queue, in bytes, about."""
    match work:
        case Kept():
            return len(work.body) + OVERHEAD_BYTES
        case Released():
            return len(work.verdict or b"") + OVERHEAD_BYTES
