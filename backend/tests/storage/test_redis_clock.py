"""How far the clock of Redis is ahead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dozor.storage.redis_clock import ClockOffset

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def ms(number: float) -> timedelta:
    return timedelta(milliseconds=number)


def test_nothing_is_assumed_before_the_first_answer() -> None:
    assert ClockOffset().value == ms(0)


def test_the_answer_is_taken_for_one_of_the_middle_of_the_round_trip() -> None:
    offset = ClockOffset()
    offset.measured(NOW, NOW + ms(30_010), ms(20))
    assert offset.value == ms(30_000)


def test_the_fastest_round_trip_of_the_last_minute_counts() -> None:
    offset = ClockOffset()
    offset.measured(NOW, NOW + ms(100.5), ms(1))
    offset.measured(NOW, NOW + ms(190), ms(200))
    assert offset.value == ms(100)


@pytest.mark.parametrize("step", [-3600_000, 5000, 100])
def test_a_clock_that_was_set_is_believed_at_once(step: int) -> None:
    offset = ClockOffset()
    offset.measured(NOW, NOW, ms(0.2))
    offset.measured(NOW, NOW + ms(step), ms(4))
    assert offset.value == ms(step - 2)


def test_an_old_measurement_is_forgotten() -> None:
    offset = ClockOffset()
    offset.measured(NOW, NOW, ms(0.1))
    for _ in range(12):
        offset.measured(NOW, NOW + ms(2), ms(1))
    assert offset.value == ms(2)  # 1.5 by the later ones: the first would still say 0
