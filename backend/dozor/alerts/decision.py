"""What happens to a rule: the pure heart of the watch. Nothing here knows a clock, a store or a task.

A rule is woken by a reading of its series or by a time that is due, and comes out in a new state with the events that
this made. The same rule, state and reading always give the same: whoever evaluates it twice, after a crash or beside
another process, makes the same events with the same identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from functools import reduce
from zoneinfo import ZoneInfo

import msgspec

from dozor.alerts.conditions.condition import Memory, Trigger
from dozor.alerts.rule import Detect, Repeat, Rule
from dozor.alerts.state import LatchState, State
from dozor.alerts.zone import UNDISTURBED, Reading, Sleep

EXPIRY_NOTICE = timedelta(hours=24)
WHOLE_RULE = "rule"  # stands where an event names its latch, for what happens to the rule itself


class Kind(Enum):
    """Why an event was made."""

    FIRED = "fired"
    REMINDER = "reminder"
    MUTED = "muted"  # crossings that a cooldown kept silent, told at its end
    EXPIRING = "expiring"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Seen:
    """One segment as the rules of a series see it.

    ``reading`` has the extremes that are known of the segment, ``wickless`` has none. ``is_after_gap``: so much time
    has passed since the reading before that nothing is known to have lasted. ``now`` is the server's time, by which
    cooldowns and days go. ``without_wicks`` is given for a series whose readings have two ends even so.
    """

    reading: Reading
    observed_at: datetime
    now: datetime
    is_after_gap: bool = False
    without_wicks: Reading | None = None

    @property
    def wickless(self) -> Reading:
        """The same for a rule that only counts prices that were seen."""
        return Reading.at(self.reading.last) if self.without_wicks is None else self.without_wicks


@dataclass(frozen=True, slots=True)
class Firing:
    """One event in the making. ``(latch, episode, n)`` is its identity within the rule's version.

    ``crossings`` is how many it stands for: lines of a grid, or crossings while nobody watched. ``muted`` were kept
    silent before it. ``is_wick``: an extreme reached the zone, the last value did not. ``at`` is when upstream saw what
    fired, ``None`` for what was due by the clock.
    """

    kind: Kind
    latch: str
    episode: int
    n: int
    is_up: bool | None = None
    crossings: int = 1
    muted: int = 0
    is_wick: bool = False
    reading: Reading | None = None
    memory: Memory | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The new state, and what is to be told. Nothing was, when ``state`` is the old one."""

    state: State
    firings: tuple[Firing, ...] = ()


def on_reading(rule: Rule, state: State, seen: Seen) -> Decision:
    """What one reading of its series does to a rule. A rule at rest stays as it is."""
    if state.is_at_rest:
        return Decision(state)
    reading = seen.reading if rule.options.detect is Detect.WICK else seen.wickless
    if not state.latches:
        state = _with_sides(rule, state, reading, seen)
        if not rule.condition.fires_if_already_true:
            return Decision(state)
    memory = rule.condition.remembered(state.memory, reading)
    state = _noted(msgspec.structs.replace(state, memory=memory), seen)
    firings: list[Firing] = []
    for trigger in rule.condition.triggers(memory, rule.band):
        state, fired = _on_latch(rule, state, trigger, reading, seen)
        firings += fired
        if state.memory != memory or state.is_done:
            break  # the other zones have moved, or no longer matter
    return Decision(state, tuple(firings))


def as_one(before: State, state: State, firings: Sequence[Firing]) -> Decision:
    """What readings that nobody watched have done to a rule: one event at most, which says how many crossings it is."""
    if not firings:
        return Decision(state)
    crossings = sum(firing.crossings for firing in firings) + state.muted
    told = replace(firings[0], crossings=crossings, muted=before.muted)
    return Decision(msgspec.structs.replace(state, muted=0, muted_by=None), (told,))


def on_time(rule: Rule, state: State, now: datetime) -> Decision:
    """What is due by ``now`` without any reading: an expiry, the end of a cooldown, a reminder."""
    if state.is_at_rest:
        return Decision(state)
    expires_at = rule.options.expires_at
    if expires_at is not None and expires_at <= now:
        expired = msgspec.structs.replace(state, is_expired=True, remind_at=None, cooling_until=None)
        return Decision(expired, (Firing(Kind.EXPIRED, WHOLE_RULE, 0, 1, muted=state.muted),))
    firings: list[Firing] = []
    notice_at = _notice_at(rule, state)
    if notice_at is not None and notice_at <= now:
        state = msgspec.structs.replace(state, is_expiry_told=True)
        firings.append(Firing(Kind.EXPIRING, WHOLE_RULE, 0, 0))
    for step in (_end_cooldown, _remind):
        state, fired = step(rule, state, now)
        firings += fired
    return Decision(state, tuple(firings))


def sleep_of(rule: Rule, state: State) -> Sleep | None:
    """Within which values no reading changes anything; ``None`` when each one may."""
    if state.is_at_rest:
        return UNDISTURBED
    reading = state.reading
    if not state.latches or state.is_holding or reading is None:
        return None
    sleeps = []
    for trigger in rule.condition.triggers(state.memory, rule.band):
        latch, value = state.latches[trigger.name], trigger.side_of(reading)
        zone = trigger.fires if latch.is_armed else trigger.rearms
        if zone is None:
            sleeps.append(trigger.fires.stay_at(value) if trigger.fires.holds(value) else None)
        else:
            sleeps.append(None if zone.holds(value) else zone.sleep_at(value))
        if state.reminding == trigger.name:  # a reminder must know whether it is still true, or only within the band
            fires = trigger.fires
            sleeps.append(fires.stay_at(value) if fires.holds(value) else fires.sleep_at(value))
    if None in sleeps:
        return None
    return reduce(Sleep.meet, [sleep for sleep in sleeps if sleep is not None], UNDISTURBED)


def due_at(rule: Rule, state: State) -> datetime | None:
    """When ``on_time`` has something to do; ``None`` for never."""
    if state.is_at_rest:
        return None
    times = [rule.options.expires_at, _notice_at(rule, state), state.remind_at]
    if state.muted and rule.options.repeat is not Repeat.DAILY:
        times.append(state.cooling_until)
    return min((time for time in times if time is not None), default=None)


def snoozed(state: State, until: datetime) -> State:
    """Silent until then; what crosses meanwhile is counted and told at the end."""
    later = until if state.cooling_until is None else max(until, state.cooling_until)
    return msgspec.structs.replace(state, cooling_until=later, remind_at=None, reminding=None)


def _noted(state: State, seen: Seen) -> State:
    """The reading that the rule was woken by."""
    plain = seen.wickless
    ends = None if plain.low == plain.high else (plain.low, plain.high)
    return msgspec.structs.replace(state, last=plain.last, ends=ends)


def _with_sides(rule: Rule, state: State, reading: Reading, seen: Seen) -> State:
    """After the first reading: a latch whose zone holds already starts as consumed, unless the rule says otherwise."""
    memory = rule.condition.remembered(state.memory, reading)
    latches = {
        trigger.name: LatchState(rule.condition.fires_if_already_true or not _is_in(trigger, seen))
        for trigger in rule.condition.triggers(memory, rule.band)
    }
    since = seen.observed_at if rule.condition.has_own_extreme else None
    return _noted(msgspec.structs.replace(state, latches=latches, memory=memory, since=since), seen)


def _is_in(trigger: Trigger, seen: Seen) -> bool:
    """Whether the series is where the latch fires, whatever it has been in between."""
    return trigger.fires.holds(trigger.side_of(seen.wickless))


def _on_latch(
    rule: Rule, state: State, trigger: Trigger, reading: Reading, seen: Seen
) -> tuple[State, tuple[Firing, ...]]:
    latch = state.latches[trigger.name]
    if not latch.is_armed:
        if _rearms(trigger, reading):
            state = _with_latch(state, trigger.name, LatchState(is_armed=True))
            if state.reminding == trigger.name:
                state = msgspec.structs.replace(state, reminding=None, remind_at=None)
        return state, ()
    options = rule.options
    if not options.hold_for_s and options.confirm == 1:
        return _cross(rule, state, trigger, reading, seen) if trigger.fires.is_reached(reading) else (state, ())
    if not _is_in(trigger, seen):
        return _with_latch(state, trigger.name, LatchState(is_armed=True)), ()
    if latch.entered_at is None or seen.is_after_gap:
        latch = LatchState(is_armed=True, entered_at=seen.observed_at, seen=1)
    else:
        latch = msgspec.structs.replace(latch, seen=latch.seen + 1)
    assert latch.entered_at is not None
    if seen.observed_at - latch.entered_at >= options.hold_for and latch.seen >= options.confirm:
        return _cross(rule, state, trigger, reading, seen)
    return _with_latch(state, trigger.name, latch), ()


def _rearms(trigger: Trigger, reading: Reading) -> bool:
    """A later reading that keeps wholly to the original side; a wick's own reading therefore never does."""
    if trigger.rearms is None:
        return not trigger.fires.is_reached(reading)
    return trigger.rearms.contains(reading)


def _cross(
    rule: Rule, state: State, trigger: Trigger, reading: Reading, seen: Seen
) -> tuple[State, tuple[Firing, ...]]:
    name, now = trigger.name, seen.now
    episode = state.episodes.get(name, 0) + 1
    lines = rule.condition.lines_crossed(state.memory, reading)
    memory = rule.condition.after_firing(state.memory, reading)
    crossed = _with_latch(state, name, LatchState(is_armed=trigger.rearms is None))
    since = seen.observed_at if rule.condition.has_own_extreme else None
    crossed = msgspec.structs.replace(crossed, memory=memory, episodes={**state.episodes, name: episode}, since=since)
    if _is_muted(rule, state, now):
        told = {latch: n for latch, n in state.told.items() if latch != name}
        return msgspec.structs.replace(crossed, muted=state.muted + lines, muted_by=name, told=told), ()
    firing = Firing(
        Kind.FIRED,
        name,
        episode,
        0,
        is_up=trigger.is_up,
        crossings=lines,
        muted=state.muted,
        is_wick=not _is_in(trigger, seen),
        reading=reading,
        memory=state.memory,
        at=seen.observed_at,
    )
    crossed = _told(rule, crossed, name, 0, now)
    if rule.options.repeat is Repeat.REMIND and trigger.rearms is not None:
        crossed = msgspec.structs.replace(
            crossed, reminding=name, reminded=0, remind_at=now + max(rule.options.remind_every, rule.options.cooldown)
        )
    return msgspec.structs.replace(crossed, is_done=rule.options.repeat is Repeat.ONCE), (firing,)


def _end_cooldown(rule: Rule, state: State, now: datetime) -> tuple[State, tuple[Firing, ...]]:
    if not state.muted or rule.options.repeat is Repeat.DAILY:
        return state, ()
    if state.cooling_until is None or state.cooling_until > now:
        return state, ()
    name = state.muted_by or WHOLE_RULE
    n = state.told.get(name, 0) + 1
    firing = Firing(Kind.MUTED, name, state.episodes.get(name, 0), n, crossings=state.muted, muted=state.muted)
    return _told(rule, state, name, n, now), (firing,)


def _remind(rule: Rule, state: State, now: datetime) -> tuple[State, tuple[Firing, ...]]:
    name = state.reminding
    if name is None or state.remind_at is None or state.remind_at > now:
        return state, ()
    later = now + max(rule.options.remind_every, rule.options.cooldown)
    triggers = {trigger.name: trigger for trigger in rule.condition.triggers(state.memory, rule.band)}
    reading, reminded_of = state.reading, triggers[name]
    if reading is None or not reminded_of.fires.holds(reminded_of.side_of(reading)):
        return msgspec.structs.replace(state, remind_at=later), ()  # within the band: neither true nor over
    n = state.told.get(name, 0) + 1
    firing = Firing(Kind.REMINDER, name, state.episodes.get(name, 0), n, muted=state.muted)
    reminded = state.reminded + 1
    is_last = reminded >= rule.options.remind_at_most
    state = msgspec.structs.replace(
        _told(rule, state, name, n, now),
        reminded=reminded,
        reminding=None if is_last else name,
        remind_at=None if is_last else later,
    )
    return state, (firing,)


def _told(rule: Rule, state: State, name: str, n: int, now: datetime) -> State:
    return msgspec.structs.replace(
        state,
        told={**state.told, name: n},
        muted=0,
        muted_by=None,
        last_event_at=now,
        cooling_until=now + rule.options.cooldown if rule.options.cooldown_s else None,
    )


def _is_muted(rule: Rule, state: State, now: datetime) -> bool:
    if state.cooling_until is not None and now < state.cooling_until:
        return True
    if rule.options.repeat is not Repeat.DAILY or state.last_event_at is None:
        return False
    zone = ZoneInfo(rule.zone)
    return state.last_event_at.astimezone(zone).date() == now.astimezone(zone).date()


def _notice_at(rule: Rule, state: State) -> datetime | None:
    """When to say that the rule will end; rules that were made to live for less than two days do not need it."""
    if rule.options.expires_at is None or state.is_expiry_told:
        return None
    return rule.options.expires_at - EXPIRY_NOTICE


def _with_latch(state: State, name: str, latch: LatchState) -> State:
    return (
        state
        if state.latches[name] == latch
        else msgspec.structs.replace(state, latches={**state.latches, name: latch})
    )
