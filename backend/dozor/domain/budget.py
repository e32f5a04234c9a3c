"""The plan's limits as we use them: the part of a minute, and the period of a month, whose instants are in UTC."""

from __future__ import annotations

import calendar
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

HEADROOM = 0.9  # of the plan's minute: upstream's clock is not ours, and its own count of a minute is not documented


def minute_allowance(plan_limit: int) -> int:
    """How many calls of a plan's minute limit we use: nine tenths, at least 1. 0, no limit, stays 0."""
    return max(1, math.floor(plan_limit * HEADROOM)) if plan_limit > 0 else 0


@dataclass(frozen=True, slots=True)
class Limits:
    """The plan's limits as we use them: of a minute ``start`` calls and at ``most`` so many, 0 for no limit.

    ``per_month`` 0 is no limit either.
    """

    start: int
    most: int
    per_month: int
    resets_on: int = 1


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
