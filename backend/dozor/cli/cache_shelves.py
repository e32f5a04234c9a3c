"""The tiers that the ``cache`` commands look into: the disk, and Redis where it can be reached.

Memory belongs to the running process; nothing outside can look into it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from dozor.clock import Clock
from dozor.settings import Settings
from dozor.storage.disk_inspect import DiskShelf
from dozor.storage.inspection import Content, Page
from dozor.storage.redis_inspect import RedisShelf
from dozor.storage.redis_link import RedisLink
from dozor.storage.redis_reasons import NO_ANSWER
from dozor.supervise import tasks_until_exit
from dozor.telemetry.phrases import Words


class TierName(Enum):
    """The tiers that can be looked into from outside."""

    DISK = "disk"
    REDIS = "redis"


class Shelf(Protocol):
    """A tier, looked into from outside. Every method raises ShelfAway."""

    @property
    def name(self) -> str:
        """The tier's."""

    def pages(self, glob: str = "*") -> AsyncIterator[Page]:
        """All that lies here under keys that ``glob`` may fit, without their bodies."""

    async def read(self, key: str) -> Content | None:
        """The value of this key, ``None`` when there is none of ours."""

    async def drop(self, keys: Sequence[str]) -> int:
        """Forget these keys as far as their values are ours; how many were."""


@dataclass(frozen=True, slots=True)
class Shelves:
    """The tiers that can be looked into, and why others cannot."""

    there: Sequence[Shelf]
    away: Sequence[tuple[TierName, Words]]


@asynccontextmanager
async def open_shelves(settings: Settings, clock: Clock, only: TierName | None) -> AsyncIterator[Shelves]:
    """All tiers, or ``only`` this one."""
    there: list[Shelf] = []
    away: list[tuple[TierName, Words]] = []
    async with tasks_until_exit() as tasks:
        if only is not TierName.REDIS:
            there.append(DiskShelf(settings.data_dir / "cache.db"))
        if settings.redis is None:
            if only is TierName.REDIS:
                away.append((TierName.REDIS, Words("REDIS_URL пуст", "REDIS_URL is empty")))
            yield Shelves(there, away)
            return
        if only is TierName.DISK:
            yield Shelves(there, away)
            return
        link = RedisLink(settings.redis, clock, key_prefix=settings.redis_key_prefix)
        link.start(tasks)
        try:
            await link.wait_until_tried()
            if link.up:
                there.append(RedisShelf(link, settings.redis, clock, settings.redis_key_prefix))
            else:
                away.append((TierName.REDIS, link.state.reason or NO_ANSWER))
            yield Shelves(there, away)
        finally:
            await link.close()
