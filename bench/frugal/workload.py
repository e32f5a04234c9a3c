"""The workload: 20 questions a second from bots, mini-apps and dashboards, the same for everybody with the same seed.

Questions arrive independently of each other and of the answers. All shares stand in the tables below. They were chosen
once, against the models in ``greedy.py`` and ``by_url.py``; no figure of Dozor's was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile
from random import Random
from typing import Generic, TypeVar

from bench.frugal.questions import (
    PRICE_FLAGS,
    Chart,
    Columns,
    Detail,
    Other,
    Page,
    Prices,
    Question,
    Watchlist,
)
from dozor.standin.catalogue import catalogue
from dozor.standin.model import Market, Ordered

Item = TypeVar("Item")

SEED = 7
PER_SECOND = 20.0
COINS = 300
LARGEST_AT = 1_793_491_200
"""The coins are the largest by market cap at this second (1 November 2026), in the stand-in's market of seed 0."""
LISTED_ZIPF = 1.1
"""In a list, the coin in place n stands 1/n**LISTED_ZIPF times as often as the first."""
OPENED_ZIPF = 1.9
"""The same for coins whose details or chart somebody opens, and for what somebody searches."""

KINDS = {
    "prices": 0.40,
    "markets": 0.16,
    "watchlists": 0.10,
    "details": 0.12,
    "charts": 0.14,
    "lists": 0.06,
    "search": 0.02,
}
CURRENCIES = {"usd": 0.7, "eur": 0.15, "rub": 0.07, "gbp": 0.04, "btc": 0.04}

PRICED_COINS = {1: 0.5, 2: 0.15, 3: 0.1, 5: 0.1, 8: 0.05, 15: 0.05, 40: 0.05}
PRICED_IN = {1: 0.7, 2: 0.2, 3: 0.1}
PRECISIONS = {"": 0.94, "2": 0.03, "full": 0.03}
FLAG_SHARE = 0.25
"""Of price questions that want a flag, for each flag."""
GONE_SHARE = 0.02
"""Of price questions that also name a coin which is listed no more."""
GONE = 20

PAGE_SIZES = {10: 0.15, 20: 0.1, 25: 0.1, 50: 0.2, 100: 0.3, 250: 0.15}
NEXT_PAGE_SHARE = 0.35
"""Of those who looked at a page, how many look at the next one, as long as it has one of the coins."""
SPARKLINES = {False: 0.6, True: 0.4}
CHANGES: Mapping[tuple[str, ...], float] = {
    (): 0.5,
    ("24h",): 0.1,
    ("7d",): 0.05,
    ("1h", "24h", "7d"): 0.3,
    ("1h", "24h", "7d", "14d", "30d", "200d", "1y"): 0.05,
}
WATCHED = {3: 0.3, 5: 0.3, 10: 0.25, 20: 0.15}

LEAN = ("localization", "tickers", "community_data", "developer_data")
SECTIONS_OFF: Mapping[tuple[str, ...], float] = {
    (): 0.3,
    ("localization",): 0.2,
    ("localization", "tickers"): 0.1,
    LEAN: 0.3,
    ("localization", "tickers", "market_data", "community_data", "developer_data"): 0.1,
}
DETAIL_SPARKLINES = {False: 0.8, True: 0.2}

CHART_DAYS = {1: 0.3, 7: 0.3, 30: 0.25, 365: 0.15}
CHART_CURRENCIES = {"usd": 0.9, "eur": 0.1}

LISTS = {
    "/global": 0.3,
    "/search/trending": 0.25,
    "/coins/list": 0.15,
    "/exchange_rates": 0.1,
    "/simple/supported_vs_currencies": 0.1,
    "/coins/categories/list": 0.05,
    "/asset_platforms": 0.05,
}
SEARCHED = 50
"""Somebody types the first three letters of one of so many coins' names."""


@dataclass(frozen=True, slots=True)
class Request:
    """A question and when it is asked, in seconds since the start."""

    at: float
    question: Question


def trace(seconds: float, seed: int = SEED, per_second: float = PER_SECOND) -> Iterator[Request]:
    """Give the requests of the first ``seconds``, in order. A longer trace begins with the shorter one."""
    draw = _Draw(Random(f"frugal {seed}"))
    return takewhile(lambda request: request.at < seconds, draw.requests(per_second))


class Weighted(Generic[Item]):
    """Items, each with how often it is drawn beside the others."""

    def __init__(self, weights: Mapping[Item, float]) -> None:
        self._items: Sequence[Item] = list(weights)
        self._heaps = list(accumulate(weights.values()))

    def draw(self, dice: Random) -> Item:
        """Give one of them."""
        return dice.choices(self._items, cum_weights=self._heaps)[0]

    def several(self, dice: Random, count: int) -> list[Item]:
        """Give ``count`` different ones, in the order in which they were drawn."""
        drawn: dict[Item, None] = {}
        while len(drawn) < min(count, len(self._items)):
            drawn[self.draw(dice)] = None
        return list(drawn)


def largest_coins() -> list[str]:
    """The ids that the workload is about, the most asked for first."""
    ranking = Market(catalogue(18_000)).ranking(Ordered.CAP, LARGEST_AT)
    return [coin.id for coin in ranking[:COINS]]


class _Draw:
    def __init__(self, dice: Random) -> None:
        self._dice = dice
        coins = catalogue(18_000)
        ids = largest_coins()
        self._listed = Weighted({id_: 1 / place**LISTED_ZIPF for place, id_ in enumerate(ids, start=1)})
        self._opened = Weighted({id_: 1 / place**OPENED_ZIPF for place, id_ in enumerate(ids, start=1)})
        searches = [coins.by_id[id_].name[:3].lower() for id_ in ids[:SEARCHED]]
        self._searches = Weighted({text: 1 / place**OPENED_ZIPF for place, text in enumerate(searches, start=1)})
        self._gone = [id_ for id_, _, _ in coins.retired[:GONE]]
        self._kinds, self._currencies = Weighted(KINDS), Weighted(CURRENCIES)
        self._priced_coins, self._priced_in = Weighted(PRICED_COINS), Weighted(PRICED_IN)
        self._precisions, self._page_sizes = Weighted(PRECISIONS), Weighted(PAGE_SIZES)
        self._sparklines, self._changes = Weighted(SPARKLINES), Weighted(CHANGES)
        self._watched, self._lists = Weighted(WATCHED), Weighted(LISTS)
        self._sections_off, self._detail_sparklines = Weighted(SECTIONS_OFF), Weighted(DETAIL_SPARKLINES)
        self._chart_days, self._chart_currencies = Weighted(CHART_DAYS), Weighted(CHART_CURRENCIES)

    def requests(self, per_second: float) -> Iterator[Request]:
        at = 0.0
        while True:
            at += self._dice.expovariate(per_second)
            yield Request(at, self._question())

    def _question(self) -> Question:
        dice = self._dice
        match self._kinds.draw(dice):
            case "prices":
                return self._prices()
            case "markets":
                return self._page()
            case "watchlists":
                ids = self._listed.several(dice, self._watched.draw(dice))
                return Watchlist(self._currencies.draw(dice), tuple(ids), self._columns())
            case "details":
                off = self._sections_off.draw(dice)
                return Detail(self._opened.draw(dice), off, sparkline=self._detail_sparklines.draw(dice))
            case "charts":
                currency = self._chart_currencies.draw(dice)
                return Chart(self._opened.draw(dice), currency, self._chart_days.draw(dice))
            case "lists":
                return Other("lists", self._lists.draw(dice))
            case _:
                return Other("search", "/search", (("query", self._searches.draw(dice)),))

    def _prices(self) -> Prices:
        dice = self._dice
        ids = self._listed.several(dice, self._priced_coins.draw(dice))
        if dice.random() < GONE_SHARE:
            ids.append(dice.choice(self._gone))
        currencies = self._currencies.several(dice, self._priced_in.draw(dice))
        flags = tuple(flag for flag in PRICE_FLAGS if dice.random() < FLAG_SHARE)
        return Prices(tuple(ids), tuple(currencies), flags, self._precisions.draw(dice))

    def _page(self) -> Page:
        dice = self._dice
        currency, per_page, page = self._currencies.draw(dice), self._page_sizes.draw(dice), 1
        while page * per_page < COINS and dice.random() < NEXT_PAGE_SHARE:
            page += 1
        return Page(currency, per_page, page, self._columns())

    def _columns(self) -> Columns:
        return Columns(self._sparklines.draw(self._dice), self._changes.draw(self._dice))
