"""What a new rule makes of the present price: on which side it is, and what must happen before the rule speaks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dozor.alerts import decision
from dozor.alerts.decision import Seen
from dozor.alerts.rule import Rule
from dozor.alerts.state import NEW
from dozor.alerts.zone import Reading, Span, Zone
from dozor.domain.quotes import Quote
from dozor.telemetry.phrases import Language

PRICE = "price"


def first_evaluation(rule: Rule, last: Quote | None, language: Language) -> dict[str, Any]:
    """For each latch whether it is armed at this price, and in words what has to happen.

    Nothing is stored: the first reading of the watch decides, and is as good as this one. A rule on a derived series,
    or without a known price, has no sides yet.
    """
    if last is None:
        words = ("цена пока неизвестна: первая же установит сторону", "no price is known yet: the first sets the side")
        return {"price": None, "observed_at": None, "already_true": None, "next": words[language is Language.EN]}
    told: dict[str, Any] = {
        "price": f"{last.value:f}",
        "observed_at": last.observed_at.isoformat().replace("+00:00", "Z"),
    }
    if rule.condition.series != PRICE:
        words = ("сначала нужна история цен для этого окна", "prices of its window have to be known first")
        return told | {"already_true": None, "next": words[language is Language.EN]}
    seen = Seen(Reading.at(last.value), last.observed_at, last.fetched_at)
    decided = decision.on_reading(rule, NEW, seen)
    if decided.firings:
        words = ("уже верно: сообщение придёт сразу", "is true already: it speaks at once")
        return told | {"already_true": True, "next": words[language is Language.EN]}
    latches = []
    for trigger in rule.condition.triggers(decided.state.memory, rule.band):
        is_armed = decided.state.latches[trigger.name].is_armed
        latches.append(
            {
                "latch": trigger.name,
                "already_true": not is_armed,
                "next": _next(trigger.fires, None if is_armed else trigger.rearms, rule.quote, language),
            }
        )
    return told | {
        "already_true": any(latch["already_true"] for latch in latches),
        "next": (" или " if language is Language.RU else ", or ").join(str(latch["next"]) for latch in latches),
        "latches": latches,
    }


def _next(fires: Zone, rearms: Zone | None, quote: str, language: Language) -> str:
    to_fire = _zone(fires, quote, language)
    if rearms is None:
        return {Language.RU: f"цена {to_fire}", Language.EN: f"the price is {to_fire}"}[language]
    first = _zone(rearms, quote, language)
    if language is Language.RU:
        return f"сначала цена {first}, потом {to_fire}"
    return f"first the price is {first}, then {to_fire}"


def _zone(zone: Zone, quote: str, language: Language) -> str:
    joint = " или " if language is Language.RU else " or "
    return joint.join(_span(span, quote, language) for span in zone.spans)


def _span(span: Span, quote: str, language: Language) -> str:
    is_ru = language is Language.RU
    if span.low is not None and span.high is not None:
        ends = f"{_level(span.low)} … {_level(span.high)} {quote}"
        return f"в пределах {ends}" if is_ru else f"within {ends}"
    edge = span.low if span.low is not None else span.high
    assert edge is not None
    amount = f"{_level(edge)} {quote}"
    if span.low is not None:
        words = (f"{amount} или выше", f"{amount} or above") if span.closed else (f"выше {amount}", f"above {amount}")
    else:
        words = (f"{amount} или ниже", f"{amount} or below") if span.closed else (f"ниже {amount}", f"below {amount}")
    return words[not is_ru]


def _level(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
