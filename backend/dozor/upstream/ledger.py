"""The ledger: what a machine has spent and may spend, on disk, so that no restart or second process forgets a call.

A call is counted before it is sent and stays counted when nobody lives to say how it ended. What the rules are is not
known here (``accounts``): only that whoever changes something does it alone, and wholly or not at all.
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import structlog

from dozor.domain.budget import MonthCount, MonthPeriod
from dozor.domain.errors import CannotRunHere, UpstreamUnavailable
from dozor.domain.machines import Used
from dozor.upstream import machine_state, spent
from dozor.upstream.ledger_file import LedgerFile, transaction
from dozor.upstream.machine_state import MachineState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from dozor.clock import Clock

log = structlog.get_logger(__name__)

T = TypeVar("T")

TRY_AGAIN_AFTER = timedelta(seconds=5)


@dataclass(slots=True)
class Record:
    """The ledger within one transaction, in its thread: ``state`` is kept as it is left, unless ``changes_nothing``.

    ``now`` and ``steady`` (monotonic seconds) were read once nobody else could change it any more. ``opening`` is which
    opening of the file this is: another file knows nothing of what was recorded in this one.
    """

    database: sqlite3.Connection
    now: datetime
    steady: float
    state: MachineState
    opening: int
    changes_nothing: bool = False

    def used(self, period: MonthPeriod) -> Used:
        """This machine's calls of ``period``."""
        return spent.used(self.database, period)

    def count(self, period: MonthPeriod) -> MonthCount:
        """The same, and whether it is known."""
        return spent.count(self.database, period)

    def costs(self, period: MonthPeriod) -> Mapping[str, int]:
        """What they were for, the most costly first."""
        return spent.by_family(self.database, period)

    def first_day(self) -> tuple[date, int] | None:
        """The first day on record, in this period or an earlier one, and its calls."""
        return spent.first_day(self.database)

    def charge(self, family: str, calls: int = 1) -> None:
        """Count calls of today."""
        spent.charge(self.database, self.now.date(), family, calls)

    def refund(self, family: str, day: date, calls: int = 1) -> None:
        """Take back calls that were counted on ``day``."""
        spent.refund(self.database, day, family, calls)


class Ledger:
    """The SQLite file ``path``, which every process that opens it shares. Enter it before use; one instance per loop.

    A damaged file is set aside, and the month then counts as unknown, in all processes and after every restart, until
    ``recover`` or ``set_used`` says what was used, or until it ends: to start from zero could spend a month's quota
    twice. Entering raises CannotRunHere when the file cannot be used for another reason. Later on, whatever the disk
    refuses is UpstreamUnavailable: a call that is not on record is not made. All work is done by one thread of its own,
    so that the disk never stops the loop.
    """

    def __init__(self, path: Path, *, resets_on: int, clock: Clock) -> None:
        self._path = path
        self._resets_on = resets_on
        self._clock = clock
        self._file = LedgerFile(path, clock)
        self._usable = True

    async def __aenter__(self) -> Ledger:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        try:
            await self._in_thread(self._file.connection)
        except (sqlite3.Error, OSError) as error:
            await self._in_thread(self._file.close)
            self._thread.shutdown(wait=False)
            raise CannotRunHere(
                f"The count of upstream calls in {self._path} cannot be used: {error}. Restore the file, or make it "
                "writable, or move it away: then the month is counted from zero"
            ) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._in_thread(self._file.close)
        finally:
            self._thread.shutdown(wait=False)

    def period(self) -> MonthPeriod:
        """The month that it is now."""
        return MonthPeriod.around(self._clock.now(), self._resets_on)

    async def change(self, work: Callable[[Record], T]) -> T:
        """What ``work`` returns, with all it changed on disk. Raises UpstreamUnavailable, with nothing changed.

        Cancelled, it may have changed it all the same. ``work`` runs in another thread, and alone among all processes.
        """

        def alone() -> T:
            database = self._file.connection()
            with transaction(database):
                state, before = machine_state.read(database)
                # The clocks are read once the lock is held: a wait for it must not backdate a call.
                now, steady = self._clock.now(), self._clock.monotonic()
                record = Record(database, now, steady, state, self._file.openings)
                result = work(record)
                if not record.changes_nothing:
                    machine_state.write(database, state, before)
            return result

        return await self._on_record(alone)

    async def look(self, work: Callable[[Record], T]) -> T:
        """What ``work`` finds; it changes nothing. Raises UpstreamUnavailable."""

        def reading() -> T:
            database = self._file.connection()
            state, _ = machine_state.read(database)
            return work(Record(database, self._clock.now(), self._clock.monotonic(), state, self._file.openings))

        return await self._on_record(reading)

    async def count(self) -> MonthCount:
        """The month's calls of this machine. Raises UpstreamUnavailable."""
        period = self.period()
        return await self.look(lambda record: record.count(period))

    async def costs(self) -> Mapping[str, int]:
        """What this machine's calls of the month were for, the most costly first. Raises UpstreamUnavailable."""
        period = self.period()
        return await self.look(lambda record: spent.by_family(record.database, period))

    async def recover(self, used: Used) -> bool:
        """Add the calls made before the count was lost: the month is known again. ``False``: it was not lost.

        ``used`` is what others remember of this machine. Raises UpstreamUnavailable, with nothing changed.
        """
        period = self.period()

        def add(record: Record) -> bool:
            if record.count(period).is_known:
                return False
            record.charge(spent.OTHER, used.charged)
            record.refund(spent.OTHER, record.now.date(), used.refunded)
            spent.make_known(record.database, period)
            return True

        recovered = await self.change(add)
        if recovered:
            log.info("ledger.recovered", used=used.calls)
        return recovered

    async def set_used(self, used: int) -> MonthCount:
        """Say how many calls the month has had, as upstream's own page shows it; what the count was before.

        What other machines are known to have used is part of it. Raises UpstreamUnavailable, with nothing changed.
        """
        period = self.period()

        def correct(record: Record) -> MonthCount:
            before = count_of_all(record, period)
            difference = used - before.used
            if difference > 0:
                record.charge(spent.OTHER, difference)
            elif difference < 0:
                record.refund(spent.OTHER, record.now.date(), -difference)
            spent.make_known(record.database, period)
            record.state.allowance.bucket = None  # what the month's pace allowed was reckoned from another count
            return before

        return await self.change(correct)

    async def raise_used(self, used: int) -> int:
        """Count in what upstream counts of the month and we do not; how many calls. Raises UpstreamUnavailable."""
        period = self.period()

        def add(record: Record) -> int:
            known = count_of_all(record, period)
            missing = max(0, used - known.used) if known.is_known else 0
            if missing:
                record.charge(spent.OTHER, missing)
            return missing

        return await self.change(add)

    async def _on_record(self, work: Callable[[], T]) -> T:
        try:
            result = await self._in_thread(work)
        except (sqlite3.Error, OSError) as error:
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


def count_of_all(record: Record, period: MonthPeriod) -> MonthCount:
    """The month's calls of this machine and, as last heard, of all others."""
    own, company = record.count(period), record.state.company
    others = company.others_used if company.period == period.start.isoformat() else 0
    return MonthCount(period, own.used + others, own.is_known)


def catch_up(record: Record, period: MonthPeriod, told: Used, remembered: Used) -> None:
    """Count what others remember of this machine and its ledger has not: it was deleted, or put back from a copy.

    ``told`` is what it had said of itself; calls since then are in the ledger, and not in what they remember.
    """
    ours = record.used(period)
    if ours.charged < remembered.charged:
        record.charge(spent.OTHER, remembered.charged - told.charged)
    if ours.refunded < remembered.refunded:
        record.refund(spent.OTHER, record.now.date(), remembered.refunded - told.refunded)
