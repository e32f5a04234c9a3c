"""``/coins/categories``: sums over their members, which ``/coins/markets?category=`` lists."""

from __future__ import annotations

from dozor.standin.asked import Asked
from dozor.standin.catalogue import CATEGORIES, Coin, category_id
from dozor.standin.figures import SPANS, change_percent, moment
from dozor.standin.jsontext import array, obj, text, texts
from dozor.standin.numbers import real

_SUMMED_EVERY = 300


def category_list(_: Asked) -> str:
    """``/coins/categories/list``: what the id is called here is called ``id`` in the other answer, as recorded."""
    return array(obj({"category_id": text(category_id(name)), "name": text(name)}) for name in CATEGORIES)


def categories(asked: Asked) -> str:
    """``/coins/categories``: with their market data, the most valuable first unless ``order`` says otherwise."""
    rows = [_Category(asked, name) for name in CATEGORIES]
    field, _, way = asked.query.get("order", "").rpartition("_")
    match field:
        case "name":
            rows.sort(key=lambda row: row.name, reverse=way == "desc")
        case "market_cap_change_24h":
            rows.sort(key=lambda row: row.change or 0.0, reverse=way == "desc")
        case _:
            rows.sort(key=lambda row: row.cap, reverse=way != "asc")
    return array(row.written() for row in rows)


class _Category:
    """One category at the last full five minutes."""

    def __init__(self, asked: Asked, name: str) -> None:
        self.name = name
        self._asked = asked
        self._second = second = int(asked.now) // _SUMMED_EVERY * _SUMMED_EVERY
        market = asked.market
        members = [coin for coin in market.catalogue.coins if name in coin.categories and coin.priced]
        caps, before = market.board(second).caps, market.board(second - SPANS["24h"]).caps
        volumes = market.volumes(second)
        self.cap = sum(caps[coin.index] for coin in members)
        self.change = change_percent(self.cap, sum(before[coin.index] for coin in members))
        self._volume = sum(volumes[coin.index] for coin in members)
        self._top: list[Coin] = sorted(members, key=lambda coin: caps[coin.index], reverse=True)[:3]

    def written(self) -> str:
        """Write the row."""
        return obj(
            {
                "id": text(category_id(self.name)),
                "name": text(self.name),
                "market_cap": real(self.cap),
                "market_cap_change_24h": real(self.change),
                "content": text(f"Coins of a made-up market that are called {self.name}."),
                "top_3_coins_id": texts(coin.id for coin in self._top),
                "top_3_coins": texts(self._asked.picture(coin, "small") for coin in self._top),
                "volume_24h": real(self._volume),
                "updated_at": text(moment(self._second, 416)),
            }
        )
