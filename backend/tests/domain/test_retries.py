from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.retries import LONGEST_PAUSES, retry_at

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 2), (2, 10), (3, 60), (4, 300), (5, 900), (6, 3600), (7, 3600), (5000, 3600)],
)
def test_each_failure_lengthens_the_longest_pause_up_to_an_hour(attempts: int, seconds: int) -> None:
    assert retry_at(attempts, NOW, TOMORROW, 1.0) == NOW + timedelta(seconds=seconds)


def test_chance_rules_the_whole_of_a_pause() -> None:
    assert retry_at(3, NOW, TOMORROW, 0.0) == NOW
    assert retry_at(3, NOW, TOMORROW, 0.25) == NOW + timedelta(seconds=15)


def test_a_pause_that_was_asked_for_wins_over_ours() -> None:
    assert retry_at(1, NOW, TOMORROW, 1.0, timedelta(hours=2)) == NOW + timedelta(hours=2)
    assert retry_at(6, NOW, TOMORROW, 1.0, timedelta(seconds=1)) == NOW + timedelta(seconds=1)


def test_our_last_pause_ends_with_the_time_for_delivering() -> None:
    end = NOW + timedelta(minutes=10)
    assert retry_at(6, NOW, end, 1.0) == end
    assert retry_at(7, end, end, 0.0) is None


def test_who_asks_for_silence_beyond_the_time_for_delivering_is_not_asked_again() -> None:
    assert retry_at(1, NOW, NOW + timedelta(minutes=10), 0.0, timedelta(minutes=11)) is None


@given(
    st.integers(min_value=0, max_value=10_000),
    st.timedeltas(min_value=timedelta(days=-1), max_value=timedelta(days=2)),
    st.floats(min_value=0, max_value=1),
    st.none() | st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3)),
)
def test_no_attempt_is_before_now_or_after_the_time_for_delivering(
    attempts: int, left: timedelta, draw: float, asked: timedelta | None
) -> None:
    again_at = retry_at(attempts, NOW, NOW + left, draw, asked)
    if again_at is not None:
        assert NOW <= again_at <= NOW + left
        assert again_at - NOW <= (LONGEST_PAUSES[-1] if asked is None else asked)
