"""Where a coin is traded: the ``tickers`` of a coin page, at most a hundred."""

from __future__ import annotations

from datetime import UTC, datetime

from dozor.standin.asked import Asked
from dozor.standin.catalogue import Coin
from dozor.standin.currencies import CURRENCIES
from dozor.standin.jsontext import FALSE, NULL, array, obj, text
from dozor.standin.numbers import percent, real

MOST = 100
EXCHANGES = (
    ("binance", "Binance"),
    ("gdax", "Coinbase Exchange"),
    ("kraken", "Kraken"),
    ("okex", "OKX"),
    ("bybit_spot", "Bybit"),
    ("bitget", "Bitget"),
    ("gate", "Gate"),
    ("kucoin", "KuCoin"),
    ("whitebit", "WhiteBIT"),
    ("bitfinex", "Bitfinex"),
)
_POOLS = (("uniswap_v3", "Uniswap V3 (Ethereum)"), ("uniswap_v2", "Uniswap V2 (Ethereum)"), ("curve", "Curve"))
_TARGETS = (
    ("USDT", "tether"),
    ("USD", None),
    ("USDC", "usd-coin"),
    ("BTC", "bitcoin"),
    ("EUR", None),
    ("ETH", "ethereum"),
)
_COINS_PER_TICKER = 40  # each forty places down the list a coin is traded in one place less


def tickers(asked: Asked, coin: Coin) -> str:
    """Write the tickers of ``coin``; pairs in pools name contracts, or symbols with ``dex_pair_format=symbol``."""
    if not coin.priced:
        return "[]"
    count = max(1, MOST - coin.index // _COINS_PER_TICKER)
    return array(_ticker(asked, coin, number) for number in range(count))


def _ticker(asked: Asked, coin: Coin, number: int) -> str:
    market = asked.market
    second = market.updated_at(coin, asked.now) - number % 7 * 30
    usd = market.price(coin, second) * (1 + (number * 37 % 41 - 20) / 20_000)
    volume = market.volume(coin, second) / (number + 3) ** 2
    in_pool = coin.contract is not None and number % 3 == 2
    exchange, exchange_name = _POOLS[number // 3 % len(_POOLS)] if in_pool else EXCHANGES[number % len(EXCHANGES)]
    base, target, target_id = _pair(asked, coin, number, in_pool=in_pool)
    rate = _target_rate(asked, target_id, number, second)
    stamp = text(datetime.fromtimestamp(second, UTC).isoformat())
    by = {code: market.rate(code, second) for code in ("btc", "eth", "usd")}
    return obj(
        {
            "base": text(base),
            "target": text(target),
            "market": obj({"name": text(exchange_name), "identifier": text(exchange), "has_trading_incentive": FALSE}),
            "last": real(usd / rate),
            "volume": real(volume / usd),
            "converted_last": obj(
                {c: asked.numbers.price(usd / unit, crypto=CURRENCIES[c].crypto) for c, unit in by.items()}
            ),
            "converted_volume": obj(
                {c: asked.numbers.price(volume / unit, crypto=CURRENCIES[c].crypto) for c, unit in by.items()}
            ),
            "trust_score": text("green" if number < 60 else "yellow"),
            "bid_ask_spread_percentage": percent(0.01 + number % 13 / 30),
            "timestamp": stamp,
            "last_traded_at": stamp,
            "last_fetch_at": stamp,
            "is_anomaly": FALSE,
            "is_stale": FALSE,
            "trade_url": text(f"https://{exchange.replace('_', '-')}.example/trade/{coin.symbol}"),
            "token_info_url": NULL,
            "coin_id": text(coin.id),
            "target_coin_id": text(target_id),
            "coin_mcap_usd": real(usd * coin.supply),
        }
    )


def _pair(asked: Asked, coin: Coin, number: int, *, in_pool: bool) -> tuple[str, str, str | None]:
    if not in_pool:
        target, target_id = _TARGETS[number % len(_TARGETS)]
        return coin.symbol.upper(), target, target_id
    other = asked.market.catalogue.by_id.get("weth", coin)
    if asked.query.get("dex_pair_format") == "symbol":
        return coin.symbol.upper(), other.symbol.upper(), other.id
    return (coin.contract or "").upper(), (other.contract or "").upper(), other.id


def _target_rate(asked: Asked, target_id: str | None, number: int, second: int) -> float:
    """What a unit of the other side of the pair costs in usd."""
    if target_id is None:
        return asked.market.rate(_TARGETS[number % len(_TARGETS)][0].lower(), second)
    other = asked.market.catalogue.by_id.get(target_id)
    return asked.market.price(other, second) if other else 1.0
