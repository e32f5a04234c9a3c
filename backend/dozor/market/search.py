"""Local search over the coin list: by name, symbol or id, the better known first. It costs no call of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

MAX_QUERY = 100  # characters; no coin's name is longer
UNRANKED = 1_000_000


class ListedCoin(msgspec.Struct, frozen=True):
    """One row of the coin list; a text is empty where upstream has none."""

    id: str
    symbol: str
    name: str


@dataclass(frozen=True, slots=True)
class Match:
    """A coin that a query found; ``rank`` by market cap, ``None`` when no answer has told it."""

    coin: ListedCoin
    rank: int | None


@dataclass(frozen=True, slots=True)
class _Searchable:
    coin: ListedCoin
    id: str
    symbol: str
    name: str


class _Row(msgspec.Struct):
    id: str
    symbol: str | None = None
    name: str | None = None

    def coin(self) -> ListedCoin:
        return ListedCoin(self.id, self.symbol or "", self.name or "")


_decoder = msgspec.json.Decoder(list[_Row])


class SearchIndex:
    """The coin list, ready to be searched. Immutable."""

    def __init__(self, coin_list: bytes) -> None:
        """Read the body of ``/coins/list``. Raises msgspec.DecodeError."""
        # One recorded list (2022) contained an empty id.
        self._coins = [
            _Searchable(coin, coin.id.casefold(), coin.symbol.casefold(), coin.name.casefold())
            for coin in (row.coin() for row in _decoder.decode(coin_list) if row.id)
        ]

    def __len__(self) -> int:
        return len(self._coins)

    def find(self, query: str, limit: int, rank_of: Callable[[str], int | None]) -> list[Match]:
        """At most ``limit`` coins: exact matches before beginnings before the rest, within each by rank.

        A blank query finds nothing; a longer one than ``MAX_QUERY`` is cut.
        """
        wanted = query.strip().casefold()[:MAX_QUERY]
        if not wanted:
            return []
        found = []
        for item in self._coins:
            closeness = _closeness(item, wanted)
            if closeness is not None:
                rank = rank_of(item.coin.id)
                found.append(
                    (closeness, UNRANKED if rank is None else rank, item.name, item.id, Match(item.coin, rank))
                )
        found.sort(key=lambda row: row[:4])
        return [row[4] for row in found[:limit]]


def _closeness(item: _Searchable, wanted: str) -> int | None:
    if wanted in (item.symbol, item.id, item.name):
        return 0
    if item.symbol.startswith(wanted) or item.name.startswith(wanted) or item.id.startswith(wanted):
        return 1
    if wanted in item.name or wanted in item.id:
        return 2
    return None
