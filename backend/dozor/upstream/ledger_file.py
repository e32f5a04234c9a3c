"""``ledger.db`` as one thread sees it: opened, set aside when it is damaged, and begun anew as one that knows of it.

The count in it cannot be had again, so a new file must never pass for one that has counted from the start. Setting
aside takes several steps, and a process may die between any two: what is under way is noted in a file beside, and
whoever opens the ledger next finishes it. Every opening is one process at a time.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from dozor.upstream import machine_state, spent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dozor.clock import Clock

log = structlog.get_logger(__name__)

SCHEMA_VERSION = 3  # an older Dozor would not see what is counted here, and one of format 1 not that calls were lost
LOCKED_FOR_SECONDS = 2.0  # how long another process may keep us waiting; it needs milliseconds
OPENED_WITHIN_SECONDS = 5.0  # how long others who open it may keep us waiting
KEPT_FOR = timedelta(days=400)
DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class LedgerFile:
    """A connection to the file at ``path``. Every method belongs to one thread.

    A file of 0 bytes is no damage but what a first start leaves that ended before SQLite wrote the header: it counts as
    new, unless a ``-wal`` beside it shows that calls were counted.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._database: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        self.openings = 0  # what was read before the last opening may be of another file

    def connection(self) -> sqlite3.Connection:
        """The open file; opened again when another process has set aside the one that was.

        Raises sqlite3.Error or OSError where it cannot be used.
        """
        if self._database is not None and _identity(self._path) not in {self._opened, None}:
            self.close()
        if self._database is None:
            self._database = self._open()
            self._opened = _identity(self._path)
            self.openings += 1
        return self._database

    def close(self) -> None:
        """Close it; the next use opens it again."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            was_lost = self._set_aside_if_damaged()
            database = sqlite3.connect(self._path, timeout=LOCKED_FOR_SECONDS, isolation_level=None)
            try:
                self._prepare(database, was_lost=was_lost)
            except BaseException:
                database.close()
                raise
            self._note.unlink(missing_ok=True)
        return database

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time. The lock is SQLite's own: the same on every system, gone with its process."""
        lock = _beside(self._path, ".lock")
        with closing(sqlite3.connect(lock, timeout=OPENED_WITHIN_SECONDS, isolation_level=None)) as database:
            database.execute("BEGIN EXCLUSIVE")  # the file stays empty
            yield

    def _set_aside_if_damaged(self) -> bool:
        """Whether a damaged file was set aside, now or by a process that died over it."""
        if self._note.exists():
            aside = self._path.with_name(self._note.read_text("utf-8"))
            reason = "another start ended while it was set aside"
        elif (damage := find_damage(self._path)) is not None:
            aside = self._free_name()
            reason = damage
            self._write_note(aside.name)
        else:
            return False
        if not aside.exists():  # else it is done, and what lies there is new
            for suffix in ("-wal", ""):  # the file goes last, for by it we see that it is done
                if (part := _beside(self._path, suffix)).exists():
                    part.replace(_beside(aside, suffix))
            _beside(self._path, "-shm").unlink(missing_ok=True)
        log.warning("ledger.set_aside", path=str(self._path), aside=str(aside), reason=reason)
        return True

    @property
    def _note(self) -> Path:
        return _beside(self._path, ".setting-aside")

    def _write_note(self, text: str) -> None:
        whole = _beside(self._note, ".new")
        with whole.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        whole.replace(self._note)

    def _free_name(self) -> Path:
        stem = _beside(self._path, f".damaged-{self._clock.now():%Y%m%dT%H%M%SZ}")
        name, number = stem, 1
        while any(_beside(name, suffix).exists() for suffix in ("", "-wal")):
            number += 1
            name = _beside(stem, f"-{number}")
        return name

    def _prepare(self, database: sqlite3.Connection, *, was_lost: bool) -> None:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        with transaction(database):
            [version] = database.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA_VERSION:
                raise sqlite3.DatabaseError(f"it was written by a newer Dozor (format {version})")
            spent.create(database)
            machine_state.create(database)
            machine_state.read(database)  # what cannot be understood is to show now
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION:d}")
            today = self._clock.now().date()
            spent.forget_before(database, today - KEPT_FOR)
            if was_lost:
                spent.lose(database, today)


def find_damage(path: Path) -> str | None:
    """What is wrong with the ledger at ``path``, ``None`` when nothing is or it is not there; nothing is changed.

    Raises sqlite3.Error or OSError when it cannot be looked at.
    """
    # The -wal is looked for before the size: another process, starting now, writes the header before it, so that a
    # file found empty after its -wal was emptied by somebody. SQLite would take it for new, and delete the -wal.
    has_wal = _beside(path, "-wal").exists()
    if not path.exists():
        return None
    if path.stat().st_size == 0:
        return "it was emptied: it has 0 bytes, and there is a -wal file beside it" if has_wal else None
    uri = f"{path.absolute().as_uri()}?mode=ro"  # else closing it would write its -wal back, and delete that
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=LOCKED_FOR_SECONDS)) as database:
            [verdict] = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in DAMAGE:
            raise
        return str(error)
    return None if verdict == "ok" else str(verdict)


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and nobody else writes meanwhile."""
    # Immediate: two processes that both read before they write would otherwise both find the last call free.
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:  # a full disk has rolled it back already
            database.execute("ROLLBACK")
        raise


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
