"""The data folder: is it there, is it ours alone, can it be written, is there room."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dozor.cli.checks.finding import Finding, failed, ok, warning
from dozor.cli.sizes import in_words
from dozor.telemetry.phrases import Words

LEAST_FREE_BYTES = 1024**3


def check_disk(folder: Path, cache_bound_bytes: int) -> Iterator[Finding]:
    """Findings about ``folder``, which need not exist yet; ``cache_bound_bytes`` is what its cache may grow to."""
    existing = _nearest_existing(folder)
    if not existing.is_dir():
        yield failed("folder", Words(f"{existing}: это файл, а не папка", f"{existing} is a file"), CHOOSE_ANOTHER)
        return
    if existing == folder:
        yield ok("folder", Words(f"{folder}: есть", f"{folder} is there"))
        if os.name == "posix":
            yield _permissions(folder)
    else:
        yield ok("folder", Words(f"{folder}: будет создана при первом старте", f"{folder}: made at the first start"))
    yield _writing(existing)
    yield _space(folder, existing, cache_bound_bytes)


CHOOSE_ANOTHER = Words("Задайте другую папку в DOZOR_DATA_DIR", "Name another folder in DOZOR_DATA_DIR")


def _nearest_existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())


def _permissions(folder: Path) -> Finding:
    mode = stat.S_IMODE(folder.stat().st_mode)
    seen = Words(f"права {mode:04o}", f"mode {mode:04o}")
    if mode & 0o077:
        fix = Words(
            f"В папке лежат ключи входа; закройте её от других: chmod 700 {folder}",
            f"Login secrets lie in it; close it to others: chmod 700 {folder}",
        )
        return warning("permissions", seen, fix)
    return ok("permissions", seen)


def _writing(folder: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"dozor")
    except OSError as error:
        seen = Words(f"писать нельзя: {error.strerror}", f"it cannot be written: {error.strerror}")
        fix = Words(
            f"Сделайте {folder} доступной для записи или задайте DOZOR_DATA_DIR",
            f"Make {folder} writable, or set DOZOR_DATA_DIR",
        )
        return failed("write", seen, fix)
    return ok("write", Words("можно писать", "it can be written"))


def _space(folder: Path, existing: Path, cache_bound_bytes: int) -> Finding:
    free = shutil.disk_usage(existing).free
    cache = sum(file.stat().st_size for file in folder.glob("cache.db*"))
    still_to_grow = max(cache_bound_bytes - cache, 0)
    seen = Words(
        f"свободно {in_words(free).ru}, кэш может вырасти ещё на {in_words(still_to_grow).ru}",
        f"{in_words(free).en} free, the cache may grow by {in_words(still_to_grow).en}",
    )
    if free < LEAST_FREE_BYTES or free < still_to_grow:
        fix = Words(
            "Освободите место или уменьшите DOZOR_DISK_CACHE_MIB; на полном диске Dozor работает без кэша на диске",
            "Free some space, or lower DOZOR_DISK_CACHE_MIB; on a full disk Dozor goes on without its disk cache",
        )
        return warning("space", seen, fix)
    return ok("space", seen)
