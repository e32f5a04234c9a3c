"""How old an answer may be."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.freshness import MAX_JITTER, Freshness, FreshnessPolicy

MINUTE = timedelta(minutes=1)
ORDER = [Freshness.FRESH, Freshness.STALE, Freshness.EXPIRED]

spans = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400))
ages = st.timedeltas(min_value=timedelta(days=-1), max_value=timedelta(days=1200))


@st.composite
def policies(draw: st.DrawFn) -> FreshnessPolicy:
    stale_for = draw(spans)
    return FreshnessPolicy(draw(spans), draw(st.timedeltas(timedelta(0), stale_for)), stale_for)


@pytest.mark.parametrize(
    ("age", "state", "within_grace"),
    [
        (-1, Freshness.FRESH, True),  # the clock stepped back
        (0, Freshness.FRESH, True),  # fetched this very instant
        (59, Freshness.FRESH, True),
        (60, Freshness.STALE, True),  # its fresh time is over in the instant that it ends
        (179, Freshness.STALE, True),
        (180, Freshness.STALE, False),  # grace counts from the end of the fresh time
        (3659, Freshness.STALE, False),
        (3660, Freshness.EXPIRED, False),  # and so does the stale time
    ],
)
def test_age_decides_the_state(age: int, state: Freshness, within_grace: bool) -> None:
    policy = FreshnessPolicy(fresh_for=MINUTE, grace_for=2 * MINUTE, stale_for=60 * MINUTE)
    assert policy.classify(timedelta(seconds=age)) is state
    assert policy.within_grace(timedelta(seconds=age)) is within_grace


@given(policies(), ages, ages)
def test_an_answer_never_gets_fresher_with_age(policy: FreshnessPolicy, one: timedelta, other: timedelta) -> None:
    younger, older = sorted([one, other])
    assert ORDER.index(policy.classify(younger)) <= ORDER.index(policy.classify(older))
    assert policy.within_grace(younger) or not policy.within_grace(older)


@given(policies(), ages)
def test_what_is_fresh_is_within_grace_and_what_is_within_grace_is_not_expired(
    policy: FreshnessPolicy, age: timedelta
) -> None:
    assert policy.within_grace(age) or policy.classify(age) is not Freshness.FRESH
    assert not policy.within_grace(age) or policy.classify(age) is not Freshness.EXPIRED


@given(policies(), st.text())
def test_jitter_lengthens_the_fresh_time_by_a_tenth_at_most_and_nothing_else(
    policy: FreshnessPolicy, seed: str
) -> None:
    jittered = policy.jittered(seed)
    assert policy.fresh_for <= jittered.fresh_for <= policy.fresh_for * (1 + MAX_JITTER)
    assert (jittered.grace_for, jittered.stale_for) == (policy.grace_for, policy.stale_for)


@given(policies(), st.text())
def test_equal_seeds_give_equal_jitter(policy: FreshnessPolicy, seed: str) -> None:
    assert policy.jittered(seed) == policy.jittered(seed)


def test_jitter_is_the_same_in_a_process_with_another_hash_salt() -> None:
    policy = FreshnessPolicy(timedelta(hours=1), MINUTE)
    program = (
        "from datetime import timedelta as t; from dozor.domain.freshness import FreshnessPolicy as P;"
        "print(P(t(hours=1), t(minutes=1)).jittered('bitcoin').fresh_for.total_seconds())"
    )
    path = [folder for folder in sys.path if folder]
    started = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:] = {path!r}; {program}"],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.stdout.strip() == str(policy.jittered("bitcoin").fresh_for.total_seconds()), started.stderr


def test_jitter_spreads_what_was_fetched_together() -> None:
    policy = FreshnessPolicy(timedelta(hours=1), MINUTE)
    ends = sorted(policy.jittered(f"coin-{number}").fresh_for for number in range(200))
    assert ends[-1] - ends[0] > timedelta(minutes=5), "of six"
    assert len(set(ends)) > 190


@pytest.mark.parametrize(
    ("fresh", "grace", "stale"),
    [
        (-1, 0, 60),  # no time is negative
        (60, -1, 60),
        (60, 61, 60),  # grace is a part of the stale time
    ],
)
def test_impossible_policies_cannot_be_made(fresh: int, grace: int, stale: int) -> None:
    with pytest.raises(ValueError, match="grace"):
        FreshnessPolicy(timedelta(seconds=fresh), timedelta(seconds=grace), timedelta(seconds=stale))
