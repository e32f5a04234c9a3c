"""Who works with a data folder: any number of Dozors, or one command that replaces its files.

The lock is SQLite's own, on a file with nothing in it: it works everywhere, and ends with its process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

LOCK_FILE = "in-use.lock"
PATIENCE_SECONDS = 0.5


class FolderInUse(Exception):
    """Somebody works with the folder: a Dozor that runs, or who replaces its files."""


@contextmanager
def shared_use(folder: Path) -> Iterator[None]:
    """Work with the folder, beside others who do. Raises FolderInUse while its files are replaced."""
    with _locked(folder, "BEGIN", "SELECT count(*) FROM sqlite_master"):
        yield


@contextmanager
def sole_use(folder: Path) -> Iterator[None]:
    """Have the folder to ourselves. Raises FolderInUse while a Dozor runs."""
    with _locked(folder, "BEGIN EXCLUSIVE"):
        yield


@contextmanager
def _locked(folder: Path, *statements: str) -> Iterator[None]:
    lock = sqlite3.connect(folder / LOCK_FILE, timeout=PATIENCE_SECONDS, isolation_level=None, check_same_thread=False)
    with closing(lock):
        try:
            for statement in statements:
                lock.execute(statement).fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            raise FolderInUse from error
        yield
