"""Where a month's calls lead to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.projection import Projection, project

START = datetime(2026, 11, 1, tzinfo=UTC)
RESET = datetime(2026, 12, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def projected(used: int, after: timedelta, *, limit: int | None = 10_000, before: int = 0) -> Projection | None:
    return project(used, limit, since=START, now=START + after, resets_at=RESET, before=before)


@given(st.integers(100, 100_000), st.floats(3.0, 29.9))
def test_on_an_even_load_it_is_within_five_per_cent_from_the_third_day_on(in_all: int, days: float) -> None:
    made = int(in_all * days / 30)  # whole calls: the last one is still to come
    projection = projected(made, DAY * days, limit=None)
    assert projection is not None
    assert projection.used == pytest.approx(in_all, rel=0.05, abs=10)


@pytest.mark.parametrize(
    ("used", "after", "limit", "expected"),
    [
        (100, DAY - timedelta(seconds=1), 10_000, None),  # a day's share may be spent at once: too soon to say
        (300, 3 * DAY, 10_000, Projection(3000, None)),
        (1000, 3 * DAY, 10_000, Projection(10_000, None)),  # reached with the month is not reached before
        (2000, 3 * DAY, 10_000, Projection(20_000, START + 15 * DAY)),
        (2000, 3 * DAY, None, Projection(20_000, None)),
        (0, 3 * DAY, 10_000, Projection(0, None)),
        (10_000, 3 * DAY, 10_000, Projection(100_000, START + 3 * DAY)),  # it is spent now
        (10_500, 3 * DAY, 10_000, Projection(105_000, START + 3 * DAY)),
        (0, 3 * DAY, 0, Projection(0, None)),  # a limit that nothing reaches
        (300, 31 * DAY, 10_000, Projection(300, None)),  # a clock ahead of the reset
    ],
)
def test_cases(used: int, after: timedelta, limit: int | None, expected: Projection | None) -> None:
    assert projected(used, after, limit=limit) == expected


def test_calls_from_before_the_watch_count_but_tell_no_pace() -> None:
    assert projected(400, 3 * DAY, before=100) == Projection(3100, None)
