"""What a read does next, by values alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.caching.decision import Decision, Refuse, Serve, ServeAndRefresh, Wait, after_failure, decide
from dozor.caching.entry import Entry
from dozor.caching.stats import Outcome
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
    assert decide(entry, remembered, NOON) == decision


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


@given(st.integers(-10_000, 10_000), st.sampled_from([None, LATER, NEVER, BudgetExhausted("minute", NOON)]))
def test_nothing_expired_is_ever_served(age: int, remembered: DozorError | None) -> None:
    decision = decide(aged(age), remembered, NOON)
    if isinstance(decision, Serve | ServeAndRefresh):
        assert decision.entry.freshness(NOON) is not Freshness.EXPIRED
