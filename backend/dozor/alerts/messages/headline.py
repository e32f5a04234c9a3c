"""What happened in a few words, to be read on a locked screen: «BTC ≥ 70 000 $ ↑»."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import assert_never

from dozor.alerts.conditions.pct_reference import REFERENCE, PctReference
from dozor.alerts.conditions.pct_window import PctWindow
from dozor.alerts.conditions.price_cross import PriceCross
from dozor.alerts.conditions.price_state import PriceState, Side
from dozor.alerts.conditions.range import Mode, Range
from dozor.alerts.conditions.step import LINE, Step
from dozor.alerts.conditions.trailing import From, Trailing
from dozor.alerts.decision import Kind
from dozor.alerts.messages.figures import MINUS, figure, money, percent, rounded
from dozor.alerts.messages.plurals import CROSSINGS
from dozor.alerts.messages.times import Reader
from dozor.alerts.messages.told import Told
from dozor.telemetry.phrases import Words

UP, DOWN = "↑", "↓"


def headline(told: Told, reader: Reader, now: datetime) -> str:
    """One event in one line, with how late it is where that is worth saying."""
    late = told.late_by(now)
    if late is None:
        return fact(told, reader)
    words = Words("с опозданием на", "late by")
    return f"{fact(told, reader)} ({words.in_language(reader.language)} {reader.span(late)})"


def fact(told: Told, reader: Reader) -> str:
    """What happened, and nothing of when."""
    language = reader.language
    subject = _subject(told, reader)
    match told.kind:
        case Kind.FIRED:
            return subject
        case Kind.REMINDER:
            return f"{subject}: {Words('всё ещё так', 'still so').in_language(language)}"
        case Kind.MUTED:
            while_muted = Words(", пока правило молчало", " while muted").in_language(language)
            return f"{subject}: {CROSSINGS.many_of(told.muted, language)}{while_muted}"
        case Kind.EXPIRING:
            return f"{told.coin.symbol}: {Words('правило скоро закончится', 'a rule ends soon').in_language(language)}"
        case Kind.EXPIRED:
            return f"{told.coin.symbol}: {Words('правило закончилось', 'a rule has ended').in_language(language)}"
    assert_never(told.kind)


def level_of(told: Told) -> Decimal | None:
    """The level that the price came to; ``None`` where the condition knows none, or the event not which."""
    match told.condition:
        case PriceCross(level=level) | PriceState(level=level):
            return level
        case Step() if LINE in told.memory:
            # The first line that was passed: the edge of the latch as it stood when it fired.
            for trigger in told.condition.triggers(told.memory, Decimal(0)):
                if trigger.name == told.latch:
                    (edge,) = trigger.fires.spans
                    line = edge.low if edge.low is not None else edge.high
                    return None if line is None else rounded(line)
    return None


def is_up(told: Told) -> bool | None:
    """Which way the series went; ``None`` where neither the event nor its latch tells."""
    if told.is_up is not None:
        return told.is_up
    condition = told.condition
    match condition:
        case PriceState(op=op):
            return op is Side.AT_LEAST
        case Trailing(side=side):
            return side is From.LOWEST
        case Range(low=low, high=high, mode=Mode.EXIT | Mode.OUTSIDE) if told.after is not None:
            reached = told.after.value if told.extreme is None else told.extreme
            return None if low <= reached <= high else reached > high
    return {"up": True, "down": False}.get(told.latch)


def _subject(told: Told, reader: Reader) -> str:
    language = reader.language
    up = is_up(told)
    arrow = {True: f" {UP}", False: f" {DOWN}", None: ""}[up]
    condition = told.condition
    match condition:
        case PriceCross() | PriceState() | Step():
            level = level_of(told)
            if level is None or up is None:
                says = condition.sentence(told.coin.symbol, told.quote.upper(), language)
                return f"{says}{arrow}"
            says = f"{'≥' if up else '≤'} {money(level, told.quote, language)}"
        case Range(low=low, high=high, mode=mode):
            where = Words("в диапазоне", "within") if mode in {Mode.ENTER, Mode.INSIDE} else Words("вне", "outside")
            ends = f"{figure(low, language)}–{figure(high, language)}"
            says = f"{where.in_language(language)} {ends} {told.quote.upper()}"
        case PctWindow(pct=pct, span=span):
            within = Words("за", "in").in_language(language)
            says = f"{_signed(pct, reader, up=up)} {within} {reader.span(span)}"
        case PctReference(pct=pct):
            says = _signed(pct, reader, up=up)
            if REFERENCE in told.memory:
                of = Words("от", "from").in_language(language)
                says = f"{says} {of} {money(told.memory[REFERENCE], told.quote, language)}"
        case Trailing(pct=pct, amount=amount, side=side):
            far = percent(pct, language) if pct is not None else money(amount or Decimal(0), told.quote, language)
            if side is From.HIGHEST:
                says = f"{MINUS}{far} {Words('от максимума', 'from the high').in_language(language)}"
            else:
                says = f"+{far} {Words('от минимума', 'from the low').in_language(language)}"
        case _:
            assert_never(condition)
    return f"{told.coin.symbol} {says}{arrow}"


def _signed(pct: Decimal, reader: Reader, *, up: bool | None) -> str:
    sign = {True: "+", False: MINUS, None: "±"}[up]
    return f"{sign}{percent(pct, reader.language)}"


def watches_percents(told: Told) -> bool:
    """Whether the values of the rule's series are percents rather than prices."""
    match told.condition:
        case PctWindow():
            return True
        case Trailing(pct=pct):
            return pct is not None
    return False
