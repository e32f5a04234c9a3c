"""Which coins there are: sixty everybody knows, the rest invented; each with everything about it that never moves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from struct import Struct
from zlib import crc32

from dozor.standin.invented import MOST, invented
from dozor.standin.known import FOLLOWS, KNOWN, Known
from dozor.standin.tapes import HOURS, Temper

_DAY = 86_400
_FIRST_LISTED = 1_367_107_200  # 28 April 2013
_LAST_LISTED = 1_793_491_200  # 1 November 2026
_SURELY_OLD = 1_600_000_000  # what everybody knows has been listed for years

CATEGORIES = (
    "Layer 1 (L1)",
    "Layer 2 (L2)",
    "Decentralized Finance (DeFi)",
    "Meme",
    "Stablecoins",
    "Wrapped-Tokens",
    "Exchange-based Tokens",
    "Privacy Coins",
    "Artificial Intelligence (AI)",
    "Gaming (GameFi)",
    "Storage",
    "Communication",
    "Tokenized Gold",
    "NFT",
)
_BY_SYMBOL = {row.symbol: row for row in reversed(KNOWN)}
_NUMBERS = Struct("32H")
CHAINS = ("ethereum", "solana", "binance-smart-chain", "base", "polygon-pos", "arbitrum-one")
_EVERYWHERE = frozenset({"weth", "usd-coin", "tether"})


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity, which makes it a fast key
class Coin:
    """One coin, without its moving figures. There is one of each in a catalogue."""

    index: int
    """Place in the catalogue; the most valuable come first, about."""
    id: str
    symbol: str
    name: str
    usd: float
    """What the price wanders around; NaN for a coin that has no price at all (a preview listing)."""
    supply: float
    """Circulating; 0 when unknown, and then there is no market cap and no rank."""
    total_supply: float | None
    max_supply: float | None
    temper: Temper
    home: str | None
    contract: str | None
    categories: tuple[str, ...]
    offset: int
    """Where on its tape the coin reads the hour 0."""
    phase: int
    """Seconds by which its updates are shifted against the full minute."""
    stale_hours: int
    """How many hours its last update may lie back; 0 for a coin that is updated all the time."""
    listed_at: int
    """UNIX seconds of its first price."""
    turnover: float
    """Daily volume as a share of the market cap."""
    sold_at_usd: float | None
    """Price of the first public sale (``roi``); None for most."""
    has_picture: bool

    @property
    def priced(self) -> bool:
        """Whether anybody trades it."""
        return not math.isnan(self.usd)

    @property
    def contracts(self) -> Mapping[str, str]:
        """Its addresses by the id of the chain: one of its own, or one on every chain for what is paid with."""
        return _contracts(self.id, self.home)

    @property
    def picture(self) -> int:
        """Its number, the ``coin_id`` of trending."""
        return self.index + 1


class Catalogue:
    """All coins of a stand-in, and the ways to find one. Never changes."""

    def __init__(self, coins: tuple[Coin, ...]) -> None:
        self.coins = coins
        self.by_id = {coin.id: coin for coin in coins}
        self.by_symbol: dict[str, list[Coin]] = {}
        self.by_name: dict[str, list[Coin]] = {}
        for coin in coins:
            self.by_symbol.setdefault(coin.symbol, []).append(coin)
            self.by_name.setdefault(coin.name.lower(), []).append(coin)

    @cached_property
    def by_contract(self) -> dict[tuple[str, str], Coin]:
        """Find a token by the id of its chain and its address in small letters."""
        return {(chain, at.lower()): coin for coin in self.coins for chain, at in coin.contracts.items()}

    @cached_property
    def in_list_order(self) -> tuple[Coin, ...]:
        """As ``/coins/list`` has them: almost by id, but as if the hyphens were not there."""
        return tuple(sorted(self.coins, key=lambda coin: coin.id.replace("-", "")))

    @cached_property
    def retired(self) -> tuple[tuple[str, str, str], ...]:
        """Id, symbol and name of coins that are no longer listed: only ``status=inactive`` tells of them."""
        names = (invented(MOST - 1 - n) for n in range(len(self.coins) // 90))
        return tuple((f"{name.id}-old", name.symbol, f"{name.name} (Old)") for name in names)


def category_id(name: str) -> str:
    """Id of a category: ``Layer 1 (L1)`` is ``layer-1``."""
    return name.split(" (")[0].lower().replace(" ", "-")


@lru_cache(maxsize=4)
def catalogue(count: int) -> Catalogue:
    """Make the catalogue of ``count`` coins; a smaller one is the beginning of a larger one."""
    if not 1 <= count <= MOST:
        raise ValueError(f"a stand-in has 1 to {MOST} coins, not {count}")
    famous = (_known(index, row) for index, row in enumerate(KNOWN[:count]))
    return Catalogue((*famous, *(_invented(index) for index in range(len(KNOWN), count))))


def _known(index: int, row: Known) -> Coin:
    dice = _dice(row.id)
    return Coin(
        index=index,
        id=row.id,
        symbol=row.symbol,
        name=row.name,
        usd=row.usd,
        supply=row.supply,
        total_supply=row.max_supply if next(dice) < 0.3 and row.max_supply else row.supply,
        max_supply=row.max_supply,
        temper=row.temper,
        home=row.home,
        contract=_contract(row.id, row.home),
        categories=row.categories,
        offset=_offset(FOLLOWS.get(row.id, row.id)),
        phase=int(next(dice) * 60),
        stale_hours=0,
        listed_at=int(_FIRST_LISTED + next(dice) * (_SURELY_OLD - _FIRST_LISTED)) // _DAY * _DAY,
        turnover=0.01 + 0.12 * next(dice),
        sold_at_usd=row.usd / (1 + 40 * next(dice)) if row.id in {"ethereum", "near", "algorand"} else None,
        has_picture=True,
    )


def _invented(index: int) -> Coin:
    """Decide the figures of a coin nobody knows: caps fall steeply with its place, prices span thirteen decades."""
    id_, symbol, name = invented(index)
    dice = _dice(id_)
    original = _BY_SYMBOL[symbol] if id_.startswith("bridged-") else None
    usd = original.usd if original else 10 ** (3.5 - 13 * next(dice) ** 1.5)
    issued = 5.5e8 * (60 / index) ** 2.2 / usd
    hides_its_supply = index > 5_000 and next(dice) < 0.25
    has_a_maximum = next(dice) < 0.69
    temper = original.temper if original else Temper.WILD if next(dice) < 0.6 else Temper.NORMAL
    home = CHAINS[int(next(dice) ** 2 * len(CHAINS))] if next(dice) < 0.9 else None
    return Coin(
        index=index,
        id=id_,
        symbol=symbol,
        name=name,
        usd=math.nan if next(dice) < 0.004 and index > 3_000 else usd,
        supply=0.0 if hides_its_supply else round(issued, 4),
        total_supply=None if next(dice) < 0.003 else round(issued * (1 + next(dice)), 4),
        max_supply=float(math.ceil(issued * 2.5)) if has_a_maximum else None,
        temper=temper,
        home=home,
        contract=_contract(id_, home),
        categories=CATEGORIES[(at := int(next(dice) * len(CATEGORIES))) : at + int(next(dice) * 3)],
        offset=_offset(original.id if original else id_),
        phase=int(next(dice) * 60),
        stale_hours=5 + int(next(dice) * 180) if next(dice) < 0.015 + 0.2 * index / 18_000 else 0,
        listed_at=int(_FIRST_LISTED + next(dice) ** 0.5 * (_LAST_LISTED - _FIRST_LISTED)) // _DAY * _DAY,
        turnover=10 ** (-3.5 + 3 * next(dice)),
        sold_at_usd=usd * 30 ** (2 * next(dice) - 1) if next(dice) < 0.1 else None,
        has_picture=next(dice) > 0.03,
    )


def _contract(id_: str, home: str | None) -> str | None:
    if home is None:
        return None
    digest = blake2b(id_.encode(), digest_size=20).hexdigest()
    return digest.replace("0", "z") if home == "solana" else f"0x{digest}"


@lru_cache(maxsize=32_768)
def _contracts(id_: str, home: str | None) -> Mapping[str, str]:
    if home is None:
        return {}
    own = {home: _contract(id_, home) or ""}
    if id_ not in _EVERYWHERE:
        return own
    return own | {chain: _contract(f"{id_} on {chain}", chain) or "" for chain in CHAINS if chain != home}


def _offset(id_: str) -> int:
    """Where a coin starts to read: what wraps or bridges another coin reads from the same place as that one."""
    return crc32(id_.encode()) % HOURS


def _dice(name: str) -> Iterator[float]:
    """Roll numbers in [0, 1) that depend on ``name`` alone; there are 32 of them."""
    digest = blake2b(name.encode(), digest_size=64, person=b"standin").digest()
    return iter([number / 2**16 for number in _NUMBERS.unpack(digest)])
