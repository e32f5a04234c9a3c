"""Looking into Redis: which of our values are there, what one of them holds, and dropping some.

Nothing here blocks the server for long, and nothing but values of ours below our prefix is told of or dropped.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from dozor.clock import Clock
from dozor.storage.inspection import Content, Facts, Page, ShelfAway
from dozor.storage.redis_address import RedisAddress
from dozor.storage.redis_errors import RedisRefusal, RedisUnreachable
from dozor.storage.redis_leases import EPOCH, MILLISECOND
from dozor.storage.redis_link import RedisLink
from dozor.storage.redis_reasons import NO_ANSWER, reason_for
from dozor.storage.redis_script import FOLDER, Script
from dozor.storage.stored import read_head, read_text

KEYS_AT_ONCE = 500
SECONDS_A_PAGE = 5.0
SECONDS_A_BODY = 10.0
LEASE = "lease:{"

_GLOB_PART = re.compile(r"\*|\?|\[!?\]?[^\]]*\]|.", re.DOTALL)


class RedisShelf:
    """What lies in the Redis at ``address``, which ``link`` reaches. Every method raises ShelfAway."""

    name = "redis"

    def __init__(self, link: RedisLink, address: RedisAddress, clock: Clock, key_prefix: str = "") -> None:
        self._link = link
        self._address = address
        self._clock = clock
        self._key_prefix = key_prefix
        self._look = (FOLDER / "look.lua").read_text("utf-8")
        self._drop = Script("drop")

    async def pages(self, glob: str = "*") -> AsyncIterator[Page]:
        """All that lies here under keys that ``glob`` may fit, in no order.

        A key that is written or moved meanwhile may be missed or told of twice.
        """
        pattern = scan_pattern(self._key_prefix, glob)
        for node in self._link.nodes():
            cursor: int | bytes = 0
            while True:
                page = (self._look, 0, cursor, pattern, KEYS_AT_ONCE)
                async with self._reasons():
                    cursor, found = await self._link.on_node(node, "EVAL", *page, seconds=SECONDS_A_PAGE)
                yield self._page(found)
                if int(cursor) == 0:
                    break

    async def read(self, key: str) -> Content | None:
        """The value of this key, ``None`` when there is none or it is not ours."""
        at = self._key_prefix + key
        async with self._reasons():
            lives_ms = int(await self._link.load(at, "PTTL", at))
            text = await self._string(at)
        stored = None if text is None else read_text(text)
        if text is None or stored is None:
            return None
        return Content(
            self._facts(key, stored.fetched_at, len(text), lives_ms), stored.body, stored.hash, stored.headers
        )

    async def drop(self, keys: Sequence[str]) -> int:
        """Forget these keys as far as their values are ours; how many were."""
        async with self._reasons():
            return sum([await self._drop.run(self._link.write, (self._key_prefix + key,)) for key in keys])

    async def _string(self, at: str) -> bytes | None:
        try:
            text: bytes | None = await self._link.load(at, "GET", at, seconds=SECONDS_A_BODY)
        except RedisRefusal as refusal:
            if refusal.code == "WRONGTYPE":
                return None
            raise
        return text

    @asynccontextmanager
    async def _reasons(self) -> AsyncIterator[None]:
        try:
            yield
        except RedisUnreachable as error:
            raise ShelfAway(self.name, self._link.state.reason or NO_ANSWER) from error
        except RedisRefusal as refusal:
            raise ShelfAway(self.name, reason_for(refusal.error, self._address)) from refusal

    def _page(self, found: list[Any]) -> Page:
        values: list[Facts] = []
        foreign = 0
        for raw_key, *rest in found:
            key = raw_key.decode("utf-8", "replace").removeprefix(self._key_prefix)
            if key.startswith(LEASE):
                continue
            fetched_at = read_head(rest[0]) if rest else None
            if fetched_at is None:
                foreign += 1
            else:
                values.append(self._facts(key, fetched_at, int(rest[1]), int(rest[2])))
        return Page(tuple(values), foreign)

    def _facts(self, key: str, fetched_at_ms: int, size_bytes: int, lives_ms: int) -> Facts:
        now = self._clock.now()
        fetched_at = EPOCH + fetched_at_ms * MILLISECOND - self._link.offset_at(self._key_prefix + key)
        expires_at = None if lives_ms < 0 else now + timedelta(milliseconds=lives_ms)
        return Facts(key, self.name, size_bytes, min(fetched_at, now), expires_at)


def scan_pattern(key_prefix: str, glob: str) -> str:
    """A pattern for SCAN that fits at least every key that the shell-style ``glob`` fits.

    It may fit more, for Redis matches bytes, where a glob matches letters, and reads brackets in a way of its own.
    """
    parts = (part if part == "*" else "?*" if _is_one_letter(part) else _literal(part) for part in _parts(glob))
    return _literal(key_prefix) + "".join(parts)


def _parts(glob: str) -> list[str]:
    return _GLOB_PART.findall(glob)


def _is_one_letter(part: str) -> bool:
    return part == "?" or len(part) > 1


def _literal(text: str) -> str:
    return re.sub(r"([*?\[\]\\^-])", r"\\\1", text)
