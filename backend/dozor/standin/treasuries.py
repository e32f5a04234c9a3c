"""Who holds coins, companies and governments, and every purchase and sale that led there.

A holding is the sum of its transactions and nothing else, so that holders, charts and histories agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from dozor.standin.catalogue import Coin
from dozor.standin.model import DAY, Market

_FIRST = 1_599_436_800  # 7 September 2020
_DAYS_APART = (20, 70)
_MOST_DEALS = 60
_SALES = 0.15


@dataclass(frozen=True, slots=True)
class Entity:
    """One holder. ``usual_deals`` is how much of each coin one deal is about."""

    id: str
    name: str
    symbol: str | None
    country: str
    shares: int
    """How many there are of a company; 0 for a government."""
    usual_deals: tuple[tuple[str, float], ...]

    @property
    def is_company(self) -> bool:
        """Whether it is one, and no government."""
        return self.shares > 0

    @property
    def kind(self) -> str:
        """How the API calls it."""
        return "company" if self.is_company else "government"


@dataclass(frozen=True, slots=True)
class Deal:
    """One purchase, or a sale when ``amount`` is below 0."""

    second: int
    coin_id: str
    amount: float
    balance: float
    """After it."""
    usd: float
    """What changed hands."""
    average_usd: float
    """What one coin of the balance cost when it was bought, on average."""


ENTITIES = (
    Entity("north-harbor", "North Harbor Holdings", "NHHC.US", "US", 287_000_000, (("bitcoin", 9_800.0),)),
    Entity("miners-of-maine", "Miners of Maine", "MOME.US", "US", 378_000_000, (("bitcoin", 900.0),)),
    Entity("ether-and-sons", "Ether & Sons", "EASN.US", "US", 290_000_000, (("ethereum", 61_000.0), ("bitcoin", 4.0))),
    Entity("tokyo-ledger", "Tokyo Ledger", "3999.T", "JP", 1_140_000_000, (("bitcoin", 510.0), ("solana", 9_000.0))),
    Entity("alpine-vaults", "Alpine Vaults", "ALPV.SW", "CH", 21_000_000, (("bitcoin", 61.0), ("ethereum", 700.0))),
    Entity(
        "sunny-isles",
        "Sunny Isles Treasury",
        "SUNI.US",
        "US",
        58_000_000,
        (("solana", 111_000.0), ("binancecoin", 6_000.0)),
    ),
    Entity("mountain-kingdom", "Mountain Kingdom", None, "BT", 0, (("bitcoin", 190.0), ("ethereum", 12.0))),
    Entity("volcano-republic", "Volcano Republic", None, "SV", 0, (("bitcoin", 105.0),)),
    Entity("island-union", "Island Union", None, "GB", 0, (("bitcoin", 1_000.0),)),
)
BY_ID = {entity.id: entity for entity in ENTITIES}


@lru_cache(maxsize=256)
def deals(market: Market, entity: Entity, coin: Coin) -> tuple[Deal, ...]:
    """Give all deals of ``entity`` in ``coin``, oldest first, those still to come included."""
    usual = dict(entity.usual_deals).get(coin.id)
    if usual is None:
        return ()
    dice = Random(f"{entity.id} {coin.id}")  # noqa: S311  repeatable on purpose
    second, balance, average = _FIRST, 0.0, 0.0
    made: list[Deal] = []
    for _ in range(_MOST_DEALS):
        second += dice.randint(*_DAYS_APART) * DAY
        amount = round(usual * (0.3 + 1.4 * dice.random()), 2)
        price = market.price(coin, second)
        if dice.random() < _SALES and balance > amount:
            amount = -amount
        else:
            average = (average * balance + price * amount) / (balance + amount)
        balance = round(balance + amount, 2)
        made.append(Deal(second, coin.id, amount, balance, abs(amount) * price, average))
    return tuple(made)


def holding(market: Market, entity: Entity, coin: Coin, second: float) -> Deal | None:
    """Give the last deal before ``second``, whose balance is what ``entity`` holds; None before the first."""
    past = [deal for deal in deals(market, entity, coin) if deal.second <= second]
    return past[-1] if past else None
