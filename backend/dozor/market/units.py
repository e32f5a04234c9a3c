"""Read units: what one call brings, by its key, and what is cut from it.

What a unit teaches in passing (names, ranks, rows that are facts of a lot) is taken in when it is loaded, and when it
comes from a tier that others write to.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any

import msgspec

from dozor.caching.entry import Entry
from dozor.caching.lru import ByteLru
from dozor.caching.readthrough import Clearance, Read, ReadThrough, Recipe
from dozor.caching.tier import PolicyOf
from dozor.clock import Clock
from dozor.domain.bounds import NO_BOUNDS, Bounds
from dozor.domain.errors import UpstreamUnavailable
from dozor.domain.lanes import Asker, Lane
from dozor.market.board import Board
from dozor.market.catalogue import Catalogue
from dozor.market.coin_ids import CoinIds
from dozor.market.demand import Demand
from dozor.market.families.family import Unit
from dozor.market.policy import Pacing, policy_for
from dozor.market.ports import Call, Upstream
from dozor.market.tuning import AHEAD_WITHIN_S, EXPECT_S, MOST_AHEAD

READ_BYTES = 32 * 1024 * 1024
CUT_BYTES = 32 * 1024 * 1024
LEARNED_BYTES = 4 * 1024 * 1024
LOAD_ENDS_WITHIN_S = 30.0  # a little more than a fetch takes at most (``ports.Upstream``)
BAD_ANSWER_RETRY = timedelta(seconds=5)


class Units:
    """Units from the cache, and from upstream where the cache has none to serve. One instance per loop."""

    def __init__(
        self,
        cache: ReadThrough,
        upstream: Upstream,
        board: Board,
        catalogue: Catalogue,
        coin_ids: CoinIds,
        clock: Clock,
        pacing: Pacing,
    ) -> None:
        self._cache = cache
        self._upstream = upstream
        self._board = board
        self._catalogue = catalogue
        self._coin_ids = coin_ids
        self._clock = clock
        self._pacing = pacing
        self._demand = Demand(clock)
        self._asked: OrderedDict[str, Unit] = OrderedDict()  # the one asked for last comes last
        self._learned: ByteLru[str, tuple[str, datetime]] = ByteLru(LEARNED_BYTES, lambda key, _: len(key) + 350)
        self._read: ByteLru[tuple[str, str], tuple[Any, int]] = ByteLru(READ_BYTES, lambda _, read: read[1])
        self._cut: ByteLru[tuple[str, str], tuple[bytes, str]] = ByteLru(
            CUT_BYTES, lambda place, cut: len(place[0]) + len(cut[0]) + 256
        )

    async def read(self, unit: Unit, asker: Asker, *, wait_seconds: float, bounds: Bounds = NO_BOUNDS) -> Read:
        """The unit's entry; see ``ReadThrough.read``."""
        self._count(unit)
        asker.expected = self._demand.rate(unit.key) * EXPECT_S
        read = await self._cache.read(
            unit.key,
            self._recipe(unit),
            asker,
            family=unit.asks.endpoint.function,
            wait_seconds=wait_seconds,
            bounds=bounds,
        )
        self._learn(unit, read.entry)
        return read

    async def renew(self, unit: Unit, asker: Asker) -> None:
        """Load the unit, however fresh the one that is known; see ``ReadThrough.renew``."""
        family = unit.asks.endpoint.function
        entry = await self._cache.renew(
            unit.key, self._recipe(unit), asker, family=family, wait_seconds=LOAD_ENDS_WITHIN_S
        )
        self._learn(unit, entry)

    async def refresh_ahead(self, lane: Lane) -> None:
        """Begin to refresh what is past its fresh time and will be asked for soon, what is needed most first."""
        due: list[tuple[Asker, Unit]] = []
        for unit in self._asked.values():
            rate = self._demand.rate(unit.key)
            if rate * AHEAD_WITHIN_S >= 1:
                staleness = await self._cache.staleness(unit.key, self._policy_of(unit))
                if staleness is not None and staleness >= 0:
                    due.append((Asker(lane, "", expected=rate * EXPECT_S * min(staleness, 1.0)), unit))
        for asker, unit in sorted(due, key=lambda one: -one[0].expected):
            self._cache.refresh_stale(unit.key, self._recipe(unit), asker, unit.asks.endpoint.function)

    async def peek(self, unit: Unit) -> Read | None:
        """See ``ReadThrough.peek``."""
        read = await self._cache.peek(unit.key, self._policy_of(unit), unit.asks.endpoint.function)
        if read is not None:
            self._learn(unit, read.entry)
        return read

    def cut(self, unit: Unit, entry: Entry, question_key: str) -> tuple[bytes, str]:
        """The answer to a question that wants this unit, and its SHA-256 in hexadecimal digits."""
        if unit.cut is None:
            return entry.body, entry.hash
        place = (question_key, entry.hash)
        cut = self._cut.get(place)
        if cut is None:
            body = unit.cut(self._reading(unit, entry))
            cut = (body, entry.hash if body == entry.body else hashlib.sha256(body).hexdigest())
            self._cut.put(place, cut)
        return cut

    def _count(self, unit: Unit) -> None:
        self._demand.count(unit.key)
        self._asked[unit.key] = unit
        self._asked.move_to_end(unit.key)
        if len(self._asked) > MOST_AHEAD:
            self._asked.popitem(last=False)

    def _recipe(self, unit: Unit) -> Recipe:
        async def load(clear: Clearance, asker: Asker) -> Entry:
            return await self._load(unit, asker, clear)

        return Recipe(load, self._policy_of(unit))

    async def _load(self, unit: Unit, asker: Asker, clear: Clearance) -> Entry:
        async def depart() -> Call:
            await clear()
            return unit.call

        endpoint = unit.asks.endpoint
        fetched = await self._upstream.fetch(asker, endpoint.function, depart)
        entry = Entry(
            unit.key,
            fetched.body,
            fetched.fetched_at,
            self._policy_of(unit)(fetched.fetched_at),
            headers=fetched.headers,
        )
        try:
            endpoint.answer.decode(fetched.body)
            if unit.cut is not None:
                unit.cut(self._reading(unit, entry))
        except (msgspec.DecodeError, ValueError) as error:
            # Something else than an answer, whatever its status: it must never replace a good one.
            raise UpstreamUnavailable(
                f"its answer cannot be read ({error})", self._clock.now() + BAD_ANSWER_RETRY
            ) from error
        self._learn(unit, entry)
        return entry

    def _reading(self, unit: Unit, entry: Entry) -> Any:
        place = (unit.key, entry.hash)
        known = self._read.get(place)
        if known is not None:
            return known[0]
        reading = unit.read(entry.body)
        self._read.put(place, (reading, entry.size_bytes))
        return reading

    def _learn(self, unit: Unit, entry: Entry) -> None:
        """Take in what the entry teaches, once; another process may have loaded it, or this one before its restart."""
        fetched = (entry.hash, entry.fetched_at)
        if self._learned.get(unit.key) == fetched:
            return
        self._learned.put(unit.key, fetched)
        self._coin_ids.learn(unit.asks, entry.body, entry.fetched_at)
        self._catalogue.learn(unit.asks.endpoint.path, entry.body)
        if unit.shares is not None:
            lot, said_in = unit.shares
            said = said_in(self._reading(unit, entry))
            self._board.learn(lot, said, said.keys(), lot.usual_columns, entry.fetched_at)

    def _policy_of(self, unit: Unit) -> PolicyOf:
        return lambda fetched_at: policy_for(unit.asks, fetched_at, self._pacing)
