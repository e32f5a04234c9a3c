"""What a machine remembers of its budget besides the counts: one value in the ledger, read and written whole.

Its instants are those of the machine's monotonic clock, which all its processes share: the wall clock may be set at any
time and frees no slot. After a restart of the machine that clock begins anew; what then lies in the future is taken to
have happened now (``domain/allowance.py``), which holds a slot for longer and never frees one early.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from dozor.domain.allowance import Allowance
from dozor.domain.machines import BookClock, Offer

if TYPE_CHECKING:
    import sqlite3


@dataclass(slots=True)
class Company:
    """What this machine knows of the others.

    ``offer`` is what it keeps to when it is cut off, ``None`` before the first. Until ``in_touch_until``, said at
    ``in_touch_at``, the others may hear of it. Of its ``alone_calls``, made without asking them, they have heard of
    ``alone_calls_told``. ``told_at`` is the opening of the book that was last told everything.
    ``clock`` is how that book's clock went by ``clock_at``.
    ``has_left``: it told them that it stops, and they have what it kept to, unless it finds none of them at its return.
    ``others_used`` are their calls of the month ``period``, as last heard.
    """

    offer: Offer | None = None
    known: tuple[str, ...] = ()
    in_touch_until: float = 0.0
    in_touch_at: float = 0.0
    alone_calls: int = 0
    alone_calls_told: int = 0
    told_at: str = ""
    clock: BookClock | None = None
    clock_at: float = 0.0
    has_left: bool = False
    period: str = ""
    others_used: int = 0


@dataclass(slots=True)
class MachineState:
    """See the module."""

    allowance: Allowance = field(default_factory=Allowance)
    company: Company = field(default_factory=Company)
    warned: tuple[str, int] = ("", 0)  # the month, and how many per cent of it the log has last warned of


_decoder = msgspec.json.Decoder(MachineState)
_encoder = msgspec.json.Encoder()


def create(database: sqlite3.Connection) -> None:
    """Make the table where there is none; an older format's slots are let go, for they have no monotonic instants."""
    database.execute("CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB) STRICT")
    database.execute("DROP TABLE IF EXISTS minute")


def read(database: sqlite3.Connection) -> tuple[MachineState, bytes]:
    """The state, and how it is written; one from which nothing is known yet, where there is none.

    Raises sqlite3.DatabaseError when it cannot be understood, as any other damage of the file.
    """
    with closing(database.execute("SELECT body FROM state")) as rows:
        row = rows.fetchone()
    return (decode(row[0]), row[0]) if row is not None else (MachineState(), b"")


def write(database: sqlite3.Connection, state: MachineState, before: bytes) -> None:
    """Write it, unless it is as ``before``."""
    body = _encoder.encode(state)
    if body != before:
        database.execute("INSERT INTO state VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body", (body,))


def decode(body: bytes) -> MachineState:
    """See ``read``."""
    return _decoder.decode(body)
