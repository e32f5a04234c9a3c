"""The board: all facts that are known, by lot."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from dozor.market.facts import Facts
from dozor.market.families.family import Lot
from dozor.market.tuning import MOST_LOTS


class Board:
    """The facts of each lot; of too many lots, those used longest ago go. One instance per loop."""

    def __init__(self) -> None:
        self._facts: OrderedDict[Lot, Facts] = OrderedDict()

    def facts_of(self, lot: Lot) -> Facts:
        """What is known of this lot."""
        facts = self._facts.get(lot)
        if facts is None:
            facts = self._facts[lot] = Facts(lot.most_kept)
            if len(self._facts) > MOST_LOTS:
                self._facts.popitem(last=False)
        self._facts.move_to_end(lot)
        return facts

    def learn(
        self,
        lot: Lot,
        said: Mapping[str, object],
        asked: Collection[str],
        columns: Sequence[str],
        fetched_at: datetime,
    ) -> None:
        """An answer said this of coins of this lot, when it was asked for ``asked`` in ``columns``."""
        facts = self.facts_of(lot)
        facts.take_in(said, asked, columns, fetched_at)
        in_asked_order = lot.in_asked_order(said, columns)
        if in_asked_order is not None:
            facts.in_asked_order = in_asked_order
