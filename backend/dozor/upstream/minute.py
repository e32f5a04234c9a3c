"""The minute's calls on disk, one row for each, so that neither a restart nor a second process begins a minute anew.

Instants are whole microseconds of the wall clock in UTC, the one clock that processes share. It may step back: a row
that lies in the future happened by now at the latest, so it is taken to have happened now. That holds its slot for at
most one span more than needed, and never frees it early.

Every function expects to run within the caller's transaction.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

LONGEST_CALL = timedelta(seconds=15)  # an attempt's 10 s and a margin: whoever has not ended a call by then is dead

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class MinuteRule:
    """At most ``limit`` calls (1 or more) under way or ended less than ``span`` ago."""

    limit: int
    span: timedelta


@dataclass(frozen=True, slots=True)
class Full:
    """No slot is free, and none will be before ``until`` except where one is given back."""

    until: datetime


def create(database: sqlite3.Connection) -> None:
    """Make the table where there is none."""
    database.execute(
        "CREATE TABLE IF NOT EXISTS minute (id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " started_at INTEGER NOT NULL, ended_at INTEGER) STRICT"
    )


def find_full(database: sqlite3.Connection, rule: MinuteRule, now: datetime) -> Full | None:
    """Whether every slot is taken at ``now``; slots that are free again are forgotten on the way."""
    at, span, longest = _stamp(now), rule.span // _MICROSECOND, (rule.span + LONGEST_CALL) // _MICROSECOND
    database.execute(
        "UPDATE minute SET started_at = min(started_at, ?1), ended_at = min(ended_at, ?1)"
        " WHERE started_at > ?1 OR ended_at > ?1",
        (at,),
    )
    database.execute("DELETE FROM minute WHERE coalesce(ended_at + ?, started_at + ?) <= ?", (span, longest, at))
    # A call under way may end now, or its process may be dead: the sooner of the two is when its slot may be free.
    select = "SELECT coalesce(ended_at + ?1, min(?3 + ?1, started_at + ?2)) AS free_at FROM minute ORDER BY free_at"
    with closing(database.execute(select, (span, longest, at))) as rows:
        frees = [int(free_at) for [free_at] in rows]
    if len(frees) < rule.limit:
        return None
    return Full(_EPOCH + frees[len(frees) - rule.limit] * _MICROSECOND)


def in_use(database: sqlite3.Connection, span: timedelta, now: datetime) -> int:
    """How many slots are not free at ``now``; nothing is changed."""
    at, ended, dead = _stamp(now), span // _MICROSECOND, (span + LONGEST_CALL) // _MICROSECOND
    select = "SELECT count(*) FROM minute WHERE coalesce(ended_at + ?, started_at + ?) > ?"
    with closing(database.execute(select, (ended, dead, at))) as rows:
        return int(rows.fetchone()[0])


def begin(database: sqlite3.Connection, now: datetime) -> int:
    """Take a slot; its number."""
    row = database.execute("INSERT INTO minute (started_at) VALUES (?)", (_stamp(now),)).lastrowid
    assert row is not None
    return row


def end(database: sqlite3.Connection, slot: int, now: datetime) -> None:
    """The call has ended; its slot is used for one span more."""
    database.execute("UPDATE minute SET ended_at = max(?, started_at) WHERE id = ?", (_stamp(now), slot))


def give_back(database: sqlite3.Connection, slot: int) -> None:
    """The call was never sent; its slot is free at once."""
    database.execute("DELETE FROM minute WHERE id = ?", (slot,))


def _stamp(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND
