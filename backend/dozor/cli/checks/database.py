"""The SQLite files of the data folder, looked at without changing them: a server may be running on them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dozor.cli.checks.finding import Finding, failed, ok, warning
from dozor.cli.sizes import in_words
from dozor.clock import Clock
from dozor.storage import cache_file
from dozor.telemetry.phrases import Words
from dozor.upstream import ledger_file

QUICK_CHECK_SECONDS = 4.0
LOCKED_FOR_SECONDS = 2.0
INSTRUCTIONS_BETWEEN_LOOKS = 100_000  # of SQLite's machine: some milliseconds


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    newest_format: int
    if_damaged: Words
    may_be_lost: bool


CACHE = _File(
    "cache.db",
    cache_file.SCHEMA_VERSION,
    Words(
        "Ничего не нужно: при следующем старте Dozor отложит файл как cache.db.damaged и начнёт новый",
        "Nothing: at its next start Dozor sets the file aside as cache.db.damaged and begins a new one",
    ),
    may_be_lost=True,
)
LEDGER = _File(
    "ledger.db",
    ledger_file.SCHEMA_VERSION,
    Words(
        "Перезапустите Dozor: он отложит файл, и месяц считается истраченным, пока вы не скажете, сколько запросов"
        " сделано: python backend/run.py quota set ЧИСЛО (оно есть в личном кабинете CoinGecko)",
        "Restart Dozor: it sets the file aside, and the month counts as spent until you say how many calls were made:"
        " python backend/run.py quota set NUMBER (CoinGecko's dashboard shows it)",
    ),
    may_be_lost=False,
)


def check_databases(folder: Path, clock: Clock) -> Iterator[Finding]:
    """Findings about each file; one that is not there yet is made at the first start."""
    for file in (CACHE, LEDGER):
        yield _check(folder / file.name, file, clock)


def _check(path: Path, file: _File, clock: Clock) -> Finding:
    if not path.exists():
        return ok(file.name, Words("ещё нет, появится при старте", "not there yet, made at the start"))
    log = path.with_name(f"{path.name}-wal")
    size = in_words(sum(part.stat().st_size for part in (path, log) if part.exists()))
    version: int = 0
    verdict: str | None
    if path.stat().st_size == 0:
        # Not opened: SQLite would take it for new, and delete the -wal that shows that it is not.
        verdict = "it has 0 bytes, and there is a -wal file beside it" if log.exists() else "ok"
    else:
        try:
            version, verdict = _look_into(path, clock)
        except sqlite3.Error as error:
            if not _is_damage(error):
                return _unreadable(path, file, error)
            verdict = str(error)
    if verdict not in {"ok", None}:
        found = warning if file.may_be_lost else failed
        return found(file.name, Words(f"{path} повреждён: {verdict}", f"{path} is damaged: {verdict}"), file.if_damaged)
    if version > file.newest_format:
        return failed(
            file.name,
            Words(f"{path} записан более новым Dozor", f"{path} was written by a newer Dozor"),
            Words("Обновите Dozor или уберите файл", "Update Dozor, or move the file away"),
        )
    if not os.access(path, os.W_OK):
        return failed(
            file.name,
            Words(f"{path}: писать нельзя", f"{path} cannot be written"),
            Words(f"Дайте права на запись: chmod u+w {path}", f"Give leave to write: chmod u+w {path}"),
        )
    if verdict is None:
        seconds = f"{QUICK_CHECK_SECONDS:g}"
        return ok(
            file.name,
            Words(
                f"{size.ru}; проверен частично: на всё не хватило {seconds} с",
                f"{size.en}; checked in part: {seconds} s were not enough for all of it",
            ),
        )
    return ok(file.name, Words(f"{size.ru}, цел", f"{size.en}, sound"))


def _unreadable(path: Path, file: _File, error: sqlite3.Error) -> Finding:
    found = warning if file.may_be_lost else failed
    return found(
        file.name,
        Words(f"{path} не открыть: {error}", f"{path} cannot be opened: {error}"),
        Words(
            f"Проверьте, что {path} — файл, что его можно читать и что его не держит чужая программа",
            f"See that {path} is a file, that it can be read, and that no other program holds it",
        ),
    )


def _look_into(path: Path, clock: Clock) -> tuple[int, str | None]:
    """The format's version, and what SQLite says of the file: ``ok``, what is wrong, ``None`` when time was too short.

    Raises sqlite3.Error.
    """
    ends_at = clock.monotonic() + QUICK_CHECK_SECONDS
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=LOCKED_FOR_SECONDS, isolation_level=None)) as database:
        [version] = database.execute("PRAGMA user_version").fetchone()
        database.set_progress_handler(lambda: clock.monotonic() > ends_at, INSTRUCTIONS_BETWEEN_LOOKS)
        try:
            [verdict] = database.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            verdict = None
    return int(version), verdict


def _is_damage(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
