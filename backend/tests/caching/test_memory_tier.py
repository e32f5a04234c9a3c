"""What every tier promises, checked on the one in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dozor.caching.entry import Entry
from dozor.caching.memory import MemoryTier
from dozor.caching.tier import Tier
from dozor.domain.freshness import FreshnessPolicy

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
POLICY = FreshnessPolicy(timedelta(seconds=60), timedelta(seconds=120))


def entry(key: str, body: bytes = b"{}", seconds: float = 0) -> Entry:
    return Entry(key, body, NOON + timedelta(seconds=seconds), POLICY)


@pytest.fixture
def tier() -> Tier:
    return MemoryTier(1_000_000)


async def test_an_entry_comes_back_as_it_was_put(tier: Tier) -> None:
    put = Entry("k", b'{"usd":1.054e-05}', NOON, POLICY, status=200, headers=(("etag", '"1"'),))
    await tier.put(put)
    assert await tier.get("k", lambda _: POLICY) == put


async def test_what_was_never_put_is_not_there(tier: Tier) -> None:
    assert await tier.get("k", lambda _: POLICY) is None


async def test_a_newer_entry_takes_the_place_of_an_older_one(tier: Tier) -> None:
    await tier.put(entry("k", b"old"))
    await tier.put(entry("k", b"new", seconds=1))
    assert await tier.get("k", lambda _: POLICY) == entry("k", b"new", seconds=1)


async def test_a_late_leader_never_replaces_a_newer_entry(tier: Tier) -> None:
    await tier.put(entry("k", b"new", seconds=1))
    await tier.put(entry("k", b"old"))
    assert await tier.get("k", lambda _: POLICY) == entry("k", b"new", seconds=1)


async def test_a_dropped_key_is_gone_and_may_be_put_again_however_old(tier: Tier) -> None:
    await tier.put(entry("k", seconds=1))
    await tier.drop("k")
    await tier.drop("k")
    assert await tier.get("k", lambda _: POLICY) is None
    await tier.put(entry("k"))
    assert await tier.get("k", lambda _: POLICY) == entry("k")


async def test_memory_stays_within_its_bound_and_keeps_what_was_asked_for_last() -> None:
    tier = MemoryTier(10 * entry("k0", b"x" * 1000).size_bytes)
    for number in range(100):
        await tier.put(entry(f"k{number % 100}", b"x" * 1000))
        await tier.get("k0", lambda _: POLICY)
    assert tier.size_bytes <= 10 * entry("k99", b"x" * 1000).size_bytes
    assert tier.entries == pytest.approx(10, abs=1)
    assert await tier.get("k0", lambda _: POLICY) is not None
    assert await tier.get("k1", lambda _: POLICY) is None
