"""Which coin is traded where, against what, and how much of its volume that is.

Everything that names a pair draws from here: the tickers of a coin and of an exchange, the volume of an exchange, and
the pools of a chain. So they agree: the pairs of a coin share out its whole volume, and a pool's figures are those of
its ticker.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from itertools import accumulate

from dozor.standin.catalogue import Catalogue, Coin
from dozor.standin.model import Market
from dozor.standin.venues import COMPANIES, POOLS_ON, Exchange

_MOST = 240
_COINS_PER_STEP = 20  # the first twenty coins have 240 pairs each, the next twenty half of that, then a third …
_MONEY = ("USDT", "USD", "USDC", "BTC", "EUR", "ETH")
_COIN_OF = {"USDT": "tether", "USDC": "usd-coin", "BTC": "bitcoin", "ETH": "ethereum"}
_POOLED_AGAINST = ("weth", "usd-coin", "tether")
_WEIGHTS = tuple(1 / (number + 3) ** 2 for number in range(_MOST))
_WEIGHT_OF_FIRST = (0.0, *accumulate(_WEIGHTS))
_SPREAD = 20_000  # the prices of a coin's pairs lie within a thousandth of each other


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One coin at one exchange against one other coin or money. There is one of each for a catalogue."""

    coin: Coin
    number: int
    """Its place among the pairs of the coin, the busiest first."""
    exchange: Exchange
    target: Coin | None
    """The coin on the other side; None for money."""
    money: str
    """What the other side is called: ``USD``, ``USDT``, ``WETH``."""
    share: float
    """Of the coin's whole volume."""

    @property
    def address(self) -> str:
        """Where the pool lives; only a pair of a decentralised exchange has one."""
        digest = blake2b(f"{self.coin.id} {self.number}".encode(), digest_size=20, person=b"pool").hexdigest()
        return digest.replace("0", "z") if self.exchange.platform == "solana" else f"0x{digest}"

    def contracts(self) -> tuple[str, str]:
        """Addresses of both tokens on the pool's chain."""
        platform = self.exchange.platform or ""
        return self.coin.contracts[platform], self.target.contracts[platform] if self.target else ""

    def usd(self, market: Market, second: int) -> float:
        """What the coin costs here."""
        return market.price(self.coin, second) * (1 + (self.number * 37 % 41 - 20) / _SPREAD)

    def target_usd(self, market: Market, second: int) -> float:
        """What one of the other side costs."""
        if self.target is not None:
            return market.price(self.target, second)
        return market.rate(self.money.lower(), second)

    def volume_usd(self, market: Market, second: int) -> float:
        """What was traded here in the 24 hours before."""
        return market.volume(self.coin, second) * self.share


class Trading:
    """All pairs of a catalogue, and the ways to find one: those of a coin at once, others after all were made."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._of_coin: dict[str, tuple[Pair, ...]] = {}

    def of_coin(self, coin: Coin) -> tuple[Pair, ...]:
        """Give the pairs of a coin, the busiest first."""
        if coin.id not in self._of_coin:
            self._of_coin[coin.id] = tuple(_pairs(self._catalogue, coin))
        return self._of_coin[coin.id]

    @cached_property
    def at_exchange(self) -> dict[str, list[Pair]]:
        """Pairs by the id of the exchange."""
        found: dict[str, list[Pair]] = defaultdict(list)
        for coin in self._catalogue.coins:
            for pair in self.of_coin(coin):
                found[pair.exchange.id].append(pair)
        return dict(found)

    @cached_property
    def by_address(self) -> dict[tuple[str, str], Pair]:
        """Pools by the chain and their address."""
        return {(chain, pair.address): pair for chain in POOLS_ON for pair in self.pools_on(chain)}

    @cached_property
    def of_token(self) -> dict[tuple[str, str], list[Pair]]:
        """Pools by the chain and the address of either token."""
        found: dict[tuple[str, str], list[Pair]] = defaultdict(list)
        for chain in POOLS_ON:
            for pair in self.pools_on(chain):
                for contract in pair.contracts():
                    found[chain, contract].append(pair)
        return dict(found)

    def pools_on(self, chain: str) -> list[Pair]:
        """Give all pools of a chain."""
        return [pair for pool in POOLS_ON.get(chain, ()) for pair in self.at_exchange.get(pool.id, ())]


@lru_cache(maxsize=4)
def trading(catalogue: Catalogue) -> Trading:
    """Give the pairs of ``catalogue``."""
    return Trading(catalogue)


@lru_cache(maxsize=64)
def volume_at(market: Market, exchange_id: str) -> Callable[[int], float]:
    """Give what an exchange traded in the 24 hours before a second, in usd: the sum over its pairs."""
    return market.summed_volume(
        (pair.coin, pair.share) for pair in trading(market.catalogue).at_exchange.get(exchange_id, ())
    )


def _pairs(catalogue: Catalogue, coin: Coin) -> list[Pair]:
    if not coin.priced:
        return []
    count = max(1, _MOST // (1 + coin.index // _COINS_PER_STEP))
    whole = _WEIGHT_OF_FIRST[count]
    return [_pair(catalogue, coin, number, count, _WEIGHTS[number] / whole) for number in range(count)]


def _pair(catalogue: Catalogue, coin: Coin, number: int, count: int, share: float) -> Pair:
    if coin.home and (number % 3 == 2 or count < 3):  # what hardly anybody trades is traded in pools alone
        pools = POOLS_ON[coin.home]
        target = _other_side(catalogue, coin, number // 3)
        if target is not None:
            return Pair(coin, number, pools[number // 3 % len(pools)], target, target.symbol.upper(), share)
    money = _MONEY[number % len(_MONEY)]
    target = catalogue.by_id.get(_COIN_OF.get(money, ""))
    if money in _COIN_OF and target in {coin, None}:
        money, target = "USD", None
    return Pair(coin, number, COMPANIES[number % len(COMPANIES)], target, money, share)


def _other_side(catalogue: Catalogue, coin: Coin, number: int) -> Coin | None:
    """Choose what a pool holds beside ``coin``: a coin that exists on its chain too, and is not itself."""
    ids = [id_ for id_ in _POOLED_AGAINST if id_ != coin.id and id_ in catalogue.by_id]
    return catalogue.by_id[ids[number % len(ids)]] if ids else None
