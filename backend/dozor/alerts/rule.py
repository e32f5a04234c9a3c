"""What a person asked to be told of: a condition on a coin's series, and how often to say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

import msgspec

from dozor.alerts.conditions.registry import AnyCondition
from dozor.alerts.problems import Problem
from dozor.telemetry.phrases import Words

PRICE = "price"  # the series of a condition that watches nothing derived
LONGEST = timedelta(days=30)
MOST_REMINDERS = 100
MOST_CONFIRMATIONS = 100
WIDEST_BAND = Decimal(50)


class Repeat(Enum):
    """How often a rule speaks (``alerts.md`` section 2)."""

    ONCE = "once"  # then it rests until somebody arms it again
    REARM = "rearm"  # again after the series has left by the re-arm band
    REMIND = "remind"  # and while it stays true, every so often
    DAILY = "daily"  # at most once on each day of its maker


class Detect(Enum):
    """What counts as having reached a level."""

    LAST = "last"  # a price that was seen
    WICK = "wick"  # also an extreme that upstream reports


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a rule behaves, apart from what it watches. Spans are in seconds, as they are sent."""

    repeat: Repeat = Repeat.REARM
    rearm_band_pct: Decimal | None = None  # None: the condition's own
    cooldown_s: int = 900
    hold_for_s: int = 0
    confirm: int = 1
    remind_every_s: int = 3600
    remind_at_most: int = 5
    detect: Detect = Detect.WICK
    confirm_jumps: bool = True  # an implausible value has to be seen twice
    max_late_s: int = 3600
    critical: bool = False
    expires_at: datetime | None = None

    @property
    def cooldown(self) -> timedelta:
        """How long a rule is silent after each event."""
        return timedelta(seconds=self.cooldown_s)

    @property
    def hold_for(self) -> timedelta:
        """How long a condition must be seen to last."""
        return timedelta(seconds=self.hold_for_s)

    @property
    def remind_every(self) -> timedelta:
        """The time between reminders."""
        return timedelta(seconds=self.remind_every_s)

    def problems(self, now: datetime) -> Iterator[Problem]:
        """Everything that is wrong with them, with pointers from the rule."""
        for name, least in (("cooldown_s", 0), ("hold_for_s", 0), ("max_late_s", 0), ("remind_every_s", 60)):
            yield from _outside(f"/{name}", getattr(self, name), least, int(LONGEST.total_seconds()))
        yield from _outside("/confirm", self.confirm, 1, MOST_CONFIRMATIONS)
        yield from _outside("/remind_at_most", self.remind_at_most, 1, MOST_REMINDERS)
        band = self.rearm_band_pct
        if band is not None and not (band.is_finite() and 0 <= band <= WIDEST_BAND):
            yield Problem(
                "/rearm_band_pct",
                "out-of-range",
                Words(f"нужно от 0 до {WIDEST_BAND} процентов", f"must be between 0 and {WIDEST_BAND} per cent"),
            )
        if self.expires_at is not None:
            if self.expires_at.tzinfo is None:
                yield Problem(
                    "/expires_at", "no-time-zone", Words("нужен часовой пояс, например Z", "needs a zone, such as Z")
                )
            elif self.expires_at <= now:
                yield Problem("/expires_at", "in-the-past", Words("это уже прошло", "has passed already"))


def _outside(pointer: str, value: int, least: int, most: int) -> Iterator[Problem]:
    if not least <= value <= most:
        yield Problem(
            pointer, "out-of-range", Words(f"нужно целое от {least} до {most}", f"must be between {least} and {most}")
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it stands. ``number`` is the store's own, compact; people see ``id``.

    ``version`` grows with each change of what it watches or how. ``zone`` is its maker's, for days.
    """

    number: int
    id: str
    user_id: str
    version: int
    coin_id: str
    quote: str
    condition: AnyCondition
    options: Options
    zone: str = "UTC"

    @property
    def series(self) -> str:
        """The series that it watches: kind, quote and coin. Quotes have no ``|``, and coins come last."""
        return f"{self.condition.series}|{self.quote}|{self.coin_id}"

    @property
    def band(self) -> Decimal:
        """The re-arm band that counts, in percent."""
        band = self.options.rearm_band_pct
        return self.condition.default_band if band is None else band
