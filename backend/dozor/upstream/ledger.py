"""The count of upstream calls, on disk, of the month and the minute: no restart or second process forgets a call.

A call is counted before it is sent and stays counted when nobody lives to say how it ended. Calls are kept by UTC day,
not by period, so that moving the reset day, or a clock that steps over it, never makes calls forgotten.
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

import structlog

from dozor.domain.budget import MonthPeriod
from dozor.domain.errors import BudgetExhausted, CannotRunHere, UpstreamUnavailable
from dozor.market.ports import WindowUsage
from dozor.upstream import minute
from dozor.upstream.minute import Full, MinuteRule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dozor.clock import Clock

log = structlog.get_logger(__name__)

T = TypeVar("T")

SCHEMA_VERSION = 1
LOCKED_FOR_SECONDS = 2.0  # how long another process may keep us waiting; it needs milliseconds
TRY_AGAIN_AFTER = timedelta(seconds=5)
KEPT_FOR = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Charge:
    """One call on record: the UTC day it is counted on, and its slot of the minute, ``None`` where none is kept."""

    day: date
    slot: int | None = None


class Ledger:
    """Counts the month's calls, and holds the minute's slots, in the SQLite file ``path``.

    Every process that opens the file shares both.

    Enter it before use. Entering raises CannotRunHere when the file cannot be used; a damaged one too, because to start
    from zero could spend a month's quota twice, and only the operator knows what is left of it. A file of 0 bytes is
    no damage but what a first start leaves that ended before SQLite wrote the header: it counts as new, unless a
    ``-wal`` beside it shows that calls were counted. Later on, whatever the
    disk refuses is UpstreamUnavailable: a call that is not on record is not made. All work is done by one thread of its
    own, so that the disk never stops the loop. ``per_month`` 0 counts without a limit.
    """

    def __init__(self, path: Path, *, per_month: int, resets_on: int, clock: Clock) -> None:
        self._path = path
        self._per_month = per_month
        self._resets_on = resets_on
        self._clock = clock
        self._usable = True
        self._last_known = 0

    async def __aenter__(self) -> Ledger:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        try:
            self._database = await self._in_thread(self._open)
        except (sqlite3.Error, OSError) as error:
            self._thread.shutdown(wait=False)
            raise CannotRunHere(
                f"The count of upstream calls in {self._path} cannot be used: {error}. Restore the file, or make it "
                "writable, or move it away: then the month is counted from zero"
            ) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._in_thread(self._database.close)
        finally:
            self._thread.shutdown(wait=False)

    async def charge(self, rule: MinuteRule | None = None) -> Charge:
        """Count one call that is about to be sent, and with a ``rule`` take a slot of the minute for it, or neither.

        Raises BudgetExhausted, which names the window, with nothing counted. Cancelled, it may have counted.
        """
        period = self._period()
        outcome = await self._on_record(lambda: self._charge(period, rule))
        match outcome:
            case Charge():
                return outcome
            case Full(until):
                raise BudgetExhausted("minute", until)
            case None:
                raise BudgetExhausted("month", period.resets_at)

    async def end(self, charge: Charge) -> None:
        """The call has ended: its slot is free a span from now. Where that fails, a span after it must have ended."""
        ended_at = self._clock.now()
        if (slot := charge.slot) is not None:
            with suppress(UpstreamUnavailable):
                await self._on_record(lambda: minute.end(self._database, slot, ended_at))

    async def give_back(self, charge: Charge) -> None:
        """Uncount a call on the month. Where that fails it stays counted, which is the safe side."""
        with suppress(UpstreamUnavailable):
            await self._on_record(lambda: self._give_back(charge.day))

    async def withdraw(self, charge: Charge) -> None:
        """Undo ``charge`` for a call that was never sent, slot and all. Where that fails it stays counted."""
        with suppress(UpstreamUnavailable):
            await self._on_record(lambda: self._withdraw(charge))

    async def usage(self) -> WindowUsage:
        """How far the month is spent; as last known where the file cannot be read."""
        period = self._period()
        with suppress(UpstreamUnavailable):
            self._last_known = await self._on_record(lambda: self._used(period))
        return WindowUsage(self._last_known, self._per_month or None, period.resets_at)

    def _period(self) -> MonthPeriod:
        return MonthPeriod.around(self._clock.now(), self._resets_on)

    async def _on_record(self, work: Callable[[], T]) -> T:
        try:
            result = await self._in_thread(work)
        except sqlite3.Error as error:
            if self._usable:
                log.error("ledger.unusable", path=str(self._path), reason=str(error))
            self._usable = False
            # Clients read this sentence: where the file lies and what the disk said is for the log alone.
            raise UpstreamUnavailable(
                "calls cannot be counted on this machine's disk, and an uncounted call is not made",
                self._clock.now() + TRY_AGAIN_AFTER,
            ) from error
        if not self._usable:
            log.info("ledger.usable_again", path=str(self._path))
        self._usable = True
        return result

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # From here on: what the thread does.

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._refuse_emptied_file()
        database = sqlite3.connect(self._path, timeout=LOCKED_FOR_SECONDS, isolation_level=None)
        try:
            self._prepare(database)
        except BaseException:
            database.close()
            raise
        return database

    def _refuse_emptied_file(self) -> None:
        # SQLite would take it for new, and delete the -wal. The -wal is looked for first: another process, starting
        # now, writes the header before it, so that a file found empty after its -wal was emptied by somebody.
        has_wal = self._path.with_name(f"{self._path.name}-wal").exists()
        if has_wal and self._path.exists() and self._path.stat().st_size == 0:
            raise sqlite3.DatabaseError("it was emptied: it has 0 bytes, and there is a -wal file beside it")

    def _prepare(self, database: sqlite3.Connection) -> None:
        [verdict] = database.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(f"it is damaged: {verdict}")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        with _transaction(database):
            [version] = database.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA_VERSION:
                raise sqlite3.DatabaseError(f"it was written by a newer Dozor (format {version})")
            database.execute("CREATE TABLE IF NOT EXISTS calls (day TEXT PRIMARY KEY, used INTEGER NOT NULL) STRICT")
            minute.create(database)
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION:d}")
            oldest_kept = (self._clock.now() - KEPT_FOR).date().isoformat()
            database.execute("DELETE FROM calls WHERE day < ?", (oldest_kept,))

    def _charge(self, period: MonthPeriod, rule: MinuteRule | None) -> Charge | Full | None:
        with _transaction(self._database):
            now = self._clock.now()  # read once the lock is held: a wait for it must not backdate the slot
            if self._per_month and self._used(period) >= self._per_month:
                return None
            if rule is not None and (full := minute.find_full(self._database, rule, now)) is not None:
                return full
            day = now.date()
            self._database.execute(
                "INSERT INTO calls (day, used) VALUES (?, 1) ON CONFLICT (day) DO UPDATE SET used = used + 1",
                (day.isoformat(),),
            )
            return Charge(day, None if rule is None else minute.begin(self._database, now))

    def _withdraw(self, charge: Charge) -> None:
        with _transaction(self._database):
            self._give_back(charge.day)
            if charge.slot is not None:
                minute.give_back(self._database, charge.slot)

    def _give_back(self, day: date) -> None:
        self._database.execute("UPDATE calls SET used = used - 1 WHERE day = ? AND used > 0", (day.isoformat(),))

    def _used(self, period: MonthPeriod) -> int:
        days = (period.start.isoformat(), period.end.isoformat())
        select = "SELECT coalesce(sum(used), 0) FROM calls WHERE day >= ? AND day < ?"
        with closing(self._database.execute(select, days)) as rows:
            return int(rows.fetchone()[0])


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    # Immediate: two processes that both read before they write would otherwise both find the last call free.
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")
