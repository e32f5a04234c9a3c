"""One price as upstream said it: of which coin, in what, when, and what was said beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum


class QuoteSource(Enum):
    """The endpoint that said it. The two are not of the same moment, so they are never compared with each other."""

    PRICE = "price"  # /simple/price
    MARKETS = "markets"  # /coins/markets, which knows the extremes of 24 hours


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of one coin in one currency at ``observed_at``, by upstream's clock, fetched at ``fetched_at``.

    ``value`` is in upstream's own digits and may be anything that was said, zero included. Extremes and volume are
    those of the 24 hours before, in the same currency; ``None`` where the source does not tell.
    """

    coin_id: str
    currency: str
    source: QuoteSource
    value: Decimal
    observed_at: datetime
    fetched_at: datetime
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    volume_24h: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a coin in a currency before anybody watches it.

    ``is_coin`` and ``is_currency`` are false only where upstream is sure not to know it. ``last`` is the newest price
    that is known; ``None`` when there is none, or none could be had now.
    """

    is_coin: bool
    is_currency: bool
    last: Quote | None
