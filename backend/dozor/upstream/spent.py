"""The month's calls on disk, counted by UTC day and by what they were for, and the days on which a count was lost.

By day and not by period, so that moving the reset day, or a clock that steps over it, never makes calls forgotten. For
the same reason a period has no end here: a call of a later day was made by now at the latest. Two counters for each,
which only grow: a machine that reads an old copy of them cannot mistake it for a newer one.

Every function expects to run within the caller's transaction.
"""

from __future__ import annotations

from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING

from dozor.domain.budget import MonthCount
from dozor.domain.machines import Used

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from dozor.domain.budget import MonthPeriod

OTHER = ""  # what no endpoint's function has cost: corrections, and counts taken over


def create(database: sqlite3.Connection) -> None:
    """Make the tables where there are none, and take over what an older format has counted."""
    database.execute(
        "CREATE TABLE IF NOT EXISTS spent (day TEXT NOT NULL, family TEXT NOT NULL, charged INTEGER NOT NULL DEFAULT 0,"
        " refunded INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (day, family)) STRICT"
    )
    database.execute("CREATE TABLE IF NOT EXISTS losses (day TEXT PRIMARY KEY) STRICT")
    with closing(database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'calls'")) as rows:
        is_older = rows.fetchone() is not None
    if is_older:
        database.execute("INSERT INTO spent (day, family, charged) SELECT day, ?, used FROM calls", (OTHER,))
        database.execute("DROP TABLE calls")


def used(database: sqlite3.Connection, period: MonthPeriod) -> Used:
    """This machine's calls of ``period``."""
    select = "SELECT coalesce(sum(charged), 0), coalesce(sum(refunded), 0) FROM spent WHERE day >= ?"
    with closing(database.execute(select, (period.start.isoformat(),))) as rows:
        charged, refunded = rows.fetchone()
    return Used(int(charged), int(refunded))


def count(database: sqlite3.Connection, period: MonthPeriod) -> MonthCount:
    """The same, and whether calls are missing from it."""
    with closing(database.execute("SELECT 1 FROM losses WHERE day >= ?", (period.start.isoformat(),))) as rows:
        was_lost = rows.fetchone() is not None
    return MonthCount(period, used(database, period).calls, is_known=not was_lost)


def by_family(database: sqlite3.Connection, period: MonthPeriod) -> Mapping[str, int]:
    """What the calls of ``period`` were for, the most costly first."""
    select = (
        "SELECT family, sum(charged - refunded) AS calls FROM spent WHERE day >= ?"
        " GROUP BY family HAVING calls <> 0 ORDER BY calls DESC, family"
    )
    with closing(database.execute(select, (period.start.isoformat(),))) as rows:
        return {str(family): int(calls) for family, calls in rows}


def first_day(database: sqlite3.Connection) -> tuple[date, int] | None:
    """The first day on record, in this period or an earlier one, and its calls."""
    select = "SELECT day, sum(charged - refunded) FROM spent GROUP BY day ORDER BY day LIMIT 1"
    with closing(database.execute(select)) as rows:
        row = rows.fetchone()
    return None if row is None else (date.fromisoformat(row[0]), int(row[1]))


def charge(database: sqlite3.Connection, day: date, family: str, calls: int = 1) -> None:
    """Count calls made on ``day``."""
    database.execute(
        "INSERT INTO spent (day, family, charged) VALUES (?, ?, ?)"
        " ON CONFLICT (day, family) DO UPDATE SET charged = charged + excluded.charged",
        (day.isoformat(), family, calls),
    )


def refund(database: sqlite3.Connection, day: date, family: str, calls: int = 1) -> None:
    """Take back calls of ``day``."""
    database.execute(
        "INSERT INTO spent (day, family, refunded) VALUES (?, ?, ?)"
        " ON CONFLICT (day, family) DO UPDATE SET refunded = refunded + excluded.refunded",
        (day.isoformat(), family, calls),
    )


def lose(database: sqlite3.Connection, day: date) -> None:
    """Note that what was counted until ``day`` is lost."""
    database.execute("INSERT OR IGNORE INTO losses (day) VALUES (?)", (day.isoformat(),))


def make_known(database: sqlite3.Connection, period: MonthPeriod) -> None:
    """Note that nothing is missing from the count of ``period`` any more."""
    database.execute("DELETE FROM losses WHERE day >= ?", (period.start.isoformat(),))


def forget_before(database: sqlite3.Connection, day: date) -> None:
    """Clear away what is too old to matter."""
    database.execute("DELETE FROM spent WHERE day < ?", (day.isoformat(),))
    database.execute("DELETE FROM losses WHERE day < ?", (day.isoformat(),))
