"""What answers tell in passing about coins: their picture, their rank, their name. It never costs a call."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True)
class KnownCoin:
    """What was last said of a coin; ``None`` where nothing was."""

    symbol: str
    name: str
    image_url: str | None


class _Row(msgspec.Struct):
    id: str
    symbol: str = ""
    name: str = ""
    image: str | dict[str, str | None] | None = None
    large: str | None = None
    thumb: str | None = None
    small: str | None = None
    market_cap_rank: int | None = None


class _Found(msgspec.Struct):
    coins: list[_Row] = []


class _Item(msgspec.Struct):
    item: _Row


class _Trending(msgspec.Struct):
    coins: list[_Item] = []


_READERS: Mapping[str, msgspec.json.Decoder[list[_Row] | _Row | _Found | _Trending]] = {
    "/coins/markets": msgspec.json.Decoder(list[_Row]),
    "/coins/{id}": msgspec.json.Decoder(_Row),
    "/search": msgspec.json.Decoder(_Found),
    "/search/trending": msgspec.json.Decoder(_Trending),
}


class Catalogue:
    """Coins by id, learned from every good answer that names them. One instance per loop."""

    def __init__(self, max_coins: int = 30_000) -> None:
        self._coins: dict[str, KnownCoin] = {}
        self.ranks: dict[str, int] = {}  # of the coins whose rank is known, apart: a search looks up thousands
        self.revision = 0  # grows with every answer that taught something
        self._sorted: Sequence[str] = ()
        self._sorted_at = 0
        self._max_coins = max_coins  # ids come from upstream only, but a bound costs nothing

    def learn(self, path: str, body: bytes) -> None:
        """Take in the answer of the endpoint at ``path``; one that names no coins as expected teaches nothing."""
        reader = _READERS.get(path)
        if reader is None:
            return
        try:
            answer = reader.decode(body)
        except msgspec.DecodeError:
            return
        self.revision += 1
        for row in _rows(answer):
            known = self._coins.get(row.id)
            if known is None and len(self._coins) >= self._max_coins:
                return
            if row.market_cap_rank is not None:
                self.ranks[row.id] = row.market_cap_rank
            self._coins[row.id] = KnownCoin(
                symbol=row.symbol or (known.symbol if known else ""),
                name=row.name or (known.name if known else ""),
                image_url=_image_url(row) or (known.image_url if known else None),
            )

    def by_rank(self, first: int) -> Sequence[str]:
        """The coins whose rank is known to be ``first`` or beyond, the most valuable first."""
        if self._sorted_at != self.revision:
            self._sorted = sorted(self.ranks, key=self.ranks.__getitem__)
            self._sorted_at = self.revision
        begin = bisect_left(self._sorted, first, key=self.ranks.__getitem__)
        return self._sorted[begin:]

    def is_among_first(self, coin_id: str, most: int) -> bool:
        """Whether the coin is known to be one of the so many most valuable."""
        rank = self.ranks.get(coin_id)
        return rank is not None and rank <= most

    def get(self, coin_id: str) -> KnownCoin | None:
        """What is known of this coin, ``None`` when no answer has named it."""
        return self._coins.get(coin_id)


def _rows(answer: list[_Row] | _Row | _Found | _Trending) -> list[_Row]:
    match answer:
        case _Row():
            return [answer]
        case _Found():
            return answer.coins
        case _Trending():
            return [coin.item for coin in answer.coins]
        case _:
            return answer


def _image_url(row: _Row) -> str | None:
    """The smallest picture that is sharp at 32 px: ``small`` is 50 px wide, ``large`` 250, ``thumb`` 25."""
    if isinstance(row.image, dict):
        return row.image.get("small") or row.image.get("large") or row.image.get("thumb")
    if row.image:
        return row.image.replace("/large/", "/small/")  # the same picture's other size, as /coins/{id} lists them
    return row.small or (row.large.replace("/large/", "/small/") if row.large else None) or row.thumb
