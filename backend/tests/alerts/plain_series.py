"""Derived series the slow way: everything that was ever seen is looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from dozor.alerts.conditions.pct_window import Basis, PctWindow
from dozor.alerts.conditions.trailing import From, Trailing
from dozor.alerts.rule import Rule
from dozor.alerts.segments import Segment
from dozor.alerts.views import Readings
from dozor.alerts.zone import Reading

NO_MOVE = Readings(Reading.at(Decimal(0)), Reading.at(Decimal(0)))


def percent(value: Decimal, reference: Decimal) -> Decimal:
    return (value - reference) * 100 / reference


def plain_readings(
    rule: Rule, since: datetime | None, past: Sequence[Segment], now: Segment, poll: timedelta
) -> Readings | None:
    """What this rule sees of a segment after all of those in the past."""
    match rule.condition:
        case PctWindow(basis=Basis.EXTREME) as condition:
            return _within([one for one in past if one.at >= now.at - condition.span], now)
        case PctWindow() as condition:
            return _since_beginning(past, now, condition.span, poll)
        case Trailing() as condition:
            return _from_own_extreme(condition, since, past, now)
        case _:
            return Readings(now.reading, Reading.at(now.reading.last))


def _within(inside: Sequence[Segment], now: Segment) -> Readings:
    low, last, high = now.reading.low, now.reading.last, now.reading.high
    rises = [percent(last, one.reading.low) for one in inside] + [percent(last, low)]
    falls = [percent(last, one.reading.high) for one in inside] + [percent(last, high)]
    rise, fall = max(rises), min(falls)
    greater = rise if rise >= -fall else fall
    steepest = max([rise, *(percent(high, one.reading.low) for one in inside)])
    deepest = min([fall, *(percent(low, one.reading.high) for one in inside)])
    return Readings(Reading(greater, deepest, steepest), Reading(greater, fall, rise))


def _since_beginning(past: Sequence[Segment], now: Segment, span: timedelta, poll: timedelta) -> Readings | None:
    beginning = now.at - span
    before = [one for one in past if one.at <= beginning]
    if not before or before[-1].at < beginning - span / 10 - 2 * poll:
        return None
    reference, reading = before[-1].reading.last, now.reading
    changes = [percent(value, reference) for value in (reading.last, reading.low, reading.high)]
    return Readings(Reading(*changes), Reading.at(changes[0]))


def _from_own_extreme(
    condition: Trailing, since: datetime | None, past: Sequence[Segment], now: Segment
) -> Readings | None:
    if since is None:
        return NO_MOVE
    if since >= now.at:
        return None
    falls = condition.side is From.HIGHEST
    extremes = [
        one.reading.last if one.at == since else one.reading.high if falls else one.reading.low
        for one in past
        if one.at >= since
    ]
    if not extremes:
        return NO_MOVE

    def away(value: Decimal, extreme: Decimal) -> Decimal:
        return percent(value, extreme) if condition.pct is not None else value - extreme

    reading = now.reading
    if falls:
        last = away(reading.last, max([*extremes, reading.high]))
        return Readings(Reading(last, min(last, away(reading.low, max(extremes))), last), Reading.at(last))
    last = away(reading.last, min([*extremes, reading.low]))
    return Readings(Reading(last, last, max(last, away(reading.high, min(extremes)))), Reading.at(last))
