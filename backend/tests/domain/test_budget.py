"""The part of a minute that is used, and the period of a month."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.budget import MonthPeriod, minute_allowance


@pytest.mark.parametrize(
    ("limit", "allowance"),
    [
        (0, 0),  # no limit
        (1, 1),  # never below one, or nothing would ever be fetched
        (5, 4),
        (30, 27),
        (100, 90),
        (250, 225),
    ],
)
def test_nine_tenths_of_the_plan_are_used_but_never_less_than_one(limit: int, allowance: int) -> None:
    assert minute_allowance(limit) == allowance


DAYS_AND_PERIODS = [
    # (now, reset day, first day, day of the reset)
    ((2026, 11, 22), 1, (2026, 11, 1), (2026, 12, 1)),
    ((2026, 11, 1), 1, (2026, 11, 1), (2026, 12, 1)),  # the first instant of the reset day is the new period
    ((2026, 12, 31), 1, (2026, 12, 1), (2027, 1, 1)),  # over the year's end
    ((2027, 1, 14), 15, (2026, 12, 15), (2027, 1, 15)),
    ((2026, 12, 20), 15, (2026, 12, 15), (2027, 1, 15)),
    ((2027, 2, 27), 31, (2027, 1, 31), (2027, 2, 28)),  # February has no 31st: its last day resets
    ((2027, 2, 28), 31, (2027, 2, 28), (2027, 3, 31)),
    ((2028, 2, 28), 31, (2028, 1, 31), (2028, 2, 29)),  # in a leap year the 29th
    ((2028, 2, 29), 30, (2028, 2, 29), (2028, 3, 30)),
    ((2027, 4, 30), 31, (2027, 4, 30), (2027, 5, 31)),
]


@pytest.mark.parametrize(("now", "resets_on", "start", "end"), DAYS_AND_PERIODS)
def test_period_begins_on_the_reset_day_or_the_months_last(
    now: tuple[int, int, int], resets_on: int, start: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    assert MonthPeriod.around(datetime(*now, tzinfo=UTC), resets_on) == MonthPeriod(date(*start), date(*end))


def test_period_is_counted_in_utc_wherever_now_was_told() -> None:
    in_vladivostok = datetime(2026, 12, 1, 5, 0, tzinfo=timezone(timedelta(hours=10)))  # 19:00 on 30 Nov in UTC
    assert MonthPeriod.around(in_vladivostok, 1).resets_at == datetime(2026, 12, 1, tzinfo=UTC)


@given(st.datetimes(datetime(2024, 1, 1), datetime(2034, 1, 1)), st.integers(1, 31))  # noqa: DTZ001
def test_every_instant_lies_in_one_period_and_periods_follow_without_a_gap(naive: datetime, resets_on: int) -> None:
    now = naive.replace(tzinfo=UTC)
    period = MonthPeriod.around(now, resets_on)
    assert period.start <= now.date() < period.end
    assert 28 <= (period.end - period.start).days <= 31
    assert MonthPeriod.around(period.resets_at, resets_on).start == period.end
    assert MonthPeriod.around(period.resets_at - timedelta(seconds=1), resets_on) == period
