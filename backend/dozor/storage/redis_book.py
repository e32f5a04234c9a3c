"""The book of all machines' budget in Redis: read and replaced whole, and only by who has read what is there.

One key, so that it lies on one server of a cluster, whose clock is the book's.
"""

from __future__ import annotations

import secrets

import structlog

from dozor.domain.machines import BookPage
from dozor.storage.redis_errors import RedisRefusal, RedisUnreachable
from dozor.storage.redis_link import RedisLink
from dozor.storage.redis_script import Script

KEY = "budget:"
KEPT_SECONDS = 62 * 86_400  # two months: nobody needs a book that nobody has opened for so long
WITHIN_SECONDS = 1.0
MICROSECOND = 1_000_000

log = structlog.get_logger(__name__)


class RedisBook:
    """Implements ``upstream.book_desk.BookShelf`` for the quota called ``quota``. One instance per loop."""

    def __init__(self, link: RedisLink, quota: str, key_prefix: str = "") -> None:
        self._link = link
        self._key = f"{key_prefix}{KEY}{quota}"
        self._script = Script("book")
        self._said_foreign = False

    @property
    def is_up(self) -> bool:
        """See ``BookShelf.is_up``."""
        return self._link.up

    async def wait_until_tried(self) -> None:
        """See ``BookShelf.wait_until_tried``."""
        await self._link.wait_until_tried()

    async def read(self) -> BookPage | None:
        """See ``BookShelf.read``."""
        try:
            match await self._script.run(self._ask, (self._key,)):
                case [bytes(server), bytes(time), bytes(stamp), bytes(body)]:
                    return BookPage(server.decode(), int(time) / MICROSECOND, stamp.decode(), body)
                case _:
                    return None  # whatever answers there is no Redis
        except RedisUnreachable:
            return None
        except RedisRefusal as refusal:
            self._say_if_foreign(refusal)
            return None

    async def write(self, page: BookPage, body: bytes, valid_for: float) -> bool | None:
        """See ``BookShelf.write``."""
        read_at, good_for = f"{page.server_time * MICROSECOND:.0f}", f"{valid_for * MICROSECOND:.0f}"
        arguments = (page.server, page.stamp, read_at, good_for, secrets.token_hex(8), body, KEPT_SECONDS)
        try:
            written = await self._script.run(self._ask, (self._key,), *arguments)
        except RedisUnreachable:
            return None
        except RedisRefusal as refusal:
            self._say_if_foreign(refusal)
            return None
        return bool(written)

    async def _ask(self, key: str, *command: bytes | str | int) -> object:
        return await self._link.write(key, *command, seconds=WITHIN_SECONDS)

    def _say_if_foreign(self, refusal: RedisRefusal) -> None:
        # Whatever else it refuses, the link has said.
        if refusal.code == "WRONGTYPE" and not self._said_foreign:
            self._said_foreign = True
            log.warning("redis.foreign_value", key=self._key)
