"""What was seen, line by line: the two observations that prove an event, and what else a person should know of it.

It never says what the price "is": by the time somebody reads it, it is something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from dozor.alerts.conditions.range import Range
from dozor.alerts.conditions.step import Step
from dozor.alerts.decision import Kind
from dozor.alerts.messages.figures import figure, percent, rounded
from dozor.alerts.messages.headline import is_up, level_of, watches_percents
from dozor.alerts.messages.plurals import CROSSINGS, GRID_LINES
from dozor.alerts.messages.times import Reader
from dozor.alerts.messages.told import Observation, Told
from dozor.telemetry.phrases import Words


def account(told: Told, reader: Reader, now: datetime) -> Iterator[str]:
    """The lines below an event's headline."""
    language = reader.language
    if told.is_repeat:
        yield Words("Возможно, повтор", "Possibly a repeat").in_language(language)
    if told.kind in {Kind.EXPIRING, Kind.EXPIRED}:
        yield told.condition.sentence(told.coin.symbol, told.quote.upper(), language)
    if told.kind is Kind.EXPIRING:
        yield Words("Осталось не больше суток", "It has at most a day left").in_language(language)
    if told.after is not None:
        yield seen(told, reader, now)
    if told.crossings > 1 and told.kind is Kind.FIRED:
        yield _crossings(told, reader)
    if told.muted and told.kind is not Kind.MUTED:
        muted = CROSSINGS.many_of(told.muted, language)
        yield f"{Words('Пока правило молчало', 'While muted').in_language(language)}: {muted}"
    yield _source(told, reader, now)
    if told.again_at is not None and told.again_at > now:
        again = reader.moment(told.again_at, now)
        yield Words(f"Следующее — не раньше {again}", f"Next not before {again}").in_language(language)


def seen(told: Told, reader: Reader, now: datetime) -> str:
    """The pair of observations: «пересекла 70 000 между 12:03:10 и 12:04:10: 69 812 → 70 344»."""
    after = told.after
    assert after is not None
    before = told.before
    is_pair = before is not None and before.observed_at < after.observed_at
    span = _between(before, after, reader, now) if before is not None and is_pair else _at(after, reader, now)
    if told.extreme is not None:
        return _touched(told, told.extreme, after, span, reader)
    values = figure(after.value, reader.language)
    if before is not None and is_pair:
        values = f"{figure(before.value, reader.language)} → {values}"
    return f"{_what(told, reader)} {span}: {values}{_change(told, reader)}"


def _source(told: Told, reader: Reader, now: datetime) -> str:
    """Which coin it is, for symbols are not unique, and how old what is known of it."""
    if told.after is None:
        return told.coin.name
    age = reader.span(now - told.after.observed_at)
    return f"{told.coin.name}; {Words(f'данным {age}', f'data {age} old').in_language(reader.language)}"


def _what(told: Told, reader: Reader) -> str:
    language = reader.language
    edge = _edge(told)
    if edge is None:
        return Words("Цена", "Price").in_language(language)
    level = figure(edge, language)
    return Words(f"Цена пересекла {level}", f"Crossed {level}").in_language(language)


def _edge(told: Told) -> Decimal | None:
    """The level that lies between the two observations, where both are prices and it does."""
    level = level_of(told)
    if isinstance(told.condition, Range):
        up = is_up(told)
        level = None if up is None else told.condition.high if up else told.condition.low
    if level is None or told.before is None or told.after is None:
        return None
    low, high = sorted((told.before.value, told.after.value))
    return level if low <= level <= high else None


def _touched(told: Told, extreme: Decimal, after: Observation, span: str, reader: Reader) -> str:
    """A wick: the extreme reached the level, and the price is back."""
    language = reader.language
    far, now_at = figure(extreme, language), f"{figure(after.value, language)}{_change(told, reader)}"
    level = level_of(told)
    reached = "" if level is None else f" {figure(level, language)}"
    which = Words("максимум", "high") if is_up(told) else Words("минимум", "low")
    kind = which.in_language(language)
    return Words(
        f"Цена касалась{reached} {span}: {kind} за 24 ч {far}, затем {now_at}",
        f"Touched{reached} {span}: 24 h {kind} {far}, then {now_at}",
    ).in_language(language)


def _between(before: Observation, after: Observation, reader: Reader, now: datetime) -> str:
    start, end = reader.moment(before.observed_at, now), reader.moment(after.observed_at, now)
    return Words(f"между {start} и {end}", f"between {start} and {end}").in_language(reader.language)


def _at(after: Observation, reader: Reader, now: datetime) -> str:
    at = reader.moment(after.observed_at, now)
    return Words(f"на {at}", f"at {at}").in_language(reader.language)


def _change(told: Told, reader: Reader) -> str:
    """How far it went, where that and no price is what the rule watches."""
    if told.change is None:
        return ""
    if watches_percents(told):
        return f" ({percent(rounded(told.change), reader.language, signed=True)})"
    return f" ({'+' if told.change > 0 else ''}{figure(told.change, reader.language)})"


def _crossings(told: Told, reader: Reader) -> str:
    language = reader.language
    if isinstance(told.condition, Step):
        lines = GRID_LINES.many_of(told.crossings, language)
        return f"{Words('Пройдено', 'Passed').in_language(language)}: {lines}"
    crossings = CROSSINGS.many_of(told.crossings, language)
    return f"{Words('Всего за это время', 'In all this time').in_language(language)}: {crossings}"
