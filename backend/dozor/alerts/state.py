"""Where a rule stands between two readings: everything that an evaluation needs to know of the past."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum

import msgspec

from dozor.alerts.zone import Reading


class Phase(Enum):
    """What a rule is doing, in one word, for people (``alerts.md`` section 0)."""

    ARMING = "arming"  # the next reading only sets the side
    ARMED = "armed"
    HOLDING = "holding"
    COOLING = "cooling"
    WAITING_REARM = "waiting_rearm"
    FIRED = "fired"  # once, and done
    EXPIRED = "expired"


class LatchState(msgspec.Struct, frozen=True, omit_defaults=True):
    """One latch: waiting to fire, or to be armed again.

    ``entered_at`` is when the series was first seen in the zone, and ``seen`` how often since, while it is held.
    """

    is_armed: bool
    entered_at: datetime | None = None
    seen: int = 0


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """All latches, what the condition remembers, and what is due later. Kept as JSON beside the rule.

    ``latches`` is empty while the rule is arming. ``episodes`` counts the crossings of each latch since the rule's
    version began, and survives arming anew: it is part of every event's identity. ``told`` is the last ``n`` used in
    the present episode of a latch; a muted crossing has none. ``muted`` counts crossings since the last event,
    ``muted_by`` names the latch of the last of them, ``reminded`` counts the reminders of ``reminding``.
    ``last`` is the value of the series that the rule was last woken by, and ``ends`` are its two where the series gives
    them a meaning of their own. ``since`` is when the extreme of a rule began that is measured from its own.
    """

    latches: Mapping[str, LatchState] = {}
    memory: Mapping[str, Decimal] = {}
    episodes: Mapping[str, int] = {}
    told: Mapping[str, int] = {}
    is_done: bool = False
    is_expired: bool = False
    is_expiry_told: bool = False
    cooling_until: datetime | None = None
    muted: int = 0
    muted_by: str | None = None
    last_event_at: datetime | None = None
    reminding: str | None = None
    reminded: int = 0
    remind_at: datetime | None = None
    last: Decimal | None = None
    ends: tuple[Decimal, Decimal] | None = None
    since: datetime | None = None

    def armed_anew(self) -> State:
        """The same rule before its first reading. What was told keeps its identity."""
        return State(episodes=self.episodes, last_event_at=self.last_event_at, is_expiry_told=self.is_expiry_told)

    @property
    def reading(self) -> Reading | None:
        """What the series was when the rule was last woken; ``None`` for never."""
        if self.last is None:
            return None
        return Reading.at(self.last) if self.ends is None else Reading(self.last, *self.ends)

    @property
    def is_arming(self) -> bool:
        """Whether no reading has set the sides yet."""
        return not self.latches and not self.is_done and not self.is_expired

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing wakes it any more, but a person."""
        return self.is_done or self.is_expired

    @property
    def is_holding(self) -> bool:
        """Whether any latch counts how long its condition has lasted."""
        return any(latch.entered_at is not None for latch in self.latches.values())

    def phase(self, now: datetime) -> Phase:
        """What the rule is doing, for people."""
        if self.is_expired:
            return Phase.EXPIRED
        if self.is_done:
            return Phase.FIRED
        if self.is_arming:
            return Phase.ARMING
        if self.is_holding:
            return Phase.HOLDING
        if self.cooling_until is not None and now < self.cooling_until:
            return Phase.COOLING
        return Phase.ARMED if any(latch.is_armed for latch in self.latches.values()) else Phase.WAITING_REARM


NEW = State()
"""Where every rule begins, and begins again when it is changed, resumed or armed by hand."""


def encoded(state: State) -> str:
    """The state as JSON."""
    return msgspec.json.encode(state).decode()


def decoded(text: str | bytes) -> State:
    """The state from what ``encoded`` gave. Raises msgspec.ValidationError for anything else."""
    return msgspec.json.decode(text, type=State)
