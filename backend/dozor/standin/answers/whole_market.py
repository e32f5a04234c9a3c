"""``/global`` and ``/global/decentralized_finance_defi``: the whole market, or a part of it, in one answer."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from dozor.standin.asked import Asked
from dozor.standin.currencies import CURRENCIES
from dozor.standin.figures import SPANS, change_percent
from dozor.standin.jsontext import obj, text
from dozor.standin.model import HOUR, Ordered
from dozor.standin.numbers import real
from dozor.standin.venues import DERIVATIVES, EXCHANGES

_MARKETS = len(EXCHANGES) + len(DERIVATIVES)
_DEFI = "Decentralized Finance (DeFi)"


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


def defi_figures(asked: Asked) -> str:
    """``/global/decentralized_finance_defi``: sums over the category, as long texts; counted every hour."""
    market = asked.market
    second = int(asked.now) // HOUR * HOUR
    caps, volumes = market.board(second).caps, market.volumes(second)
    members = [coin for coin in market.catalogue.coins if _DEFI in coin.categories and coin.priced]
    total = Decimal(_sum(caps[coin.index] for coin in members))
    volume = Decimal(_sum(volumes[coin.index] for coin in members))
    ether = market.catalogue.by_id.get("ethereum")
    ether_cap = Decimal(caps[ether.index] if ether else 1.0)
    top = max(members, key=lambda coin: caps[coin.index], default=None)
    data = {
        "defi_market_cap": text(f"{total:.19f}"),
        "eth_market_cap": text(f"{ether_cap:.19f}"),
        "defi_to_eth_ratio": text(f"{total / ether_cap * 100:.25f}"),
        "trading_volume_24h": text(f"{volume:.20f}"),
        "defi_dominance": text(f"{total / Decimal(_sum(caps)) * 100:.25f}"),
        "top_coin_name": text(top.name if top else ""),
        "top_coin_defi_dominance": real(caps[top.index] / float(total) * 100 if top else 0.0),
    }
    return obj({"data": obj(data)})


def _sum(figures: Iterable[float]) -> float:
    return sum(figure for figure in figures if figure > 0)  # NaN is not above 0
