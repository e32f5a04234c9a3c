"""``pct_reference``: the price is so many percent away from a reference that is kept and shown."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import Enum

from dozor.alerts.conditions.condition import (
    Condition,
    Memory,
    Trigger,
    amount_problems,
    lowered,
    percent_problems,
    raised,
)
from dozor.alerts.conditions.pct_window import BAND_SHARE, MOST_PERCENT
from dozor.alerts.conditions.price_cross import Direction
from dozor.alerts.problems import Problem
from dozor.alerts.zone import Reading, above, at_least, at_most, below
from dozor.telemetry.phrases import Language, Words

REFERENCE = "reference"


class Reanchor(Enum):
    """When the reference moves to the price of the time."""

    NEVER = "never"
    ON_EVENT = "on_event"


class PctReference(Condition, frozen=True, tag="pct_reference"):
    """How many percent from ``reference``; without one, from the first price that the rule sees."""

    pct: Decimal
    direction: Direction = Direction.ANY
    reference: Decimal | None = None
    reanchor: Reanchor = Reanchor.ON_EVENT

    @property
    def default_band(self) -> Decimal:
        """In points of the distance."""
        return self.pct * BAND_SHARE

    def problems(self) -> Iterator[Problem]:
        """See ``Condition.problems``."""
        yield from percent_problems("/pct", self.pct, most=MOST_PERCENT)
        if self.pct >= 100 and self.direction is Direction.DOWN:
            yield Problem("/pct", "out-of-range", Words("цена не падает на 100 %", "no price falls by 100 per cent"))
        if self.reference is not None:
            yield from amount_problems("/reference", self.reference)

    def remembered(self, memory: Memory, reading: Reading) -> Memory:
        """The first price, where no reference was typed."""
        if REFERENCE in memory:
            return memory
        return {REFERENCE: self.reference if self.reference is not None else reading.last}

    def triggers(self, memory: Memory, band: Decimal) -> tuple[Trigger, ...]:
        """One latch for each way. A reference that moves with each event leaves them armed."""
        reference = memory[REFERENCE]
        moves = self.reanchor is Reanchor.ON_EVENT
        up = Trigger(
            "up",
            at_least(raised(reference, self.pct)),
            None if moves else below(raised(reference, self.pct - band)),
            is_up=True,
        )
        down = Trigger(
            "down",
            at_most(lowered(reference, self.pct)),
            None if moves else above(lowered(reference, self.pct - band)),
            is_up=False,
        )
        match self.direction:
            case Direction.UP:
                return (up,)
            case Direction.DOWN:
                return (down,)
            case Direction.ANY:
                return (up, down)

    def after_firing(self, memory: Memory, reading: Reading) -> Memory:
        """The price of the event, where it moves."""
        return {REFERENCE: reading.last} if self.reanchor is Reanchor.ON_EVENT else memory

    def sentence(self, coin: str, quote: str, language: Language) -> str:
        """See ``Condition.sentence``."""
        sign = {Direction.UP: "+", Direction.DOWN: "−", Direction.ANY: "±"}[self.direction]
        of = "" if self.reference is None else f" {self.reference:f} {quote}"
        if language is Language.EN:
            return f"{coin} is {sign}{self.pct:f}% from {of.strip() or 'its reference'}"
        return f"{coin}: {sign}{self.pct:f} % от {of.strip() or 'опорной цены'}"
