"""A pool's figures at one moment: those of its ticker, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from dozor.standin.figures import change_percent
from dozor.standin.model import DAY, Market
from dozor.standin.platforms import BY_ID
from dozor.standin.trading import Pair

SPANS = {"m5": 300, "m15": 900, "m30": 1_800, "h1": 3_600, "h6": 21_600, "h24": DAY}
_USUAL_TRADE_USD = 900
_MOST_TRADES = 5_000
_BOUGHT = 0.52


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """Read at ``second``; amounts are usd unless they say otherwise."""

    market: Market
    pair: Pair
    second: int

    @property
    def base_usd(self) -> float:
        """What the coin costs in this pool."""
        return self.pair.usd(self.market, self.second)

    @property
    def target_usd(self) -> float:
        """What the other token costs."""
        return self.pair.target_usd(self.market, self.second)

    @property
    def native_usd(self) -> float:
        """What the coin of the chain costs; 1 in a market too small to have it."""
        native = self.market.catalogue.by_id.get(BY_ID[self.pair.exchange.platform or ""].native_coin_id)
        return self.market.price(native, self.second) if native else 1.0

    @property
    def volume_usd(self) -> float:
        """Of 24 hours."""
        return self.pair.volume_usd(self.market, self.second)

    @property
    def reserve_usd(self) -> float:
        """What both sides of the pool are worth together."""
        return self.volume_usd * (3 + self.pair.number % 9)

    @property
    def trades_a_day(self) -> int:
        """How many there were in 24 hours."""
        return max(2, min(_MOST_TRADES, int(self.volume_usd / _USUAL_TRADE_USD)))

    @property
    def created_at(self) -> int:
        """UNIX seconds."""
        return self.pair.coin.listed_at + self.pair.number * DAY

    def changed_percent(self, span: str) -> float:
        """How much more the coin costs than one of ``SPANS`` before."""
        return change_percent(self.base_usd, self.pair.usd(self.market, self.second - SPANS[span])) or 0.0

    def volume_in(self, span: str) -> float:
        """What was traded in one of ``SPANS``."""
        return self.volume_usd * SPANS[span] / DAY

    def trades_in(self, span: str) -> tuple[int, int]:
        """How many bought and how many sold in one of ``SPANS``."""
        trades = round(self.trades_a_day * SPANS[span] / DAY)
        bought = round(trades * _BOUGHT)
        return bought, trades - bought


def plain(value: float) -> str:
    """Write a figure as on-chain answers do inside their texts: all digits, never an exponent."""
    return f"{Decimal(repr(value)):f}"
