"""What an asker accepts of an answer that is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.bounds import ANY_STALENESS, NO_BOUNDS, Bounds
from dozor.domain.freshness import FreshnessPolicy


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


OLD = 100_000
POLICY = FreshnessPolicy(seconds(60), seconds(120), seconds(3600))

spans = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=2))
limits = st.none() | spans


@st.composite
def policies(draw: st.DrawFn) -> FreshnessPolicy:
    stale_for = draw(spans)
    return FreshnessPolicy(draw(spans), draw(st.timedeltas(timedelta(0), stale_for)), stale_for)


bounds = st.builds(
    Bounds,
    max_age=limits,
    max_stale=limits | st.just(ANY_STALENESS),
    min_fresh=limits,
    no_cache=st.booleans(),
    only_if_cached=st.booleans(),
)


@pytest.mark.parametrize(
    ("asked", "oldest"),
    [
        (NO_BOUNDS, 179),  # what is stale within its grace
        (Bounds(max_age=seconds(600)), 179),  # a wider limit allows no more than none
        (Bounds(max_age=seconds(100)), 100),
        (Bounds(max_age=seconds(30)), 30),
        (Bounds(min_fresh=seconds(20)), 40),  # 20 s of the 60 must be left
        (Bounds(min_fresh=seconds(61)), -1),  # none has so much but one from the future
        (Bounds(max_stale=seconds(10)), 70),  # who names a staleness gets no more of it
        (Bounds(max_stale=seconds(1000)), 1060),
        (Bounds(max_stale=ANY_STALENESS), OLD),  # that it expires is not the asker's business
        (Bounds(max_stale=ANY_STALENESS, max_age=seconds(100)), 100),
        (Bounds(max_stale=ANY_STALENESS, min_fresh=seconds(0)), 60),
        (Bounds(only_if_cached=True), OLD),  # the alternative is nothing
        (Bounds(only_if_cached=True, max_age=seconds(30)), 30),
        (Bounds(only_if_cached=True, max_stale=seconds(10)), 70),
        (Bounds(no_cache=True), None),
        (Bounds(no_cache=True, max_stale=ANY_STALENESS, only_if_cached=True), None),
    ],
)
def test_the_oldest_answer_that_is_accepted(asked: Bounds, oldest: int | None) -> None:
    ages = [*range(-10, 2000), OLD]
    accepted = [age for age in ages if asked.accept(seconds(age), POLICY)]
    assert max(accepted, default=None) == oldest


def test_an_age_is_compared_in_whole_seconds_as_it_is_told() -> None:
    assert not Bounds(max_age=seconds(0)).are_exceeded_by(seconds(0.999))
    assert Bounds(max_age=seconds(0)).are_exceeded_by(seconds(1))
    assert not NO_BOUNDS.are_exceeded_by(timedelta(days=1000))


@given(bounds, policies(), spans, spans)
def test_what_is_accepted_at_some_age_was_accepted_at_every_younger_one(
    asked: Bounds, policy: FreshnessPolicy, age: timedelta, older_by: timedelta
) -> None:
    assert asked.accept(age, policy) or not asked.accept(age + older_by, policy)


@given(bounds, policies(), spans, spans)
def test_each_limit_more_only_forbids(asked: Bounds, policy: FreshnessPolicy, age: timedelta, limit: timedelta) -> None:
    if asked.accept(age, policy):
        return
    assert not replace(asked, no_cache=True).accept(age, policy)
    if asked.max_age is None:
        assert not replace(asked, max_age=limit).accept(age, policy)
    if asked.min_fresh is None:
        assert not replace(asked, min_fresh=limit).accept(age, policy)
