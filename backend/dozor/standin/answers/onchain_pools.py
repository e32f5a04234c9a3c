"""Lists of pools, one pool, several pools: everything below ``/onchain`` that answers with pools."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from dozor.standin.answers.onchain_resources import (
    fee_percent,
    figures_of,
    included,
    network_of,
    pairs,
    pool_attributes,
    pool_id,
    pool_resource,
    relationships,
    resource,
)
from dozor.standin.asked import Asked
from dozor.standin.jsontext import array, obj, text
from dozor.standin.paging import page_of
from dozor.standin.platforms import BY_NETWORK, PLATFORMS
from dozor.standin.pool_figures import SPANS, plain
from dozor.standin.refusals import resource_not_found
from dozor.standin.trading import Pair
from dozor.standin.venues import BY_ID

_PER_PAGE = 20
_TREND_EVERY = 600
_AMONG_FIRST = 300
_BOUGHT = 0.51


def trending_pools(asked: Asked) -> str:
    """``/onchain/networks/trending_pools``: another choice every ten minutes."""
    return _listed(asked, _trending(asked, _everywhere(asked)), with_network=True)


def network_trending_pools(asked: Asked) -> str:
    """``/onchain/networks/{network}/trending_pools``."""
    return _listed(asked, _trending(asked, _on_network(asked)), with_network=True)


def new_pools(asked: Asked) -> str:
    """``/onchain/networks/new_pools``: the youngest first."""
    return _listed(asked, _youngest_first(asked, _everywhere(asked)), with_network=True)


def network_new_pools(asked: Asked) -> str:
    """``/onchain/networks/{network}/new_pools``."""
    return _listed(asked, _youngest_first(asked, _on_network(asked)), with_network=True)


def network_pools(asked: Asked) -> str:
    """``/onchain/networks/{network}/pools``: the busiest first."""
    return _listed(asked, _busiest_first(asked, _on_network(asked)))


def dex_pools(asked: Asked) -> str:
    """``/onchain/networks/{network}/dexes/{dex}/pools``: those of one exchange."""
    platform, exchange = network_of(asked), BY_ID.get(asked.names["dex"])
    if exchange is None or exchange.platform != platform.id:
        raise resource_not_found()
    return _listed(asked, _busiest_first(asked, pairs(asked).at_exchange.get(exchange.id, ())))


def token_pools(asked: Asked) -> str:
    """``/onchain/networks/{network}/tokens/{token_address}/pools``: those with a token on either side."""
    place = network_of(asked).id, asked.names["token_address"].lower()
    if place not in asked.market.catalogue.by_contract:
        raise resource_not_found()
    return _listed(asked, _busiest_first(asked, pairs(asked).of_token.get(place, ())))


def search_pools(asked: Asked) -> str:
    """``/onchain/search/pools``: by address of pool or token, or by a part of a name or a symbol."""
    query, network = asked.query.get("query", "").strip().lower(), asked.query.get("network", "")
    platform = BY_NETWORK.get(network)
    if network and platform is None:
        raise resource_not_found()
    among = pairs(asked).pools_on(platform.id) if platform else _everywhere(asked)
    return _listed(asked, _busiest_first(asked, (pair for pair in among if _matches(pair, query))))


def pool(asked: Asked) -> str:
    """``/onchain/networks/{network}/pools/{address}``: one pool, with more than the lists say."""
    found = pool_at(asked, asked.names["address"])
    return obj({"data": _described(asked, found), **included(asked, (found,))})


def several_pools(asked: Asked) -> str:
    """``/onchain/networks/{network}/pools/multi/{addresses}``: those that exist."""
    platform, known = network_of(asked), pairs(asked).by_address
    addresses = dict.fromkeys(asked.names["addresses"].lower().split(","))
    found = [known[platform.id, address] for address in addresses if (platform.id, address) in known]
    return obj({"data": array(_described(asked, pair) for pair in found), **included(asked, found)})


def pool_at(asked: Asked, address: str) -> Pair:
    """Give the pool at an address of the path's network, or refuse (404)."""
    if found := pairs(asked).by_address.get((network_of(asked).id, address.lower())):
        return found
    raise resource_not_found()


def _busiest_first(asked: Asked, among: Iterable[Pair]) -> list[Pair]:
    second = int(asked.now)
    return sorted(among, key=lambda pair: pair.volume_usd(asked.market, second), reverse=True)


def _listed(asked: Asked, found: Sequence[Pair], *, with_network: bool = False) -> str:
    shown = page_of(found, asked.page(), _PER_PAGE)
    data = array(pool_resource(asked, pair, with_network=with_network) for pair in shown)
    return obj({"data": data, **included(asked, shown)})


def _everywhere(asked: Asked) -> list[Pair]:
    known = pairs(asked)
    return [pair for platform in PLATFORMS for pair in known.pools_on(platform.id)]


def _on_network(asked: Asked) -> list[Pair]:
    return pairs(asked).pools_on(network_of(asked).id)


def _trending(asked: Asked, among: list[Pair]) -> list[Pair]:
    popular = _busiest_first(asked, among)[:_AMONG_FIRST]
    turn = int(asked.now) // _TREND_EVERY
    chosen = (popular[(turn * 31 + n * n * 17) % len(popular)] for n in range(len(popular)))
    return list(dict.fromkeys(chosen))


def _youngest_first(asked: Asked, among: list[Pair]) -> list[Pair]:
    born: Callable[[Pair], int] = lambda pair: figures_of(asked, pair).created_at  # noqa: E731
    return sorted((pair for pair in among if born(pair) <= asked.now), key=born, reverse=True)


def _matches(pair: Pair, query: str) -> bool:
    names = (pair.coin.symbol, pair.coin.name.lower(), pair.money.lower())
    return any(query in name for name in names) or query in {pair.address, *pair.contracts()}


def _described(asked: Asked, pair: Pair) -> str:
    now = figures_of(asked, pair)
    side = now.reserve_usd / 2
    fields = pool_attributes(asked, pair)
    fields |= {
        "pool_name": text(f"{pair.coin.symbol.upper()} / {pair.money}"),
        "pool_fee_percentage": text(fee_percent(pair)),
        "locked_liquidity_percentage": text("0.0"),
    }
    if asked.flag("include_composition"):
        fields |= {
            "base_token_balance": text(plain(side / now.base_usd)),
            "base_token_liquidity_usd": text(plain(side)),
            "quote_token_balance": text(plain(side / now.target_usd)),
            "quote_token_liquidity_usd": text(plain(side)),
        }
    if asked.flag("include_volume_breakdown"):
        bought = {span: now.volume_in(span) * _BOUGHT for span in SPANS}
        sold = {span: now.volume_in(span) * (1 - _BOUGHT) for span in SPANS}
        net = {span: bought[span] - sold[span] for span in SPANS}
        for name, amounts in (("net_buy", net), ("buy", bought), ("sell", sold)):
            fields[f"{name}_volume_usd"] = obj({span: text(plain(amount)) for span, amount in amounts.items()})
    return resource(pool_id(pair), "pool", obj(fields), relationships(pair))
