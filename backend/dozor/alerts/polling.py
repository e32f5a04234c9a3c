"""What a watch asks for at each poll: which coins, in which currencies, from which source, and how often.

Rows of the market tell the extremes of 24 hours too, so levels that were touched between two polls are seen; prices
of many currencies come with one call. All pairs of one poll share its period: they are its watch class.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dozor.alerts.rule import PRICE
from dozor.domain.quotes import Quote, QuoteSource

COINS_A_CALL = {QuoteSource.PRICE: 515, QuoteSource.MARKETS: 250}


@dataclass(frozen=True, slots=True)
class Poll:
    """One way to ask for everything that is watched: coins by currency as ``rows``, and other pairs as ``prices``."""

    rows: Mapping[str, Sequence[str]]
    prices: frozenset[tuple[str, str]]  # currency and coin
    interval_s: float

    @property
    def coins(self) -> Sequence[str]:
        """The coins of ``prices``."""
        return sorted({coin for _, coin in self.prices})

    @property
    def currencies(self) -> Sequence[str]:
        """Their currencies. Asking for all coins in all of them costs nothing more."""
        return sorted({currency for currency, _ in self.prices})

    @property
    def calls(self) -> int:
        """How many calls it costs when nobody else asks for any of it."""
        return _calls(self.rows, self.prices)

    def takes(self, quote: Quote) -> bool:
        """Whether this quote is of a pair that is watched, and from the one source that the pair is polled from."""
        if quote.source is QuoteSource.MARKETS:
            return quote.coin_id in self.rows.get(quote.currency, ())
        return (quote.currency, quote.coin_id) in self.prices

    @property
    def sees_wicks(self) -> bool:
        """Whether rules that count extremes are given any."""
        return bool(self.rows)


def plan(
    series: Iterable[tuple[str, bool]], interval_of: Callable[[int], float], *, sees_wicks: bool = True
) -> Poll | None:
    """How to poll these series, each with whether it wants extremes; ``None`` when there are none.

    ``interval_of(calls)`` is how far apart polls of so many calls have to be. Extremes are asked for as long as that
    makes the polls no rarer than they would be without; ``sees_wicks=False`` asks for none.
    """
    pairs: dict[tuple[str, str], bool] = {}
    for name, wants_wicks in series:
        pair = pair_of(name)
        pairs[pair] = pairs.get(pair, False) or wants_wicks
    if not pairs:
        return None
    plain = _poll({}, frozenset(pairs), interval_of)
    if not sees_wicks or not any(pairs.values()):
        return plain
    rows: dict[str, set[str]] = {}
    for (currency, coin), wants_wicks in pairs.items():
        if wants_wicks:
            rows.setdefault(currency, set()).add(coin)
    with_wicks = _poll(rows, frozenset(pair for pair, wants_wicks in pairs.items() if not wants_wicks), interval_of)
    return with_wicks if with_wicks.interval_s <= plain.interval_s else plain


def _poll(
    rows: Mapping[str, Collection[str]], prices: frozenset[tuple[str, str]], interval_of: Callable[[int], float]
) -> Poll:
    return Poll(
        {currency: sorted(coins) for currency, coins in rows.items()}, prices, interval_of(_calls(rows, prices))
    )


def pair_of(series: str) -> tuple[str, str]:
    """The currency and the coin of a series, whatever it is derived from."""
    _, currency, coin = series.split("|", 2)
    return currency, coin


def is_price(series: str) -> bool:
    """Whether a series is the price itself."""
    return series.startswith(f"{PRICE}|")


def _calls(rows: Mapping[str, Collection[str]], prices: Collection[tuple[str, str]]) -> int:
    by_rows = sum(-(-len(coins) // COINS_A_CALL[QuoteSource.MARKETS]) for coins in rows.values())
    return by_rows + -(-len({coin for _, coin in prices}) // COINS_A_CALL[QuoteSource.PRICE])
