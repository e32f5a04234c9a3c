"""``price_cross``: the price comes to a level from the other side."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import Enum

from dozor.alerts.conditions.condition import Condition, Memory, Trigger, amount_problems, lowered, raised
from dozor.alerts.problems import Problem
from dozor.alerts.zone import above, at_least, at_most, below
from dozor.telemetry.phrases import Language


class Direction(Enum):
    """Which way a series must move."""

    UP = "up"
    DOWN = "down"
    ANY = "any"


class PriceCross(Condition, frozen=True, tag="price_cross"):
    """A level, and from which side. A value that rests exactly on the level has crossed it, once."""

    level: Decimal
    direction: Direction = Direction.ANY

    def problems(self) -> Iterator[Problem]:
        """See ``Condition.problems``."""
        return amount_problems("/level", self.level)

    def triggers(self, memory: Memory, band: Decimal) -> tuple[Trigger, ...]:
        """One latch for each way, independent of each other."""
        up = Trigger("up", at_least(self.level), below(lowered(self.level, band)), is_up=True)
        down = Trigger("down", at_most(self.level), above(raised(self.level, band)), is_up=False)
        match self.direction:
            case Direction.UP:
                return (up,)
            case Direction.DOWN:
                return (down,)
            case Direction.ANY:
                return (up, down)

    def sentence(self, coin: str, quote: str, language: Language) -> str:
        """See ``Condition.sentence``."""
        verb = {
            Direction.UP: ("поднимется до", "rises to"),
            Direction.DOWN: ("опустится до", "falls to"),
            Direction.ANY: ("пересечёт", "crosses"),
        }[self.direction][language is Language.EN]
        return f"{coin} {verb} {self.level:f} {quote}"
