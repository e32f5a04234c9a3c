"""``range``: the price leaves a range, comes into it, or is inside or outside of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import ClassVar

from dozor.alerts.conditions.condition import Condition, Memory, Trigger, amount_problems, lowered, raised
from dozor.alerts.conditions.price_state import IfTrue
from dozor.alerts.problems import Problem
from dozor.alerts.zone import Zone, between, beyond, strictly_between
from dozor.telemetry.phrases import Language, Words


class Mode(Enum):
    """The first two happen, the others last."""

    EXIT = "exit"
    ENTER = "enter"
    INSIDE = "inside"
    OUTSIDE = "outside"


class Range(Condition, frozen=True, tag="range"):
    """Two levels, both of which belong to the inside."""

    low: Decimal
    high: Decimal
    mode: Mode
    if_true: IfTrue = IfTrue.WAIT

    is_state: ClassVar[bool] = True

    @property
    def fires_if_already_true(self) -> bool:
        """Only for what lasts: an edge needs a side to come from."""
        return self.if_true is IfTrue.NOW and self.mode in {Mode.INSIDE, Mode.OUTSIDE}

    def problems(self) -> Iterator[Problem]:
        """See ``Condition.problems``."""
        wrong = [*amount_problems("/low", self.low), *amount_problems("/high", self.high)]
        yield from wrong
        if not wrong and self.low >= self.high:
            yield Problem(
                "/high", "not-above-low", Words("верхняя граница должна быть выше нижней", "must be more than low")
            )

    def triggers(self, memory: Memory, band: Decimal) -> tuple[Trigger, ...]:
        """One latch: whether it was left upwards or downwards, the value says."""
        if self.mode in {Mode.ENTER, Mode.INSIDE}:
            outside = beyond(lowered(self.low, band), raised(self.high, band))
            return (Trigger(self.mode.value, between(self.low, self.high), outside),)
        return (Trigger(self.mode.value, beyond(self.low, self.high), self._well_inside(band)),)

    def _well_inside(self, band: Decimal) -> Zone:
        low, high = raised(self.low, band), lowered(self.high, band)
        if low < high:
            return strictly_between(low, high)
        # A range narrower than its bands has no such place; then its middle half will do.
        quarter = (self.high - self.low) / 4
        return between(self.low + quarter, self.high - quarter)

    def sentence(self, coin: str, quote: str, language: Language) -> str:
        """See ``Condition.sentence``."""
        verb = {
            Mode.EXIT: ("выйдет из диапазона", "leaves"),
            Mode.ENTER: ("войдёт в диапазон", "enters"),
            Mode.INSIDE: ("внутри диапазона", "is within"),
            Mode.OUTSIDE: ("вне диапазона", "is outside"),
        }[self.mode][language is Language.EN]
        return f"{coin} {verb} {self.low:f}-{self.high:f} {quote}"
