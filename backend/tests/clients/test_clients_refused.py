"""What goes wrong looks to a client as it would without Dozor: the same class of error, and the same status.

Two differences are meant. An upstream that fails is a bad gateway (502) to whoever asks through one, whatever its own
5xx was: the same class in the client. And an upstream that refuses *the operator's* key (401, 403) is a 502 too, for a
client that is told "401" would look for a mistake in its own key.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import coingecko_sdk
import pytest
from methods import NOW
from pycoingecko import CoinGeckoAPI
from sides import Sides

from dozor.standin.faults import Fault, Kind
from dozor.standin.server import StandIn

NOWHERE = "0x" + "00" * 20
LONG_AGO = NOW - timedelta(days=500)
Ask = Callable[[coingecko_sdk.Coingecko], Any]
OldAsk = Callable[[CoinGeckoAPI], Any]

UNKNOWN: dict[str, Ask] = {
    "a coin": lambda client: client.coins.get_id("nobody"),
    "the chart of a coin": lambda client: client.coins.market_chart.get("nobody", vs_currency="usd", days="1"),
    "the history of a coin": lambda client: client.coins.history.get("nobody", date=f"{NOW:%d-%m-%Y}"),
    "a contract": lambda client: client.coins.contract.get(NOWHERE, id="ethereum"),
    "a chain": lambda client: client.token_lists.get_all_json("nowhere"),
    "an exchange": lambda client: client.exchanges.get_id("nowhere"),
    "the tickers of an exchange": lambda client: client.exchanges.tickers.get("nowhere"),
    "a derivatives exchange": lambda client: client.derivatives.exchanges.get_id("nowhere"),
    "a collection": lambda client: client.nfts.get_id("nothing"),
    "a holder": lambda client: client.public_treasury.get_entity_id("nobody"),
    "a network": lambda client: client.onchain.networks.pools.get("nowhere"),
    "a pool": lambda client: client.onchain.networks.pools.get_address(NOWHERE, network="eth"),
    "a token": lambda client: client.onchain.networks.tokens.get_address(NOWHERE, network="eth"),
    "a path": lambda client: client.get("/nonsense", cast_to=object),
}
UNREADABLE: dict[str, Ask] = {
    "nothing to price": lambda client: client.simple.price.get(vs_currencies="usd"),
    "no currency": lambda client: client.coins.markets.get(vs_currency=""),
    "an unknown currency": lambda client: client.coins.markets.get(vs_currency="gold"),
    "no days": lambda client: client.coins.market_chart.get("bitcoin", vs_currency="usd", days=""),
    "no range": lambda client: client.coins.market_chart.get_range("bitcoin", vs_currency="usd", from_="", to=""),
    "no query": lambda client: client.search.get(query=""),
    "unreadable days": lambda client: client.coins.market_chart.get("bitcoin", vs_currency="usd", days="many"),
    "an unreadable date": lambda client: client.coins.history.get("bitcoin", date="yesterday"),
    "days that are no choice": lambda client: client.exchanges.volume_chart.get("binance", days="8"),
}
TOO_LONG_AGO: dict[str, Ask] = {
    "a chart": lambda client: client.coins.market_chart.get("bitcoin", vs_currency="usd", days="500"),
    "candles": lambda client: client.coins.ohlc.get("bitcoin", vs_currency="usd", days="max"),
    "a day": lambda client: client.coins.history.get("bitcoin", date=f"{LONG_AGO:%d-%m-%Y}"),
    "a range": lambda client: client.coins.market_chart.get_range(
        "bitcoin", vs_currency="usd", from_=str(int(LONG_AGO.timestamp())), to=str(int(NOW.timestamp()))
    ),
}
PYCOINGECKO: dict[str, OldAsk] = {
    "an unknown coin": lambda client: client.get_coin_by_id("nobody"),
    "an unknown exchange": lambda client: client.get_exchanges_by_id("nowhere"),
    "an unknown collection": lambda client: client.get_nfts_by_id("nothing"),
    "no currency": lambda client: client.get_coins_markets(""),
    "nothing to price": lambda client: client.get_price("", "usd"),
    "an unreadable date": lambda client: client.get_coin_history_by_id("bitcoin", "yesterday"),
}
FAILING = (Kind.HTTP_500, Kind.HTTP_500_HTML, Kind.HTTP_502, Kind.HTTP_503, Kind.HTTP_504)
KEY_REFUSED = {
    Kind.KEY_MISSING: coingecko_sdk.AuthenticationError,
    Kind.PAID_KEY_ON_PUBLIC: coingecko_sdk.BadRequestError,
    Kind.FORBIDDEN_HTML: coingecko_sdk.PermissionDeniedError,
    Kind.USER_AGENT_REFUSED: coingecko_sdk.PermissionDeniedError,
}


@pytest.mark.parametrize("what", UNKNOWN)
async def test_what_is_unknown_is_the_same_error(what: str, sides: Sides) -> None:
    upstream, dozor = await sides.with_sdk(UNKNOWN[what])
    assert upstream.error is coingecko_sdk.NotFoundError
    assert (dozor.error, dozor.status) == (upstream.error, upstream.status)


@pytest.mark.parametrize("what", UNREADABLE)
async def test_what_cannot_be_read_is_the_same_error(what: str, sides: Sides) -> None:
    upstream, dozor = await sides.with_sdk(UNREADABLE[what])
    assert upstream.error is coingecko_sdk.UnprocessableEntityError
    assert dozor == upstream


@pytest.mark.parametrize("what", TOO_LONG_AGO)
async def test_what_lies_too_far_back_is_the_same_error(what: str, sides: Sides) -> None:
    upstream, dozor = await sides.with_sdk(TOO_LONG_AGO[what])
    assert upstream.error is coingecko_sdk.AuthenticationError
    assert (dozor.error, dozor.status) == (upstream.error, upstream.status)
    assert code_of(dozor.said) == code_of(upstream.said) == 10012


@pytest.mark.parametrize("what", UNKNOWN)
async def test_the_asynchronous_client_meets_the_same_errors(what: str, sides: Sides) -> None:
    upstream, dozor = await sides.with_async_sdk(UNKNOWN[what])
    assert (dozor.error, dozor.status) == (upstream.error, upstream.status) == (coingecko_sdk.NotFoundError, 404)


@pytest.mark.parametrize("what", PYCOINGECKO)
async def test_pycoingecko_meets_the_same_errors(what: str, sides: Sides) -> None:
    upstream, dozor = await sides.with_pycoingecko(PYCOINGECKO[what])
    assert upstream.error is ValueError
    assert dozor == upstream


@pytest.mark.parametrize("kind", [Kind.RATE_LIMITED, Kind.RATE_LIMITED_HTML, Kind.RATE_LIMITED_TEXT, Kind.ERROR_1015])
async def test_an_exhausted_quota_is_the_same_error(kind: Kind, upstream: StandIn, broken_sides: Sides) -> None:
    upstream.fail(Fault(kind=kind, retry_after=30))
    straight, dozor = await broken_sides.with_sdk(lambda client: client.coins.get_id("bitcoin"))
    assert (straight.error, straight.status) == (coingecko_sdk.RateLimitError, 429)
    assert (dozor.error, dozor.status) == (straight.error, straight.status)


async def test_an_exhausted_quota_is_the_same_error_in_pycoingecko(upstream: StandIn, broken_sides: Sides) -> None:
    upstream.fail(Fault(kind=Kind.RATE_LIMITED, retry_after=30))
    straight, dozor = await broken_sides.with_pycoingecko(lambda client: client.get_coin_by_id("bitcoin"))
    assert dozor.error is straight.error is ValueError
    assert code_of(dozor.said) == code_of(straight.said) == 429


@pytest.mark.parametrize("kind", FAILING)
async def test_an_upstream_that_fails_is_a_bad_gateway(kind: Kind, upstream: StandIn, broken_sides: Sides) -> None:
    upstream.fail(Fault(kind=kind))
    straight, dozor = await broken_sides.with_sdk(lambda client: client.coins.get_id("bitcoin"))
    assert straight.error is coingecko_sdk.InternalServerError
    assert straight.status in {500, 502, 503, 504}
    assert (dozor.error, dozor.status) == (straight.error, 502)


@pytest.mark.parametrize("kind", KEY_REFUSED)
async def test_an_upstream_that_refuses_our_key_is_a_bad_gateway_and_says_so(
    kind: Kind, upstream: StandIn, broken_sides: Sides
) -> None:
    upstream.fail(Fault(kind=kind))
    straight, dozor = await broken_sides.with_sdk(lambda client: client.coins.get_id("bitcoin"))
    assert straight.error is KEY_REFUSED[kind]
    assert (dozor.error, dozor.status) == (coingecko_sdk.InternalServerError, 502)
    assert "upstream" in str(dozor.said)


async def test_what_only_a_paid_plan_may_ask_is_the_same_error(upstream: StandIn, broken_sides: Sides) -> None:
    """No mistake of the operator's: the question is what must change, so the client is told what upstream said."""
    upstream.fail(Fault(kind=Kind.PAID_ONLY))
    straight, dozor = await broken_sides.with_sdk(lambda client: client.coins.list.get(status="inactive"))
    assert straight.error is coingecko_sdk.AuthenticationError
    assert (dozor.error, dozor.status) == (straight.error, straight.status)
    assert code_of(dozor.said) == code_of(straight.said) == 10005


async def test_a_client_gets_what_is_kept_while_upstream_fails(upstream: StandIn, broken_sides: Sides) -> None:
    """What a client gains: an answer that was fetched before outlives the upstream."""
    _, before = await broken_sides.with_sdk(lambda client: client.coins.get_id("bitcoin"))
    upstream.fail(Fault(kind=Kind.HTTP_503))
    straight, dozor = await broken_sides.with_sdk(lambda client: client.coins.get_id("bitcoin"))
    assert straight.error is coingecko_sdk.InternalServerError
    assert dozor == before
    assert dozor.error is None


def code_of(said: object) -> object:
    """Give the ``error_code`` of a refusal, from either of the two shapes."""
    assert isinstance(said, dict)
    inner = said.get("error")
    status = inner["status"] if isinstance(inner, dict) else said["status"]
    return status["error_code"]
