"""``trailing``: the price falls so far from the highest since the rule was armed, or rises from the lowest.

Its series is derived: how far the price is from that extreme, below zero for a fall. The extreme belongs to all rules
that have been armed since the same one, and starts again at the price of each event.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import ClassVar

from dozor.alerts.conditions.condition import Condition, Memory, Trigger, amount_problems, percent_problems
from dozor.alerts.problems import Problem
from dozor.alerts.zone import Zone, at_least, at_most
from dozor.telemetry.phrases import Language, Words


class From(Enum):
    """Which extreme the price is measured from."""

    HIGHEST = "falls"
    LOWEST = "rises"


class Trailing(Condition, frozen=True, tag="trailing"):
    """How far: in percent of the extreme, or in quote units."""

    has_own_extreme: ClassVar[bool] = True

    side: From
    pct: Decimal | None = None
    amount: Decimal | None = None

    @property
    def series(self) -> str:
        """One for each side and unit."""
        return f"{self.side.value}:{'pct' if self.pct is not None else 'amount'}"

    @property
    def distance(self) -> Decimal:
        """How far, in the series' own unit."""
        distance = self.pct if self.pct is not None else self.amount
        assert distance is not None  # one of the two, see ``problems``
        return distance

    def problems(self) -> Iterator[Problem]:
        """See ``Condition.problems``."""
        if (self.pct is None) == (self.amount is None):
            yield Problem("/pct", "one-of", Words("нужно одно из двух: pct или amount", "give pct or amount"))
        if self.pct is not None:
            most = Decimal(99) if self.side is From.HIGHEST else Decimal(10_000)
            yield from percent_problems("/pct", self.pct, most=most)
        if self.amount is not None:
            yield from amount_problems("/amount", self.amount)

    def triggers(self, memory: Memory, band: Decimal) -> tuple[Trigger, ...]:
        """One latch, armed again at once: its extreme starts at the price of the event."""
        falls = self.side is From.HIGHEST
        zone: Zone = at_most(-self.distance) if falls else at_least(self.distance)
        return (Trigger("trailing", zone, None, is_up=not falls),)

    def sentence(self, coin: str, quote: str, language: Language) -> str:
        """See ``Condition.sentence``."""
        far = f"{self.pct:f}%" if self.pct is not None else f"{self.amount:f} {quote}"
        if self.side is From.HIGHEST:
            words = (f"{coin} упадёт на {far} от наибольшей цены", f"{coin} falls {far} from its highest")
        else:
            words = (f"{coin} вырастет на {far} от наименьшей цены", f"{coin} rises {far} from its lowest")
        return words[language is Language.EN]
