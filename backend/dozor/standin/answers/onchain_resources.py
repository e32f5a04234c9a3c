"""How on-chain answers write a network, an exchange, a token and a pool: as resources that point at each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from dozor.standin.asked import Asked
from dozor.standin.catalogue import Coin
from dozor.standin.jsontext import NULL, array, obj, text
from dozor.standin.numbers import percent
from dozor.standin.platforms import BY_ID, BY_NETWORK, Platform
from dozor.standin.pool_figures import SPANS, PoolFigures, plain
from dozor.standin.refusals import resource_not_found
from dozor.standin.trading import Pair, Trading, trading
from dozor.standin.venues import Exchange

DECIMALS = 18


def network_of(asked: Asked) -> Platform:
    """Give the chain whose network id stands in the path, or refuse (404)."""
    if platform := BY_NETWORK.get(asked.names["network"]):
        return platform
    raise resource_not_found()


def pairs(asked: Asked) -> Trading:
    """Give everything that is traded."""
    return trading(asked.market.catalogue)


def figures_of(asked: Asked, pair: Pair) -> PoolFigures:
    """Read a pool's figures now: at the last update of its coin, so that its price is that of the coin's page."""
    return PoolFigures(asked.market, pair, asked.market.updated_at(pair.coin, asked.now))


def resource(id_: str, kind: str, attributes: str, relationships: dict[str, str] | None = None) -> str:
    """Write one resource."""
    fields = {"id": text(id_), "type": text(kind), "attributes": attributes}
    return obj(fields | ({"relationships": obj(relationships)} if relationships else {}))


def pointer(id_: str, kind: str) -> str:
    """Write a relationship to one resource."""
    return obj({"data": obj({"id": text(id_), "type": text(kind)})})


def token_id(platform: Platform, address: str) -> str:
    """Name a token as resources do."""
    return f"{platform.network}_{address}"


def pool_id(pair: Pair) -> str:
    """Name a pool as resources do."""
    return token_id(BY_ID[pair.exchange.platform or ""], pair.address)


def network_resource(platform: Platform) -> str:
    """Write a network."""
    attributes = {"name": text(platform.name), "coingecko_asset_platform_id": text(platform.id)}
    return resource(platform.network, "network", obj(attributes))


def dex_resource(exchange: Exchange) -> str:
    """Write an exchange."""
    return resource(exchange.id, "dex", obj({"name": text(exchange.name)}))


def token_card(asked: Asked, platform: Platform, coin: Coin) -> dict[str, str]:
    """Give what every answer says of a token."""
    return {
        "address": text(coin.contracts[platform.id]),
        "name": text(coin.name),
        "symbol": text(coin.symbol.upper()),
        "decimals": str(DECIMALS),
        "image_url": text(asked.picture(coin, "large")),
        "coingecko_coin_id": text(coin.id),
    }


def pool_attributes(asked: Asked, pair: Pair) -> dict[str, str]:
    """Give what every answer says of a pool."""
    now = figures_of(asked, pair)
    coin, market = pair.coin, asked.market
    base, target, native = now.base_usd, now.target_usd, now.native_usd
    diluted = coin.max_supply or coin.total_supply
    trades = {span: now.trades_in(span) for span in SPANS}
    fields = {
        "base_token_price_usd": text(plain(base)),
        "base_token_price_native_currency": text(plain(base / native)),
        "quote_token_price_usd": text(plain(target)),
        "quote_token_price_native_currency": text(plain(target / native)),
        "base_token_price_quote_token": text(plain(base / target)),
        "quote_token_price_base_token": text(plain(target / base)),
        "address": text(pair.address),
        "name": text(f"{pair.coin.symbol.upper()} / {pair.money} {fee_percent(pair)}%"),
        "pool_created_at": text(stamp(now.created_at)),
        "fdv_usd": text(plain(base * diluted)) if diluted else NULL,
        "market_cap_usd": text(plain(market.cap(coin, now.second))) if coin.supply else NULL,
        "price_change_percentage": obj({span: text(f"{now.changed_percent(span):.3f}") for span in SPANS}),
        "transactions": obj({span: _transactions(*trades[span]) for span in SPANS}),
        "volume_usd": obj({span: text(plain(now.volume_in(span))) for span in SPANS}),
        "reserve_in_usd": text(plain(now.reserve_usd)),
    }
    if asked.flag("include_gt_community_data"):
        fields |= community(pair)
    return fields


def pool_resource(asked: Asked, pair: Pair, *, with_network: bool = False) -> str:
    """Write a pool as lists do; ``with_network`` where a list is about more than one."""
    return resource(pool_id(pair), "pool", obj(pool_attributes(asked, pair)), relationships(pair, network=with_network))


def relationships(pair: Pair, *, network: bool = False) -> dict[str, str]:
    """Point at what a pool is made of."""
    platform = BY_ID[pair.exchange.platform or ""]
    base, target = pair.contracts()
    pointers = {
        "base_token": pointer(token_id(platform, base), "token"),
        "quote_token": pointer(token_id(platform, target), "token"),
    }
    if network:
        pointers["network"] = pointer(platform.network, "network")
    return {**pointers, "dex": pointer(pair.exchange.id, "dex")}


def included(asked: Asked, shown: Iterable[Pair]) -> dict[str, str]:
    """Give ``included``, each resource once, when ``include`` names some of what the pools point at."""
    wanted = asked.listed("include")
    if not wanted:
        return {}
    found: dict[str, str] = {}
    for pair in shown:
        platform = BY_ID[pair.exchange.platform or ""]
        if "base_token" in wanted:
            _add_token(asked, found, platform, pair.coin)
        if "quote_token" in wanted and pair.target is not None:
            _add_token(asked, found, platform, pair.target)
        if "dex" in wanted:
            found.setdefault(f"dex {pair.exchange.id}", dex_resource(pair.exchange))
        if "network" in wanted:
            found.setdefault(f"network {platform.network}", network_resource(platform))
    return {"included": array(found.values())}


def community(pair: Pair) -> dict[str, str]:
    """Give what people say of a pool."""
    liked = 50 + pair.coin.offset % 5_000 / 100
    return {
        "sentiment_vote_positive_percentage": percent(liked),
        "sentiment_vote_negative_percentage": percent(100 - liked),
        "community_sus_report": str(pair.coin.offset % 3),
    }


def fee_percent(pair: Pair) -> str:
    """What a trade in a pool costs."""
    return ("0.3", "0.05", "1")[pair.number // 3 % 3]


def stamp(second: float) -> str:
    """Write an instant as ``2026-05-28T04:04:11Z``."""
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _add_token(asked: Asked, found: dict[str, str], platform: Platform, coin: Coin) -> None:
    id_ = token_id(platform, coin.contracts[platform.id])
    if id_ not in found:
        found[id_] = resource(id_, "token", obj(token_card(asked, platform, coin)))


def _transactions(buys: int, sells: int) -> str:
    return obj(
        {
            "buys": str(buys),
            "sells": str(sells),
            "buyers": str(-(-buys * 3 // 5)),
            "sellers": str(-(-sells * 3 // 5)),
        }
    )
