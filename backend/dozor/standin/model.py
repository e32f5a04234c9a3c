"""The market: every moving figure as a pure function of (coin, second), the same for every asker and every process.

A price is the coin's base price times three factors: its own walk and the whole market's walk, both read hour by
hour and joined by straight lines, and a ripple that lives inside the hour and vanishes at its ends. So the values at
full hours are plain slices of the tapes, which is what makes a page of 250 sparklines cheap.

Nothing here is random and nothing is remembered, except results that would come out the same again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import repeat
from zlib import crc32

from dozor.standin.catalogue import Catalogue, Coin
from dozor.standin.currencies import CURRENCIES
from dozor.standin.tapes import HOURS, RIPPLES, Tape, Temper, tapes

HOUR = 3_600
DAY = 86_400
_MASK = HOURS - 1
_RIPPLE_MASK = RIPPLES - 1
_RIPPLE_STRIDE = 7  # neighbouring hours must not ripple alike
_UPDATED_EVERY = 20
_STALE_SINCE = 3 * HOUR
_RANKED_EVERY = 300
_RANK_GAP_EVERY = 499  # 1,000 recorded rows ended at rank 1,002


class Ordered(Enum):
    """What a list of the whole market may be ordered by."""

    CAP = "market cap"
    VOLUME = "volume"


@dataclass(frozen=True, slots=True)
class Board:
    """The whole market at one second, by ``Coin.index``; a coin without a price has NaN."""

    prices: list[float]
    caps: list[float]
    """0 without a known supply."""


class Market:
    """Figures of all coins of ``catalogue``. Seconds are UNIX time, figures are usd unless they say otherwise."""

    def __init__(self, catalogue: Catalogue, seed: int = 0) -> None:
        self.catalogue = catalogue
        self.seed = seed
        self._tapes = tapes(seed)
        self._columns = [
            (temper, [(c.index, c.usd, c.offset) for c in catalogue.coins if c.temper is temper]) for temper in Temper
        ]
        self._supplies = [coin.supply for coin in catalogue.coins]
        self._priced = [coin for coin in sorted(catalogue.coins, key=lambda coin: coin.id) if coin.priced]
        self._stale = [coin for coin in catalogue.coins if coin.stale_hours]
        self._unpriced = [coin for coin in catalogue.coins if not coin.priced]
        # A row asks for the same moments of its coin, and an answer for those of its currencies, again and again.
        self.price = lru_cache(maxsize=16_384)(self._price)
        self.rate = lru_cache(maxsize=8_192)(self._rate)
        self.hourly_rates = lru_cache(maxsize=256)(self._hourly_rates)
        self.board = lru_cache(maxsize=4)(self._board)
        self.volumes = lru_cache(maxsize=4)(self._volumes)
        self.ranking = lru_cache(maxsize=8)(self._ranking)
        self.ranks = lru_cache(maxsize=4)(self._ranks)

    def cap(self, coin: Coin, second: int) -> float:
        """Market cap; 0 when nobody knows the supply."""
        return self.price(coin, second) * coin.supply

    def volume(self, coin: Coin, second: int) -> float:
        """How much was traded in the 24 hours before."""
        hour, within = divmod(second, HOUR)
        at = (hour + coin.offset * 3) & _MASK
        return _between(self._tapes[Temper.WILD].own, at, within / HOUR) * _usual_volume(coin)

    def summed_volume(self, shares: Iterable[tuple[Coin, float]]) -> Callable[[int], float]:
        """Give what these shares of the volumes of many coins come to, as a function of the second.

        A volume is a straight line inside an hour, so a sum of volumes is one too: only full hours are summed up.
        """
        parts = [(coin.offset * 3, _usual_volume(coin) * share) for coin, share in shares]
        own = self._tapes[Temper.WILD].own

        @lru_cache(maxsize=1_024)
        def at_full_hour(hour: int) -> float:
            return sum(own[(hour + offset) & _MASK] * usual for offset, usual in parts)

        def at(second: int) -> float:
            hour, within = divmod(second, HOUR)
            low = at_full_hour(hour)
            return low + (at_full_hour(hour + 1) - low) * (within / HOUR)

        return at

    def hourly(self, coin: Coin, first_hour: int, count: int) -> list[float]:
        """Prices at ``count`` full hours from ``first_hour`` (hours since 1970), oldest first; at most two years."""
        return self._at_full_hours(coin.temper, coin.offset, coin.usd, first_hour, count)

    def updated_at(self, coin: Coin, now: float) -> int:
        """The second at which the figures that are shown ``now`` were taken; hours ago for a stale coin."""
        second = int(now)
        if coin.stale_hours:
            return second - _STALE_SINCE - (second + coin.phase * 1_000) % (coin.stale_hours * HOUR)
        return second - (second + coin.phase) % _UPDATED_EVERY

    def wandered(self, name: str, temper: Temper, second: int) -> float:
        """How far a figure that belongs to no coin has wandered: what to multiply its base with."""
        return self._factor(temper, crc32(name.encode()) & _MASK, second)

    def extremes(self, coin: Coin) -> tuple[float, float]:
        """Below and above what the price never goes."""
        tape = self._tapes[coin.temper]
        return coin.usd * tape.lowest, coin.usd * tape.highest

    def rate_extremes(self, code: str) -> tuple[float, float]:
        """Below and above what a unit of ``code`` never costs."""
        currency = CURRENCIES[code]
        if currency.coin is not None and (coin := self.catalogue.by_id.get(currency.coin)):
            lowest, highest = self.extremes(coin)
        else:
            lowest, highest = self._tapes[Temper.FIAT].lowest, self._tapes[Temper.FIAT].highest
        return lowest * currency.usd, highest * currency.usd

    def _price(self, coin: Coin, second: int) -> float:
        """What ``coin`` costs; NaN when it has no price."""
        return self._factor(coin.temper, coin.offset, second) * coin.usd

    def _rate(self, code: str, second: int) -> float:
        """What one unit of currency ``code`` costs."""
        currency = CURRENCIES[code]
        if currency.coin is not None:
            coin = self.catalogue.by_id.get(currency.coin)
            return currency.usd * (self.price(coin, second) if coin else 1.0)
        if _is_dollar(code):
            return 1.0
        return currency.usd * self.wandered(code, Temper.FIAT, second)

    def _hourly_rates(self, code: str, first_hour: int, count: int) -> list[float]:
        currency = CURRENCIES[code]
        if currency.coin is not None and (coin := self.catalogue.by_id.get(currency.coin)):
            return [currency.usd * price for price in self.hourly(coin, first_hour, count)]
        if _is_dollar(code) or currency.coin is not None:
            return list(repeat(currency.usd, count))
        return self._at_full_hours(Temper.FIAT, crc32(code.encode()) & _MASK, currency.usd, first_hour, count)

    def _board(self, second: int) -> Board:
        """Everybody's figures: what ``price`` says of each coin, but in a few passes instead of 18,000 calls.

        A stale coin has the figures of its last update, which may be days old.
        """
        coins = self.catalogue.coins
        prices = [math.nan] * len(coins)
        hour, within = divmod(second, HOUR)
        share = within / HOUR
        for temper, column in self._columns:
            tape = self._tapes[temper]
            own, market = tape.own, _between(tape.market, hour & _MASK, share)
            ripples = [1 + _between(ripple, within // 60, within % 60 / 60) for ripple in tape.ripples]
            ripple_hour = hour * _RIPPLE_STRIDE
            for index, usd, offset in column:
                at = (hour + offset) & _MASK
                low = own[at]
                walk = (low + (own[at + 1] - low) * share) * market
                prices[index] = walk * ripples[(ripple_hour + offset) & _RIPPLE_MASK] * usd
        for coin in self._stale:
            prices[coin.index] = self.price(coin, self.updated_at(coin, second))
        return Board(
            prices=prices,
            caps=[price * supply for price, supply in zip(prices, self._supplies, strict=True)],
        )

    def _volumes(self, second: int) -> list[float]:
        """Everybody's ``volume``, by ``Coin.index``."""
        return [
            self.volume(coin, self.updated_at(coin, second) if coin.stale_hours else second)
            for coin in self.catalogue.coins
        ]

    def ranks_at(self, now: float) -> list[int | None]:
        """Each coin's ``market_cap_rank``: counted every five minutes, so it lags behind the caps beside it."""
        return self.ranks(int(now) // _RANKED_EVERY * _RANKED_EVERY)

    def _ranking(self, by: Ordered, second: int, *, later_ties_first: bool = False) -> list[Coin]:
        """All coins, the largest first and those without a price last; ties by id, or against it."""
        figures = self.board(second).caps if by is Ordered.CAP else self.volumes(second)
        priced = self._priced[::-1] if later_ties_first else self._priced[:]
        priced.sort(key=lambda coin: figures[coin.index], reverse=True)
        return priced + self._unpriced

    def _ranks(self, second: int) -> list[int | None]:
        caps = self.board(second).caps
        ranks: list[int | None] = [None] * len(caps)
        for place, coin in enumerate(self.ranking(Ordered.CAP, second)):
            if caps[coin.index] > 0:
                ranks[coin.index] = place + 1 + place // _RANK_GAP_EVERY
        return ranks

    def _factor(self, temper: Temper, offset: int, second: int) -> float:
        tape: Tape = self._tapes[temper]
        hour, within = divmod(second, HOUR)
        share = within / HOUR
        walk = _between(tape.own, (hour + offset) & _MASK, share) * _between(tape.market, hour & _MASK, share)
        ripple = tape.ripples[(hour * _RIPPLE_STRIDE + offset) & _RIPPLE_MASK]
        return walk * (1 + _between(ripple, within // 60, within % 60 / 60))

    def _at_full_hours(self, temper: Temper, offset: int, usd: float, first_hour: int, count: int) -> list[float]:
        tape = self._tapes[temper]
        own_from, market_from = (first_hour + offset) & _MASK, first_hour & _MASK
        own = tape.own[own_from : own_from + count]
        market = tape.market[market_from : market_from + count]
        return [a * b * usd for a, b in zip(own, market, strict=True)]


def _between(points: list[float], at: int, share: float) -> float:
    low = points[at]
    return low + (points[at + 1] - low) * share


def _usual_volume(coin: Coin) -> float:
    return coin.usd * (coin.supply or coin.total_supply or 0.0) * coin.turnover


def _is_dollar(code: str) -> bool:
    return code in {"usd", "bmd"}
