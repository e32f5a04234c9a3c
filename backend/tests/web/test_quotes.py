"""Prices for the watch: the figures of what people are answered with, in the lane of the alerts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from aiohttp import web

from dozor.domain.errors import UpstreamUnavailable
from dozor.domain.quotes import QuoteSource
from dozor.market.quotes import Quotes
from dozor.standin import server as standin
from running_dozor import RunningDozor, ScriptedUpstream, running_dozor


async def test_quotes_are_what_people_are_told_with_the_time_upstream_saw_it(tmp_path: Path) -> None:
    upstream = await standin.start(coins=300, check_user_agent=False)
    try:
        async with running_dozor(upstream.base_url, tmp_path) as dozor:
            quotes = await Quotes(dozor.app.market).prices(["bitcoin", "no-such-coin", "ethereum"], ["usd", "eur"])
            path = "/api/v3/simple/price?ids=bitcoin,ethereum&vs_currencies=usd,eur&include_last_updated_at=true"
            told = json.loads((await dozor.get(path)).body, parse_float=Decimal, parse_int=Decimal)
            assert {(quote.coin_id, quote.currency): quote.value for quote in quotes} == {
                (coin, currency): told[coin][currency]
                for coin in ("bitcoin", "ethereum")
                for currency in ("usd", "eur")
            }
            seen = datetime.fromtimestamp(int(told["bitcoin"]["last_updated_at"]), UTC)
            assert {quote.observed_at for quote in quotes if quote.coin_id == "bitcoin"} == {seen}
            assert all(quote.volume_24h for quote in quotes)
            assert upstream.calls.total == 1
    finally:
        await upstream.close()


async def test_rows_tell_the_extremes_of_24_hours(tmp_path: Path) -> None:
    upstream = await standin.start(coins=300, check_user_agent=False)
    try:
        async with running_dozor(upstream.base_url, tmp_path) as dozor:
            quotes = await Quotes(dozor.app.market).rows(["ethereum", "bitcoin"], "usd")
            assert {quote.coin_id for quote in quotes} == {"bitcoin", "ethereum"}
            for quote in quotes:
                assert quote.source is QuoteSource.MARKETS
                assert quote.low_24h is not None
                assert quote.high_24h is not None
                assert quote.low_24h <= quote.value <= quote.high_24h
    finally:
        await upstream.close()


async def test_a_quote_without_a_value_or_a_time_is_left_out(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    async def odd(request: web.Request) -> web.Response:
        return web.Response(
            body=b'{"a":{"usd":null,"last_updated_at":1},"b":{"usd":1.054e-05},"c":{"usd":1.054e-05,"last_updated_at":2}}',
            content_type="application/json",
        )

    upstream.handler = odd
    (quote,) = await Quotes(dozor.app.market).prices(["a", "b", "c"], ["usd"])
    assert (quote.coin_id, quote.value, str(quote.value)) == ("c", Decimal("0.00001054"), "0.00001054")


async def test_an_answer_that_cannot_be_read_is_no_price(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    upstream.answer('{"bitcoin":{"usd":"soon","last_updated_at":1}}')
    with pytest.raises(UpstreamUnavailable):
        await Quotes(dozor.app.market).prices(["bitcoin"], ["usd"])
