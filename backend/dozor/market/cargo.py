"""What one call of a lot asks for: what is needed, as far as it fits, and then what rides along for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from dozor.market.facts import Fact


@dataclass(frozen=True, slots=True)
class Cargo:
    """``coins`` in ``columns``, all of them; ``left`` are the needed facts that did not fit."""

    coins: tuple[str, ...]
    columns: tuple[str, ...]
    left: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """How much fits: so many coins, in so many characters of a URL, in so many columns."""

    coins: int
    chars: int
    columns: int


def load(needs: Sequence[Fact], riders: Iterable[str], wanted_columns: Iterable[str], room: Room) -> Cargo:
    """The first of ``needs`` that fit, then ``riders`` and ``wanted_columns``, the best first, while there is room.

    At least one need is loaded, however long its name.
    """
    columns: dict[str, None] = {}
    coins: dict[str, None] = {}
    left = []
    chars = 0
    for fact in needs:
        coin, column = fact
        more = 0 if coin in coins else chars_of(coin)
        too_long = bool(coins) and (len(coins) >= room.coins or chars + more > room.chars) and more > 0
        if too_long or (column not in columns and len(columns) >= room.columns):
            left.append(fact)
            continue
        coins[coin] = columns[column] = None
        chars += more
    for column in wanted_columns:
        if len(columns) >= room.columns:
            break
        columns[column] = None
    for coin in riders:
        if len(coins) >= room.coins:
            break
        more = chars_of(coin)
        if coin not in coins and chars + more <= room.chars:
            coins[coin] = None
            chars += more
    return Cargo(tuple(coins), tuple(columns), tuple(left))


@lru_cache(50_000)  # each call weighs hundreds of coins, mostly the same
def chars_of(coin: str) -> int:
    """How long a coin's id is in a URL, with its comma."""
    return len(quote(coin, safe="")) + 1
