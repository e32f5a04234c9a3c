"""Futures and perpetuals: which there are, and their figures, which hang on those of the coin beneath."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from dozor.standin.catalogue import Catalogue, Coin
from dozor.standin.model import DAY, Market
from dozor.standin.tapes import Temper
from dozor.standin.venues import DERIVATIVES, DerivativesExchange

_COINS = 40
_LEVERAGE = 2.4  # so much more is traded in contracts than in the coin itself
_HELD = 0.45  # of a day's volume is open at any time
_DATED = 0.03  # of a coin's contracts is in each future with a date
_DATED_COINS = frozenset({"bitcoin", "ethereum"})
_QUARTERS = 2
_QUARTER = 91 * DAY
_FIRST_QUARTER = 1_546_588_800  # 4 January 2019, 08:00 UTC, a Friday
_MONEY = "USDT"


@dataclass(frozen=True, slots=True)
class Contract:
    """One coin's contract at one exchange; ``quarter`` counts the next dated ones from 1, and is 0 for a perpetual."""

    coin: Coin
    exchange: DerivativesExchange
    quarter: int

    @property
    def share(self) -> float:
        """Of the volume of the coin itself."""
        dated = _DATED * _QUARTERS if _is_dated(self.coin, self.exchange) else 0.0
        return self.exchange.share * _LEVERAGE * (_DATED if self.quarter else 1 - dated)

    def expires_at(self, now: float) -> int | None:
        """When it is settled (UNIX seconds); None for a perpetual."""
        if not self.quarter:
            return None
        return _FIRST_QUARTER + (int(now - _FIRST_QUARTER) // _QUARTER + self.quarter) * _QUARTER

    def basis_percent(self, market: Market, second: int) -> float:
        """How much dearer than the coin it is."""
        wandered = market.wandered(f"{self.exchange.id} {self.coin.id}", Temper.WILD, second)
        return (wandered - 1) / 50 + 0.4 * self.quarter

    def usd(self, market: Market, second: int) -> float:
        """What it costs."""
        return market.price(self.coin, second) * (1 + self.basis_percent(market, second) / 100)

    def volume_usd(self, market: Market, second: int) -> float:
        """What was traded of it in the 24 hours before."""
        return market.volume(self.coin, second) * self.share

    def held_usd(self, market: Market, second: int) -> float:
        """What is open."""
        return self.volume_usd(market, second) * _HELD

    def funding_percent(self, market: Market, second: int) -> float:
        """What longs pay shorts every eight hours; nothing for a contract with a date."""
        return 0.0 if self.quarter else self.basis_percent(market, second) / 4


@lru_cache(maxsize=4)
def contracts(catalogue: Catalogue) -> tuple[Contract, ...]:
    """All contracts: perpetuals on the first forty coins that move, and a few with a date."""
    moving = [coin for coin in catalogue.coins if coin.priced and coin.temper is not Temper.STABLE][:_COINS]
    return tuple(
        Contract(coin, exchange, quarter)
        for coin in moving
        for exchange in DERIVATIVES
        for quarter in range(1 + _QUARTERS * _is_dated(coin, exchange))
    )


def symbol(contract: Contract) -> str:
    """Write the name it is traded under."""
    name = f"{contract.coin.symbol.upper()}{_MONEY}"
    return f"{name}_Q{contract.quarter}" if contract.quarter else name


@lru_cache(maxsize=64)
def volume_at(market: Market, exchange_id: str) -> Callable[[int], float]:
    """Give what an exchange traded in the 24 hours before a second, in usd: the sum over its contracts."""
    return market.summed_volume(
        (contract.coin, contract.share)
        for contract in contracts(market.catalogue)
        if contract.exchange.id == exchange_id
    )


def held_usd(volume_usd: float) -> float:
    """What is open at an exchange that trades so much a day."""
    return volume_usd * _HELD


def _is_dated(coin: Coin, exchange: DerivativesExchange) -> bool:
    return exchange.has_dated_futures and coin.id in _DATED_COINS
