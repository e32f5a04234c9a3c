"""What helps to find a coin: ``/coins/list`` and ``/search``."""

from __future__ import annotations

from functools import lru_cache

from dozor.standin.asked import Asked
from dozor.standin.catalogue import CATEGORIES, Catalogue, Coin, category_id
from dozor.standin.jsontext import NULL, array, obj, text
from dozor.standin.nft_collections import COLLECTIONS, Collection
from dozor.standin.venues import EXCHANGES, Exchange

_FOUND_AT_MOST = 25


def coins_list(asked: Asked) -> str:
    """``/coins/list``: every id there is, in one body; ``status=inactive`` gives the ones that no longer are."""
    if asked.query.get("status") == "inactive":
        return _inactive_list(asked.market.catalogue)
    return _active_list(asked.market.catalogue, asked.flag("include_platform"))


@lru_cache(maxsize=8)
def _active_list(catalogue: Catalogue, with_platforms: bool) -> str:  # noqa: FBT001  lru_cache keys by position
    more = _platforms if with_platforms else lambda _: ""
    coins = catalogue.in_list_order
    return array(f'{{"id":{text(c.id)},"symbol":{text(c.symbol)},"name":{text(c.name)}{more(c)}}}' for c in coins)


def _platforms(coin: Coin) -> str:
    return f',"platforms":{obj({chain: text(contract) for chain, contract in coin.contracts.items()})}'


def _inactive_list(catalogue: Catalogue) -> str:
    return array(obj({"id": text(i), "symbol": text(s), "name": text(n)}) for i, s, n in catalogue.retired)


def search(asked: Asked) -> str:
    """``/search``: coins, exchanges, categories and collections whose name, symbol or id has the query in it."""
    query = asked.required("query").strip().lower()
    ranks = asked.market.ranks_at(asked.now)
    last = len(ranks) * 2
    found = (c for c in asked.market.catalogue.coins if query in c.id or query in c.symbol or query in c.name.lower())
    best = sorted(found, key=lambda c: (ranks[c.index] or last, c.id))[:_FOUND_AT_MOST]
    return obj(
        {
            "coins": array(_found(asked, coin, ranks[coin.index]) for coin in best),
            "exchanges": array(_exchange(asked, e) for e in EXCHANGES if query in e.name.lower()),
            "icos": "[]",
            "categories": array(
                obj({"id": text(category_id(name)), "name": text(name)}) for name in CATEGORIES if query in name.lower()
            ),
            "nfts": array(_collection(asked, c) for c in COLLECTIONS if query in c.name.lower()),
        }
    )


def _found(asked: Asked, coin: Coin, rank: int | None) -> str:
    return obj(
        {
            "id": text(coin.id),
            "name": text(coin.name),
            "api_symbol": text(coin.id),
            "symbol": text(coin.symbol.upper()),
            "market_cap_rank": NULL if rank is None else str(rank),
            "thumb": text(asked.picture(coin, "thumb")),
            "large": text(asked.picture(coin, "large")),
        }
    )


def _exchange(asked: Asked, exchange: Exchange) -> str:
    return obj(
        {
            "id": text(exchange.id),
            "name": text(exchange.name),
            "market_type": text("spot"),
            "thumb": text(asked.drawing(exchange.id, "thumb")),
            "large": text(asked.drawing(exchange.id, "large")),
        }
    )


def _collection(asked: Asked, collection: Collection) -> str:
    return obj(
        {
            "id": text(collection.id),
            "name": text(collection.name),
            "symbol": text(collection.symbol),
            "thumb": text(asked.drawing(collection.id, "thumb")),
        }
    )
