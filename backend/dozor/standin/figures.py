"""A coin's figures in one currency at one moment, as markets rows and coin pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from dozor.standin.catalogue import Coin
from dozor.standin.currencies import Currency
from dozor.standin.model import DAY, HOUR, Market

SPANS = {
    "1h": HOUR,
    "24h": DAY,
    "7d": 7 * DAY,
    "14d": 14 * DAY,
    "30d": 30 * DAY,
    "60d": 60 * DAY,
    "200d": 200 * DAY,
    "1y": 365 * DAY,
}
STALE_AFTER = DAY


@dataclass(frozen=True, slots=True)
class Figures:
    """What a coin costs in a currency. ``None`` where upstream says null: no price, no supply, too stale, too young."""

    second: int
    """When they were taken."""
    price: float | None
    cap: float | None
    valuation: float | None
    """Fully diluted."""
    volume: float | None
    high: float | None
    low: float | None
    price_before: float | None
    """24 hours before ``second``."""
    cap_before: float | None
    highest: float | None
    """All-time high."""
    lowest: float | None


def figures(market: Market, coin: Coin, currency: Currency, second: int, now: float) -> Figures:
    """Take the figures of ``second``, as they look ``now``: the 24-hour ones go when the last update is a day old."""
    if not coin.priced:
        return Figures(second, *[None] * 10)
    rate = market.rate(currency.code, second)
    price = market.price(coin, second) / rate
    diluted = coin.max_supply or coin.total_supply
    before = price_before(market, coin, currency, second, "24h") if now - second < STALE_AFTER else None
    high = low = None
    if before is not None:
        first = (second - DAY) // HOUR + 1
        rates = market.hourly_rates(currency.code, first, 24)
        day = [usd / unit for usd, unit in zip(market.hourly(coin, first, 24), rates, strict=True)]
        high, low = max(price, *day), min(price, *day)
    lowest, highest = _extremes(market, coin, currency)
    return Figures(
        second=second,
        price=price,
        cap=price * coin.supply,
        valuation=price * diluted if diluted and coin.total_supply else None,
        volume=market.volume(coin, second) / rate,
        high=high,
        low=low,
        price_before=before,
        cap_before=None if before is None else before * coin.supply,
        highest=highest,
        lowest=lowest,
    )


def price_before(market: Market, coin: Coin, currency: Currency, second: int, span: str) -> float | None:
    """Give the price one of ``SPANS`` before ``second``; None for a coin that was not listed yet."""
    then = second - SPANS[span]
    if then < coin.listed_at or not coin.priced:
        return None
    return market.price(coin, then) / market.rate(currency.code, then)


def change(now: float | None, before: float | None) -> float | None:
    """How much more ``now`` is."""
    return None if now is None or before is None else now - before


def change_percent(now: float | None, before: float | None) -> float | None:
    """How much more ``now`` is, in percent; 0 between two caps nobody knows."""
    if now is None or before is None:
        return None
    return (now - before) / before * 100 if before else 0.0


def moment(second: float, milliseconds: int = 0) -> str:
    """Write an instant as ``2026-05-18T12:49:21.599Z``."""
    return f"{_to_the_second(int(second))}.{milliseconds:03d}Z"


@lru_cache(maxsize=4_096)  # the rows of a page share their seconds, and every answer repeats the same old dates
def _to_the_second(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"


def taken_at(coin: Coin, second: int) -> str:
    """Write a coin's ``last_updated``; the milliseconds are its own."""
    return moment(second, (coin.index * 37 + second * 7) % 1_000)


def _extremes(market: Market, coin: Coin, currency: Currency) -> tuple[float, float]:
    if currency.coin == coin.id:  # in itself it never moved, but for the noise that is recorded
        return 0.99895134 / currency.usd, 1.003301 / currency.usd
    lowest, highest = market.extremes(coin)
    unit_lowest, unit_highest = market.rate_extremes(currency.code)
    return lowest / unit_highest, highest / unit_lowest
