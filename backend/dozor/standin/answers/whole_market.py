"""``/global``: the whole market in one answer."""

from __future__ import annotations

from collections.abc import Iterable

from dozor.standin.asked import Asked
from dozor.standin.currencies import CURRENCIES
from dozor.standin.figures import SPANS, change_percent
from dozor.standin.jsontext import obj
from dozor.standin.model import Ordered
from dozor.standin.numbers import real

_MARKETS = 1_297


def global_figures(asked: Asked) -> str:
    """``/global``: sums over all coins, in every currency."""
    market = asked.market
    second = int(asked.now)
    caps, before = market.board(second).caps, market.board(second - SPANS["24h"]).caps
    total, total_before = _sum(caps), _sum(before)
    volume, volume_before = _sum(market.volumes(second)), _sum(market.volumes(second - SPANS["24h"]))
    top = market.ranking(Ordered.CAP, second)[:10]
    data = {
        "active_cryptocurrencies": str(len(market.catalogue.coins)),
        "upcoming_icos": "0",
        "ongoing_icos": "49",
        "ended_icos": "3376",
        "markets": str(_MARKETS),
        "total_market_cap": obj({code: real(total / market.rate(code, second)) for code in CURRENCIES}),
        "total_volume": obj({code: real(volume / market.rate(code, second)) for code in CURRENCIES}),
        "market_cap_percentage": obj({coin.symbol: real(caps[coin.index] / total * 100) for coin in top}),
        "market_cap_change_percentage_24h_usd": real(change_percent(total, total_before)),
        "volume_change_percentage_24h_usd": real(change_percent(volume, volume_before)),
        "updated_at": str(second),
    }
    return obj({"data": obj(data)})


def _sum(figures: Iterable[float]) -> float:
    return sum(figure for figure in figures if figure > 0)  # NaN is not above 0
