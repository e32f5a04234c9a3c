"""Tokens on chain: what they cost, what is known of them, and where they are traded."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from dozor.standin.answers.onchain_pools import pool_at
from dozor.standin.answers.onchain_resources import (
    DECIMALS,
    community,
    dex_resource,
    figures_of,
    network_of,
    network_resource,
    pairs,
    pointer,
    pool_id,
    pool_resource,
    resource,
    stamp,
    token_card,
    token_id,
)
from dozor.standin.asked import Asked
from dozor.standin.catalogue import Coin
from dozor.standin.figures import SPANS, change_percent
from dozor.standin.jsontext import FALSE, NULL, TRUE, array, obj, text, texts
from dozor.standin.model import DAY
from dozor.standin.numbers import percent
from dozor.standin.paging import page_of
from dozor.standin.platforms import BY_ID, BY_NETWORK, PLATFORMS, Platform
from dozor.standin.pool_figures import plain
from dozor.standin.refusals import resource_not_found
from dozor.standin.trading import Pair
from dozor.standin.venues import POOLS_ON

_TOP_POOLS = 3
_NETWORKS_PER_PAGE = 100
_RECENT = 100
_RECENT_EVERY = 600
_HOLDERS = {"top_10": "41.2", "11_20": "8.7", "21_40": "5.6", "rest": "44.5"}


def networks(asked: Asked) -> str:
    """``/onchain/networks``."""
    shown = page_of(PLATFORMS, asked.page(), _NETWORKS_PER_PAGE)
    return obj({"data": array(map(network_resource, shown))})


def dexes(asked: Asked) -> str:
    """``/onchain/networks/{network}/dexes``."""
    shown = page_of(POOLS_ON.get(network_of(asked).id, ()), asked.page(), _NETWORKS_PER_PAGE)
    return obj({"data": array(map(dex_resource, shown))})


def token(asked: Asked) -> str:
    """``/onchain/networks/{network}/tokens/{address}``."""
    platform = network_of(asked)
    found = _token_at(asked, platform, asked.names["address"])
    return obj({"data": _described(asked, platform, found), **_top_pools_included(asked, platform, [found])})


def several_tokens(asked: Asked) -> str:
    """``/onchain/networks/{network}/tokens/multi/{addresses}``: those that exist."""
    platform = network_of(asked)
    found = list(_tokens_at(asked, platform, asked.names["addresses"]).values())
    data = array(_described(asked, platform, coin) for coin in found)
    return obj({"data": data, **_top_pools_included(asked, platform, found)})


def token_info(asked: Asked) -> str:
    """``/onchain/networks/{network}/tokens/{address}/info``."""
    platform = network_of(asked)
    return obj({"data": _informed(asked, platform, _token_at(asked, platform, asked.names["address"]))})


def pool_info(asked: Asked) -> str:
    """``/onchain/networks/{network}/pools/{pool_address}/info``: what is known of both tokens of a pool."""
    platform, found = network_of(asked), pool_at(asked, asked.names["pool_address"])
    tokens = [coin for coin in (found.coin, found.target) if coin is not None]
    fields = {"data": array(_informed(asked, platform, coin, found) for coin in tokens)}
    if "pool" in asked.listed("include"):
        base, target = found.contracts()
        sides = {"base_token_address": text(base), "quote_token_address": text(target)}
        attributes = {**sides, "quote_token_addresses": texts((target,)), **community(found)}
        fields["included"] = array((resource(pool_id(found), "pool", obj(attributes)),))
    return obj(fields)


def recently_updated(asked: Asked) -> str:
    """``/onchain/tokens/info_recently_updated``: a hundred, and others ten minutes later."""
    network = asked.query.get("network", "")
    if network and network not in BY_NETWORK:
        raise resource_not_found()
    turn = int(asked.now) // _RECENT_EVERY
    chosen = [coin for coin in asked.market.catalogue.coins if coin.home and _is_on(coin, network)]
    shown = list(dict.fromkeys(chosen[(turn * 31 + n * 17) % len(chosen)] for n in range(_RECENT) if chosen))
    data = array(_updated(asked, coin, turn * _RECENT_EVERY - n * 40) for n, coin in enumerate(shown))
    if "network" not in asked.listed("include"):
        return obj({"data": data})
    chains = dict.fromkeys(coin.home or "" for coin in shown)
    return obj({"data": data, "included": array(network_resource(BY_ID[chain]) for chain in chains)})


def onchain_price(asked: Asked) -> str:
    """``/onchain/simple/networks/{network}/token_price/{addresses}``: texts by address; unknown ones left out."""
    platform = network_of(asked)
    known = {a: c for a, c in _tokens_at(asked, platform, asked.names["addresses"]).items() if c.priced}
    market = asked.market
    seconds = {coin: market.updated_at(coin, asked.now) for coin in known.values()}

    def column(figures: dict[str, float]) -> str:
        return obj({address: text(plain(figure)) for address, figure in figures.items()})

    fields = {"token_prices": column({a: market.price(c, seconds[c]) for a, c in known.items()})}
    if asked.flag("include_market_cap"):
        fallback = asked.flag("mcap_fdv_fallback")
        caps = {a: market.price(c, seconds[c]) * (c.supply or _diluted(c) * fallback) for a, c in known.items()}
        fields["market_cap_usd"] = column({address: cap for address, cap in caps.items() if cap})
    if asked.flag("include_24hr_vol"):
        fields["h24_volume_usd"] = column({a: _volume(asked, platform, c) for a, c in known.items()})
    if asked.flag("include_24hr_price_change"):
        then = SPANS["24h"]
        changes = {
            a: change_percent(market.price(c, seconds[c]), market.price(c, seconds[c] - then)) for a, c in known.items()
        }
        fields["h24_price_change_percentage"] = column({a: change or 0.0 for a, change in changes.items()})
    if asked.flag("include_total_reserve_in_usd"):
        fields["total_reserve_in_usd"] = column({a: _reserve(asked, platform, c) for a, c in known.items()})
    fields["last_trade_timestamp"] = obj({a: text(str(seconds[c])) for a, c in known.items()})
    id_ = str(uuid5(NAMESPACE_URL, f"{asked.path} {int(asked.now)}"))
    return obj({"data": resource(id_, "simple_token_price", obj(fields))})


def _is_on(coin: Coin, network: str) -> bool:
    return not network or coin.home == BY_NETWORK[network].id


def _tokens_at(asked: Asked, platform: Platform, addresses: str) -> dict[str, Coin]:
    known = asked.market.catalogue.by_contract
    wanted = dict.fromkeys(addresses.lower().split(","))
    return {address: known[platform.id, address] for address in wanted if (platform.id, address) in known}


def _token_at(asked: Asked, platform: Platform, address: str) -> Coin:
    for found in _tokens_at(asked, platform, address).values():
        return found
    raise resource_not_found()


def _pools(asked: Asked, platform: Platform, coin: Coin) -> list[Pair]:
    return pairs(asked).of_token.get((platform.id, coin.contracts[platform.id]), [])


def _top_pools(asked: Asked, platform: Platform, coin: Coin) -> list[Pair]:
    second = int(asked.now)
    busiest = sorted(
        _pools(asked, platform, coin), key=lambda pair: pair.volume_usd(asked.market, second), reverse=True
    )
    return busiest[:_TOP_POOLS]


def _top_pools_included(asked: Asked, platform: Platform, coins: list[Coin]) -> dict[str, str]:
    if "top_pools" not in asked.listed("include"):
        return {}
    shown = dict.fromkeys(pair for coin in coins for pair in _top_pools(asked, platform, coin))
    return {"included": array(pool_resource(asked, pair) for pair in shown)}


def _volume(asked: Asked, platform: Platform, coin: Coin) -> float:
    return sum(figures_of(asked, pair).volume_usd for pair in _pools(asked, platform, coin))


def _reserve(asked: Asked, platform: Platform, coin: Coin) -> float:
    return sum(figures_of(asked, pair).reserve_usd for pair in _pools(asked, platform, coin))


def _diluted(coin: Coin) -> float:
    return coin.max_supply or coin.total_supply or 0.0


def _described(asked: Asked, platform: Platform, coin: Coin) -> str:
    market, second = asked.market, asked.market.updated_at(coin, asked.now)
    price = market.price(coin, second) if coin.priced else None
    supply = coin.total_supply or coin.supply
    top = (obj({"id": text(pool_id(pair)), "type": text("pool")}) for pair in _top_pools(asked, platform, coin))
    attributes = {
        **token_card(asked, platform, coin),
        "total_supply": text(f"{int(supply) * 10**DECIMALS}.0"),
        "normalized_total_supply": text(plain(supply)),
        "price_usd": NULL if price is None else text(plain(price)),
        "fdv_usd": NULL if price is None else text(plain(price * _diluted(coin))),
        "total_reserve_in_usd": text(plain(_reserve(asked, platform, coin))),
        "volume_usd": obj({"h24": text(plain(_volume(asked, platform, coin)))}),
        "market_cap_usd": text(plain(price * coin.supply)) if price is not None and coin.supply else NULL,
        "last_trade_timestamp": text(str(second)),
    }
    id_ = token_id(platform, coin.contracts[platform.id])
    return resource(id_, "token", obj(attributes), {"top_pools": obj({"data": array(top)})})


def _known_of(coin: Coin) -> dict[str, str]:
    return {
        "websites": texts((f"https://{coin.id.replace(' ', '-')}.example/",)),
        "discord_url": NULL,
        "farcaster_url": NULL,
        "zora_url": NULL,
        "telegram_handle": NULL,
        "twitter_handle": text(coin.symbol),
        "description": text(f"{coin.name} is a token of a made-up market."),
    }


def _informed(asked: Asked, platform: Platform, coin: Coin, pool: Pair | None = None) -> str:
    score = percent(20 + coin.offset % 8_000 / 100)
    holders = {
        "count": str(3_000_000 // (coin.index + 1)),
        "distribution_percentage": obj({group: text(share) for group, share in _HOLDERS.items()}),
        "last_updated": text(stamp(int(asked.now) // DAY * DAY)),
    }
    attributes = {
        **token_card(asked, platform, coin),
        "image": obj({size: text(asked.picture(coin, size)) for size in ("thumb", "small", "large")}),
        "banner_image_url": NULL,
        **_known_of(coin),
        "gt_score": score,
        "gt_score_details": obj(dict.fromkeys(("pool", "transaction", "creation", "info", "holders"), score)),
        "gt_verified": TRUE if coin.index < 1_000 else FALSE,
        "categories": texts(coin.categories),
        "gt_category_ids": "[]",
        "holders": obj(holders),
        "mint_authority": NULL,
        "freeze_authority": NULL,
        "is_honeypot": FALSE,
        "developer_address": NULL,
        "developer_holding_percentage": NULL,
    }
    id_ = token_id(platform, coin.contracts[platform.id])
    related = {"pool": pointer(pool_id(pool), "pool")} if pool else None
    return resource(id_, "token", obj(attributes), related)


def _updated(asked: Asked, coin: Coin, second: int) -> str:
    platform = BY_ID[coin.home or ""]
    attributes = {
        **token_card(asked, platform, coin),
        **_known_of(coin),
        "gt_score": percent(20 + coin.offset % 8_000 / 100),
        "metadata_updated_at": text(stamp(second)),
    }
    id_ = token_id(platform, coin.contracts[platform.id])
    return resource(id_, "token", obj(attributes), {"network": pointer(platform.network, "network")})
