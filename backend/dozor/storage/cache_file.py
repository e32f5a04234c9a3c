"""``cache.db`` as one thread sees it: opened when it is needed, set aside when it is damaged, and begun anew.

Nothing in it is worth repair: whatever it held can be fetched again. So damage costs one sentence, and never a start.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeAlias, TypeVar

import structlog

from dozor.clock import Clock

SCHEMA_VERSION = 1
LOCKED_FOR_SECONDS = 5.0  # how long another process may keep us from writing; it needs milliseconds
LOOK_AT_FILE_EVERY_SECONDS = 1.0
WAL_BYTES = 16 * 1024 * 1024

SCHEMA = (
    (
        "CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, body BLOB NOT NULL, hash TEXT NOT NULL,"
        " status INTEGER NOT NULL, headers TEXT NOT NULL, fetched_at INTEGER NOT NULL, expires_at INTEGER NOT NULL)"
        " STRICT"
    ),
    "CREATE INDEX IF NOT EXISTS entries_by_age ON entries (fetched_at)",
    "CREATE INDEX IF NOT EXISTS entries_by_end ON entries (expires_at)",
    (
        "CREATE TABLE IF NOT EXISTS leases (key TEXT PRIMARY KEY, number INTEGER NOT NULL, holder TEXT,"
        " until INTEGER NOT NULL, written INTEGER NOT NULL DEFAULT 0, verdict BLOB, verdict_until INTEGER) STRICT"
    ),
)

T = TypeVar("T")
log = structlog.get_logger(__name__)


class NewerFormat(sqlite3.DatabaseError):
    """Written by a Dozor that is newer than this one."""


Identity: TypeAlias = tuple[int, int]
"""Which file it is, whatever its name: device and inode."""


class CannotSetAside(OSError):
    """The file is damaged and cannot be moved away, as on Windows where somebody has it open."""

    def __init__(self, reason: str, identity: Identity | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.identity = identity


class CacheFile:
    """A connection to the file at ``path``. Every method belongs to one thread."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._database: sqlite3.Connection | None = None
        self._opened: Identity | None = None
        self._looked_at = 0.0
        self._damage: str | None = None

    def use(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The result of ``work``, which is begun again on a new file when it finds this one damaged.

        Raises sqlite3.Error or OSError when the disk refuses.
        """
        try:
            return work(self._connected())
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self.condemn(str(error), self._opened)
        return work(self._connected())

    def close(self) -> None:
        """Close it; the next use opens it again."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def condemn(self, reason: str, identity: Identity | None) -> None:
        """Close it, and set it aside before the next use, unless it is another file than this by then."""
        self.close()
        self._damage = reason
        self._opened = identity

    def _connected(self) -> sqlite3.Connection:
        now = self._clock.monotonic()
        if self._database is not None and now - self._looked_at >= LOOK_AT_FILE_EVERY_SECONDS:
            self._looked_at = now
            if _identity(self._path) != self._opened:
                self.close()  # another process has set it aside: its leases are in the new one
        if self._database is None:
            with self._nobody_else_begins():
                self._set_aside_if_damaged()
                self._database = self._open()
            self._looked_at = now
        return self._database

    @contextmanager
    def _nobody_else_begins(self) -> Iterator[None]:
        # Else one process could move away the file that another has just begun, or delete its -wal. The lock is
        # SQLite's own, on a file with nothing in it: it works everywhere, and ends with its process.
        lock = self._path.with_name(f"{self._path.name}.lock")
        with closing(sqlite3.connect(lock, timeout=LOCKED_FOR_SECONDS, isolation_level=None)) as locked:
            locked.execute("BEGIN EXCLUSIVE")
            yield

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=LOCKED_FOR_SECONDS, isolation_level=None)
        try:
            self._opened = _identity(self._path)
            _prepare(database)
        except BaseException:
            database.close()
            raise
        return database

    def _set_aside_if_damaged(self) -> None:
        if self._damage is None:
            return
        if _identity(self._path) == self._opened:  # else another process was first
            self._set_aside(self._damage)
        self._damage = None

    def _set_aside(self, reason: str) -> None:
        aside = self._path.with_name(f"{self._path.name}.damaged")
        try:
            # The file itself last: were this process killed in between, the next would find it, damaged as it is.
            for suffix in ("-wal", "-shm"):
                with suppress(FileNotFoundError):
                    self._path.with_name(f"{self._path.name}{suffix}").unlink()
            with suppress(FileNotFoundError):
                self._path.replace(aside)
        except OSError as error:
            raise CannotSetAside(f"{reason}; {error.strerror}", self._opened) from error
        log.warning("disk_cache.set_aside", path=str(self._path), aside=str(aside), reason=reason)


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and nobody else writes meanwhile."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:  # a full disk has rolled it back already
            database.execute("ROLLBACK")
        raise


def used_bytes(database: sqlite3.Connection) -> int:
    """What the file holds, without the pages that are free again. The same for every process."""
    [pages] = database.execute("PRAGMA page_count").fetchone()
    [free] = database.execute("PRAGMA freelist_count").fetchone()
    [size] = database.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * size)


def _prepare(database: sqlite3.Connection) -> None:
    database.text_factory = _as_text
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")  # a power cut may lose the last answers, never the file
    database.execute(f"PRAGMA journal_size_limit = {WAL_BYTES:d}")
    [version] = database.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise NewerFormat(f"it was written by a newer Dozor (format {version})")
    if version < SCHEMA_VERSION:
        with transaction(database):
            for statement in SCHEMA:
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION:d}")


def _as_text(stored: bytes) -> str:
    # A text that is none belongs to a damaged row, which its hash or its reader tells: it is no failure of the disk.
    return stored.decode("utf-8", "replace")


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    # SQLITE_ERROR: our statements are right, so these are not our tables.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, NewerFormat) or code in {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_ERROR,
    }


def _identity(path: Path) -> Identity | None:
    try:
        status = os.stat(path)  # noqa: PTH116  # as plain as it gets
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
