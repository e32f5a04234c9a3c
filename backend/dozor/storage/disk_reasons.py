"""Why the disk refuses, and what the operator can do about it, in words."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from dozor.storage.cache_file import CannotSetAside
from dozor.telemetry.phrases import Words

_SPACE = Words("Освободите место на диске", "Free some space on the disk")
_DISK = Words("Проверьте диск: он не читает или не пишет", "Check the disk: it fails to read or to write")


def reason_of(error: sqlite3.Error | OSError) -> str:
    """What the system said, without the path, which the sentence has already."""
    return getattr(error, "strerror", None) or str(error)


def is_locked(error: sqlite3.Error | OSError) -> bool:
    """Whether another program holds the file: nothing is wrong with it or with the disk."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def fix_of(error: sqlite3.Error | OSError, path: Path) -> Words:
    """What to do, as a sentence without its end."""
    if isinstance(error, CannotSetAside):
        return Words(
            f"Файл повреждён: остановите все Dozor на этой папке и удалите {path}",
            f"The file is damaged: stop every Dozor on this folder and delete {path}",
        )
    if isinstance(error, OSError):
        return _SPACE if error.errno in {errno.ENOSPC, errno.EDQUOT} else _permissions(path)
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return _SPACE
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return _permissions(path)
        case _:
            return _DISK


def _permissions(path: Path) -> Words:
    return Words(
        f"Исправьте права на {path} и его папку", f"Mend the permissions of {path} and of the folder that it lies in"
    )
