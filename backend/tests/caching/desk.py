"""A reading desk for the tests of ``readthrough``: everything real but the clock and what is loaded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from dozor.caching.entry import Entry
from dozor.caching.memory import MemoryTier
from dozor.caching.negative import Negatives
from dozor.caching.readthrough import Clearance, Read, ReadThrough, Recipe
from dozor.caching.singleflight import SingleFlight
from dozor.caching.stats import Counts, ReadStats
from dozor.caching.tier import SharedTier
from dozor.caching.tiers import Found, Tiers
from dozor.domain.bounds import NO_BOUNDS, Bounds
from dozor.domain.errors import QuestionRejected, UpstreamUnavailable
from dozor.domain.freshness import FreshnessPolicy
from dozor.domain.lanes import Asker, Lane
from fakes import FakeClock, settle

POLICY = FreshnessPolicy(timedelta(seconds=60), timedelta(seconds=120), timedelta(hours=1))
PATIENCE = 30.0  # longer than any test runs


class Source:
    """What a load asks: it answers at once with a numbered body, fails, or holds its callers until it is let go."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._open = asyncio.Event()
        self._open.set()
        self.loads = 0
        self.askers: list[Asker] = []  # of each load, as they are now
        self.failure: Exception | None = None

    def hold(self) -> None:
        self._open.clear()

    async def let_go(self) -> None:
        self._open.set()
        await settle()

    def fail(self) -> None:
        """Be an upstream that fails; ``retry_at`` is what a client would say, too soon for our liking."""
        self.failure = UpstreamUnavailable("503", self._clock.now() + timedelta(seconds=1))

    def reject(self) -> None:
        self.failure = QuestionRejected(404, b'{"error":"coin not found"}')

    async def load(self, key: str, asker: Asker) -> Entry:
        self.loads += 1
        self.askers.append(asker)
        number = self.loads
        await self._open.wait()
        if self.failure is not None:
            raise self.failure.with_traceback(None)  # each time as if new: a traceback only grows
        return Entry(key, b"body %d" % number, self._clock.now(), POLICY)


class Desk:
    """A ``ReadThrough`` over a memory tier and those given, and all that a test wants to see of it."""

    def __init__(
        self,
        tasks: asyncio.TaskGroup,
        memory: MemoryTier | None,
        shared: Sequence[SharedTier],
        clock: FakeClock | None,
        max_flights: int,
        max_negatives: int,
        holder: str,
    ) -> None:
        self.clock = clock or FakeClock()
        self.source = Source(self.clock)
        self.memory = memory or MemoryTier(1_000_000)
        proof = next((tier for tier in shared if tier.name == "redis"), None)
        self.tiers = Tiers(self.memory, shared, tasks, self.clock, holder=holder, proof=proof)
        self.flights = SingleFlight[Found](tasks, max_flights)
        self.negatives = Negatives(self.clock, max_negatives)
        self.stats = ReadStats()
        self.cache = ReadThrough(self.tiers, self.flights, self.negatives, self.stats, self.clock)

    def recipe(self, key: str) -> Recipe:
        async def load(clear: Clearance, asker: Asker) -> Entry:
            await clear()
            return await self.source.load(key, asker)

        return Recipe(load, lambda _: POLICY)

    async def read(
        self,
        key: str = "k",
        wait_seconds: float = PATIENCE,
        lane: Lane = Lane.PERSON,
        client: str = "app",
        bounds: Bounds = NO_BOUNDS,
    ) -> Read:
        asker = Asker(lane, client)
        return await self.cache.read(
            key, self.recipe(key), asker, family="prices", wait_seconds=wait_seconds, bounds=bounds
        )

    async def peek(self, key: str = "k") -> Read | None:
        return await self.cache.peek(key, lambda _: POLICY, "prices")

    def ask(self, times: int = 1, key: str = "k") -> list[asyncio.Task[Read]]:
        return [asyncio.create_task(self.read(key)) for _ in range(times)]

    def refresh(self, key: str = "k", lane: Lane = Lane.PERSON, client: str = "app") -> bool:
        return self.cache.refresh(key, self.recipe(key), Asker(lane, client), "prices")

    async def hold_entry_aged(self, seconds: float, key: str = "k") -> Entry:
        entry = Entry(key, b"old", self.clock.now() - timedelta(seconds=seconds), POLICY)
        await self.memory.put(entry)
        return entry

    @property
    def counts(self) -> Counts:
        return self.stats.snapshot().total


@asynccontextmanager
async def desk(
    memory: MemoryTier | None = None,
    *,
    shared: Sequence[SharedTier] = (),
    clock: FakeClock | None = None,
    max_flights: int = 1000,
    max_negatives: int = 10_000,
    holder: str = "this process",
) -> AsyncIterator[Desk]:
    """A desk whose loads end when the block does."""
    async with asyncio.TaskGroup() as tasks:
        yield Desk(tasks, memory, shared, clock, max_flights, max_negatives, holder)
