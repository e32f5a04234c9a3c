"""Looking into ``cache.db``: what is there, what one answer holds, and dropping some, beside a running server.

The file is neither made nor set aside here: that is for a server to do.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from dozor.storage import disk_rows
from dozor.storage.cache_file import LOCKED_FOR_SECONDS, SCHEMA_VERSION, transaction
from dozor.storage.inspection import Content, Facts, Page, ShelfAway
from dozor.telemetry.phrases import Words

KEYS_AT_ONCE = 500  # a running server waits for its turn meanwhile


class DiskShelf:
    """What lies in the file ``path``, which need not exist. Every method raises ShelfAway."""

    name = "disk"

    def __init__(self, path: Path) -> None:
        self._path = path

    async def pages(self, glob: str = "*") -> AsyncIterator[Page]:  # all of them fit: choosing here would save nothing
        """All that lies here, without the bodies. What has expired is here until a server tidies up."""
        yield await asyncio.to_thread(self._page)

    async def read(self, key: str) -> Content | None:
        """The value of this key, ``None`` when there is none or it is damaged."""
        return await asyncio.to_thread(self._read, key)

    async def drop(self, keys: Sequence[str]) -> int:
        """Forget these keys; how many were there."""
        return await asyncio.to_thread(self._drop, keys)

    def _page(self) -> Page:
        with self._opened("ro") as database:
            if database is None:
                return Page(())
            rows = database.execute("SELECT key, length(body), fetched_at, expires_at FROM entries").fetchall()
        return Page(tuple(self._facts(*row) for row in rows))

    def _read(self, key: str) -> Content | None:
        with self._opened("ro") as database:
            if database is None:
                return None
            select = "SELECT fetched_at, expires_at, body, hash, headers FROM entries WHERE key = ?"
            row = database.execute(select, (key,)).fetchone()
        if row is None:
            return None
        fetched_at, expires_at, body, digest, headers = row
        if hashlib.sha256(body).hexdigest() != digest:
            return None
        pairs = tuple((name, value) for name, value in json.loads(headers))
        return Content(self._facts(key, len(body), fetched_at, expires_at), body, digest, pairs)

    def _drop(self, keys: Sequence[str]) -> int:
        dropped = 0
        with self._opened("rw") as database:
            if database is None:
                return 0
            for start in range(0, len(keys), KEYS_AT_ONCE):
                with transaction(database):
                    some = [(key,) for key in keys[start : start + KEYS_AT_ONCE]]
                    dropped += database.executemany("DELETE FROM entries WHERE key = ?", some).rowcount
        return dropped

    def _facts(self, key: str, size_bytes: int, fetched_at: int, expires_at: int) -> Facts:
        return Facts(key, self.name, size_bytes, disk_rows.instant(fetched_at), disk_rows.instant(expires_at))

    @contextmanager
    def _opened(self, mode: str) -> Iterator[sqlite3.Connection | None]:
        """A connection to the file; ``None`` where there is none yet, or nothing in it."""
        # An empty file is not opened: SQLite would take it for new, and delete a -wal beside it.
        if not self._path.exists() or self._path.stat().st_size == 0:
            yield None
            return
        uri = f"{self._path.absolute().as_uri()}?mode={mode}"
        try:
            connected = sqlite3.connect(uri, uri=True, timeout=LOCKED_FOR_SECONDS, isolation_level=None)
            with closing(connected) as database:
                [version] = database.execute("PRAGMA user_version").fetchone()
                if version > SCHEMA_VERSION:
                    raise ShelfAway(self.name, _newer(self._path))
                yield database if version else None
        except sqlite3.Error as error:
            raise ShelfAway(self.name, _unusable(self._path, error)) from error


def _newer(path: Path) -> Words:
    return Words(
        f"{path} записан более новым Dozor: обновите этот", f"{path} was written by a newer Dozor: update this one"
    )


def _unusable(path: Path, error: sqlite3.Error) -> Words:
    return Words(
        f"{path} не прочитать ({error}): посмотрите, что скажет dozor doctor",
        f"{path} cannot be used ({error}): see what dozor doctor says of it",
    )
