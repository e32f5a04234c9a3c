"""``step``: the price comes to the next line of a grid, and says how many lines it passed.

The grid is fixed by its anchor. What counts is the distance from the line that was crossed last, so a price that
trembles round a line tells of it once: the next event is a whole step away, up or down.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from dozor.alerts.conditions.condition import Condition, Memory, Trigger, amount_problems, percent_problems, raised
from dozor.alerts.problems import Problem
from dozor.alerts.zone import Reading, at_least, at_most
from dozor.telemetry.phrases import Language, Words

ANCHOR, LINE = "anchor", "line"
FINEST_PERCENT = Decimal("0.1")
MOST_PERCENT = Decimal(1000)


class Step(Condition, frozen=True, tag="step"):
    """Lines every ``step`` in quote units, or every ``step_pct`` percent; ``anchor`` is one of them."""

    step: Decimal | None = None
    step_pct: Decimal | None = None
    anchor: Decimal | None = None

    def problems(self) -> Iterator[Problem]:
        """See ``Condition.problems``."""
        if (self.step is None) == (self.step_pct is None):
            yield Problem("/step", "one-of", Words("нужно одно из двух: step или step_pct", "give step or step_pct"))
        if self.step is not None:
            yield from amount_problems("/step", self.step)
        if self.step_pct is not None:
            yield from percent_problems("/step_pct", self.step_pct, most=MOST_PERCENT)
            if self.step_pct.is_finite() and Decimal("0.01") <= self.step_pct < FINEST_PERCENT:
                yield Problem("/step_pct", "out-of-range", Words("нужно не меньше 0.1 %", "must be at least 0.1"))
        if self.anchor is not None:
            yield from amount_problems("/anchor", self.anchor)

    def remembered(self, memory: Memory, reading: Reading) -> Memory:
        """The anchor, and the line at or next below the first price."""
        if LINE in memory:
            return memory
        anchor = self.anchor if self.anchor is not None else reading.last
        return {ANCHOR: anchor, LINE: Decimal(self._line_below(anchor, 0, reading.last))}

    def triggers(self, memory: Memory, band: Decimal) -> tuple[Trigger, ...]:
        """The lines next above and below the last one; firing moves them."""
        anchor, line = memory[ANCHOR], int(memory[LINE])
        up = Trigger("up", at_least(self._at(anchor, line + 1)), None, is_up=True)
        lower = self._at(anchor, line - 1)
        return (up, Trigger("down", at_most(lower), None, is_up=False))

    def after_firing(self, memory: Memory, reading: Reading) -> Memory:
        """The line that was reached: coming from above the one at or next above the price, else next below."""
        anchor, line = memory[ANCHOR], int(memory[LINE])
        return {ANCHOR: anchor, LINE: Decimal(self._reached(anchor, line, reading.last))}

    def lines_crossed(self, memory: Memory, reading: Reading) -> int:
        """How many lines lie between the last one and the price, the reached one included."""
        line = int(memory[LINE])
        return max(1, abs(self._reached(memory[ANCHOR], line, reading.last) - line))

    def _reached(self, anchor: Decimal, line: int, value: Decimal) -> int:
        if value >= self._at(anchor, line + 1):
            return max(line + 1, self._line_below(anchor, line, value))
        return min(line - 1, self._line_above(anchor, line, value))

    def _line_below(self, anchor: Decimal, near: int, value: Decimal) -> int:
        """The highest line that is not above ``value``."""
        if self.step is not None:
            return math.floor((Fraction(value) - Fraction(anchor)) / Fraction(self.step))
        while self._at(anchor, near) > value:
            near -= 1
        while self._at(anchor, near + 1) <= value:
            near += 1
        return near

    def _line_above(self, anchor: Decimal, near: int, value: Decimal) -> int:
        """The lowest line that is not below ``value``."""
        below = self._line_below(anchor, near, value)
        return below if self._at(anchor, below) == value else below + 1

    def _at(self, anchor: Decimal, line: int) -> Decimal:
        if self.step is not None:
            return anchor + line * self.step
        assert self.step_pct is not None  # one of the two, see ``problems``
        return anchor * (raised(Decimal(1), self.step_pct) ** line)

    def sentence(self, coin: str, quote: str, language: Language) -> str:
        """See ``Condition.sentence``."""
        width = f"{self.step:f} {quote}" if self.step is not None else f"{self.step_pct:f}%"
        return f"{coin}: every {width}" if language is Language.EN else f"{coin}: каждые {width}"
