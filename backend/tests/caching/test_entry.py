"""One cached answer."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.caching.entry import Entry
from dozor.domain.freshness import Freshness, FreshnessPolicy

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
POLICY = FreshnessPolicy(timedelta(seconds=60), timedelta(seconds=120), timedelta(hours=1))

seconds = st.floats(min_value=-1e6, max_value=1e6).map(lambda value: timedelta(seconds=value))


def fetched_at(instant: datetime) -> Entry:
    return Entry("coins/bitcoin", b"{}", instant, POLICY)


@given(st.binary(max_size=200))
def test_hash_is_the_sha256_of_the_body(body: bytes) -> None:
    assert Entry("k", body, NOON, POLICY).hash == hashlib.sha256(body).hexdigest()


def test_an_entry_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        fetched_at(NOON).fetched_at = NOON + timedelta(hours=1)  # type: ignore[misc]


@given(seconds)
def test_age_is_counted_from_the_fetch_and_never_negative(since: timedelta) -> None:
    assert fetched_at(NOON).age(NOON + since) == max(since, timedelta(0))


@given(seconds)
def test_an_entry_from_the_future_is_trusted_no_more_than_one_as_far_in_the_past(distance: timedelta) -> None:
    ahead, behind = fetched_at(NOON + distance), fetched_at(NOON - distance)
    assert ahead.freshness(NOON) is behind.freshness(NOON)
    assert ahead.within_grace(NOON) is behind.within_grace(NOON)


@pytest.mark.parametrize(
    ("ahead", "state"),
    [
        (5, Freshness.FRESH),  # another machine's clock is a little ahead
        (100, Freshness.STALE),  # refreshed soon, not in 160 s
        (7200, Freshness.EXPIRED),  # the clock was hours wrong when this was fetched
    ],
)
def test_a_clock_that_was_ahead_does_not_keep_its_entries_fresh(ahead: int, state: Freshness) -> None:
    assert fetched_at(NOON + timedelta(seconds=ahead)).freshness(NOON) is state


def test_size_counts_everything_that_upstream_or_a_client_chose() -> None:
    small = Entry("k", b"", NOON, POLICY)
    large = Entry("k" * 101, b"b" * 1000, NOON, POLICY, headers=(("etag", "e" * 96),))
    assert large.size_bytes - small.size_bytes == 100 + 1000 + 100
