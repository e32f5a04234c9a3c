"""The month's pace: a day's share at once, and what is left of the month over what is left of its time."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.pace import ALERT_SHARE, Bucket, MonthTerms, kept_from_warm_up

DAY = 86_400.0
TOLERANCE = 1e-6

lefts = st.integers(0, 20_000)
shares = st.floats(0.05, 700)
seconds = st.floats(1, 31 * DAY)


def month(left: int = 10_000, seconds_left: float = 30 * DAY, day_share: float = 10_000 / 30) -> MonthTerms:
    return MonthTerms("2026-11-01", left, seconds_left, day_share)


def after(terms: MonthTerms, elapsed: float) -> MonthTerms:
    return replace(terms, seconds_left=terms.seconds_left - elapsed)


def empty(terms: MonthTerms) -> Bucket:
    return Bucket(terms.period, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("left", "day_share", "tokens"),
    [
        (10_000, 333.3, 333.3),
        (100, 333.3, 100),  # never more than is left
        (10, 0.3, 1),  # a bucket that could not hold a whole call would never let one out
        (0, 333.3, 0),
    ],
)
def test_bucket_begins_with_a_days_share_or_what_is_left(left: int, day_share: float, tokens: float) -> None:
    assert Bucket.full(0, month(left, day_share=day_share), armed=False).tokens == tokens


@given(lefts, shares, seconds, st.lists(st.floats(0, DAY), max_size=5), st.booleans())
def test_bucket_never_holds_more_than_a_days_share_nor_more_than_is_left(
    left: int, share: float, seconds_left: float, steps: list[float], armed: bool
) -> None:
    terms = month(left, seconds_left, share)
    bucket = Bucket.full(0, terms, armed=armed)
    now = 0.0
    for step in steps:
        now += step
        bucket.fill(now, replace(terms, seconds_left=max(0.0, seconds_left - now)), armed=armed)
        assert 0 <= bucket.tokens <= min(max(1.0, share), left) + TOLERANCE
        assert 0 <= bucket.for_alerts <= bucket.tokens * 1 + TOLERANCE


@given(lefts, shares, seconds, st.floats(0, 1), st.booleans())
def test_time_only_adds(left: int, share: float, seconds_left: float, part: float, armed: bool) -> None:
    terms = month(left, seconds_left, share)
    bucket = empty(terms)
    before = bucket.tokens
    bucket.fill(seconds_left * part, after(terms, seconds_left * part), armed=armed)
    assert bucket.tokens >= before


@given(lefts, shares, seconds, st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_filling_in_two_steps_is_filling_in_one(
    left: int, share: float, seconds_left: float, part: float, first_part: float, armed: bool
) -> None:
    terms = month(left, seconds_left, share)
    whole, split = empty(terms), empty(terms)
    elapsed = seconds_left * part
    whole.fill(elapsed, after(terms, elapsed), armed=armed)
    split.fill(elapsed * first_part, after(terms, elapsed * first_part), armed=armed)
    split.fill(elapsed, after(terms, elapsed), armed=armed)
    assert split.tokens == pytest.approx(whole.tokens, rel=1e-6, abs=TOLERANCE)


def test_who_spends_all_it_gives_has_what_is_left_spread_evenly_to_the_end() -> None:
    terms = month(left=2_400, seconds_left=DAY, day_share=333)
    bucket = empty(terms)
    bucket.fill(3600, after(terms, 3600), armed=False)
    assert bucket.tokens == pytest.approx(100)


def test_clock_that_went_back_adds_nothing_and_fills_from_there_on() -> None:
    terms = month(left=1000, seconds_left=1000, day_share=333)
    bucket = Bucket(terms.period, 0.0, 0.0, 500.0)
    bucket.fill(100, terms, armed=False)
    assert bucket.tokens == 0
    bucket.fill(101, after(terms, 1), armed=False)
    assert bucket.tokens == pytest.approx(1)


def test_at_the_reset_nothing_is_left_outside_the_bucket_to_wait_for() -> None:
    terms = month(left=5, seconds_left=0, day_share=333)
    bucket = empty(terms)
    bucket.fill(10, terms, armed=False)
    assert bucket.tokens == 5


@given(st.integers(1, 20_000), shares, seconds, st.booleans(), st.booleans(), st.booleans())
def test_wait_for_a_whole_call_is_as_long_as_said(
    left: int, share: float, seconds_left: float, for_alerts: bool, armed: bool, is_warm_up: bool
) -> None:
    terms = month(left, seconds_left, share)
    bucket = empty(terms)
    kept = kept_from_warm_up(terms) if is_warm_up and not for_alerts else 0.0
    wait = bucket.seconds_until_one(terms, for_alerts=for_alerts, armed=armed, kept=kept)
    if math.isinf(wait) or wait >= seconds_left:
        return
    bucket.fill(wait, after(terms, wait), armed=armed)
    has = bucket.for_alerts if for_alerts else bucket.for_people
    assert has >= 1 + kept - TOLERANCE


# The alerts' part


def test_armed_alerts_own_three_tenths_of_it_and_of_what_comes() -> None:
    terms = month(left=10_000, day_share=300)
    bucket = Bucket.full(0, terms, armed=True)
    assert (bucket.for_alerts, bucket.for_people) == (90, 210)
    bucket = empty(terms)
    bucket.fill(DAY / 10, after(terms, DAY / 10), armed=True)
    assert bucket.for_alerts == pytest.approx(bucket.tokens * ALERT_SHARE)


def test_alerts_own_nothing_while_none_is_armed_nor_what_would_be_less_than_a_call() -> None:
    assert Bucket.full(0, month(), armed=False).for_alerts == 0
    assert Bucket.full(0, month(left=60, day_share=2), armed=True).for_alerts == 0


def test_arming_takes_a_part_and_disarming_gives_it_back() -> None:
    terms = month(day_share=100)
    bucket = Bucket.full(0, terms, armed=False)
    bucket.arm(terms, armed=True)
    assert bucket.for_people == 70
    bucket.arm(terms, armed=False)
    assert bucket.for_people == 100


def test_call_is_taken_from_whom_it_is_for_and_given_back_to_all() -> None:
    terms = month(day_share=100)
    bucket = Bucket.full(0, terms, armed=True)
    bucket.take(from_alerts=True)
    assert (bucket.for_alerts, bucket.for_people) == (29, 70)
    bucket.take(from_alerts=False)
    assert (bucket.for_alerts, bucket.for_people) == (29, 69)
    bucket.give_back(terms)
    assert (bucket.for_alerts, bucket.for_people) == (29, 70)
    for _ in range(5):
        bucket.give_back(terms)
    assert bucket.tokens == 100


# A whole month


def spend_a_month(limit: int, days: int, step: float) -> list[int]:
    """Calls of each day when somebody asks every ``step`` seconds from the first instant to the last."""
    share = limit / days
    end = days * DAY
    used = 0
    by_day = [0] * days
    bucket = Bucket.full(0, MonthTerms("m", limit, end, share), armed=False)
    for turn in range(int(end / step)):
        now = turn * step
        terms = MonthTerms("m", limit - used, end - now, share)
        bucket.fill(now, terms, armed=False)
        if bucket.for_people >= 1 and terms.left > 0:
            bucket.take(from_alerts=False)
            used += 1
            by_day[int(now // DAY)] += 1
    return by_day


@pytest.mark.parametrize(("limit", "days"), [(10_000, 31), (10_000, 28), (300, 30)])
def test_month_at_ten_times_what_it_affords_serves_every_day_and_keeps_the_last_days_share(
    limit: int, days: int
) -> None:
    by_day = spend_a_month(limit, days, step=days * DAY / limit / 10)
    share = limit / days
    assert sum(by_day) <= limit
    assert sum(by_day) >= limit - 2  # nothing goes to waste either
    assert min(by_day) >= share * 0.9
    assert by_day[-1] >= math.floor(share * 0.95)
