"""Events as the real watch makes them of prices, read back as people are told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from dozor.alerts.conditions.registry import AnyCondition
from dozor.alerts.deliveries import Event
from dozor.alerts.evaluation import evaluated
from dozor.alerts.messages.told import Coin, Told, told_of
from dozor.alerts.ports import NewEvent, StoredRule
from dozor.alerts.rule import Options, Rule
from dozor.alerts.segments import Mark, Segment, take
from dozor.alerts.state import NEW
from dozor.alerts.views import of_price
from dozor.domain.quotes import Quote, QuoteSource

START = datetime(2026, 11, 23, 9, 2, 10, tzinfo=UTC)
POLL = timedelta(seconds=60)
BITCOIN = Coin("BTC", "Bitcoin")


def stored_rule(condition: dict[str, Any], **options: Any) -> StoredRule:
    rule = Rule(
        number=1,
        id="alr_06g1z0c0fm8r1m2q3s4t5v6w7x",
        user_id="usr_1",
        version=1,
        coin_id="bitcoin",
        quote=options.pop("quote", "usd"),
        condition=msgspec.convert(condition, AnyCondition, strict=False),
        options=msgspec.convert(options, Options, strict=False),
    )
    return StoredRule(rule, NEW, 1, ("chn_1",), is_live=True, change=1)


def segments_of(rule: Rule, prices: Sequence[str | tuple[str, str]]) -> list[Segment]:
    """What the watch makes of prices, one each minute; of a pair the second is the highest of 24 hours."""
    mark: Mark | None = None
    segments: list[Segment] = []
    for place, price in enumerate(prices):
        value, high = (price, None) if isinstance(price, str) else price
        at = START + place * POLL
        quote = Quote(
            rule.coin_id, rule.quote, QuoteSource.MARKETS, Decimal(value), at, at, Decimal(high) if high else None
        )
        taken = take(mark, quote, POLL)
        assert taken is not None
        mark = taken.mark
        segments += taken.segments
    return segments


def kept(event: NewEvent) -> Event:
    """The event as a store gives it back."""
    body = msgspec.json.decode(msgspec.json.encode(event.body))
    return Event(
        event.id, "alr_1", event.user_id, 1, event.latch, event.episode, event.n, event.kind,
        event.observed_at, event.detected_at, body,
    )  # fmt: skip


def told_of_prices(
    condition: dict[str, Any],
    *prices: str | tuple[str, str],
    coin: Coin = BITCOIN,
    is_outage: bool = False,
    **options: Any,
) -> Told:
    """The last event of a rule that saw these prices, one each minute."""
    stored = stored_rule(condition, **options)
    now = START + (len(prices) - 1) * POLL
    segments = segments_of(stored.rule, prices)
    events = []
    for part, at in ((segments[:1], START), (segments[1:], now)):
        made = evaluated(stored, [of_price(segment) for segment in part], at, lambda _: "evt_1", is_outage=is_outage)
        events += made.events
        if made.transition is not None:
            stored = replace(stored, state=made.transition.state)
    return told_of(kept(events[-1]), coin)
