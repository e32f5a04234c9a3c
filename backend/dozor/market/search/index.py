"""Local search over the coin list: name, symbol, id or contract address, with mistakes forgiven. It costs no call."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import chain

import msgspec

from dozor.market.search.lines import Lines
from dozor.market.search.misspelt import Sounds
from dozor.market.search.nicknames import ASSUMED_RANK, NICKNAMES
from dozor.market.search.spelling import fold, latin, retyped

MAX_QUERY = 300  # characters; the longest contract address of 2026 has 233
MAX_TEXT = 100  # of a name, and of what is compared with one; the longest has 103
MAX_COINS = 50_000  # about three times as many as there are; what comes after these is not searched
MAX_ADDRESSES = 200_000
SURELY_ADDRESS = 16  # characters from which on the beginning of an address is taken for one, and means nothing else
UNRANKED = 1_000_000

RankOf = Callable[[str], int | None]


class ListedCoin(msgspec.Struct, frozen=True, gc=False):
    """One row of the coin list; a text is empty where upstream has none."""

    id: str
    symbol: str
    name: str


@dataclass(frozen=True, slots=True)
class Match:
    """A coin that a query found; ``rank`` by market cap, ``None`` when no answer has told it."""

    coin: ListedCoin
    rank: int | None


class _Row(msgspec.Struct, gc=False):  # tens of thousands at once; a collection of garbage would stop every thread
    id: str
    symbol: str | None = None
    name: str | None = None

    def coin(self) -> ListedCoin:
        return ListedCoin(self.id, self.symbol or "", self.name or "")


class _RowWithContracts(_Row, gc=False):
    platforms: dict[str, str | None] | None = None

    def addresses(self) -> set[str]:
        """Those of every chain, each once, as they are compared; blank space in one would make it two lines."""
        return {"".join(address.split()).casefold() for address in (self.platforms or {}).values() if address}


_rows_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_decoder = msgspec.json.Decoder(_RowWithContracts)
_decoder_without_contracts = msgspec.json.Decoder(_Row)


class SearchIndex:
    """The coin list, ready to be searched. Immutable; may be built in another thread."""

    def __init__(self, coin_list: bytes, *, max_coins: int = MAX_COINS, max_addresses: int = MAX_ADDRESSES) -> None:
        """Read the body of ``/coins/list``, with or without platforms. Raises msgspec.DecodeError."""
        # One by one: decoding 18,000 rows in one call would hold up every other thread for 10 ms.
        rows = [_row(row) for row in _rows_decoder.decode(coin_list)[:max_coins]]
        rows = [row for row in rows if row.id]  # one recorded list (2022) had an empty id
        rows.sort(key=lambda row: ((row.name or "").casefold(), row.id))  # the order of those that nobody ranks
        self._coins = [row.coin() for row in rows]
        self._ids = [coin.id for coin in self._coins]
        self._assumed_ranks = array("I", (ASSUMED_RANK.get(coin_id, UNRANKED) for coin_id in self._ids))
        spelled = [
            (text[:MAX_TEXT], number)
            for number, coin in enumerate(self._coins)
            for text in dict.fromkeys(map(fold, (coin.symbol, coin.name, coin.id, *NICKNAMES.get(coin.id, ()))))
            if text
        ]
        self._texts = Lines(spelled)
        self._sounds = Sounds(spelled)
        addresses = [
            (address, number)
            for number, row in enumerate(rows)
            if isinstance(row, _RowWithContracts)
            for address in row.addresses()
            if 0 < len(address) <= MAX_QUERY
        ]
        self._addresses = Lines(addresses[:max_addresses])

    def __len__(self) -> int:
        return len(self._coins)

    def find(self, query: str, limit: int, rank_of: RankOf) -> list[Match]:
        """At most ``limit`` coins, the closest first, of equally close ones the better known.

        The closeness is that of the best of symbol, name and id: the same, a beginning, the beginning of a word, a
        part, then what a few mistakes or another alphabet could have made of it. A contract address finds its coins and
        no others. A blank query finds nothing; a longer one than ``MAX_QUERY`` is cut.
        """
        wanted = query.strip()[:MAX_QUERY]
        found: list[int] = []
        for tier in self._tiers(wanted):
            found += self._best(set(tier).difference(found), limit - len(found), rank_of)
            if len(found) >= limit:
                break
        return [Match(coin, rank_of(coin.id)) for coin in map(self._coins.__getitem__, found)]

    def _tiers(self, wanted: str) -> Iterator[Sequence[int]]:
        """What is found, in tiers of decreasing closeness; each is looked for only when it is needed."""
        same_address, longer_addresses = self._addresses.beginning_with(wanted.casefold())
        folded = fold(wanted)[:MAX_TEXT]
        if len(wanted) >= SURELY_ADDRESS and (same_address or longer_addresses):
            yield same_address or longer_addresses
            return
        if not folded:  # nothing but blanks
            return
        readings = [reading for reading in dict.fromkeys((folded, latin(folded))) if reading]  # «ь» has no Latin one
        beginnings = [self._texts.beginning_with(reading) for reading in readings]
        mistyped = self._texts.beginning_with(retyped(folded)).whole
        yield [*chain.from_iterable(reading.whole for reading in beginnings), *same_address, *mistyped]
        yield [*chain.from_iterable(reading.longer for reading in beginnings)]
        parts = [self._texts.containing(reading) for reading in readings]
        yield [*chain.from_iterable(reading.words for reading in parts)]
        yield [*chain.from_iterable(reading.inside for reading in parts)]
        near = self._sounds.near(folded)
        for mistakes in sorted(near):
            yield near[mistakes]

    def _best(self, numbers: Iterable[int], limit: int, rank_of: RankOf) -> list[int]:
        # Thousands have a frequent part; the ranks of all are looked up without a step of Python's for each.
        candidates = list(numbers)
        ranks = map(rank_of, map(self._ids.__getitem__, candidates))
        assumed = map(self._assumed_ranks.__getitem__, candidates)
        places = [
            (if_untold if rank is None else rank, number)
            for number, rank, if_untold in zip(candidates, ranks, assumed, strict=True)
        ]
        return [number for _, number in nsmallest(limit, places)]


def _row(row: msgspec.Raw) -> _Row:
    try:
        return _decoder.decode(row)
    except msgspec.ValidationError:  # odd platforms: better no search by address than none at all
        return _decoder_without_contracts.decode(row)
