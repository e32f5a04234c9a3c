"""Programs written for CoinGecko's API run against Dozor with nothing changed but the base URL.

Every method of ``coingecko-sdk`` (both clients) and of ``pycoingecko`` is run against upstream (the stand-in) and
against Dozor in front of it. What one gives the other must give: the same object, or the same refusal.
"""

from __future__ import annotations

from typing import Any

import coingecko_sdk
import pytest
from methods import Method, pycoingecko_methods, sdk_methods
from sides import Outcome, Sides

from dozor.market.endpoints import BY_PATH
from dozor.standin.endpoints import FREE, PAID

SDK = sdk_methods()
PYCOINGECKO = pycoingecko_methods()
PAID_PATHS = {endpoint.path for endpoint in PAID}

PAID_PLAN = "paid plans only: refused (401, 10005), as upstream refuses it to whoever has none"
UNPUBLISHED = "in neither of the published documents: 404"
GONE = "taken out of the API years ago: 404"
OPERATORS = "what is left of the operator's key is the operator's business: 404, on every plan"
NOT_SERVED_SDK = {
    "coins.circulating_supply_chart.get": PAID_PLAN,
    "coins.circulating_supply_chart.get_range": PAID_PLAN,
    "coins.list.get_new": PAID_PLAN,
    "coins.ohlc.get_range": PAID_PLAN,
    "coins.supply_breakdown.get": PAID_PLAN,
    "coins.top_gainers_losers.get": PAID_PLAN,
    "coins.total_supply_chart.get": PAID_PLAN,
    "coins.total_supply_chart.get_range": PAID_PLAN,
    "exchanges.volume_chart.get_range": PAID_PLAN,
    "global_.market_cap_chart.get": PAID_PLAN,
    "insights.get": PAID_PLAN,
    "key.get": OPERATORS,
    "news.get": PAID_PLAN,
    "nfts.contract.market_chart.get": PAID_PLAN,
    "nfts.get_markets": PAID_PLAN,
    "nfts.market_chart.get": PAID_PLAN,
    "nfts.tickers.get": PAID_PLAN,
    "onchain.categories.get": PAID_PLAN,
    "onchain.categories.get_pools": PAID_PLAN,
    "onchain.networks.pools.liquidity_events.get": UNPUBLISHED,
    "onchain.networks.pools.trades.get_range": UNPUBLISHED,
    "onchain.networks.tokens.holders_chart.get": PAID_PLAN,
    "onchain.networks.tokens.ohlcv.get_timeframe": PAID_PLAN,
    "onchain.networks.tokens.top_holders.get": PAID_PLAN,
    "onchain.networks.tokens.top_traders.get": PAID_PLAN,
    "onchain.networks.tokens.trades.get": PAID_PLAN,
    "onchain.networks.tokens.trades.get_range": UNPUBLISHED,
    "onchain.networks.wallets.trades.get": UNPUBLISHED,
    "onchain.networks.wallets.transfers.get": UNPUBLISHED,
    "onchain.pools.megafilter.get": PAID_PLAN,
    "onchain.pools.trending_search.get": PAID_PLAN,
    "onchain.simple.token_price.get_multi": UNPUBLISHED,
    "onchain.tokens.get_multi": UNPUBLISHED,
    "onchain.wallets.balances.get": UNPUBLISHED,
    "onchain.wallets.pnl.get": UNPUBLISHED,
    "rwas.get_id": UNPUBLISHED,
    "rwas.get_list": UNPUBLISHED,
    "rwas.get_markets": UNPUBLISHED,
    "rwas.issuers.get_id": UNPUBLISHED,
    "rwas.issuers.get_list": UNPUBLISHED,
    "rwas.market_chart.get": UNPUBLISHED,
    "rwas.tickers.get": UNPUBLISHED,
}
NOT_SERVED_PYCOINGECKO = {
    "get_coin_circulating_supply_chart": PAID_PLAN,
    "get_coin_circulating_supply_chart_range": PAID_PLAN,
    "get_coin_ohlc_by_id_range": PAID_PLAN,
    "get_coin_top_gainers_losers": PAID_PLAN,
    "get_coin_total_supply_chart": PAID_PLAN,
    "get_coin_total_supply_chart_range": PAID_PLAN,
    "get_coins": GONE,
    "get_coins_list_new": PAID_PLAN,
    "get_exchanges_volume_chart_by_id_within_time_range": PAID_PLAN,
    "get_global_market_cap_chart": PAID_PLAN,
    "get_indexes": GONE,
    "get_indexes_by_market_id_and_index_id": GONE,
    "get_indexes_list": GONE,
    "get_nfts_market_chart_by_id": PAID_PLAN,
    "get_nfts_markets": PAID_PLAN,
    "get_nfts_tickers_by_id": PAID_PLAN,
    "get_ntfs_market_chart_by_asset_platform_id_and_contract_address": PAID_PLAN,
    "key": OPERATORS,
}
NOT_YET_THROUGH_DOZOR: frozenset[str] = frozenset()
"""Paths of the public API that the gateway does not serve yet. It must be, and stay, empty."""


def test_the_methods_without_a_served_path_are_these_and_for_these_reasons() -> None:
    assert {method.name for method in SDK if not method.is_served} == set(NOT_SERVED_SDK)
    assert {method.name for method in PYCOINGECKO if not method.is_served} == set(NOT_SERVED_PYCOINGECKO)
    for method in SDK + PYCOINGECKO:
        reason = {**NOT_SERVED_SDK, **NOT_SERVED_PYCOINGECKO}.get(method.name)
        if reason is not None:
            assert (reason in {PAID_PLAN, OPERATORS}) is (method.path in PAID_PATHS), method


def test_the_sdk_has_a_method_for_every_served_path() -> None:
    assert {method.path for method in SDK if method.is_served} == {endpoint.path for endpoint in FREE}


def test_the_gateway_serves_every_path() -> None:
    assert {endpoint.path for endpoint in FREE} - BY_PATH.keys() == NOT_YET_THROUGH_DOZOR == frozenset()


def served(methods: list[Method]) -> list[Method]:
    return [method for method in methods if method.is_served]


def refused(methods: list[Method]) -> list[Method]:
    return [method for method in methods if not method.is_served]


def every_way(method: Method) -> list[dict[str, Any]]:
    """Without what may be left out, and with everything switched on that can be."""
    ways = [method.arguments]
    if method.switches:
        ways.append({**method.arguments, **dict.fromkeys(method.switches, True)})
    return ways


def assert_equal_objects(upstream: Outcome, dozor: Outcome) -> None:
    assert upstream.error is None, upstream.said
    assert upstream.value, "an empty answer shows nothing"
    assert type(dozor.value) is type(upstream.value)
    assert dozor == upstream


@pytest.mark.parametrize("method", served(SDK), ids=str)
async def test_a_method_of_the_sdk_gives_the_same_object(method: Method, sides: Sides) -> None:
    for arguments in every_way(method):
        assert_equal_objects(*await sides.with_sdk(lambda client, how=arguments: method.of(client)(**how)))


@pytest.mark.parametrize("method", served(SDK), ids=str)
async def test_a_method_of_the_asynchronous_sdk_gives_the_same_object(method: Method, sides: Sides) -> None:
    for arguments in every_way(method):
        assert_equal_objects(*await sides.with_async_sdk(lambda client, how=arguments: method.of(client)(**how)))


@pytest.mark.parametrize("method", served(PYCOINGECKO), ids=str)
async def test_a_method_of_pycoingecko_gives_the_same_object(method: Method, sides: Sides) -> None:
    assert_equal_objects(*await sides.with_pycoingecko(lambda client: method.of(client)(**method.arguments)))


@pytest.mark.parametrize("method", refused(SDK), ids=str)
async def test_a_method_of_the_sdk_without_a_served_path_is_refused_alike(method: Method, sides: Sides) -> None:
    upstream, dozor = await sides.with_sdk(lambda client: method.of(client)(**method.arguments))
    is_paid = NOT_SERVED_SDK[method.name] == PAID_PLAN
    assert dozor.error is (coingecko_sdk.AuthenticationError if is_paid else coingecko_sdk.NotFoundError)
    if method.path != "/key":
        assert dozor == upstream


@pytest.mark.parametrize("method", refused(PYCOINGECKO), ids=str)
async def test_a_method_of_pycoingecko_without_a_served_path_is_refused_alike(method: Method, sides: Sides) -> None:
    upstream, dozor = await sides.with_pycoingecko(lambda client: method.of(client)(**method.arguments))
    assert dozor.error is ValueError
    if method.path != "/key":
        assert dozor == upstream
