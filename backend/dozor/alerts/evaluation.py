"""From a decision to what is written: the rule's next state, where it sleeps, and the events that are told."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal
from typing import Any, assert_never

import msgspec

from dozor.alerts import decision
from dozor.alerts.decision import Firing, Kind, Seen
from dozor.alerts.ports import NewEvent, Sleeper, StoredRule, Transition
from dozor.alerts.rule import PRICE, Detect, Rule
from dozor.alerts.segments import Segment, Trust
from dozor.alerts.state import State
from dozor.alerts.views import View

TELL_WITHIN = timedelta(hours=24)
REMIND_WITHIN = timedelta(hours=6)
_SIX_DIGITS = Context(prec=6)
NewId = Callable[[datetime], str]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What one rule comes to; ``None`` in place of a transition when nothing changed."""

    transition: Transition | None
    events: Sequence[NewEvent]


def evaluated(
    stored: StoredRule,
    views: Sequence[View],
    now: datetime,
    new_id: NewId,
    *,
    is_outage: bool = False,
) -> Evaluated:
    """Let a rule see these segments of its series, in order, and then what is due by ``now``.

    ``is_outage``: nobody watched while they passed, so they make one event at most.
    """
    rule, state = stored.rule, stored.state
    firings: list[Firing] = []
    if is_outage and state.is_arming:
        views = views[-1:]  # it may be younger than what passed before
    by_time: dict[datetime, Segment] = {}
    for view in views:
        segment = view.segment
        shown = view.readings(state.since) if _is_for(stored, segment.trust) else None
        if shown is None:
            continue
        by_time[segment.at] = segment
        seen = Seen(shown.reading, segment.at, now, segment.is_after_gap, shown.wickless)
        step = decision.on_reading(rule, state, seen)
        state = step.state
        firings += step.firings
    if is_outage:
        at_once = decision.as_one(stored.state, state, firings)
        state, firings = at_once.state, list(at_once.firings)
    due = decision.on_time(rule, state, now)
    firings += due.firings
    events = [
        _event(stored, firing, None if firing.at is None else by_time[firing.at], now, new_id) for firing in firings
    ]
    if due.state == stored.state and not events:
        return Evaluated(None, ())
    return Evaluated(transition_of(stored, due.state), events)


def transition_of(stored: StoredRule, state: State) -> Transition:
    """The rule's new state with where it sleeps from now on."""
    rule = stored.rule
    return Transition(
        rule.number,
        rule.version,
        stored.seq,
        state,
        sleeper_of(rule, state),
        decision.due_at(rule, state),
    )


def sleeper_of(rule: Rule, state: State) -> Sleeper:
    """The rule as the index knows it, its edges rounded outwards: woken in vain rather than not at all."""
    sleep = decision.sleep_of(rule, state)
    return Sleeper(
        rule.number,
        rule.series,
        None if sleep is None or sleep.below is None else rounded_up(sleep.below),
        None if sleep is None or sleep.above is None else rounded_down(sleep.above),
        is_awake=sleep is None,
        wants_wicks=rule.options.detect is Detect.WICK,
        since=state.since,
    )


def rounded_up(value: Decimal) -> float:
    """The least float that is not below the value."""
    near = float(value)
    return near if Decimal(near) >= value else math.nextafter(near, math.inf)


def rounded_down(value: Decimal) -> float:
    """The greatest float that is not above the value."""
    near = float(value)
    return near if Decimal(near) <= value else math.nextafter(near, -math.inf)


def _is_for(stored: StoredRule, trust: Trust) -> bool:
    match trust:
        case Trust.ALL:
            return True
        case Trust.SIDES:
            return stored.state.is_arming
        case Trust.ONLY_BOLD:
            return not stored.rule.options.confirm_jumps
        case Trust.ONLY_CAREFUL:
            return stored.rule.options.confirm_jumps
    assert_never(trust)


def _event(stored: StoredRule, firing: Firing, segment: Segment | None, now: datetime, new_id: NewId) -> NewEvent:
    rule = stored.rule
    observed_at = segment.at if segment is not None else now
    within = REMIND_WITHIN if firing.kind is Kind.REMINDER else TELL_WITHIN
    return NewEvent(
        id=new_id(now),
        number=rule.number,
        version=rule.version,
        latch=firing.latch,
        episode=firing.episode,
        n=firing.n,
        user_id=rule.user_id,
        kind=firing.kind.value,
        observed_at=observed_at,
        detected_at=now,
        body=_body(stored, firing, segment, now),
        channels=stored.channels,
        deliver_by=now + within,
    )


def _body(stored: StoredRule, firing: Firing, segment: Segment | None, now: datetime) -> dict[str, Any]:
    """The facts of the event, as people and programs get them; the text is made of them for each channel."""
    rule = stored.rule
    body: dict[str, Any] = {
        "alert_id": rule.id,
        "coin_id": rule.coin_id,
        "quote": rule.quote,
        "condition": msgspec.to_builtins(rule.condition),
        "kind": firing.kind.value,
        "crossings": firing.crossings,
        "muted": firing.muted,
        "late_by_s": 0,
    }
    if rule.options.critical:
        body["critical"] = True
    if firing.is_up is not None:
        body["direction"] = "up" if firing.is_up else "down"
    if firing.memory:
        body["memory"] = _texts(firing.memory.items())
    if firing.reading is not None and rule.condition.series != PRICE:
        change = firing.reading.high if firing.is_up else firing.reading.low
        body["change"] = f"{change.normalize(_SIX_DIGITS):f}"  # in percent, or in the quote
    if segment is not None:
        body["before"] = {"value": f"{segment.before:f}", "observed_at": _rfc3339(segment.before_at)}
        body["after"] = {"value": f"{segment.reading.last:f}", "observed_at": _rfc3339(segment.at)}
        late_by = (now - segment.at).total_seconds()
        body["late_by_s"] = max(0, int(late_by))
        if late_by > rule.options.max_late_s:
            body["is_late"] = True
        if firing.is_wick:
            body["via"] = "high_24h" if firing.is_up else "low_24h"
            body["extreme"] = f"{segment.reading.high if firing.is_up else segment.reading.low:f}"
    return body


def _texts(values: Iterable[tuple[str, Decimal]]) -> dict[str, str]:
    return {name: f"{value:f}" for name, value in values}


def _rfc3339(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
