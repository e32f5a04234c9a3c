"""``/simple/price`` and the currencies it knows."""

from __future__ import annotations

from collections.abc import Mapping

from dozor.standin.asked import Asked
from dozor.standin.catalogue import Coin
from dozor.standin.currencies import CURRENCIES, Currency
from dozor.standin.figures import STALE_AFTER, change_percent, price_before
from dozor.standin.jsontext import NULL, obj, texts
from dozor.standin.numbers import real
from dozor.standin.quirks import CurrencyOrder
from dozor.standin.refusals import missing


def ping(_: Asked) -> str:
    """``/ping``."""
    return '{"gecko_says":"(V3) To the Moon!"}'


def supported_currencies(_: Asked) -> str:
    """``/simple/supported_vs_currencies``."""
    return texts(CURRENCIES)


def simple_price(asked: Asked) -> str:
    """``/simple/price``: keys in alphabetical order, unknown ids left out, unknown currencies left out of each coin."""
    coins = asked_coins(asked)
    if coins is None:
        raise missing("ids")
    asked.required("vs_currencies")
    return priced(asked, coins)


def priced(asked: Asked, coins: Mapping[str, Coin]) -> str:
    """Write the prices of ``coins`` under the names they are given here, in the ``vs_currencies`` asked for."""
    codes = dict.fromkeys(code.lower() for code in asked.listed("vs_currencies"))
    currencies = [CURRENCIES[code] for code in codes if code in CURRENCIES]
    if asked.quirks.currency_order is CurrencyOrder.ALPHABETICAL:
        currencies.sort(key=lambda currency: currency.code)
    return obj({name: _prices(asked, coin, currencies) for name, coin in sorted(coins.items())})


def asked_coins(asked: Asked) -> dict[str, Coin] | None:
    """Find the coins asked for, by the name the answer calls them: ids go before names before symbols.

    ``None`` when nothing was asked for. A symbol gives its most valuable coin, or all with ``include_tokens=all``.
    """
    catalogue = asked.market.catalogue
    if asked.query.get("ids"):
        return {id_: catalogue.by_id[id_] for id_ in asked.listed("ids") if id_ in catalogue.by_id}
    if asked.query.get("names"):
        names = (name.lower() for name in asked.listed("names"))
        return {coin.name: coin for name in names for coin in catalogue.by_name.get(name, [])[:1]}
    if asked.query.get("symbols"):
        symbols = (symbol.lower() for symbol in asked.listed("symbols")[:50])
        if asked.query.get("include_tokens") == "all":
            return {coin.id: coin for symbol in symbols for coin in catalogue.by_symbol.get(symbol, [])}
        return {symbol: catalogue.by_symbol[symbol][0] for symbol in symbols if symbol in catalogue.by_symbol}
    return None


def _prices(asked: Asked, coin: Coin, currencies: list[Currency]) -> str:
    if not currencies or not coin.priced:
        return "{}"
    market = asked.market
    second = market.updated_at(coin, asked.now)
    usd = market.price(coin, second)
    amount = asked.amount_text(real)
    fields: list[str] = []
    for currency in currencies:
        code, rate = currency.code, market.rate(currency.code, second)
        fields.append(f'"{code}":{asked.price_text(currency)(usd / rate)}')
        if asked.flag("include_market_cap"):
            fields.append(f'"{code}_market_cap":{amount(usd * coin.supply / rate)}')
        if asked.flag("include_24hr_vol"):
            fields.append(f'"{code}_24h_vol":{amount(market.volume(coin, second) / rate)}')
        if asked.flag("include_24hr_change"):
            fields.append(f'"{code}_24h_change":{_day_change(asked, coin, currency, second)}')
    if asked.flag("include_last_updated_at"):
        fields.append(f'"last_updated_at":{second}')
    return f"{{{','.join(fields)}}}"


def _day_change(asked: Asked, coin: Coin, currency: Currency, second: int) -> str:
    if asked.now - second >= STALE_AFTER:
        return NULL
    price = asked.market.price(coin, second) / asked.market.rate(currency.code, second)
    return real(change_percent(price, price_before(asked.market, coin, currency, second, "24h")))
