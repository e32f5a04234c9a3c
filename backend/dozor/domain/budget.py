"""How many upstream calls may still be made: the window of a minute and the period of a month, as plain values.

Times of the minute are seconds of a clock that only grows; those of the month are instants in UTC.
"""

from __future__ import annotations

import calendar
import math
from collections import deque
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

HEADROOM = 0.9  # of the plan's minute: upstream's clock is not ours, and its own count of a minute is not documented


def minute_allowance(plan_limit: int) -> int:
    """How many calls of a plan's minute limit we use: nine tenths, at least 1. 0, no limit, stays 0."""
    return max(1, math.floor(plan_limit * HEADROOM)) if plan_limit > 0 else 0


class MinuteWindow:
    """Which of the ``limit`` slots are free. A slot taken by a call is free again ``span_seconds`` after its end.

    Counting from the end is what makes the promise hold whenever upstream counts the call, on arrival or on
    departure. ``limit`` 0 is no limit. ``now`` never goes back from one method call to the next.
    """

    def __init__(self, limit: int, span_seconds: float) -> None:
        self._limit = limit
        self._span = span_seconds
        self._under_way = 0
        self._ended: deque[float] = deque()

    def take(self, now: float) -> bool:
        """Take a slot for a call; ``False`` when none is free."""
        if self._limit and self.used(now) >= self._limit:
            return False
        self._under_way += 1
        return True

    def end(self, now: float) -> None:
        """The call has ended; its slot is used for one span more."""
        self._under_way -= 1
        self._ended.append(now)

    def give_back(self) -> None:
        """The call was never sent; its slot is free at once."""
        self._under_way -= 1

    def used(self, now: float) -> int:
        """How many slots are not free."""
        while self._ended and self._ended[0] + self._span <= now:
            self._ended.popleft()
        return self._under_way + len(self._ended)

    def earliest(self, now: float, ahead: int = 0) -> float:
        """When at the earliest a call may go out that has ``ahead`` others waiting before it.

        A slot whose call is under way counts as if that call ended now, and those ahead as if theirs ended the moment
        they are sent: the truth is never sooner, except where a slot is given back.
        """
        if not self._limit:
            return now
        used = self.used(now)
        rounds, place = divmod(ahead, self._limit)
        free = self._limit - used
        if place < free:
            at = now
        elif place - free < len(self._ended):
            at = self._ended[place - free] + self._span
        else:
            at = now + self._span
        return at + rounds * self._span


@dataclass(frozen=True, slots=True)
class MonthPeriod:
    """The days over which the month's calls are counted, from ``start`` up to, but without, ``end``."""

    start: date
    end: date

    @classmethod
    def around(cls, now: datetime, resets_on: int) -> MonthPeriod:
        """The period that ``now`` lies in, when the count restarts at 00:00 UTC on day ``resets_on`` (1..31).

        In a month without that day it restarts on the month's last.
        """
        today = now.astimezone(UTC).date()
        this = _reset_day(today.year, today.month, resets_on)
        if today >= this:
            return cls(this, _reset_day(*_month_after(today.year, today.month), resets_on))
        before = today.replace(day=1) - timedelta(days=1)
        return cls(_reset_day(before.year, before.month, resets_on), this)

    @property
    def resets_at(self) -> datetime:
        """The instant at which the count restarts."""
        return datetime(self.end.year, self.end.month, self.end.day, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MonthCount:
    """How many calls of ``period`` are on record; not ``is_known``: there were others, whose record was lost."""

    period: MonthPeriod
    used: int
    is_known: bool


def _reset_day(year: int, month: int, resets_on: int) -> date:
    return date(year, month, min(resets_on, calendar.monthrange(year, month)[1]))


def _month_after(year: int, month: int) -> tuple[int, int]:
    return (year, month + 1) if month < 12 else (year + 1, 1)
