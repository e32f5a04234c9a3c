"""What a read does next, by values alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.caching.decision import Abstain, Decision, Refuse, Serve, ServeAndRefresh, Wait, after_failure, decide
from dozor.caching.entry import Entry
from dozor.caching.stats import Outcome
from dozor.domain.bounds import ANY_STALENESS, NO_BOUNDS, Bounds
from dozor.domain.errors import BudgetExhausted, DozorError, QuestionRejected, UpstreamUnavailable
from dozor.domain.freshness import Freshness, FreshnessPolicy

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
POLICY = FreshnessPolicy(timedelta(seconds=60), timedelta(seconds=120), timedelta(hours=1))


def aged(seconds: float) -> Entry:
    return Entry("k", b"{}", NOON - timedelta(seconds=seconds), POLICY)


FRESH, GRACE, STALE, EXPIRED = aged(59), aged(60), aged(180), aged(3660)
AHEAD = aged(-100)  # stamped by a clock that was 100 s ahead
LATER = UpstreamUnavailable("503", NOON)
NEVER = QuestionRejected(404, b"{}")


@pytest.mark.parametrize(
    ("entry", "remembered", "decision"),
    [
        (FRESH, None, Serve(FRESH, Outcome.HIT)),
        (FRESH, LATER, Serve(FRESH, Outcome.HIT)),  # failures are no business of a fresh entry
        (FRESH, NEVER, Serve(FRESH, Outcome.HIT)),
        (GRACE, None, ServeAndRefresh(GRACE)),
        (GRACE, LATER, Serve(GRACE, Outcome.STALE_HIT)),  # a refresh failed a moment ago: not yet again
        (GRACE, NEVER, Serve(GRACE, Outcome.STALE_HIT)),  # grace is unconditional
        (AHEAD, None, ServeAndRefresh(AHEAD)),  # a clock put right does not keep it fresh
        (STALE, None, Wait()),
        (STALE, LATER, Serve(STALE, Outcome.STALE_ON_ERROR, LATER)),
        (STALE, NEVER, Refuse(NEVER)),  # the coin is gone: the old answer is no answer
        (EXPIRED, None, Wait()),
        (EXPIRED, LATER, Refuse(LATER)),  # expired is never served
        (EXPIRED, NEVER, Refuse(NEVER)),
        (None, None, Wait()),
        (None, LATER, Refuse(LATER)),
        (None, NEVER, Refuse(NEVER)),
    ],
)
def test_entry_and_remembered_error_decide(
    entry: Entry | None, remembered: DozorError | None, decision: Decision
) -> None:
    assert decide(entry, remembered, NOON, NO_BOUNDS) == decision


INSISTS = Bounds(no_cache=True)
YOUNG = Bounds(max_age=timedelta(seconds=30))
AGED = Bounds(max_age=timedelta(seconds=170))
LEFT = Bounds(min_fresh=timedelta(seconds=30))
BARELY = Bounds(max_stale=timedelta(seconds=10))
MODEST = Bounds(max_stale=ANY_STALENESS)
CACHED = Bounds(only_if_cached=True)
CACHED_YOUNG = Bounds(only_if_cached=True, max_age=timedelta(seconds=30))


@pytest.mark.parametrize(
    ("entry", "remembered", "bounds", "decision"),
    [
        (FRESH, None, INSISTS, Serve(FRESH, Outcome.HIT)),  # there is no newer one to be had
        (FRESH, None, YOUNG, Serve(FRESH, Outcome.HIT)),
        (FRESH, None, LEFT, Serve(FRESH, Outcome.HIT)),
        (FRESH, None, CACHED_YOUNG, Serve(FRESH, Outcome.HIT)),
        (GRACE, None, INSISTS, Wait()),
        (GRACE, None, YOUNG, Wait()),
        (GRACE, None, AGED, ServeAndRefresh(GRACE)),  # no older than was asked: as without bounds
        (STALE, None, AGED, Wait()),
        (GRACE, None, LEFT, Wait()),
        (aged(75), None, BARELY, Wait()),
        (STALE, None, MODEST, ServeAndRefresh(STALE)),
        (STALE, LATER, MODEST, Serve(STALE, Outcome.STALE_HIT)),
        (STALE, NEVER, MODEST, Refuse(NEVER)),  # the coin is gone, however modest the asker
        (EXPIRED, None, MODEST, Wait()),
        (GRACE, LATER, INSISTS, Serve(GRACE, Outcome.STALE_ON_ERROR, LATER)),  # it cannot be met
        (GRACE, NEVER, INSISTS, Refuse(NEVER)),  # and here it can: that is the newest answer
        (None, None, INSISTS, Wait()),
        (GRACE, None, CACHED, Serve(GRACE, Outcome.STALE_HIT)),
        (STALE, None, CACHED, Serve(STALE, Outcome.STALE_HIT)),
        (STALE, LATER, CACHED, Serve(STALE, Outcome.STALE_HIT)),
        (STALE, NEVER, CACHED, Refuse(NEVER)),
        (GRACE, None, CACHED_YOUNG, Abstain()),
        (GRACE, LATER, CACHED_YOUNG, Abstain()),
        (EXPIRED, None, CACHED, Abstain()),
        (None, None, CACHED, Abstain()),
        (None, LATER, CACHED, Abstain()),
        (None, NEVER, CACHED, Refuse(NEVER)),  # a refusal is kept like an answer
    ],
)
def test_the_bounds_of_an_asker_decide_beyond_the_fresh_time(
    entry: Entry | None, remembered: DozorError | None, bounds: Bounds, decision: Decision
) -> None:
    assert decide(entry, remembered, NOON, bounds) == decision


@pytest.mark.parametrize(
    ("entry", "error", "verdict"),
    [
        (STALE, LATER, Serve(STALE, Outcome.STALE_ON_ERROR, LATER)),
        (GRACE, LATER, Serve(GRACE, Outcome.STALE_ON_ERROR, LATER)),
        (STALE, NEVER, Refuse(NEVER)),
        (EXPIRED, LATER, Refuse(LATER)),  # it may have expired while we waited
        (None, LATER, Refuse(LATER)),
    ],
)
def test_a_failed_wait_ends_with_the_stale_entry_or_the_error(
    entry: Entry | None, error: DozorError, verdict: Serve | Refuse
) -> None:
    assert after_failure(entry, error, NOON) == verdict


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    stale_s = draw(st.integers(0, 5000))
    policy = FreshnessPolicy(
        timedelta(seconds=draw(st.integers(0, 5000))),
        timedelta(seconds=draw(st.integers(0, stale_s))),
        timedelta(seconds=stale_s),
    )
    return Entry("k", b"{}", NOON - timedelta(seconds=draw(st.integers(-15_000, 15_000))), policy)


limits = st.none() | st.integers(0, 15_000).map(lambda count: timedelta(seconds=count))
some_bounds = st.builds(
    Bounds,
    max_age=limits,
    max_stale=limits | st.just(ANY_STALENESS),
    min_fresh=limits,
    no_cache=st.booleans(),
    only_if_cached=st.booleans(),
)
errors = st.sampled_from([None, LATER, NEVER, BudgetExhausted("minute", NOON)])


@given(entries(), errors, some_bounds)
def test_a_fresh_entry_is_a_hit_whatever_is_asked_and_an_expired_one_is_never_served(
    entry: Entry, remembered: DozorError | None, bounds: Bounds
) -> None:
    decision = decide(entry, remembered, NOON, bounds)
    if entry.freshness(NOON) is Freshness.FRESH:
        assert decision == Serve(entry, Outcome.HIT)
    if entry.freshness(NOON) is Freshness.EXPIRED:
        assert not isinstance(decision, Serve | ServeAndRefresh)


@given(st.none() | entries(), errors, some_bounds)
def test_a_load_begins_only_where_the_asker_and_the_last_failure_allow_one(
    entry: Entry | None, remembered: DozorError | None, bounds: Bounds
) -> None:
    decision = decide(entry, remembered, NOON, bounds)
    if bounds.only_if_cached or remembered is not None:
        assert not isinstance(decision, Wait | ServeAndRefresh)
    assert bounds.only_if_cached or not isinstance(decision, Abstain)


@given(entries(), errors, some_bounds)
def test_what_is_served_stale_without_an_excuse_keeps_to_every_bound(
    entry: Entry, remembered: DozorError | None, bounds: Bounds
) -> None:
    decision = decide(entry, remembered, NOON, bounds)
    served_at_once = isinstance(decision, ServeAndRefresh) or (
        isinstance(decision, Serve) and decision.outcome is Outcome.STALE_HIT
    )
    if not served_at_once:
        return
    age = abs(NOON - entry.fetched_at)
    staleness = age - entry.policy.fresh_for
    assert not bounds.no_cache
    assert bounds.max_age is None or age <= bounds.max_age
    assert bounds.min_fresh is None or (bounds.min_fresh == staleness == timedelta(0))
    if bounds.max_stale is not None:
        assert staleness <= bounds.max_stale
    else:
        assert bounds.only_if_cached or staleness < entry.policy.grace_for


@given(entries(), errors, some_bounds)
def test_whoever_waits_for_a_load_had_a_reason_to(entry: Entry, remembered: DozorError | None, bounds: Bounds) -> None:
    if decide(entry, remembered, NOON, bounds) != Wait() or entry.freshness(NOON) is Freshness.EXPIRED:
        return
    age = abs(NOON - entry.fetched_at)
    beyond_grace = age >= entry.policy.fresh_for + entry.policy.grace_for
    beyond_staleness = beyond_grace if bounds.max_stale is None else age - entry.policy.fresh_for > bounds.max_stale
    too_old = bounds.max_age is not None and age > bounds.max_age
    assert bounds.no_cache or bounds.min_fresh is not None or too_old or beyond_staleness
