"""An upstream that writes down who wants each call, and a market service over it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from dozor.caching.memory import MemoryTier
from dozor.caching.negative import Negatives
from dozor.caching.readthrough import ReadThrough
from dozor.caching.singleflight import SingleFlight
from dozor.caching.stats import ReadStats
from dozor.caching.tiers import Found, Tiers
from dozor.clock import Clock
from dozor.domain.frequent import Frequency
from dozor.domain.lanes import Asker, Lane
from dozor.market.batches import Batches, Surroundings
from dozor.market.board import Board
from dozor.market.catalogue import Catalogue
from dozor.market.coin_ids import CoinIds
from dozor.market.policy import Pacing
from dozor.market.ports import Call, Depart, Fetched, QuotaUsage, UpstreamStatus, WindowUsage
from dozor.market.service import MarketService
from dozor.market.units import Units
from dozor.market.unknown_ids import UnknownIds

BODIES = {
    "/coins/markets": b"[]",
    "/coins/list": b"[]",
    "/coins/bitcoin": b'{"id":"bitcoin"}',
    "/coins/bitcoin/market_chart": b'{"prices":[]}',
    "/coins/bitcoin/ohlc": b"[]",
    "/simple/price": b"{}",
    "/global": b'{"data":{}}',
    "/search/trending": b'{"coins":[]}',
}


class RecordingUpstream:
    """Answers with next to nothing; while it is not ``open`` it holds its callers, as admission does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.bodies = dict(BODIES)
        self.calls: list[Call] = []  # as they were sent
        self.askers: list[tuple[str, Asker]] = []  # of whoever wanted one, with its family
        self.open = asyncio.Event()
        self.open.set()

    async def fetch(self, asker: Asker, family: str, depart: Depart) -> Fetched:
        self.askers.append((family, asker))
        await self.open.wait()
        call = await depart()
        self.calls.append(call)
        return Fetched(self.body_of(call), (), self._clock.now())

    def body_of(self, call: Call) -> bytes:
        """What this call is answered with."""
        return self.bodies[call.path]

    def expected_wait(self, lane: Lane, need: float) -> float:
        return 0.0

    async def status(self) -> UpstreamStatus:
        nothing = WindowUsage(0, None)
        return UpstreamStatus("closed", None, None, None, True, QuotaUsage(nothing, nothing))

    def clients(self, most: int) -> list[Frequency]:
        return []

    @property
    def wanted(self) -> list[tuple[str, Lane, str]]:
        """The family, lane and client of each call, as they are now."""
        return [(family, asker.lane, asker.client) for family, asker in self.askers]


@dataclass(frozen=True)
class Parts:
    """A market service and what it reads through."""

    market: MarketService
    units: Units
    batches: Batches


def market_over(upstream: RecordingUpstream, tasks: asyncio.TaskGroup, clock: Clock) -> MarketService:
    """A market service with a memory of its own."""
    return parts_over(upstream, tasks, clock).market


def parts_over(upstream: RecordingUpstream, tasks: asyncio.TaskGroup, clock: Clock) -> Parts:
    """The same with its parts."""
    tiers = Tiers(MemoryTier(1_000_000), [], tasks, clock, holder="this process")
    negatives, stats, board, catalogue, pacing = Negatives(clock), ReadStats(), Board(), Catalogue(), Pacing(paid=False)
    cache = ReadThrough(tiers, SingleFlight[Found](tasks), negatives, stats, clock)
    coin_ids = CoinIds()
    units = Units(cache, upstream, board, catalogue, coin_ids, clock, pacing)
    unknown_ids = UnknownIds(coin_ids, catalogue, units, SingleFlight[None](tasks), clock)
    surroundings = Surroundings(pacing, catalogue, units, unknown_ids.is_known)
    batches = Batches(board, upstream, tiers, negatives, stats, tasks, clock, surroundings)
    return Parts(MarketService(units, batches, unknown_ids, catalogue, stats, clock), units, batches)
