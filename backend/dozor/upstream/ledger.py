"""The count of upstream calls, on disk, of the month and the minute: no restart or second process forgets a call.

A call is counted before it is sent and stays counted when nobody lives to say how it ended.
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

import structlog

from dozor.domain.budget import MonthCount, MonthPeriod
from dozor.domain.errors import BudgetExhausted, CannotRunHere, UpstreamUnavailable
from dozor.market.ports import WindowUsage
from dozor.upstream import minute, month
from dozor.upstream.ledger_file import LedgerFile, transaction
from dozor.upstream.minute import Full, MinuteRule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dozor.clock import Clock

log = structlog.get_logger(__name__)

T = TypeVar("T")

TRY_AGAIN_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Charge:
    """One call on record: the UTC day it is counted on, and its slot of the minute, ``None`` where none is kept.

    ``opening`` is which opening of the file it was recorded after: another file knows nothing of it.
    """

    day: date
    slot: int | None = None
    opening: int = 0


class Ledger:
    """Counts the month's calls, and holds the minute's slots, in the SQLite file ``path``.

    Every process that opens the file shares both.

    Enter it before use. A damaged file is set aside, and the month then counts as spent, in all processes and after
    every restart, until ``recover`` or ``set_used`` says what was used, or until it ends: to start from zero could
    spend a month's quota twice. Entering raises CannotRunHere when the file cannot be used for another reason. Later
    on, whatever the disk refuses is UpstreamUnavailable: a call that is not on record is not made. All work is done by
    one thread of its own, so that the disk never stops the loop. ``per_month`` 0 counts without a limit, and then no
    month is ever spent. ``charged`` is set by every charge, for one who clears it and looks at ``count``.
    """

    def __init__(self, path: Path, *, per_month: int, resets_on: int, clock: Clock) -> None:
        self._path = path
        self._per_month = per_month
        self._resets_on = resets_on
        self._clock = clock
        self._file = LedgerFile(path, clock)
        self._usable = True
        self._last_known = 0
        self.charged = asyncio.Event()

    async def __aenter__(self) -> Ledger:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        period = self._period()
        try:
            known = await self._in_thread(lambda: month.count(self._file.connection(), period).is_known)
        except (sqlite3.Error, OSError) as error:
            await self._in_thread(self._file.close)
            self._thread.shutdown(wait=False)
            raise CannotRunHere(
                f"The count of upstream calls in {self._path} cannot be used: {error}. Restore the file, or make it "
                "writable, or move it away: then the month is counted from zero"
            ) from error
        if self._per_month and not known:
            log.error("ledger.month_unknown", until=period.end.isoformat())
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._in_thread(self._file.close)
        finally:
            self._thread.shutdown(wait=False)

    async def charge(self, rule: MinuteRule | None = None) -> Charge:
        """Count one call that is about to be sent, and with a ``rule`` take a slot of the minute for it, or neither.

        Raises BudgetExhausted, which names the window, with nothing counted. Cancelled, it may have counted.
        """
        period = self._period()
        outcome = await self._on_record(lambda database: self._charge(database, period, rule))
        match outcome:
            case Charge():
                self.charged.set()
                return outcome
            case Full(until):
                raise BudgetExhausted("minute", until)
            case None:
                raise BudgetExhausted("month", period.resets_at)

    async def end(self, charge: Charge) -> None:
        """The call has ended: its slot is free a span from now. Where that fails, a span after it must have ended."""
        ended_at = self._clock.now()
        if (slot := charge.slot) is not None:
            await self._about(charge, lambda database: minute.end(database, slot, ended_at))

    async def give_back(self, charge: Charge) -> None:
        """Uncount a call on the month. Where that fails it stays counted, which is the safe side."""
        await self._about(charge, lambda database: month.give_back(database, charge.day))

    async def withdraw(self, charge: Charge) -> None:
        """Undo ``charge`` for a call that was never sent, slot and all. Where that fails it stays counted."""
        await self._about(charge, lambda database: _withdraw(database, charge))

    async def usage(self) -> WindowUsage:
        """How far the month is spent, wholly where its count is lost; as last known where the file cannot be read."""
        period = self._period()
        with suppress(UpstreamUnavailable):
            count = await self.count()
            self._last_known = count.used if count.is_known else max(count.used, self._per_month)
        return WindowUsage(self._last_known, self._per_month or None, period.resets_at)

    async def count(self) -> MonthCount:
        """The month's calls on record. Raises UpstreamUnavailable."""
        period = self._period()
        return await self._on_record(lambda database: month.count(database, period))

    async def slots_in_use(self, span: timedelta) -> int:
        """How many calls are under way or ended less than ``span`` ago. Raises UpstreamUnavailable."""
        now = self._clock.now()
        return await self._on_record(lambda database: minute.in_use(database, span, now))

    async def recover(self, used: int) -> bool:
        """Add the calls made before the count was lost: the month is known again. ``False``: it was not lost.

        Raises UpstreamUnavailable, with nothing changed.
        """
        period = self._period()
        recovered = await self._on_record(lambda database: self._recover(database, period, used))
        if recovered:
            log.info("ledger.recovered", used=used)
        return recovered

    async def set_used(self, used: int) -> MonthCount:
        """Say how many calls the month has had, as upstream's own page shows it; what the count was before.

        Raises UpstreamUnavailable, with nothing changed.
        """
        period = self._period()
        return await self._on_record(lambda database: self._set_used(database, period, used))

    def _period(self) -> MonthPeriod:
        return MonthPeriod.around(self._clock.now(), self._resets_on)

    async def _about(self, charge: Charge, work: Callable[[sqlite3.Connection], None]) -> None:
        def if_on_record(database: sqlite3.Connection) -> None:
            if charge.opening == self._file.openings:
                work(database)

        with suppress(UpstreamUnavailable):
            await self._on_record(if_on_record)

    async def _on_record(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            result = await self._in_thread(lambda: work(self._file.connection()))
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

    # From here on: what the thread does.

    def _charge(
        self, database: sqlite3.Connection, period: MonthPeriod, rule: MinuteRule | None
    ) -> Charge | Full | None:
        with transaction(database):
            now = self._clock.now()  # read once the lock is held: a wait for it must not backdate the slot
            count = month.count(database, period)
            if self._per_month and not (count.is_known and count.used < self._per_month):
                return None
            if rule is not None and (full := minute.find_full(database, rule, now)) is not None:
                return full
            day = now.date()
            month.add(database, day)
            return Charge(day, None if rule is None else minute.begin(database, now), self._file.openings)

    def _recover(self, database: sqlite3.Connection, period: MonthPeriod, used: int) -> bool:
        with transaction(database):
            if month.count(database, period).is_known:
                return False
            month.add(database, self._clock.now().date(), used)
            month.make_known(database, period)
            return True

    def _set_used(self, database: sqlite3.Connection, period: MonthPeriod, used: int) -> MonthCount:
        with transaction(database):
            before = month.count(database, period)
            month.clear(database, period)
            month.add(database, self._clock.now().date(), used)  # today is in every period that the reset day can make
            month.make_known(database, period)
            return before


def _withdraw(database: sqlite3.Connection, charge: Charge) -> None:
    with transaction(database):
        month.give_back(database, charge.day)
        if charge.slot is not None:
            minute.give_back(database, charge.slot)
