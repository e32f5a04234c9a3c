"""``cache.db`` as one thread sees it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dozor.storage.cache_file import CacheFile, CannotSetAside
from running_dozor import MovableClock


def leases(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT count(*) FROM leases").fetchone()[0])


def add_lease(database: sqlite3.Connection) -> None:
    database.execute("INSERT INTO leases (key, number, until) VALUES ('k', 1, 1)")


def write_header(file: Path, header: bytes) -> None:
    with file.open("r+b") as opened:
        opened.write(header)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


def test_closed_file_is_opened_again_by_the_next_use(file: Path) -> None:
    cache = CacheFile(file, MovableClock())
    cache.use(add_lease)
    cache.close()
    assert cache.use(leases) == 1
    cache.close()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.write_bytes(b"no database " * 1000),
        lambda file: write_header(file, b"\0" * 100),
        lambda file: write_header(file, b"SQLite format 3\0" + b"\xff" * 84),
    ],
)
def test_damage_at_the_opening_is_set_aside_and_an_older_damaged_file_makes_room(
    file: Path, spoil: Callable[[Path], None]
) -> None:
    file.with_name("cache.db.damaged").write_text("of last year")
    cache = CacheFile(file, MovableClock())
    cache.use(add_lease)
    cache.close()
    spoil(file)
    spoilt = file.read_bytes()
    assert cache.use(leases) == 0
    cache.close()
    assert file.with_name("cache.db.damaged").read_bytes() == spoilt


def test_what_one_has_condemned_is_not_set_aside_again_by_the_other_who_had_it_open(file: Path) -> None:
    clock = MovableClock()
    one, other = CacheFile(file, clock), CacheFile(file, clock)
    one.use(add_lease)
    other.use(leases)
    identity = (file.stat().st_dev, file.stat().st_ino)
    one.condemn("damaged", identity)
    assert one.use(leases) == 0
    one.use(add_lease)
    other.condemn("damaged", identity)
    assert other.use(leases) == 1, "the one of whom it was said is gone"
    one.close()
    other.close()


def test_damage_that_cannot_be_moved_is_tried_again_with_the_next_use(file: Path) -> None:
    aside = file.with_name("cache.db.damaged")
    aside.mkdir()
    (aside / "something").touch()
    file.write_bytes(b"no database " * 1000)
    cache = CacheFile(file, MovableClock())
    for _ in range(2):
        with pytest.raises(CannotSetAside, match="not a database"):
            cache.use(leases)
    (aside / "something").unlink()
    aside.rmdir()
    assert cache.use(leases) == 0
    cache.close()
    assert aside.is_file()


def test_file_killed_between_the_two_steps_of_setting_aside_is_set_aside_by_the_next(file: Path) -> None:
    clock = MovableClock()
    cache = CacheFile(file, clock)
    cache.use(add_lease)
    cache.close()
    write_header(file, b"\0" * 100)
    for suffix in ("-wal", "-shm"):  # as whoever was killed left it
        file.with_name(f"cache.db{suffix}").unlink(missing_ok=True)
    assert cache.use(leases) == 0
    cache.close()


def test_lock_of_a_process_that_is_gone_keeps_nobody_out(file: Path) -> None:
    file.with_name("cache.db.lock").touch()
    cache = CacheFile(file, MovableClock())
    assert cache.use(leases) == 0
    cache.close()
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
