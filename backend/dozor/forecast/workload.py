"""Who asks for what: rates by kind of question, or a recorded log, as questions in the order of their time."""

from __future__ import annotations

import itertools
import random
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import quote

SEED = 1
FLAGS = ("include_market_cap", "include_24hr_vol", "include_24hr_change", "include_last_updated_at")
USUAL_CURRENCIES = ("usd", "eur", "btc", "eth", "rub", "gbp", "jpy", "cny", "try", "inr")
PAGE_SIZES = (10, 20, 50, 100, 250)
DAYS = ("1", "7", "30", "90", "365")
WORDS = ("bitcoin", "eth", "sol", "doge", "usd", "chain", "ai", "dog", "swap", "gold")


@dataclass(frozen=True, slots=True)
class Moment:
    """A question, as the path and query below ``/api/v3``, and the second at which it is asked."""

    at: float
    kind: str
    target: str


Rates: TypeAlias = Mapping[str, float]
"""Questions a minute, by kind: a key of ``KINDS``."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Questions at ``rates`` about ``coins`` coins, the first of them the most wanted (Zipf), in ``currencies``."""

    rates: Rates
    coins: int = 300
    currencies: Sequence[str] = ("usd",)
    seed: int = SEED
    _zipf: Sequence[float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        weights = itertools.accumulate(1 / (place + 1) for place in range(self.coins))
        object.__setattr__(self, "_zipf", tuple(weights))

    @property
    def per_second(self) -> float:
        """Questions of all kinds."""
        return sum(self.rates.values()) / 60

    def moments(self, begin: float, end: float) -> Iterator[Moment]:
        """The questions asked between these seconds; the same for the same span and seed."""
        dice = random.Random(f"{self.seed} {begin}")  # noqa: S311  repeatable on purpose
        kinds, weights = list(self.rates), list(itertools.accumulate(self.rates.values()))
        at = begin
        while (at := at + dice.expovariate(self.per_second)) < end:
            kind = kinds[bisect(weights, dice.random() * weights[-1], 0, len(kinds) - 1)]
            yield Moment(at, kind, KINDS[kind](self, dice))

    def coin(self, dice: random.Random) -> str:
        """One of the coins."""
        return f"coin-{bisect(self._zipf, dice.random() * self._zipf[-1], 0, self.coins - 1) + 1}"

    def some(self, dice: random.Random, most: int) -> str:
        """Up to so many of them, with commas between."""
        return ",".join(dict.fromkeys(self.coin(dice) for _ in range(dice.randint(1, most))))

    def currency(self, dice: random.Random) -> str:
        """One of the currencies, the first the most wanted."""
        return self.currencies[min(int(dice.paretovariate(1)) - 1, len(self.currencies) - 1)]


def _prices(workload: Workload, dice: random.Random) -> str:
    flags = "".join(f"&{flag}=true" for flag in FLAGS if dice.random() < 0.3)
    return f"/simple/price?ids={workload.some(dice, 20)}&vs_currencies={workload.currency(dice)}{flags}"


def _markets(workload: Workload, dice: random.Random) -> str:
    size = dice.choice(PAGE_SIZES)
    page = min(int(dice.paretovariate(1.2)), max(1, workload.coins // size))
    return f"/coins/markets?vs_currency={workload.currency(dice)}&per_page={size}&page={page}"


def _watchlists(workload: Workload, dice: random.Random) -> str:
    return f"/coins/markets?vs_currency={workload.currency(dice)}&ids={workload.some(dice, 30)}"


def _details(workload: Workload, dice: random.Random) -> str:
    return f"/coins/{workload.coin(dice)}"


def _charts(workload: Workload, dice: random.Random) -> str:
    currency, days = workload.currency(dice), dice.choices(DAYS, (40, 30, 15, 5, 10))[0]
    return f"/coins/{workload.coin(dice)}/market_chart?vs_currency={currency}&days={days}"


def _searches(workload: Workload, dice: random.Random) -> str:
    return f"/search?query={quote(dice.choice(WORDS))}"


KINDS = {
    "prices": _prices,
    "markets": _markets,
    "watchlists": _watchlists,
    "details": _details,
    "charts": _charts,
    "global": lambda _, __: "/global",
    "trending": lambda _, __: "/search/trending",
    "lists": lambda _, __: "/coins/list",
    "searches": _searches,
}
"""Kinds of questions, and how one is made up."""
