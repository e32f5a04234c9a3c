"""Tickers: the pairs of a coin, alone (``/coins/{id}/tickers``) or as a part of other answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from dozor.standin.asked import Asked
from dozor.standin.catalogue import Coin
from dozor.standin.currencies import CURRENCIES
from dozor.standin.jsontext import FALSE, NULL, array, obj, text
from dozor.standin.numbers import percent, real
from dozor.standin.paging import Made, page_of
from dozor.standin.trading import Pair, trading

PER_PAGE = 100
_TRUSTED = 60  # the busiest pairs of a coin have the green light
_SNAPSHOT_EVERY = 60


def coin_tickers(asked: Asked) -> Made:
    """``/coins/{id}/tickers``: a hundred to a page; ``total`` tells how many there are."""
    coin = asked.coin()
    pairs: Iterable[Pair] = pairs_of(asked, coin)
    if wanted := asked.listed("exchange_ids"):
        pairs = (pair for pair in pairs if pair.exchange.id in wanted)
    return paged(asked, coin.name, pairs)


def paged(asked: Asked, name: str, pairs: Iterable[Pair]) -> Made:
    """Make one page of ``pairs`` in the order asked for, under the name of what they belong to."""
    ordered = in_order(asked, pairs)
    shown = page_of(ordered, asked.page(), PER_PAGE)
    body = obj({"name": text(name), "tickers": array(ticker(asked, pair) for pair in shown)})
    return asked.counted(body, total=len(ordered), per_page=PER_PAGE)


def tickers(asked: Asked, pairs: Iterable[Pair]) -> str:
    """Write the tickers of ``pairs``, as many as a page has."""
    return array(ticker(asked, pair) for pair in list(pairs)[:PER_PAGE])


def in_order(asked: Asked, pairs: Iterable[Pair]) -> list[Pair]:
    """Sort ``pairs`` as ``order`` says; the trusted ones first, and of them the busiest, unless it says otherwise."""
    second = int(asked.now) // _SNAPSHOT_EVERY * _SNAPSHOT_EVERY
    field, _, way = asked.query.get("order", "").rpartition("_")
    volumes, caps = asked.market.volumes(second), asked.market.board(second).caps
    keys: Mapping[str, Callable[[Pair], tuple[object, ...]]] = {
        "trust_score": lambda pair: (pair.number < _TRUSTED, volumes[pair.coin.index] * pair.share),
        "volume": lambda pair: (volumes[pair.coin.index] * pair.share,),
        "market_cap": lambda pair: (caps[pair.coin.index], pair.share),
    }
    if asked.query.get("order") == "base_target":
        return sorted(pairs, key=lambda pair: (pair.coin.symbol, pair.money, pair.number))
    upwards = way == "asc" and field in keys
    return sorted(pairs, key=keys.get(field, keys["trust_score"]), reverse=not upwards)


def ticker(asked: Asked, pair: Pair) -> str:
    """Write one ticker; a pair in a pool names contracts, or symbols with ``dex_pair_format=symbol``."""
    market, coin = asked.market, pair.coin
    second = market.updated_at(coin, asked.now)
    usd, volume = pair.usd(market, second), pair.volume_usd(market, second)
    base, target = _names(asked, pair)
    stamp = text(datetime.fromtimestamp(second - pair.number % 7 * 30, UTC).isoformat())
    by = {code: market.rate(code, second) for code in ("btc", "eth", "usd")}
    fields = {
        "base": text(base),
        "target": text(target),
        "market": _exchange(asked, pair),
        "last": real(usd / pair.target_usd(market, second)),
        "volume": real(volume / usd),
        **(_depth(pair, volume) if asked.flag("depth") else {}),
        "converted_last": obj(
            {c: asked.numbers.price(usd / unit, crypto=CURRENCIES[c].crypto) for c, unit in by.items()}
        ),
        "converted_volume": obj(
            {c: asked.numbers.price(volume / unit, crypto=CURRENCIES[c].crypto) for c, unit in by.items()}
        ),
        "trust_score": text("green" if pair.number < _TRUSTED else "yellow"),
        "bid_ask_spread_percentage": percent(0.01 + pair.number % 13 / 30),
        "timestamp": stamp,
        "last_traded_at": stamp,
        "last_fetch_at": stamp,
        "is_anomaly": FALSE,
        "is_stale": FALSE,
        "trade_url": text(f"{pair.exchange.url}trade/{coin.symbol}"),
        "token_info_url": NULL,
        "coin_id": text(coin.id),
    }
    if pair.target is not None:  # of a pair against money the key is absent, as recorded
        fields["target_coin_id"] = text(pair.target.id)
    return obj(fields | {"coin_mcap_usd": real(market.cap(coin, second))})


def _exchange(asked: Asked, pair: Pair) -> str:
    exchange = pair.exchange
    fields = {"name": text(exchange.name), "identifier": text(exchange.id), "has_trading_incentive": FALSE}
    if asked.flag("include_exchange_logo"):
        fields["logo"] = text(asked.drawing(exchange.id))
    return obj(fields)


def _depth(pair: Pair, volume: float) -> dict[str, str]:
    """How much it takes to move the price by two percent."""
    cost = volume / (40 + pair.number)
    return {"cost_to_move_up_usd": real(cost), "cost_to_move_down_usd": real(cost * 0.93)}


def _names(asked: Asked, pair: Pair) -> tuple[str, str]:
    if pair.exchange.platform is None or asked.query.get("dex_pair_format") == "symbol":
        return pair.coin.symbol.upper(), pair.money
    base, target = pair.contracts()
    return base.upper(), target.upper()


def pairs_of(asked: Asked, coin: Coin) -> tuple[Pair, ...]:
    """Give the pairs of ``coin``, the busiest first."""
    return trading(asked.market.catalogue).of_coin(coin)
