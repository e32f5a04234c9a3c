"""``/search/trending``: figures inside it are display strings here and unrounded numbers there, as upstream has it."""

from __future__ import annotations

from dozor.standin.asked import Asked
from dozor.standin.catalogue import CATEGORIES, Coin, category_id
from dozor.standin.currencies import CURRENCIES
from dozor.standin.figures import SPANS, change_percent
from dozor.standin.jsontext import NULL, array, obj, text, texts
from dozor.standin.nft_collections import COLLECTIONS, Collection
from dozor.standin.numbers import real
from dozor.standin.platforms import BY_ID as PLATFORMS

_TREND_EVERY = 600
_COINS, _NFTS, _CATEGORIES = 15, 7, 6
_AMONG_FIRST = 400


def trending(asked: Asked) -> str:
    """``/search/trending``: another choice every ten minutes."""
    turn = int(asked.now) // _TREND_EVERY
    popular = [coin for coin in asked.market.catalogue.coins[:_AMONG_FIRST] if coin.priced]
    coins = [popular[(turn * 31 + n * n * 17) % len(popular)] for n in range(_COINS)]
    return obj(
        {
            "coins": array(_trend(asked, coin, place) for place, coin in enumerate(dict.fromkeys(coins))),
            "nfts": array(_trending_collection(asked, c) for c in COLLECTIONS[:_NFTS]),
            "categories": array(_trending_category(asked, n) for n in range(_CATEGORIES)),
        }
    )


def _trend(asked: Asked, coin: Coin, place: int) -> str:
    market = asked.market
    second = market.updated_at(coin, asked.now)
    usd, bitcoin = market.price(coin, second), market.rate("btc", second)
    cap, volume = usd * coin.supply, market.volume(coin, second)
    rank = market.ranks_at(asked.now)[coin.index]
    data = {
        "price": real(usd),
        "price_btc": text(f"{usd / bitcoin:.17f}"),
        "price_change_percentage_24h": _changes_everywhere(asked, coin, second),
        "market_cap": text(f"${cap:,.0f}"),
        "market_cap_btc": text(real(cap / bitcoin)),
        "total_volume": text(f"${volume:,.0f}"),
        "total_volume_btc": text(real(volume / bitcoin)),
        "sparkline": text(f"{asked.origin}/img/{coin.id.replace(' ', '%20')}/sparkline.svg"),
        "content": NULL,
    }
    item = {
        "id": text(coin.id),
        "coin_id": str(coin.picture),
        "name": text(coin.name),
        "symbol": text(coin.symbol.upper()),
        "market_cap_rank": NULL if rank is None else str(rank),
        **{size: text(asked.picture(coin, size)) for size in ("thumb", "small", "large")},
        "slug": text(coin.id),
        "price_btc": real(usd / bitcoin),
        "score": str(place),
        "data": obj(data),
    }
    return obj({"item": obj(item)})


def _changes_everywhere(asked: Asked, coin: Coin, second: int) -> str:
    market, then = asked.market, second - SPANS["24h"]
    price, before = market.price(coin, second), market.price(coin, then)
    return obj(
        {
            code: real(change_percent(price / market.rate(code, second), before / market.rate(code, then)))
            for code in sorted(CURRENCIES)
        }
    )


def _trending_collection(asked: Asked, collection: Collection) -> str:
    market = asked.market
    second = int(asked.now) // _TREND_EVERY * _TREND_EVERY
    floor, before = (collection.floor_at(market, at) for at in (second, second - SPANS["24h"]))
    coin = collection.coin(market)
    worth, worth_before = (market.price(coin, at) if coin else 1.0 for at in (second, second - SPANS["24h"]))
    symbol = coin.symbol if coin else PLATFORMS[collection.platform].native_coin_id
    data = {
        "floor_price": text(f"{floor:.2f} {symbol.upper()}"),
        "floor_price_in_usd_24h_percentage_change": text(real(change_percent(floor * worth, before * worth_before))),
        "h24_volume": text(f"{collection.volume_at(market, second):.2f} {symbol.upper()}"),
        "h24_average_sale_price": text(f"{floor:.2f} {symbol.upper()}"),
        "sparkline": text(f"{asked.origin}/img/{collection.id}/sparkline.svg"),
        "content": NULL,
    }
    return obj(
        {
            "id": text(collection.id),
            "name": text(collection.name),
            "symbol": text(collection.symbol),
            "thumb": text(asked.drawing(collection.id, "thumb")),
            "nft_contract_id": str(collection.number),
            "native_currency_symbol": text(symbol),
            "floor_price_in_native_currency": real(floor),
            "floor_price_24h_percentage_change": real(change_percent(floor, before)),
            "data": obj(data),
        }
    )


def _trending_category(asked: Asked, place: int) -> str:
    market = asked.market
    second = int(asked.now) // _TREND_EVERY * _TREND_EVERY
    name = CATEGORIES[(second // _TREND_EVERY + place) % len(CATEGORIES)]
    members = [coin for coin in market.catalogue.coins if name in coin.categories and coin.priced]
    caps = market.board(second).caps
    top = sorted(members, key=lambda coin: caps[coin.index], reverse=True)[:3]
    cap = sum(caps[coin.index] for coin in members)
    bitcoin = market.rate("btc", second)
    moved = {code: real(market.rate("eth", second) / market.rate("eth", second - 86_400) - 1) for code in CURRENCIES}
    data = {
        "market_cap": real(cap),
        "market_cap_btc": real(cap / bitcoin),
        "total_volume": real(cap / 14),
        "total_volume_btc": real(cap / 14 / bitcoin),
        "market_cap_change_percentage_24h": obj(moved),
        "sparkline": text(f"{asked.origin}/img/{category_id(name)}/sparkline.svg"),
    }
    return obj(
        {
            "id": str(2_000 + CATEGORIES.index(name)),
            "name": text(name),
            "top_3_coins_images": texts(asked.picture(coin, "small") for coin in top),
            "market_cap_1h_change": real(0.1 + place / 7),
            "slug": text(category_id(name)),
            "coins_count": text(str(len(members))),
            "data": obj(data),
        }
    )
