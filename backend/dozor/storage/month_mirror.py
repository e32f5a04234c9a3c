"""The month's count in Redis: one hash for each month, in it one field for each machine, which only grows.

It is read only where a machine has lost its own count. That another machine's clock, or its plan, is another does no
harm: nobody reads another's field.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from dozor.domain.budget import MonthPeriod
from dozor.storage.redis_errors import RedisRefusal, RedisUnreachable
from dozor.storage.redis_link import RedisLink
from dozor.storage.redis_script import Script

KEPT_AFTER_THE_MONTH = timedelta(days=7)  # clocks that are days apart still mean the same month

log = structlog.get_logger(__name__)


class MonthMirror:
    """Implements ``upstream.mirroring.MonthMemory`` for the machine called ``machine``. One instance per loop."""

    def __init__(self, link: RedisLink, machine: str, key_prefix: str = "") -> None:
        self._link = link
        self._machine = machine
        self._key_prefix = key_prefix
        self._mirror = Script("mirror")
        self._said_foreign = False

    async def keep(self, period: MonthPeriod, used: int) -> bool:
        """See ``MonthMemory.keep``."""
        key, forget_at = self._key(period), period.resets_at + KEPT_AFTER_THE_MONTH
        try:
            await self._mirror.run(self._link.write, (key,), self._machine, used, int(forget_at.timestamp()))
        except RedisUnreachable:
            return False
        except RedisRefusal as refusal:
            self._say_if_foreign(refusal, key)
            return False
        return True

    async def recall(self, period: MonthPeriod) -> int | None:
        """See ``MonthMemory.recall``."""
        key = self._key(period)
        try:
            used: bytes | None = await self._link.load(key, "HGET", key, self._machine)
        except RedisUnreachable:
            return None
        except RedisRefusal as refusal:
            self._say_if_foreign(refusal, key)
            return None
        return int(used) if used is not None and used.isdigit() else None

    def _key(self, period: MonthPeriod) -> str:
        return f"{self._key_prefix}month:{period.start.isoformat()}"

    def _say_if_foreign(self, refusal: RedisRefusal, key: str) -> None:
        # Whatever else it refuses, the link has said.
        if refusal.code == "WRONGTYPE" and not self._said_foreign:
            self._said_foreign = True
            log.warning("redis.foreign_value", key=key)
