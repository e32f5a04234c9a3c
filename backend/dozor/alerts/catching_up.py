"""What passed while nobody watched: prices from the coins' own charts, as if they had been polled (``alerts.md`` G3).

One call for a coin, for as many coins as the quota affords. What is not fetched is seen as one step from the last known
price to the present one, with the extremes that upstream reports, which costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

import structlog

from dozor.alerts.segments import Mark, longest_gap
from dozor.domain.errors import DozorError
from dozor.domain.quotes import Quote

CATCH_UP = timedelta(hours=6)  # charts of a day have a point every five minutes

log = structlog.get_logger()


class History(Protocol):
    """Where prices of the last hours come from."""

    async def points(self, coin_id: str, currency: str) -> Sequence[tuple[datetime, Decimal]]:
        """See ``market.quotes.Quotes.points``."""


def after_gap(quotes: Sequence[Quote], mark_of: Callable[[Quote], Mark | None], poll: timedelta) -> Sequence[Quote]:
    """Those of these quotes before which nobody watched."""
    return [
        quote
        for quote in quotes
        if (mark := mark_of(quote)) is not None and quote.observed_at - mark.at > longest_gap(poll)
    ]


async def missed(
    gaps: Sequence[Quote], mark_of: Callable[[Quote], Mark | None], history: History, most: int
) -> Sequence[Quote]:
    """The prices between the marks and these quotes, the oldest first, for up to ``most`` coins."""
    wanted = [
        (quote, mark)
        for quote in gaps
        if (mark := mark_of(quote)) is not None
        and mark.source is quote.source
        and quote.observed_at - mark.at <= CATCH_UP
    ][:most]
    found: list[Quote] = []
    answers = await asyncio.gather(
        *(history.points(quote.coin_id, quote.currency) for quote, _ in wanted), return_exceptions=True
    )
    for (quote, mark), answer in zip(wanted, answers, strict=True):
        if isinstance(answer, DozorError):
            log.info("watch.history_unknown", coin=quote.coin_id, reason=str(answer))
        elif isinstance(answer, BaseException):
            raise answer
        else:
            # Extremes of 24 hours are compared over the whole gap, so what is replayed has those of its beginning.
            seen = replace(quote, high_24h=mark.high_24h, low_24h=mark.low_24h)
            found += [
                replace(seen, value=value, observed_at=at) for at, value in answer if mark.at < at < quote.observed_at
            ]
    if wanted:
        log.info("watch.caught_up", coins=len(wanted), prices=len(found))
    return sorted(found, key=lambda quote: quote.observed_at)
