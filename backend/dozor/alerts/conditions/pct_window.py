"""``pct_window``: the price has moved so many percent within a rolling window.

Its series is derived from the price. With the basis ``extreme`` a reading's ``low`` is the fall from the window's
highest and its ``high`` the rise from the window's lowest, both in percent; with ``endpoint`` all three are the change
since the window's beginning. So one series serves both ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from enum import Enum

from dozor.alerts.conditions.condition import Condition, Memory, Trigger, percent_problems
from dozor.alerts.conditions.price_cross import Direction
from dozor.alerts.problems import Problem
from dozor.alerts.zone import above, at_least, at_most, below
from dozor.telemetry.phrases import Language, Words

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=30)
MOST_PERCENT = Decimal(10_000)
BAND_SHARE = Decimal("0.2")  # fired at 5 %, armed again under 4 %
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Basis(Enum):
    """What the value now is compared with."""

    EXTREME = "extreme"  # the window's lowest or highest
    ENDPOINT = "endpoint"  # the window's beginning


class PctWindow(Condition, frozen=True, tag="pct_window"):
    """How many percent, in which window: ``5m`` to ``30d``."""

    pct: Decimal
    window: str
    direction: Direction = Direction.ANY
    basis: Basis = Basis.EXTREME

    @property
    def span(self) -> timedelta:
        """The window's length. Raises ValueError for what is none."""
        found = re.fullmatch(r"([1-9]\d{0,3})([mhd])", self.window)
        if found is None:
            raise ValueError(self.window)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})

    @property
    def series(self) -> str:
        """One for each window and basis, whatever the percents and directions are."""
        return f"{self.basis.value}:{int(self.span.total_seconds())}"

    @property
    def default_band(self) -> Decimal:
        """In points of the change, not in percent of a price."""
        return self.pct * BAND_SHARE

    def problems(self) -> Iterator[Problem]:
        """See ``Condition.problems``."""
        yield from percent_problems("/pct", self.pct, most=MOST_PERCENT)
        if self.pct >= 100 and self.direction is Direction.DOWN:
            yield Problem("/pct", "out-of-range", Words("цена не падает на 100 %", "no price falls by 100 per cent"))
        try:
            is_window = SHORTEST <= self.span <= LONGEST
        except ValueError:
            is_window = False
        if not is_window:
            yield Problem(
                "/window",
                "not-a-window",
                Words("нужно окно от 5m до 30d, например 1h", "must be a window from 5m to 30d, such as 1h"),
            )

    def triggers(self, memory: Memory, band: Decimal) -> tuple[Trigger, ...]:
        """One latch for each way."""
        up = Trigger("up", at_least(self.pct), below(self.pct - band), is_up=True)
        down = Trigger("down", at_most(-self.pct), above(band - self.pct), is_up=False)
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
            Direction.UP: ("вырастет", "rises"),
            Direction.DOWN: ("упадёт", "falls"),
            Direction.ANY: ("сдвинется", "moves"),
        }[self.direction][language is Language.EN]
        if language is Language.EN:
            return f"{coin} {verb} {self.pct:f}% within {self.window} ({quote})"
        return f"{coin} {verb} на {self.pct:f} % за {self.window} ({quote})"
