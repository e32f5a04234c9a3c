"""Prices for whoever watches them: as figures with the time at which upstream saw them, not as an answer's bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import msgspec

from dozor.domain.bounds import Bounds
from dozor.domain.errors import UpstreamUnavailable
from dozor.domain.lanes import Lane
from dozor.domain.quotes import Quote, QuoteSource
from dozor.market.endpoints import BY_PATH
from dozor.market.question import Question, canonical
from dozor.market.service import Answer, MarketService

T = TypeVar("T")

MOST_PRICES = 250  # in one question: the planner puts several questions on one call
MOST_ROWS = 250
ONLY_FRESH = Bounds(max_stale=timedelta(0))
BAD_ANSWER_RETRY = timedelta(seconds=5)


class Quotes:
    """Reads prices from the market service in the alerts' lane. Any number of concurrent askers."""

    def __init__(self, market: MarketService) -> None:
        self._market = market

    async def prices(self, coins: Sequence[str], currencies: Sequence[str]) -> Sequence[Quote]:
        """The prices of these coins in these currencies, as fresh as can be had; what upstream lacks is left out.

        What the quota or upstream does not allow now comes as old as it is known. Raises TryLater when nothing is, and
        QuestionRejected when upstream refuses the question.
        """
        quotes: list[Quote] = []
        for start in range(0, len(coins), MOST_PRICES):
            answer = await self._answer(prices_question(coins[start : start + MOST_PRICES], currencies))
            quotes += prices_in(answer, currencies)
        return quotes

    async def rows(self, coins: Sequence[str], currency: str) -> Sequence[Quote]:
        """The same with the extremes of 24 hours, from rows of the market in one currency."""
        quotes: list[Quote] = []
        for start in range(0, len(coins), MOST_ROWS):
            answer = await self._answer(_rows_question(coins[start : start + MOST_ROWS], currency))
            quotes += _rows(answer, currency)
        return quotes

    async def points(self, coin_id: str, currency: str) -> Sequence[tuple[datetime, Decimal]]:
        """The prices of the last day, one in five minutes, the oldest first; raises as ``prices``."""
        params = {"vs_currency": currency, "days": "1"}
        path = {"id": coin_id}
        question = canonical(BY_PATH["/coins/{id}/market_chart"], path, params.items(), full_history=False)
        chart = _decoded(await self._answer(question), _chart_answer)
        return [(datetime.fromtimestamp(int(at) / 1000, UTC), value) for at, value in chart.prices if value is not None]

    async def _answer(self, question: Question) -> Answer:
        return await self._market.answer(question, client="", lane=Lane.ALERT, bounds=ONLY_FRESH)


def prices_question(coins: Sequence[str], currencies: Sequence[str]) -> Question:
    """The question for the prices of these coins, with all that a quote tells."""
    params = {
        "ids": ",".join(coins),
        "vs_currencies": ",".join(currencies),
        "include_24hr_vol": "true",
        "include_last_updated_at": "true",
    }
    return canonical(BY_PATH["/simple/price"], {}, params.items(), full_history=False)


def _rows_question(coins: Sequence[str], currency: str) -> Question:
    params = {"vs_currency": currency, "ids": ",".join(coins), "per_page": str(MOST_ROWS)}
    return canonical(BY_PATH["/coins/markets"], {}, params.items(), full_history=False)


def prices_in(answer: Answer, currencies: Sequence[str]) -> Iterator[Quote]:
    """The quotes in an answer to ``prices_question``. Raises UpstreamUnavailable for one that cannot be read."""
    for coin_id, figures in _decoded(answer, _price_answer).items():
        observed_at = figures.get("last_updated_at")
        for currency in currencies:
            value = figures.get(currency)
            if value is None or observed_at is None:
                continue
            yield Quote(
                coin_id,
                currency,
                QuoteSource.PRICE,
                value,
                datetime.fromtimestamp(int(observed_at), UTC),
                answer.fetched_at,
                volume_24h=figures.get(f"{currency}_24h_vol"),
            )


def _rows(answer: Answer, currency: str) -> Iterator[Quote]:
    for row in _decoded(answer, _row_answer):
        if row.current_price is None or row.last_updated is None:
            continue
        yield Quote(
            row.id,
            currency,
            QuoteSource.MARKETS,
            row.current_price,
            row.last_updated.astimezone(UTC),
            answer.fetched_at,
            row.high_24h,
            row.low_24h,
            row.total_volume,
        )


def _decoded(answer: Answer, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(answer.body)
    except msgspec.DecodeError as error:
        retry_at = answer.fetched_at + BAD_ANSWER_RETRY
        raise UpstreamUnavailable(f"its answer cannot be read ({error})", retry_at) from error


class _Row(msgspec.Struct):
    id: str
    current_price: Decimal | None = None
    last_updated: datetime | None = None
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    total_volume: Decimal | None = None


class _Chart(msgspec.Struct):
    prices: list[tuple[int, Decimal | None]]


_chart_answer: msgspec.json.Decoder[_Chart] = msgspec.json.Decoder(_Chart)
_price_answer: msgspec.json.Decoder[Mapping[str, Mapping[str, Decimal | None]]] = msgspec.json.Decoder(
    dict[str, dict[str, Decimal | None]]
)
_row_answer: msgspec.json.Decoder[Sequence[_Row]] = msgspec.json.Decoder(list[_Row])
