"""One event as people are told of it: what the watch wrote down, read back as typed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from dozor.alerts.conditions.condition import Memory
from dozor.alerts.conditions.registry import AnyCondition
from dozor.alerts.decision import Kind
from dozor.alerts.deliveries import Event

WORTH_SAYING = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Coin:
    """What people call it. Both may be anything that upstream says, markup included."""

    symbol: str
    name: str


class Observation(msgspec.Struct, frozen=True):
    """A price, and when upstream saw it."""

    value: Decimal
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """One event. ``change`` is what a derived series came to, in percent or in the quote.

    ``extreme`` is what was touched between ``before`` and ``after``, where ``after`` is back from it. ``memory`` is
    what the condition remembered when it fired. ``again_at`` is when the rule may speak again at the earliest.
    ``is_repeat``: it may have been told already.
    """

    event_id: str
    alert_id: str
    kind: Kind
    coin: Coin
    quote: str
    condition: AnyCondition
    latch: str
    detected_at: datetime
    is_up: bool | None = None
    before: Observation | None = None
    after: Observation | None = None
    extreme: Decimal | None = None
    change: Decimal | None = None
    memory: Memory = field(default_factory=dict)
    crossings: int = 1
    muted: int = 0
    again_at: datetime | None = None
    is_repeat: bool = False

    @property
    def happened_at(self) -> datetime:
        """When upstream saw it, or when it was due by the clock."""
        return self.detected_at if self.after is None else self.after.observed_at

    def late_by(self, now: datetime) -> timedelta | None:
        """How long ago it happened, where that is worth saying."""
        late = now - self.happened_at
        return late if late > WORTH_SAYING else None


class _Body(msgspec.Struct):
    """What ``alerts.evaluation`` writes into an event, as far as people are told of it."""

    alert_id: str
    quote: str
    condition: AnyCondition
    kind: Kind
    crossings: int = 1
    muted: int = 0
    direction: str | None = None
    memory: Mapping[str, Decimal] = {}
    before: Observation | None = None
    after: Observation | None = None
    extreme: Decimal | None = None
    change: Decimal | None = None


def told_of(event: Event, coin: Coin, *, again_at: datetime | None = None, is_repeat: bool = False) -> Told:
    """The event as it was written. Raises msgspec.ValidationError for one whose body is not of our making."""
    body = msgspec.convert(event.body, _Body)
    return Told(
        event.id,
        body.alert_id,
        body.kind,
        coin,
        body.quote,
        body.condition,
        event.latch,
        event.detected_at,
        None if body.direction is None else body.direction == "up",
        body.before,
        body.after,
        body.extreme,
        body.change,
        body.memory,
        body.crossings,
        body.muted,
        again_at,
        is_repeat,
    )
