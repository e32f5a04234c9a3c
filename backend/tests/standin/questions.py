"""One sensible question for every path of the public API, in the names of the stand-in's own market."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from dozor.standin.catalogue import catalogue
from dozor.standin.endpoints import FREE
from dozor.standin.nft_collections import COLLECTIONS
from dozor.standin.trading import trading

if TYPE_CHECKING:
    from datetime import datetime

_COINS = catalogue(60)
TOKEN = _COINS.by_id["uniswap"].contracts["ethereum"]
OTHER_TOKEN = _COINS.by_id["usd-coin"].contracts["ethereum"]
POOL, OTHER_POOL = (pair.address for pair in trading(_COINS).pools_on("ethereum")[:2])
COLLECTION = COLLECTIONS[0]

_IN_BRACES = {
    "/simple/token_price/{id}": {"id": "ethereum"},
    "/coins/{id}/contract": {"id": "ethereum", "contract_address": TOKEN},
    "/coins/": {"id": "bitcoin"},
    "/token_lists/": {"asset_platform_id": "ethereum"},
    "/exchanges/": {"id": "binance"},
    "/derivatives/exchanges/": {"id": "binance_futures"},
    "/{entity}/": {"entity": "companies", "coin_id": "bitcoin"},
    "/public_treasury/": {"entity_id": "north-harbor", "coin_id": "bitcoin"},
    "/nfts/{asset_platform_id}": {"asset_platform_id": COLLECTION.platform, "contract_address": COLLECTION.contract},
    "/nfts/": {"id": COLLECTION.id},
    "/onchain/networks/{network}/pools/multi": {"network": "eth", "addresses": f"{POOL},{OTHER_POOL}"},
    "/onchain/networks/{network}/tokens/multi": {"network": "eth", "addresses": f"{TOKEN},{OTHER_TOKEN}"},
    "/onchain/simple": {"network": "eth", "addresses": f"{TOKEN},{OTHER_TOKEN}"},
    "/onchain/networks/{network}/tokens": {"network": "eth", "address": TOKEN, "token_address": TOKEN},
    "/onchain": {"network": "eth", "dex": "uniswap_v3", "address": POOL, "pool_address": POOL, "timeframe": "hour"},
}
"""What stands in the braces of a path, by how it begins; the first beginning that fits counts."""

_QUERY = {
    "/simple/price": {"ids": "bitcoin,ethereum", "vs_currencies": "usd,eur", "include_24hr_change": "true"},
    "/simple/token_price/{id}": {"contract_addresses": TOKEN, "vs_currencies": "usd"},
    "/search": {"query": "eth"},
    "/coins/markets": {"vs_currency": "usd"},
    "/exchanges/{id}/volume_chart": {"days": "7"},
    "/public_treasury/{entity_id}/{coin_id}/holding_chart": {"days": "365"},
    "/onchain/search/pools": {"query": "weth"},
}


def names_for(path: str) -> dict[str, str]:
    """Give what stands in the braces of ``path``."""
    return next((names for start, names in _IN_BRACES.items() if path.startswith(start)), {})


def query_for(path: str, now: datetime) -> dict[str, str]:
    """Give the parameters that ``path`` cannot do without, or that make its answer worth a look."""
    if path.endswith("/range"):
        start = int((now - timedelta(days=20)).timestamp())
        return {"vs_currency": "usd", "from": str(start), "to": str(start + 86_400 * 10)}
    if path.endswith(("/market_chart", "/ohlc")):
        return {"vs_currency": "usd", "days": "7"}
    if path.endswith("/history"):
        return {"date": f"{now - timedelta(days=30):%d-%m-%Y}"}
    return _QUERY.get(path, {})


def question(path: str, now: datetime, **more: str) -> str:
    """Give a whole question below ``/api/v3``; ``more`` are further parameters."""
    filled = path.format_map({name: quote(value, safe=",") for name, value in names_for(path).items()})
    query = "&".join(f"{name}={quote(value, safe=',')}" for name, value in {**query_for(path, now), **more}.items())
    return f"{filled}?{query}" if query else filled


PATHS = tuple(endpoint.path for endpoint in FREE)
