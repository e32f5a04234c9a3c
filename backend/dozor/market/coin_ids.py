"""Which ids the coin list has."""

from __future__ import annotations

from datetime import datetime

import msgspec

from dozor.market.families.coin_list import ALL_COINS
from dozor.market.question import Question


class _Listed(msgspec.Struct, gc=False):
    id: str


_decoder = msgspec.json.Decoder(list[_Listed])


class CoinIds:
    """The ids of the newest coin list that was seen: 2 MB for 18,000 of them. One instance per loop."""

    def __init__(self) -> None:
        self._ids: frozenset[str] | None = None
        self.fetched_at: datetime | None = None

    def learn(self, question: Question, body: bytes, fetched_at: datetime) -> None:
        """Take in an answer, which teaches something if it is the list of all coins and newer than the one known."""
        if question != ALL_COINS or (self.fetched_at is not None and fetched_at <= self.fetched_at):
            return
        # Asked for in lower case (``Kind.ID``), whatever the list says.
        self._ids = frozenset(row.id.lower() for row in _decoder.decode(body))
        self.fetched_at = fetched_at

    def has(self, coin_id: str) -> bool | None:
        """Whether the list has this id, given in lower case; ``None`` while no list is known."""
        return None if self._ids is None else coin_id in self._ids
