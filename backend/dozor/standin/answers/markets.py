"""``/coins/markets``: pages of rows, the heaviest answer of all."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from dozor.standin.answers.prices import asked_coins
from dozor.standin.asked import Asked
from dozor.standin.catalogue import Coin, category_id
from dozor.standin.currencies import Currency
from dozor.standin.figures import change, change_percent, figures, moment, price_before, taken_at
from dozor.standin.jsontext import NULL, array, text
from dozor.standin.model import HOUR, Market, Ordered
from dozor.standin.numbers import percent, real, reals
from dozor.standin.quirks import ColumnOrder

_SNAPSHOT_EVERY = 60
_SPARKLINE_HOURS = 168
_COLUMNS = ("1h", "24h", "7d", "14d", "30d", "200d", "1y")
_ORDERS = {f"{field}_{way}" for field in ("market_cap", "volume", "id") for way in ("asc", "desc")}


def markets(asked: Asked) -> str:
    """``/coins/markets``: one page of the list that ``order`` makes; an empty one past the end."""
    currency = asked.currency()
    second = int(asked.now) // _SNAPSHOT_EVERY * _SNAPSHOT_EVERY
    rows = _in_order(asked, _wanted(asked), second)
    per_page = asked.number("per_page", default=100, most=250)
    first = (asked.number("page", default=1, most=10**6) - 1) * per_page
    row = _Row(asked, currency, second)
    return array(map(row.of, rows[first : first + per_page]))


def _wanted(asked: Asked) -> list[Coin] | None:
    """Which coins: a category goes before ids, names and symbols; without any of them, all (``None``)."""
    if category := asked.query.get("category"):
        return [c for c in asked.market.catalogue.coins if category in map(category_id, c.categories)]
    found = asked_coins(asked)
    return None if found is None else list(found.values())


def _in_order(asked: Asked, wanted: list[Coin] | None, second: int) -> list[Coin]:
    order = asked.query.get("order", "")
    field, _, way = (order if order in _ORDERS else "market_cap_desc").rpartition("_")
    market, quirks = asked.market, asked.quirks
    if field == "id":
        coins = market.catalogue.coins if wanted is None else wanted
        return sorted(coins, key=lambda coin: coin.id, reverse=way == "desc")
    by = Ordered.CAP if field == "market_cap" else Ordered.VOLUME
    ranking = market.ranking(by, second, later_ties_first=quirks.later_ties_first)
    if wanted is not None:
        chosen = {coin.index for coin in wanted}
        ranking = [coin for coin in ranking if coin.index in chosen]
    if way == "desc":
        return ranking
    upwards = ranking[::-1]
    nulls = sum(not coin.priced for coin in upwards)  # the ranking ends with them
    return upwards if quirks.nulls_first_when_ascending else upwards[nulls:] + upwards[:nulls]


class _Row:
    """Writes rows that share a currency, a moment and their optional columns."""

    def __init__(self, asked: Asked, currency: Currency, second: int) -> None:
        self._asked = asked
        self._currency = currency
        self._second = second
        self._price = asked.price_text(currency)
        self._amount = asked.amount_text()
        self._ranks = asked.market.ranks_at(second)
        self._caps = asked.market.board(second).caps
        self._rate = asked.market.rate(currency.code, second)
        self._columns = _columns(asked)
        self._extras: list[Callable[[Coin, int, float | None], str]] = []
        if asked.flag("include_rehypothecated"):
            self._extras.append(self._rank_with_copies)
        if asked.flag("sparkline"):
            self._extras.append(self._sparkline)
        if self._columns:
            self._extras.append(self._changes)

    def of(self, coin: Coin) -> str:
        """Write the row of ``coin``. Its cap is the one the list was ordered by, a few seconds after its price."""
        market, price = self._asked.market, self._price
        at = market.updated_at(coin, self._second)
        now = figures(market, coin, self._currency, at, self._asked.now)
        cap = self._caps[coin.index] / self._rate if coin.priced else None
        total = coin.total_supply
        extras = "".join(extra(coin, at, now.price) for extra in self._extras)
        return (
            f'{{"id":{text(coin.id)},"symbol":{text(coin.symbol)},"name":{text(coin.name)}'
            f',"image":{text(self._asked.picture(coin, "large"))},"current_price":{price(now.price)}'
            f',"market_cap":{self._amount(cap)},"market_cap_rank":{self._rank(coin)}'
            f',"fully_diluted_valuation":{self._amount(now.valuation)},"total_volume":{self._amount(now.volume)}'
            f',"high_24h":{price(now.high)},"low_24h":{price(now.low)}'
            f',"price_change_24h":{real(change(now.price, now.price_before))}'
            f',"price_change_percentage_24h":{percent(change_percent(now.price, now.price_before))}'
            f',"market_cap_change_24h":{real(change(now.cap, now.cap_before))}'
            f',"market_cap_change_percentage_24h":{percent(change_percent(now.cap, now.cap_before))}'
            f',"circulating_supply":{real(coin.supply)},"total_supply":{real(total)},"max_supply":{real(coin.max_supply)}'
            f',"ath":{price(now.highest)},"ath_change_percentage":{percent(change_percent(now.price, now.highest))}'
            f',"ath_date":{text(ath_date(coin))}'
            f',"atl":{price(now.lowest)},"atl_change_percentage":{percent(change_percent(now.price, now.lowest))}'
            f',"atl_date":{text(atl_date(coin))},"roi":{roi(self._asked, coin, at)}'
            f',"last_updated":{text(taken_at(coin, at))}{extras}}}'
        )

    def _rank(self, coin: Coin) -> str:
        rank = self._ranks[coin.index]
        return NULL if rank is None else str(rank)

    def _rank_with_copies(self, coin: Coin, _at: int, _price: float | None) -> str:
        return f',"market_cap_rank_with_rehypothecated":{self._rank(coin)}'

    def _sparkline(self, coin: Coin, at: int, _price: float | None) -> str:
        return f',"sparkline_in_7d":{{"price":{sparkline(self._asked, coin, self._currency, at)}}}'

    def _changes(self, coin: Coin, at: int, price: float | None) -> str:
        market, currency = self._asked.market, self._currency
        befores = ((span, price_before(market, coin, currency, at, span)) for span in self._columns)
        return "".join(
            f',"price_change_percentage_{span}_in_currency":{real(change_percent(price, before))}'
            for span, before in befores
        )


def sparkline(asked: Asked, coin: Coin, currency: Currency, second: int) -> str:
    """Write the prices of the 168 full hours up to ``second``, oldest first; empty for a coin without a price."""
    if not coin.priced:
        return "[]"
    return _week(asked.market, coin, currency.code, second // HOUR - _SPARKLINE_HOURS + 1)


@lru_cache(maxsize=2_048)  # half the work of a page, and the same for a whole hour
def _week(market: Market, coin: Coin, code: str, first_hour: int) -> str:
    prices = market.hourly(coin, first_hour, _SPARKLINE_HOURS)
    if code != "usd":
        rates = market.hourly_rates(code, first_hour, _SPARKLINE_HOURS)
        prices = [usd / rate for usd, rate in zip(prices, rates, strict=True)]
    return reals(prices)


def ath_date(coin: Coin) -> str:
    """When a coin cost most; always before anybody asks."""
    return moment(coin.listed_at + 86_400 * 30 + coin.offset * 97, coin.index % 1_000)


def atl_date(coin: Coin) -> str:
    """When a coin cost least."""
    return moment(coin.listed_at + coin.offset * 61, 0)


def roi(asked: Asked, coin: Coin, second: int) -> str:
    """What the first buyers made of their money; null for the nine in ten that were never sold."""
    if coin.sold_at_usd is None or not coin.priced:
        return NULL
    times = asked.market.price(coin, second) / coin.sold_at_usd - 1
    return f'{{"times":{real(times)},"currency":"usd","percentage":{real(times * 100)}}}'


def _columns(asked: Asked) -> list[str]:
    wanted = [span for span in dict.fromkeys(asked.listed("price_change_percentage")) if span in _COLUMNS]
    match asked.quirks.column_order:
        case ColumnOrder.AS_ASKED:
            return wanted
        case ColumnOrder.ALPHABETICAL:
            return sorted(wanted)
        case ColumnOrder.BY_LENGTH:
            return [span for span in _COLUMNS if span in wanted]
