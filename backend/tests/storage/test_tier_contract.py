"""What every tier promises, and every tier that processes share: the same tests over all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caching.shared_shelf import SharedShelf
from dozor.caching.entry import Entry
from dozor.caching.lease import Lease, Taken, Verdict
from dozor.caching.memory import MemoryTier
from dozor.caching.tier import SharedTier, Tier
from dozor.clock import SystemClock
from dozor.storage.disk_tier import DiskTier
from dozor.storage.redis_tier import RedisTier
from fakes import FakeClock
from redis_binaries import Binary
from redis_groups import ClusterServers, SentinelServers
from redis_servers import Server
from storage.linked import POLICY, own_prefix, policy_of, shelf

MIB = 1024 * 1024
SHARED = ["disk", "redis", "valkey", "sentinel", "cluster"]

OpenTier = Callable[[], Awaitable[SharedTier]]
"""Another process's sight of the same tier."""


@dataclass
class Shared:
    tier: SharedTier
    open_another: OpenTier


@pytest.fixture
def disk_file(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


@pytest.fixture(params=SHARED)
async def shared(request: pytest.FixtureRequest, disk_file: Path) -> AsyncIterator[Shared]:
    """A shared tier, empty, over each real thing in turn."""
    async with AsyncExitStack() as stack:

        async def open_disk() -> SharedTier:
            return await stack.enter_async_context(disk(disk_file))

        prefix = own_prefix()

        async def open_redis() -> SharedTier:
            at = await stack.enter_async_context(shelf(url, key_prefix=prefix))
            assert at.link.up, at.link.state
            return at.tier

        opener: OpenTier = open_redis
        match request.param:
            case "disk":
                opener = open_disk
            case "sentinel":
                servers: SentinelServers = request.getfixturevalue("sentinel_servers")
                url = servers.url
            case "cluster":
                nodes: ClusterServers = request.getfixturevalue("cluster_servers")
                url = nodes.url
            case "redis" | "valkey":
                url = request.getfixturevalue(f"one_{request.param}").url
        yield Shared(await opener(), opener)


@pytest.fixture(scope="session")
def one_redis(redis_itself: Binary) -> Iterator[Server]:
    with Server(redis_itself) as server:
        yield server


@pytest.fixture(scope="session")
def one_valkey(valkey: Binary) -> Iterator[Server]:
    with Server(valkey) as server:
        yield server


@asynccontextmanager
async def disk(file: Path, max_bytes: int = 64 * MIB, clock: SystemClock | None = None) -> AsyncIterator[DiskTier]:
    async with asyncio.TaskGroup() as tasks:
        tier = DiskTier(file, max_bytes, clock or SystemClock())
        tier.start(tasks)
        try:
            yield tier
        finally:
            await tier.close()


def entry(body: bytes = b'{"usd":1.054e-05}', *, age: float = 0.0, key: str = "k", **changes: object) -> Entry:
    fetched_at = SystemClock().now() - timedelta(seconds=age)
    fetched_at -= timedelta(microseconds=fetched_at.microsecond % 1000)
    return Entry(key, body, fetched_at, POLICY, **changes)  # type: ignore[arg-type]


def same(found: Entry | None, put: Entry) -> bool:
    """Equal, but for a clock that was asked twice."""
    return (
        found is not None
        and (found.key, found.body, found.hash, found.headers) == (put.key, put.body, put.hash, put.headers)
        and found.policy == put.policy
        and abs(found.fetched_at - put.fetched_at) <= timedelta(milliseconds=2)
    )


async def held(tier: SharedTier, holder: str = "one", key: str = "k") -> Lease:
    lease = await tier.take(key, holder, 12)
    assert isinstance(lease, Lease)
    return lease


async def settled(tier: SharedTier) -> None:
    """Everything kept and released before this is there: what is put is queued behind it."""
    await tier.put(entry(key="behind"))
    if isinstance(tier, RedisTier | DiskTier):
        await tier._queue.emptied()


ODD_KEYS = [
    "coin_details:bitcoin",
    "v1:/coins/markets?vs_currency=usd&ids=a%2Cb",
    "с кириллицей и пробелами",
    "{tag}rest",
    "a}b{c",
    "{}",
    "k" * 4000,
]


async def all_tiers(shared: Shared) -> list[Tier]:
    return [MemoryTier(MIB), shared.tier]


async def test_an_entry_comes_back_as_it_was_put(shared: Shared) -> None:
    for tier in await all_tiers(shared):
        put = entry(age=5, headers=(("link", '<…>; rel="next"'), ("total", "17")))
        await tier.put(put)
        assert same(await tier.get("k", policy_of), put)


async def test_what_was_never_put_is_not_there(shared: Shared) -> None:
    for tier in await all_tiers(shared):
        assert await tier.get("k", policy_of) is None


async def test_a_newer_entry_takes_the_place_of_an_older_one_and_never_the_other_way_round(shared: Shared) -> None:
    for tier in await all_tiers(shared):
        newer = entry(b'"newer"', age=1)
        await tier.put(entry(b'"older"', age=20))
        await tier.put(newer)
        await tier.put(entry(b'"late"', age=10))
        assert same(await tier.get("k", policy_of), newer)


async def test_a_dropped_key_is_gone_and_may_be_put_again_however_old(shared: Shared) -> None:
    for tier in await all_tiers(shared):
        await tier.put(entry(age=1))
        await tier.drop("k")
        await tier.drop("k")
        assert await tier.get("k", policy_of) is None
        old = entry(age=30)
        await tier.put(old)
        assert same(await tier.get("k", policy_of), old)


async def test_any_key_and_any_body_are_kept(shared: Shared) -> None:
    for tier in await all_tiers(shared):
        for number, key in enumerate(ODD_KEYS):
            put = entry(bytes(range(256)) + b"%d" % number, key=key)
            await tier.put(put)
            assert same(await tier.get(key, policy_of), put), key


async def test_what_has_expired_does_not_come_back_as_usable(shared: Shared) -> None:
    for tier in await all_tiers(shared):
        await tier.put(entry(age=POLICY.usable_for.total_seconds() + 1))
        found = await tier.get("k", policy_of)
        assert found is None or found.age(SystemClock().now()) >= POLICY.usable_for


async def test_an_age_is_counted_from_the_fetch_through_every_tier(shared: Shared) -> None:
    await shared.tier.put(entry(age=42))
    found = await (await shared.open_another()).get("k", policy_of)
    assert found is not None
    assert 41.9 < found.age(SystemClock().now()).total_seconds() < 50


async def test_another_process_sees_what_is_kept(shared: Shared) -> None:
    put = entry()
    await shared.tier.put(put)
    assert same(await (await shared.open_another()).get("k", policy_of), put)


async def test_a_lease_belongs_to_one_holder_and_is_renewed_for_him(shared: Shared) -> None:
    other = await shared.open_another()
    lease = await held(shared.tier)
    assert await held(shared.tier) == lease
    taken = await other.take("k", "two", 12)
    assert isinstance(taken, Taken)
    assert 0 < taken.for_seconds <= 12
    assert isinstance(await other.look("k"), Taken)
    assert isinstance(await other.take("another key", "two", 12), Lease)


async def test_of_many_who_ask_at_once_one_gets_the_lease(shared: Shared) -> None:
    others = [shared.tier, await shared.open_another(), await shared.open_another()]
    answers = await asyncio.gather(*(others[n % 3].take("k", f"holder {n}", 12) for n in range(12)))
    given = [answer for answer in answers if isinstance(answer, Lease)]
    assert len(given) <= 1, "a server that answers late gives none, never two"
    assert given or isinstance(await shared.tier.look("k"), Taken)


async def test_an_entry_lands_in_the_step_in_which_its_lease_ends(shared: Shared) -> None:
    other = await shared.open_another()
    for number in range(20):
        key = f"k{number}"
        put = entry(key=key)
        shared.tier.keep(put, await held(shared.tier, key=key))
        while isinstance(await other.look(key), Taken):
            pass
        assert same(await other.get(key, policy_of), put)


async def test_a_failed_load_leaves_word_for_those_who_wait(shared: Shared) -> None:
    other = await shared.open_another()
    shared.tier.release(await held(shared.tier), b"why \x00")
    await settled(shared.tier)
    assert await other.look("k") == Verdict(b"why \x00")
    await held(other, "two")
    assert isinstance(await shared.tier.look("k"), Taken), "the next holder begins anew"


async def test_a_lease_that_was_lost_ends_nobody_elses(shared: Shared) -> None:
    mine = await shared.tier.take("k", "one", 0.05)
    assert isinstance(mine, Lease)
    while not isinstance(theirs := await shared.tier.take("k", "two", 12), Lease):
        pass
    shared.tier.release(mine)
    await settled(shared.tier)
    assert isinstance(await shared.tier.look("k"), Taken)
    assert theirs.number > mine.number


async def test_a_late_leader_never_replaces_what_was_kept_under_a_later_lease(shared: Shared) -> None:
    late = await shared.tier.take("k", "one", 0.05)
    assert isinstance(late, Lease)
    while not isinstance(later := await shared.tier.take("k", "two", 12), Lease):
        pass
    good = entry(b'"under the later lease"', age=10)
    shared.tier.keep(good, later)
    shared.tier.keep(entry(b'"late, with a newer stamp"'), late)
    await settled(shared.tier)
    assert same(await shared.tier.get("k", policy_of), good)


async def test_a_later_lease_wins_over_a_wrong_clock(shared: Shared) -> None:
    first = await held(shared.tier)
    shared.tier.keep(entry(b'"by a clock that is fast"'), first)
    await settled(shared.tier)
    good = entry(b'"by a clock that is right"', age=20)
    shared.tier.keep(good, await held(shared.tier, "two"))
    await settled(shared.tier)
    assert same(await shared.tier.get("k", policy_of), good)


async def test_a_reader_who_is_cancelled_leaves_no_answer_to_the_next(shared: Shared) -> None:
    for key in ("a", "b"):
        await shared.tier.put(entry(key.encode() * 50_000, key=key))
    for turns in range(30):
        reader = asyncio.create_task(shared.tier.get("a", policy_of))
        for _ in range(turns):
            await asyncio.sleep(0)
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        found = await shared.tier.get("b", policy_of)
        assert found is None or found.body[:1] == b"b"


STEPS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=8)


@given(steps=STEPS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_order_loads_end_in_the_tier_agrees_with_the_contract(
    disk_file: Path, steps: list[tuple[int, int]]
) -> None:
    """Entries under leases taken in order, kept in any order and with any stamp: what is left is what the plainest
    reading of the contract leaves.
    """
    model = SharedShelf(FakeClock())
    now = SystemClock().now()
    async with disk(disk_file.with_name(f"{abs(hash(str(steps)))}.db")) as tier:
        leases: list[tuple[Lease, Lease]] = []
        for number in range(4):
            real, modelled = await tier.take("k", f"holder {number}", 1e-6), await model.take("k", f"{number}", 0.0)
            assert isinstance(real, Lease)
            assert isinstance(modelled, Lease)
            leases.append((real, modelled))
        for step, (lease, age) in enumerate(steps):
            kept = Entry("k", b"%d" % step, now - timedelta(seconds=age), POLICY)
            tier.keep(kept, leases[lease][0])
            model.keep(kept, leases[lease][1])
        await tier._queue.emptied()
        found = await tier.get("k", policy_of)
        assert found is not None
        assert found.body == model.entries["k"].body
