"""``/coins/{id}/market_chart``, its ``/range``, and ``/coins/{id}/ohlc``.

What is known about upstream, and kept here: five-minute, hourly and daily points are three separate samples; a point
never changes once it is there; samples lie irregularly, some minutes after their step began, except the daily ones,
which lie at midnight UTC exactly; the last point of every chart is "now" and is gone from the next answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dozor.standin.asked import Asked
from dozor.standin.catalogue import Coin
from dozor.standin.currencies import Currency
from dozor.standin.jsontext import array
from dozor.standin.model import DAY, HOUR
from dozor.standin.numbers import real
from dozor.standin.quirks import Edge
from dozor.standin.refusals import invalid, too_far_back

_MINUTE = 60
_PUBLIC_DAYS = 365
_MOST_DAYS = 6_000
_END_OF_TIME = 253_402_300_800
_NEW_DAY_AFTER = 10 * _MINUTE  # the midnight point is published at 00:10 UTC


@dataclass(frozen=True, slots=True)
class Sampling:
    """How often a series is sampled, and how late after the beginning of its step."""

    step: int
    latest: int
    """Seconds; 0 for samples that lie on the step itself."""

    def instant(self, number: int, salt: int) -> int:
        """Give the instant (UNIX milliseconds) of the sample of step ``number``; the same for ever."""
        if not self.latest:
            return number * self.step * 1_000
        mixed = (number * 0x9E3779B1 ^ salt * 0x85EBCA6B ^ self.step) & 0xFFFFFFFF
        mixed = (mixed ^ mixed >> 15) * 0x2C1B3C6D & 0xFFFFFFFF
        return number * self.step * 1_000 + (mixed ^ mixed >> 13) % (self.latest * 1_000)


FIVE_MINUTES = Sampling(5 * _MINUTE, 4 * _MINUTE)
HOURLY = Sampling(HOUR, 6 * _MINUTE)
DAILY = Sampling(DAY, 0)


def market_chart(asked: Asked) -> str:
    """``/coins/{id}/market_chart``: prices, caps and volumes, with the same instants in all three."""
    return chart_of(asked, asked.coin())


def market_chart_range(asked: Asked) -> str:
    """``/coins/{id}/market_chart/range``: the closed samples between two moments."""
    return range_of(asked, asked.coin())


def chart_of(asked: Asked, coin: Coin) -> str:
    """Write the chart of ``coin`` that goes back the ``days`` asked for."""
    currency = asked.currency()
    days = _days(asked)
    return _series(asked, coin, currency, _instants(asked, coin, days, _sampling(asked, days)))


def range_of(asked: Asked, coin: Coin) -> str:
    """Write the chart of ``coin`` between ``from`` and ``to``, both UNIX seconds."""
    currency = asked.currency()
    start, end = _moment(asked, "from"), _moment(asked, "to")
    if asked.now - start > _PUBLIC_DAYS * DAY and not asked.paid:
        raise too_far_back(asked.now)
    return _series(asked, coin, currency, _between(asked, coin, start, end))


def _series(asked: Asked, coin: Coin, currency: Currency, instants: Iterator[int]) -> str:
    if not coin.priced:
        return '{"prices":[],"market_caps":[],"total_volumes":[]}'
    market = asked.market
    price_text, amount_text = asked.price_text(currency) if asked.query.get("precision") else real, real
    prices, caps, volumes = [], [], []
    for instant in instants:
        second = instant // 1_000
        rate = market.rate(currency.code, second)
        price = market.price(coin, second) / rate
        prices.append(f"[{instant},{price_text(price)}]")
        caps.append(f"[{instant},{amount_text(price * coin.supply)}]")
        volumes.append(f"[{instant},{amount_text(market.volume(coin, second) / rate)}]")
    return f'{{"prices":{array(prices)},"market_caps":{array(caps)},"total_volumes":{array(volumes)}}}'


def _sampling(asked: Asked, days: int) -> Sampling:
    match asked.query.get("interval", ""):
        case "daily":
            return DAILY
        case "hourly":
            return HOURLY
        case _:
            return FIVE_MINUTES if days == 1 else HOURLY if days <= 90 else DAILY


def _instants(asked: Asked, coin: Coin, days: int, sampling: Sampling) -> Iterator[int]:
    """When the series was sampled, oldest first, and then the last update of the coin."""
    last = asked.market.updated_at(coin, asked.now)
    start = max(last - days * DAY, coin.listed_at)
    if asked.quirks.edge is Edge.NEXT_STEP:
        start = -(-start // sampling.step) * sampling.step
    yield from _samples(coin, sampling, start, _known_until(sampling, last))
    yield last * 1_000


def _between(asked: Asked, coin: Coin, start: int, end: int) -> Iterator[int]:
    """When it was sampled within a range: by the length of the range, and of the last day every five minutes."""
    last = asked.market.updated_at(coin, asked.now)
    days = -(-(end - start) // DAY)
    sampling = DAILY if days > 90 else HOURLY if days > 1 or end < last - DAY else FIVE_MINUTES
    return _samples(coin, sampling, max(start, coin.listed_at), min(end, _known_until(sampling, last)))


def _known_until(sampling: Sampling, last: int) -> int:
    return last - _NEW_DAY_AFTER if sampling is DAILY else last - 1


def _samples(coin: Coin, sampling: Sampling, start: int, end: int) -> Iterator[int]:
    number = start // sampling.step
    while (instant := sampling.instant(number, coin.offset)) <= end * 1_000:
        if instant >= start * 1_000:
            yield instant
        number += 1


def ohlc(asked: Asked) -> str:
    """``/coins/{id}/ohlc``: candles stamped with the time they close; the last one is still open."""
    coin, currency = asked.coin(), asked.currency()
    days = _days(asked)
    if not coin.priced:
        return "[]"
    write = asked.price_text(currency)
    length, looks = _candle(days)
    now = asked.market.updated_at(coin, asked.now)
    grid = 0 if asked.quirks.candles_from_epoch or length < DAY else now // DAY * DAY % length
    start = max(now - days * DAY, coin.listed_at)
    first = (start - grid) // length + 1
    candles: list[str] = []
    ended = (now - grid) // length
    for number in range(first, ended + asked.quirks.shows_open_candle):
        begin = grid + number * length
        seconds = [second for second in range(begin, begin + length, length // looks) if second <= now]
        values = [asked.market.price(coin, s) / asked.market.rate(currency.code, s) for s in seconds]
        shown = (values[0], max(values), min(values), values[-1])
        candles.append(f"[{(begin + length) * 1_000},{','.join(map(write, shown))}]")
    return array(candles)


def _candle(days: int) -> tuple[int, int]:
    """How long a candle is, in seconds, and how many prices its high and low are taken from."""
    if days <= 2:
        return 30 * _MINUTE, 10
    return (4 * HOUR, 12) if days <= 30 else (4 * DAY, 16)


def _days(asked: Asked) -> int:
    """How far back; without a paid plan no further than a year (401 with code 10012)."""
    value = asked.required("days")
    try:
        days = _MOST_DAYS if value == "max" else int(value)
    except ValueError:
        raise invalid("days") from None
    if days > _PUBLIC_DAYS and not asked.paid:
        raise too_far_back(asked.now)
    if days < 1:
        raise invalid("days")
    return min(days, _MOST_DAYS)


def _moment(asked: Asked, name: str) -> int:
    """Read UNIX seconds; later than the year 9999 is a mistake."""
    try:
        moment = int(float(asked.required(name)))
    except (ValueError, OverflowError):
        raise invalid(name) from None
    if not 0 <= moment < _END_OF_TIME:
        raise invalid(name)
    return moment
