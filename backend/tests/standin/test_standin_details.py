"""/coins/{id}."""

from __future__ import annotations

import pytest
from standin_caller import Caller

from dozor.standin.currencies import CURRENCIES


async def test_a_coin_has_every_section(caller: Caller):
    coin = await caller.json("/coins/bitcoin")
    assert list(coin)[:6] == ["id", "symbol", "name", "web_slug", "asset_platform_id", "platforms"]
    assert {"localization", "market_data", "community_data", "developer_data", "tickers", "status_updates"} <= set(coin)
    assert len(coin["localization"]) == len(coin["description"]) == 34
    assert len(coin["tickers"]) == 100
    assert set(coin["market_data"]["current_price"]) == set(CURRENCIES)
    assert list(coin["market_data"]["current_price"]) == sorted(CURRENCIES)
    assert coin["last_updated"] == coin["market_data"]["last_updated"]


async def test_sections_that_are_off_are_absent_keys(caller: Caller):
    off = "&".join(
        f"{flag}=false" for flag in ("localization", "tickers", "market_data", "community_data", "developer_data")
    )
    coin = await caller.json(f"/coins/bitcoin?{off}")
    assert not {"localization", "tickers", "market_data", "community_data", "developer_data"} & set(coin)
    assert list(coin["description"]) == ["en"]
    assert len(coin) == 26  # the 24 recorded ones, and the rank and the supply breakdown that came later


async def test_a_sparkline_is_called_otherwise_than_in_markets(caller: Caller):
    assert "sparkline_7d" not in (await caller.json("/coins/bitcoin"))["market_data"]
    coin = await caller.json("/coins/bitcoin?sparkline=true")
    assert len(coin["market_data"]["sparkline_7d"]["price"]) == 168


async def test_categories_are_names_until_details_are_asked_for(caller: Caller):
    coin = await caller.json("/coins/bitcoin?include_categories_details=true&market_data=false&tickers=false")
    assert coin["categories"] == ["Layer 1 (L1)"]
    assert coin["categories_details"] == [{"id": "layer-1", "name": "Layer 1 (L1)"}]


async def test_pairs_in_pools_name_contracts_or_symbols(caller: Caller):
    by_contract = (await caller.json("/coins/uniswap?market_data=false"))["tickers"]
    by_symbol = (await caller.json("/coins/uniswap?market_data=false&dex_pair_format=symbol"))["tickers"]
    pool = next(n for n, ticker in enumerate(by_contract) if ticker["market"]["name"].startswith("Uniswap"))
    assert by_contract[pool]["base"].startswith("0X")
    assert (by_symbol[pool]["base"], by_symbol[pool]["target"]) == ("UNI", "WETH")


async def test_figures_agree_with_each_other(caller: Caller):
    data = (await caller.json("/coins/ethereum?tickers=false"))["market_data"]
    assert data["current_price"]["eth"] == 1.0
    assert data["current_price"]["sats"] == pytest.approx(data["current_price"]["btc"] * 1e8, rel=1e-4)
    assert data["market_cap"]["usd"] == pytest.approx(
        data["current_price"]["usd"] * data["circulating_supply"], rel=1e-4
    )
    assert data["price_change_percentage_24h"] == data["price_change_percentage_24h_in_currency"]["usd"]


async def test_an_id_with_a_blank_is_found(caller: Caller):
    assert (await caller.json("/coins/1move%20token?market_data=false&tickers=false"))["name"] == "1Move Token"


async def test_a_coin_may_be_called_status(caller: Caller):
    assert (await caller.json("/coins/status?market_data=false&tickers=false"))["symbol"] == "snt"


async def test_an_unknown_coin_is_404(caller: Caller):
    for path in ("/coins/nobody", "/coins/nobody/market_chart?vs_currency=usd&days=1"):
        reply = await caller.get(path)
        assert (reply.status, reply.text) == (404, '{"error":"coin not found"}')
