"""The workload: bots, mini-apps and dashboards, 20 requests a second, the same for everybody who is measured.

Prices of random subsets by Zipf over 300 coins in five currencies with mixed flags; pages of the market of every size
and set of columns; watchlists; details; charts of 1, 7, 30 and 365 days; lists; searches. All of it from one seed.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

SEED = 20261122
PER_SECOND = 20.0
COINS = 300
CURRENCIES = ("usd", "eur", "btc", "eth", "rub")
CURRENCY_WEIGHTS = (60, 20, 8, 6, 6)
MIX = {"prices": 38, "page": 22, "watchlist": 14, "details": 9, "chart": 9, "list": 6, "search": 2}
PAGE_SIZES = (10, 20, 25, 50, 100, 250)
CHANGES = ("1h", "24h", "7d", "14d", "30d", "200d", "1y")
FLAGS = ("include_market_cap", "include_24hr_vol", "include_24hr_change", "include_last_updated_at")
SECTIONS = ("localization", "tickers", "market_data", "community_data", "developer_data", "sparkline")
DAYS = (1, 7, 30, 365)
DAY_WEIGHTS = (40, 30, 20, 10)
LISTS = ("/coins/list", "/global", "/search/trending", "/simple/supported_vs_currencies", "/coins/categories/list")
WORDS = ("bitcoin", "eth", "sol", "doge", "usd", "chain", "ai", "dog", "swap", "gold")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: when (seconds from the start), of which kind, and the path and query below ``/api/v3``.

    ``needs`` names what a planner of facts must know to answer it (``greedy``).
    """

    at: float
    kind: str
    target: str
    needs: tuple[str, ...] = field(repr=False)


def trace(seconds: float, coins: Sequence[str], seed: int = SEED) -> Iterator[Asked]:
    """Requests of so many seconds, about the first 300 of ``coins``, the ids of the most valuable first."""
    dice = random.Random(seed)
    asker = _Asker(dice, coins[:COINS])
    kinds, weights = list(MIX), list(MIX.values())
    at = 0.0
    while (at := at + dice.expovariate(PER_SECOND)) < seconds:
        kind = dice.choices(kinds, weights)[0]
        target, needs = getattr(asker, kind)()
        yield Asked(at, kind, target, needs)


class _Asker:
    def __init__(self, dice: random.Random, coins: Sequence[str]) -> None:
        self._dice = dice
        self._coins = coins
        self._zipf = list(itertools.accumulate(1 / (place + 1) for place in range(len(coins))))
        self._steep = list(itertools.accumulate((place + 1) ** -1.3 for place in range(len(coins))))

    def prices(self) -> tuple[str, tuple[str, ...]]:
        currencies = dict.fromkeys(self._currency() for _ in range(self._dice.choice((1, 1, 2, 3))))
        flags = [flag for flag in FLAGS if self._dice.random() < 0.35]
        query = [f"ids={self._some(20)}", f"vs_currencies={','.join(currencies)}", *(f"{flag}=true" for flag in flags)]
        return f"/simple/price?{'&'.join(query)}", ("prices",)

    def page(self) -> tuple[str, tuple[str, ...]]:
        currency, size = self._currency(), self._dice.choice(PAGE_SIZES)
        page = min(int(self._dice.paretovariate(1.2)), max(1, COINS // size))
        first, last = (page - 1) * size // 250, (page * size - 1) // 250
        query = [f"vs_currency={currency}", f"per_page={size}", f"page={page}", *self._columns()]
        return f"/coins/markets?{'&'.join(query)}", tuple(f"page {currency} {at}" for at in range(first, last + 1))

    def watchlist(self) -> tuple[str, tuple[str, ...]]:
        currency, ids = self._currency(), self._several(30)
        pages = sorted({self._coins.index(coin) // 250 for coin in ids})
        query = [f"vs_currency={currency}", f"ids={_listed(ids)}", *self._columns()]
        return f"/coins/markets?{'&'.join(query)}", tuple(f"page {currency} {at}" for at in pages)

    def details(self) -> tuple[str, tuple[str, ...]]:
        coin = self._opened()
        query = [
            f"{section}={self._dice.choice(('true', 'false'))}" for section in SECTIONS if self._dice.random() < 0.4
        ]
        return f"/coins/{quote(coin)}?{'&'.join(query)}", (f"details {coin}",)

    def chart(self) -> tuple[str, tuple[str, ...]]:
        coin, days = self._opened(), self._dice.choices(DAYS, DAY_WEIGHTS)[0]
        return f"/coins/{quote(coin)}/market_chart?vs_currency=usd&days={days}", (f"chart {coin} {days}",)

    def list(self) -> tuple[str, tuple[str, ...]]:
        target = self._dice.choice(LISTS)
        return target, (target,)

    def search(self) -> tuple[str, tuple[str, ...]]:
        target = f"/search?query={self._dice.choice(WORDS)}"
        return target, (target,)

    def _columns(self) -> list[str]:
        query = []
        if self._dice.random() < 0.4:
            query.append("sparkline=true")
        if self._dice.random() < 0.5:
            columns = self._dice.sample(CHANGES, self._dice.randint(1, 4))
            query.append(f"price_change_percentage={','.join(columns)}")
        return query

    def _currency(self) -> str:
        return self._dice.choices(CURRENCIES, CURRENCY_WEIGHTS)[0]

    def _coin(self) -> str:
        return self._dice.choices(self._coins, cum_weights=self._zipf)[0]

    def _opened(self) -> str:
        """A coin whose page somebody opens: fewer coins than those whose price is looked at."""
        return self._dice.choices(self._coins, cum_weights=self._steep)[0]

    def _several(self, most: int) -> list[str]:
        chosen = dict.fromkeys(self._coin() for _ in range(self._dice.randint(1, most)))
        return list(chosen)

    def _some(self, most: int) -> str:
        return _listed(self._several(most))


def _listed(ids: Sequence[str]) -> str:
    return quote(",".join(ids), safe=",")
