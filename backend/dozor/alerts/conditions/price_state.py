"""``price_state``: the price is on one side of a level, for as long as the rule says."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import ClassVar

from dozor.alerts.conditions.condition import Condition, Memory, Trigger, amount_problems, lowered, raised
from dozor.alerts.problems import Problem
from dozor.alerts.zone import above, at_least, at_most, below
from dozor.telemetry.phrases import Language


class Side(Enum):
    """On which side of a level; the level belongs to both."""

    AT_LEAST = ">="
    AT_MOST = "<="


class IfTrue(Enum):
    """What to do about a condition that is true when its rule is made."""

    WAIT = "wait"  # until it has been false
    NOW = "now"


class PriceState(Condition, frozen=True, tag="price_state"):
    """A level and a side of it."""

    is_state: ClassVar[bool] = True

    level: Decimal
    op: Side
    if_true: IfTrue = IfTrue.WAIT

    @property
    def fires_if_already_true(self) -> bool:
        """As the rule's maker was asked."""
        return self.if_true is IfTrue.NOW

    def problems(self) -> Iterator[Problem]:
        """See ``Condition.problems``."""
        return amount_problems("/level", self.level)

    def triggers(self, memory: Memory, band: Decimal) -> tuple[Trigger, ...]:
        """One latch."""
        match self.op:
            case Side.AT_LEAST:
                return (Trigger("state", at_least(self.level), below(lowered(self.level, band)), is_up=True),)
            case Side.AT_MOST:
                return (Trigger("state", at_most(self.level), above(raised(self.level, band)), is_up=False),)

    def sentence(self, coin: str, quote: str, language: Language) -> str:
        """See ``Condition.sentence``."""
        if self.op is Side.AT_LEAST:
            verb = ("стоит не меньше", "is at or above")
        else:
            verb = ("стоит не больше", "is at or below")
        return f"{coin} {verb[language is Language.EN]} {self.level:f} {quote}"
