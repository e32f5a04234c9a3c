"""``/asset_platforms``, ``/token_lists`` and what is asked by contract address instead of by id."""

from __future__ import annotations

from functools import lru_cache

from dozor.standin.answers.charts import chart_of, range_of
from dozor.standin.answers.details import details_of
from dozor.standin.answers.prices import priced
from dozor.standin.asked import Asked
from dozor.standin.catalogue import Catalogue, Coin
from dozor.standin.figures import moment
from dozor.standin.jsontext import NULL, array, obj, text
from dozor.standin.platforms import BY_ID, PLATFORMS, Platform
from dozor.standin.refusals import coin_not_found, platform_not_found

_DECIMALS = "18"
_LISTED_EVERY = 86_400


def asset_platforms(asked: Asked) -> str:
    """``/asset_platforms``: the chains; ``filter=nft`` leaves those that have collections."""
    only_nfts = asked.query.get("filter") == "nft"
    return array(_platform(asked, platform) for platform in PLATFORMS if platform.has_nfts or not only_nfts)


def token_list(asked: Asked) -> str:
    """``/token_lists/{id}/all.json``: every token of a chain, in the form wallets read."""
    platform = BY_ID.get(asked.names["asset_platform_id"])
    if platform is None:
        raise platform_not_found()
    tokens = _tokens(asked.market.catalogue, platform, asked.origin)
    return obj(
        {
            "name": text("CoinGecko"),
            "logoURI": text(f"{asked.origin}/img/coingecko/thumb.png"),
            "keywords": '["defi"]',
            "timestamp": text(moment(int(asked.now) // _LISTED_EVERY * _LISTED_EVERY)[:19] + "+00:00"),
            "tokens": tokens,
            "version": '{"major":1,"minor":0,"patch":0}',
        }
    )


def token_price(asked: Asked) -> str:
    """``/simple/token_price/{id}``: prices by address, in small letters; unknown addresses left out."""
    chain = asked.names["id"]
    if chain not in BY_ID:
        raise platform_not_found()
    asked.required("contract_addresses")
    asked.required("vs_currencies")
    addresses = dict.fromkeys(address.lower() for address in asked.listed("contract_addresses"))
    known = asked.market.catalogue.by_contract
    return priced(asked, {address: known[chain, address] for address in addresses if (chain, address) in known})


def token_details(asked: Asked) -> str:
    """``/coins/{id}/contract/{contract_address}``: the coin's page, with the address it was found by."""
    return details_of(asked, _token(asked), asked.names["contract_address"].lower())


def token_chart(asked: Asked) -> str:
    """``/coins/{id}/contract/{contract_address}/market_chart``: the coin's chart."""
    return chart_of(asked, _token(asked))


def token_chart_range(asked: Asked) -> str:
    """``/coins/{id}/contract/{contract_address}/market_chart/range``: the coin's chart between two moments."""
    return range_of(asked, _token(asked))


def _token(asked: Asked) -> Coin:
    place = asked.names["id"], asked.names["contract_address"].lower()
    if coin := asked.market.catalogue.by_contract.get(place):
        return coin
    raise coin_not_found()


def _platform(asked: Asked, platform: Platform) -> str:
    return obj(
        {
            "id": text(platform.id),
            "chain_identifier": NULL if platform.chain_identifier is None else str(platform.chain_identifier),
            "name": text(platform.name),
            "shortname": text(platform.shortname),
            "native_coin_id": text(platform.native_coin_id),
            "image": obj({size: text(asked.drawing(platform.id, size)) for size in ("thumb", "small", "large")}),
        }
    )


@lru_cache(maxsize=8)
def _tokens(catalogue: Catalogue, platform: Platform, origin: str) -> str:
    return array(
        obj(
            {
                "chainId": str(platform.chain_identifier or 0),
                "address": text(coin.contracts[platform.id]),
                "name": text(coin.name),
                "symbol": text(coin.symbol.upper()),
                "decimals": _DECIMALS,
                "logoURI": text(f"{origin}/img/{coin.id.replace(' ', '%20')}/thumb.png"),
            }
        )
        for coin in catalogue.in_list_order
        if platform.id in coin.contracts
    )
