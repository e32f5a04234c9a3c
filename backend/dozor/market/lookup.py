"""Finding coins: the search index over the coin list, kept up to date at the cost of one call in six hours."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from dozor.caching.lru import ByteLru
from dozor.domain.bounds import ANY_STALENESS, Bounds
from dozor.market.families.coin_list import ALL_COINS
from dozor.market.search.index import Match, SearchIndex
from dozor.market.service import Answer, MarketService

HOWEVER_OLD = Bounds(max_stale=ANY_STALENESS)
RESULTS_BYTES = 4 * 1024 * 1024
OFF_LOOP_BYTES = 128 * 1024  # of a coin list; the index of a longer one takes more than 20 ms (bench/search.py)


@dataclass(frozen=True, slots=True)
class Found:
    """What a query found, in which coin list; another ``revision`` may find other coins or order them otherwise."""

    matches: list[Match]
    coin_list: Answer
    revision: str


@dataclass(frozen=True, slots=True)
class _Indexed:
    index: SearchIndex
    coin_list_hash: str


class CoinLookup:
    """Searches the coin list, which it fetches when somebody searches. One instance per loop."""

    def __init__(self, market: MarketService) -> None:
        self._market = market
        self._indexed: _Indexed | None = None
        self._building = asyncio.Lock()
        self._found: ByteLru[tuple[str, str], list[Match]] = ByteLru(
            RESULTS_BYTES, lambda place, matches: len(place[0]) + 300 * (len(matches) + 1)
        )

    async def find(self, query: str, limit: int, *, client: str) -> Found:
        """At most ``limit`` coins, a limit that never changes, best first, for ``client``.

        Raises TryLater when no list can be had.
        """
        coin_list = await self._coin_list(client)
        index = await self._index_of(coin_list)
        revision = f"{coin_list.hash[:8]}.{self._market.catalogue.revision}"
        matches = self._found.get((query, revision))
        if matches is None:
            matches = index.find(query, limit, self._market.catalogue.ranks.get)
            self._found.put((query, revision), matches)
        return Found(matches, coin_list, revision)

    async def _coin_list(self, client: str) -> Answer:
        # Whoever searches does not wait for a newer list while there is one, however old: it comes behind.
        return await self._market.answer(ALL_COINS, client=client, bounds=HOWEVER_OLD)

    async def _index_of(self, coin_list: Answer) -> SearchIndex:
        async with self._building:  # whoever asks meanwhile waits for the same index
            if self._indexed is None or self._indexed.coin_list_hash != coin_list.hash:
                if len(coin_list.body) > OFF_LOOP_BYTES:
                    index = await asyncio.to_thread(SearchIndex, coin_list.body)
                else:
                    index = SearchIndex(coin_list.body)
                self._indexed = _Indexed(index, coin_list.hash)
            return self._indexed.index
