"""What every kind of condition is: parameters, a series to watch, and the zones of it that fire and arm again.

A condition is plain data and pure functions. Adding one is a module beside this one and a line in ``registry.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

import msgspec

from dozor.alerts.problems import Problem
from dozor.alerts.zone import Reading, Zone
from dozor.telemetry.phrases import Language, Words

Memory = Mapping[str, Decimal]
"""What a condition has to remember from reading to reading: a reference, a line of a grid. Most remember nothing."""

NOTHING: Memory = {}

LARGEST = Decimal("1e15")
SMALLEST = Decimal("1e-18")
MOST_DIGITS = 30
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Trigger:
    """One latch of a rule: it fires when the series enters ``fires``, and is armed again once it keeps to ``rearms``.

    ``rearms`` is ``None`` for a latch that is armed again at once, because firing has moved its zone away.
    ``name`` is part of an event's identity and never changes. ``is_up`` says for the text which way the series went:
    ``None`` when only the values tell.
    """

    name: str
    fires: Zone
    rearms: Zone | None
    is_up: bool | None = None

    def side_of(self, reading: Reading) -> Decimal:
        """The value of a reading without wicks that this latch goes by: a series may have one for each way."""
        if self.is_up is None:
            return reading.last
        return reading.high if self.is_up else reading.low


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """The parameters of one condition, as they are sent and kept. Subclasses name themselves by ``tag``."""

    is_state: ClassVar[bool] = False
    """Whether it is true or false at each moment, rather than something that happens between two."""

    has_own_extreme: ClassVar[bool] = False
    """Whether its series is measured from an extreme that began when the rule was armed, or fired last."""

    @property
    def series(self) -> str:
        """Which series of its coin and quote it watches: ``price``, or one derived from it."""
        return "price"

    @property
    def default_band(self) -> Decimal:
        """The re-arm band in percent where the rule sets none (``alerts.md`` section 3)."""
        return Decimal("0.5")

    @property
    def fires_if_already_true(self) -> bool:
        """Whether a first reading inside the zone fires, instead of only setting the side."""
        return False

    def problems(self) -> Iterator[Problem]:
        """Everything that is wrong with the parameters, with pointers from the condition."""
        raise NotImplementedError

    def remembered(self, memory: Memory, reading: Reading) -> Memory:
        """What to remember once a reading is known: of the first one, or unchanged."""
        return memory

    def triggers(self, memory: Memory, band: Decimal) -> tuple[Trigger, ...]:
        """The latches as they stand; the same names in the same order at any time. ``band`` is in percent."""
        raise NotImplementedError

    def after_firing(self, memory: Memory, reading: Reading) -> Memory:
        """What to remember after this reading fired."""
        return memory

    def lines_crossed(self, memory: Memory, reading: Reading) -> int:
        """How many lines the reading crossed at once: more than 1 only for a grid."""
        return 1

    def sentence(self, coin: str, quote: str, language: Language) -> str:
        """What it says, for people: «bitcoin rises to 70,000 usd»."""
        raise NotImplementedError


def amount_problems(pointer: str, value: Decimal) -> Iterator[Problem]:
    """Why this cannot be a price or another positive amount."""
    if not value.is_finite():
        yield Problem(pointer, "not-a-number", Words("нужно обычное число", "must be an ordinary number"))
    elif value <= 0:
        yield Problem(pointer, "not-positive", Words("нужно число больше нуля", "must be more than zero"))
    elif not SMALLEST <= value <= LARGEST:
        yield Problem(
            pointer,
            "out-of-range",
            Words("нужно число от 1e-18 до 1e15", "must be between 1e-18 and 1e15"),
        )
    elif len(value.as_tuple().digits) > MOST_DIGITS:
        yield Problem(
            pointer,
            "too-many-digits",
            Words(f"не больше {MOST_DIGITS} значащих цифр", f"must have at most {MOST_DIGITS} significant digits"),
        )


def percent_problems(pointer: str, value: Decimal, *, most: Decimal) -> Iterator[Problem]:
    """Why this cannot be a move in percent."""
    if not value.is_finite():
        yield Problem(pointer, "not-a-number", Words("нужно обычное число", "must be an ordinary number"))
    elif not Decimal("0.01") <= value <= most:
        yield Problem(
            pointer,
            "out-of-range",
            Words(f"нужно от 0.01 до {most} процентов", f"must be between 0.01 and {most} per cent"),
        )
    elif len(value.as_tuple().digits) > MOST_DIGITS:
        yield Problem(
            pointer,
            "too-many-digits",
            Words(f"не больше {MOST_DIGITS} значащих цифр", f"must have at most {MOST_DIGITS} significant digits"),
        )


def raised(level: Decimal, percent: Decimal) -> Decimal:
    """The level and so many percent more."""
    return level * (1 + percent / HUNDRED)


def lowered(level: Decimal, percent: Decimal) -> Decimal:
    """The level less so many percent of it."""
    return level * (1 - percent / HUNDRED)
