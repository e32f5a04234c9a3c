"""The board of one lot: what upstream last said of each coin, in each column, and when.

A lot is a set of facts that one upstream call can bring together. A fact is a coin in a column: its price in ``usd``,
or its row in a list, which has one column. Facts are kept as upstream sent them, as slices of its bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

Fact: TypeAlias = tuple[str, str]


class Saying(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What one upstream answer said of one coin: ``None`` where it left out a coin that was asked for.

    ``place`` is where in that answer.
    """

    said: Any
    fetched_at: datetime
    place: int


class Facts:
    """The newest sayings of one lot. One instance per loop; the most coins are bounded, the oldest go first.

    ``in_asked_order``: upstream answers columns in the order in which they are asked for, as far as is known.
    """

    def __init__(self, most_coins: int) -> None:
        self._sayings: dict[str, dict[str, Saying]] = {}
        self._fetched_at: dict[str, datetime] = {}
        self._most_coins = most_coins
        self.in_asked_order = True

    def take_in(
        self, said: Mapping[str, object], asked: Collection[str], columns: Collection[str], fetched_at: datetime
    ) -> None:
        """An answer fetched at ``fetched_at`` to a question for ``asked`` coins in ``columns`` said this of each.

        A coin that was asked for and not said is absent upstream. What is known newer stays.
        """
        places = {coin: place for place, coin in enumerate(said)}
        for coin in asked:
            saying = Saying(said.get(coin), fetched_at, places.get(coin, -1))
            known = self._sayings.get(coin)
            if known is None:
                self._sayings[coin] = dict.fromkeys(columns, saying)
                self._fetched_at[coin] = fetched_at
                continue
            if self._fetched_at[coin] <= fetched_at:  # as nearly always: nothing that is known is newer
                known.update(dict.fromkeys(columns, saying))
                self._fetched_at[coin] = fetched_at
                continue
            for column in columns:
                other = known.get(column)
                if other is None or other.fetched_at <= fetched_at:
                    known[column] = saying
        if len(self._sayings) > self._most_coins:
            self._forget_oldest()

    def get(self, coin: str, column: str) -> Saying | None:
        """What was last said of it; ``None`` when it was not fetched yet."""
        known = self._sayings.get(coin)
        return None if known is None else known.get(column)

    def fetched_at(self, coin: str) -> datetime | None:
        """When anything of the coin was last fetched; ``None`` for never."""
        return self._fetched_at.get(coin)

    def of(self, coins: Iterable[str], columns: Sequence[str]) -> Iterator[tuple[Fact, Saying | None]]:
        """What was last said of each coin in each column, coin by coin."""
        for coin in coins:
            known = self._sayings.get(coin, _NOTHING)
            for column in columns:
                yield (coin, column), known.get(column)

    def __len__(self) -> int:
        return len(self._sayings)

    def _forget_oldest(self) -> None:
        for coin in sorted(self._fetched_at, key=self._fetched_at.__getitem__)[: self._most_coins // 10 + 1]:
            del self._sayings[coin], self._fetched_at[coin]


_NOTHING: Mapping[str, Saying] = {}
