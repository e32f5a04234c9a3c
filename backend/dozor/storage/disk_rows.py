"""Entries and leases as rows of ``cache.db``: what each step does, within the caller's transaction.

Instants are whole microseconds of the machine's wall clock in UTC, the one clock that its processes share.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dozor.caching.lease import VERDICT_SECONDS, Lease, Taken, Verdict
from dozor.storage.cache_file import used_bytes
from dozor.storage.write_queue import Kept, Released

FUTURE = timedelta(seconds=1)  # a stamp further ahead blocks no newer entry until its hour comes
LEASE_ROWS_KEPT = timedelta(minutes=10)
OUT_AT_ONCE = 64
EXPIRED_AT_ONCE = 256  # a day's worth in one step would keep every other process waiting
OVERHEAD_BYTES = 600  # of a row beyond its body: key, hash, headers, two indexes
STATUSES = range(100, 600)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Row:
    """A stored answer whose hash is right."""

    body: bytes
    status: int
    headers: tuple[tuple[str, str], ...]
    fetched_at: datetime


def read(database: sqlite3.Connection, key: str, now: datetime) -> Row | None:
    """The answer of this key, unless there is none, it has expired, or it is damaged, in which case it is deleted."""
    select = "SELECT body, hash, status, headers, fetched_at, rowid FROM entries WHERE key = ? AND expires_at > ?"
    row = database.execute(select, (key, stamp(now))).fetchone()
    if row is None:
        return None
    body, digest, status, headers, fetched_at, number = row
    sound = _row(body, digest, status, headers, fetched_at)
    if sound is None:
        # By what was read of it: a good one may have taken its place. Where it cannot be deleted, it stays a miss.
        with suppress(sqlite3.OperationalError):
            database.execute("DELETE FROM entries WHERE rowid = ? AND fetched_at IS ?", (number, fetched_at))
    return sound


def keep(database: sqlite3.Connection, kept: Kept, now: datetime) -> None:
    """Keep an answer unless a newer one is there, and end the lease that it was loaded under."""
    written = _written_under(database, kept.key) if kept.lease is not None else 0
    number = kept.lease.number if kept.lease is not None else written
    if number > written or (number == written and not _newer_is_known(database, kept, now)):
        database.execute(
            "INSERT OR REPLACE INTO entries (key, body, hash, status, headers, fetched_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                kept.key,
                kept.body,
                kept.hash,
                kept.status,
                json.dumps(kept.headers),
                stamp(kept.fetched_at),
                stamp(kept.expires_at),
            ),
        )
        if kept.lease is not None:
            # Not only where a row is: in a file begun anew since, it is this that fences off older leases.
            database.execute(
                "INSERT INTO leases (key, number, until, written) VALUES (?1, ?2, ?3, ?2)"
                " ON CONFLICT (key) DO UPDATE SET written = max(written, ?2)",
                (kept.key, number, stamp(now)),
            )
    if kept.lease is not None:
        release(database, Released(kept.lease, None), now)


def drop(database: sqlite3.Connection, key: str) -> None:
    """Forget this key."""
    database.execute("DELETE FROM entries WHERE key = ?", (key,))


def make_room(database: sqlite3.Connection, needed_bytes: int, max_bytes: int, now: datetime) -> None:
    """Delete what was fetched longest ago until ``needed_bytes`` more fit, and some of what has expired."""
    expired = "DELETE FROM entries WHERE rowid IN (SELECT rowid FROM entries WHERE expires_at <= ? LIMIT ?)"
    database.execute(expired, (stamp(now), EXPIRED_AT_ONCE))
    database.execute("DELETE FROM leases WHERE until < ?", (stamp(now - LEASE_ROWS_KEPT),))
    while (too_much := used_bytes(database) + needed_bytes - max_bytes) > 0:
        if not _delete_oldest(database, too_much):
            return


def take(database: sqlite3.Connection, key: str, holder: str, for_seconds: float, now: datetime) -> Lease | Taken:
    """Take the lease of a key, or renew it for the same holder."""
    at = stamp(now)
    row = database.execute("SELECT number, holder, until FROM leases WHERE key = ?", (key,)).fetchone()
    number, held_by, until = row if row is not None else (0, None, 0)
    left = timedelta(microseconds=until - at).total_seconds()
    is_held = held_by is not None and 0 < left <= for_seconds  # further ahead: the clock was put back
    if is_held and held_by != holder:
        return Taken(left)
    if not is_held:
        number = max(number + 1, at // 1000)  # grows on when the file was begun anew
    database.execute(
        "INSERT INTO leases (key, number, holder, until) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO UPDATE"
        " SET number = ?2, holder = ?3, until = ?4, verdict = NULL",
        (key, number, holder, at + round(for_seconds * 1_000_000)),
    )
    return Lease(key, holder, number)


def look(database: sqlite3.Connection, key: str, longest_seconds: float, now: datetime) -> Taken | Verdict | None:
    """Who holds the lease, or what its last holder left."""
    select = "SELECT holder, until, verdict, verdict_until FROM leases WHERE key = ?"
    row = database.execute(select, (key,)).fetchone()
    if row is None:
        return None
    holder, until, verdict, readable_until = row
    left = timedelta(microseconds=until - stamp(now)).total_seconds()
    if holder is not None and 0 < left <= longest_seconds:
        return Taken(left)
    if verdict is not None and 0 < readable_until - stamp(now) <= round(VERDICT_SECONDS * 1_000_000):
        return Verdict(verdict)
    return None


def release(database: sqlite3.Connection, released: Released, now: datetime) -> None:
    """End a lease, and leave word of why there is no entry; nothing happens when another holder has taken over."""
    database.execute(
        "UPDATE leases SET holder = NULL, verdict = ?, verdict_until = ? WHERE key = ? AND number = ? AND holder = ?",
        (
            released.verdict,
            stamp(now + timedelta(seconds=VERDICT_SECONDS)),
            released.lease.key,
            released.lease.number,
            released.lease.holder,
        ),
    )


def stamp(at: datetime) -> int:
    """An instant as it is stored."""
    return (at - _EPOCH) // _MICROSECOND


def instant(stored: int) -> datetime:
    """And back."""
    return _EPOCH + stored * _MICROSECOND


def _row(body: bytes, digest: str, status: int, headers: str, fetched_at: int) -> Row | None:
    """``None`` for values that were not written so."""
    try:
        if hashlib.sha256(body).hexdigest() != digest or status not in STATUSES:
            return None
        pairs = tuple((name, value) for name, value in json.loads(headers))
        if not all(isinstance(text, str) for pair in pairs for text in pair):
            return None
        return Row(body, status, pairs, instant(fetched_at))
    except (TypeError, ValueError, OverflowError):
        return None


def _delete_oldest(database: sqlite3.Connection, at_least_bytes: int) -> bool:
    """Delete entries that take so much together, or as many as go at once; whether there were any."""
    doomed: list[tuple[int]] = []
    select = "SELECT rowid, length(body) FROM entries ORDER BY fetched_at LIMIT ?"
    with closing(database.execute(select, (OUT_AT_ONCE,))) as oldest:
        for number, body_bytes in oldest:
            doomed.append((number,))
            at_least_bytes -= body_bytes + OVERHEAD_BYTES
            if at_least_bytes <= 0:
                break
    database.executemany("DELETE FROM entries WHERE rowid = ?", doomed)
    return bool(doomed)


def _written_under(database: sqlite3.Connection, key: str) -> int:
    row = database.execute("SELECT written FROM leases WHERE key = ?", (key,)).fetchone()
    return int(row[0]) if row is not None else 0


def _newer_is_known(database: sqlite3.Connection, kept: Kept, now: datetime) -> bool:
    row = database.execute("SELECT fetched_at FROM entries WHERE key = ?", (kept.key,)).fetchone()
    return row is not None and stamp(kept.fetched_at) < row[0] <= stamp(now + FUTURE)
