"""The month's calls on disk, counted by UTC day, and the days on which such a count was lost.

By day and not by period, so that moving the reset day, or a clock that steps over it, never makes calls forgotten. For
the same reason a loss is a day: every period that it lies in has had calls that nobody counted.

Every function expects to run within the caller's transaction.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from dozor.domain.budget import MonthCount

if TYPE_CHECKING:
    import sqlite3
    from datetime import date

    from dozor.domain.budget import MonthPeriod


def create(database: sqlite3.Connection) -> None:
    """Make the tables where there are none."""
    database.execute("CREATE TABLE IF NOT EXISTS calls (day TEXT PRIMARY KEY, used INTEGER NOT NULL) STRICT")
    database.execute("CREATE TABLE IF NOT EXISTS losses (day TEXT PRIMARY KEY) STRICT")


def count(database: sqlite3.Connection, period: MonthPeriod) -> MonthCount:
    """The calls of ``period`` on record."""
    start, end = period.start.isoformat(), period.end.isoformat()
    # A loss that lies in the future, for the clock has stepped back, happened by now at the latest: no end for it.
    select = (
        "SELECT (SELECT coalesce(sum(used), 0) FROM calls WHERE day >= ?1 AND day < ?2),"
        " EXISTS (SELECT 1 FROM losses WHERE day >= ?1)"
    )
    with closing(database.execute(select, (start, end))) as rows:
        used, was_lost = rows.fetchone()
    return MonthCount(period, int(used), is_known=not was_lost)


def add(database: sqlite3.Connection, day: date, calls: int = 1) -> None:
    """Count calls made on ``day``."""
    database.execute(
        "INSERT INTO calls (day, used) VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET used = used + excluded.used",
        (day.isoformat(), calls),
    )


def give_back(database: sqlite3.Connection, day: date) -> None:
    """Uncount a call of ``day``."""
    database.execute("UPDATE calls SET used = used - 1 WHERE day = ? AND used > 0", (day.isoformat(),))


def clear(database: sqlite3.Connection, period: MonthPeriod) -> None:
    """Forget the calls of ``period``."""
    days = (period.start.isoformat(), period.end.isoformat())
    database.execute("DELETE FROM calls WHERE day >= ? AND day < ?", days)


def lose(database: sqlite3.Connection, day: date) -> None:
    """Note that what was counted until ``day`` is lost."""
    database.execute("INSERT OR IGNORE INTO losses (day) VALUES (?)", (day.isoformat(),))


def make_known(database: sqlite3.Connection, period: MonthPeriod) -> None:
    """Note that nothing is missing from the count of ``period`` any more."""
    database.execute("DELETE FROM losses WHERE day >= ?", (period.start.isoformat(),))


def forget_before(database: sqlite3.Connection, day: date) -> None:
    """Clear away what is too old to matter."""
    database.execute("DELETE FROM calls WHERE day < ?", (day.isoformat(),))
    database.execute("DELETE FROM losses WHERE day < ?", (day.isoformat(),))
