"""What is said on one path is said on all the others: one market, looked at from 61 sides."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from questions import COLLECTION, POOL, TOKEN, question
from standin_caller import Caller

from dozor.standin.currencies import CURRENCIES
from dozor.standin.venues import COMPANIES, POOLS
from fakes import FakeClock


async def usd_of(caller: Caller, coin_id: str) -> float:
    return (await caller.json(f"/simple/price?ids={coin_id}&vs_currencies=usd&precision=full"))[coin_id]["usd"]


async def every_ticker(caller: Caller, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for page in count(1):
        rows = (await caller.json(f"{path}?page={page}"))["tickers"]
        if not rows:
            break
        found += rows
    return found


async def test_a_token_costs_the_same_by_id_by_address_and_on_chain(caller: Caller):
    usd = await usd_of(caller, "uniswap")
    shouted = f"0x{TOKEN[2:].upper()}"
    by_address = await caller.json(
        f"/simple/token_price/ethereum?contract_addresses={shouted}&vs_currencies=usd&precision=full"
    )
    on_chain = (await caller.json(f"/onchain/simple/networks/eth/token_price/{TOKEN}"))["data"]["attributes"]
    resource = (await caller.json(f"/onchain/networks/eth/tokens/{TOKEN}"))["data"]["attributes"]
    chart = await caller.json(f"/coins/ethereum/contract/{TOKEN}/market_chart?vs_currency=usd&days=1")
    assert by_address == {TOKEN: {"usd": usd}}
    assert float(on_chain["token_prices"][TOKEN]) == usd
    assert float(resource["price_usd"]) == usd
    assert chart["prices"][-1][1] == usd
    assert resource["coingecko_coin_id"] == "uniswap"


async def test_a_coin_found_by_its_address_is_the_coin(caller: Caller):
    by_id = await caller.json("/coins/uniswap")
    by_address = await caller.json(f"/coins/ethereum/contract/{TOKEN}")
    assert by_address.pop("contract_address") == TOKEN
    assert by_address == by_id
    assert by_id["platforms"] == {"ethereum": TOKEN}


async def test_what_is_paid_with_lives_on_every_chain(caller: Caller):
    rows = {row["id"]: row["platforms"] for row in await caller.json("/coins/list?include_platform=true")}
    chains = {platform["id"] for platform in await caller.json("/asset_platforms")}
    assert len(rows["usd-coin"]) == 6
    assert set(rows["usd-coin"]) <= chains
    for chain, address in rows["usd-coin"].items():
        assert (await caller.json(f"/coins/{chain}/contract/{address}?tickers=false"))["id"] == "usd-coin"


async def test_a_token_list_has_every_token_of_its_chain(caller: Caller):
    listed = (await caller.json("/token_lists/base/all.json"))["tokens"]
    rows = await caller.json("/coins/list?include_platform=true")
    assert {token["address"] for token in listed} == {r["platforms"]["base"] for r in rows if "base" in r["platforms"]}
    assert {token["chainId"] for token in listed} == {8453}


@pytest.mark.parametrize("coin_id", ["bitcoin", "uniswap", "eos"])
async def test_the_tickers_of_a_coin_share_out_its_volume(coin_id: str, caller: Caller):
    tickers = await every_ticker(caller, f"/coins/{coin_id}/tickers")
    volume = (await caller.json(f"/coins/{coin_id}?tickers=false"))["market_data"]["total_volume"]["usd"]
    assert sum(t["converted_volume"]["usd"] for t in tickers) == pytest.approx(volume, rel=1e-3)
    price = await usd_of(caller, coin_id)
    assert all(t["converted_last"]["usd"] == pytest.approx(price, rel=0.002) for t in tickers)


async def test_the_tickers_of_an_exchange_add_up_to_its_volume(caller: Caller):
    tickers = await every_ticker(caller, "/exchanges/kraken/tickers")
    about = await caller.json("/exchanges/kraken")
    row = next(row for row in await caller.json("/exchanges") if row["id"] == "kraken")
    assert len(tickers) == about["pairs"]
    assert len({ticker["coin_id"] for ticker in tickers}) == about["coins"]
    assert sum(t["converted_volume"]["btc"] for t in tickers) == pytest.approx(about["trade_volume_24h_btc"], rel=1e-3)
    assert row["trade_volume_24h_btc"] == about["trade_volume_24h_btc"]
    assert row["trust_score_rank"] == about["trust_score_rank"]


async def test_the_volume_chart_of_an_exchange_ends_near_its_volume(caller: Caller):
    chart = await caller.json("/exchanges/kraken/volume_chart?days=1")
    now = (await caller.json("/exchanges/kraken"))["trade_volume_24h_btc"]
    assert float(chart[-1][1]) == pytest.approx(now, rel=0.02)
    assert len(chart) == 144


async def test_exchanges_together_trade_what_coins_together_are_traded_for(caller: Caller):
    exchanges = sum(row["trade_volume_24h_btc"] for row in await caller.json("/exchanges"))
    whole = (await caller.json("/global"))["data"]["total_volume"]["btc"]
    assert exchanges == pytest.approx(whole, rel=1e-3)


async def test_every_ticker_is_at_an_exchange_that_is_listed(caller: Caller):
    listed = {row["id"] for row in await caller.json("/exchanges/list")}
    tickers = await every_ticker(caller, "/coins/uniswap/tickers")
    assert {ticker["market"]["identifier"] for ticker in tickers} <= listed
    assert {exchange.id for exchange in (*COMPANIES, *POOLS)} <= listed


async def test_a_ticker_in_a_pool_is_that_pool(caller: Caller):
    pool = (await caller.json(f"/onchain/networks/eth/pools/{POOL}"))["data"]
    coin_token = pool["relationships"]["base_token"]["data"]["id"].removeprefix("eth_")
    coin = await caller.json(f"/coins/ethereum/contract/{coin_token}")
    tickers = await every_ticker(caller, f"/coins/{coin['id']}/tickers")
    prices = [t["converted_last"]["usd"] for t in tickers if t["base"].lower() == coin_token]
    assert any(price == pytest.approx(float(pool["attributes"]["base_token_price_usd"]), rel=1e-3) for price in prices)
    assert any(
        t["converted_volume"]["usd"] == pytest.approx(float(pool["attributes"]["volume_usd"]["h24"]), rel=1e-3)
        for t in tickers
    )


async def test_the_pools_of_a_token_are_found_from_every_side(caller: Caller):
    of_token = (await caller.json(f"/onchain/networks/eth/tokens/{TOKEN}/pools"))["data"]
    found = (await caller.json(f"/onchain/search/pools?query={TOKEN}&network=eth"))["data"]
    top = (await caller.json(f"/onchain/networks/eth/tokens/{TOKEN}"))["data"]["relationships"]["top_pools"]["data"]
    assert of_token == found
    assert [pool["id"] for pool in top] == [pool["id"] for pool in of_token[:3]]
    one = of_token[0]["attributes"]["address"]
    assert (await caller.json(f"/onchain/networks/eth/pools/multi/{one}"))["data"][0]["id"] == of_token[0]["id"]


async def test_candles_and_trades_of_a_pool_are_at_its_price(caller: Caller):
    price = float(
        (await caller.json(f"/onchain/networks/eth/pools/{POOL}"))["data"]["attributes"]["base_token_price_usd"]
    )
    candles = (await caller.json(f"/onchain/networks/eth/pools/{POOL}/ohlcv/minute"))["data"]["attributes"][
        "ohlcv_list"
    ]
    trade = (await caller.json(f"/onchain/networks/eth/pools/{POOL}/trades"))["data"][0]["attributes"]
    paid = float(trade["price_to_in_usd" if trade["kind"] == "buy" else "price_from_in_usd"])
    assert len(candles) == 100
    assert [candle[0] for candle in candles] == sorted((candle[0] for candle in candles), reverse=True)
    assert all(low <= opened <= high and low <= closed <= high for _, opened, high, low, closed, _ in candles)
    assert candles[0][4] == pytest.approx(price, rel=1e-3)
    assert paid == pytest.approx(price, rel=1e-2)


async def test_a_day_in_history_is_a_point_of_the_daily_chart(caller: Caller, clock: FakeClock):
    past = await caller.json(question("/coins/{id}/history", clock.now()))
    chart = await caller.json("/coins/bitcoin/market_chart?vs_currency=usd&days=90&interval=daily")
    assert past["market_data"]["current_price"]["usd"] in [price for _, price in chart["prices"]]


async def test_a_range_is_a_cut_of_the_chart(caller: Caller, clock: FakeClock):
    whole = dict((await caller.json("/coins/bitcoin/market_chart?vs_currency=usd&days=90"))["prices"])
    part = (await caller.json(question("/coins/{id}/market_chart/range", clock.now())))["prices"]
    assert len(part) == 240
    assert all(whole[instant] == price for instant, price in part)


async def test_rates_are_prices_of_bitcoin(caller: Caller):
    rates = (await caller.json("/exchange_rates"))["rates"]
    codes = ",".join(rates)
    prices = (await caller.json(f"/simple/price?ids=bitcoin&vs_currencies={codes}&precision=full"))["bitcoin"]
    assert set(rates) == set(CURRENCIES) - {"sol"}
    for code, rate in rates.items():
        assert rate["value"] == pytest.approx(prices[code], rel=1e-3), code


async def test_a_category_is_worth_its_members(caller: Caller):
    category = next(row for row in await caller.json("/coins/categories") if row["id"] == "decentralized-finance")
    members = await caller.json("/coins/markets?vs_currency=usd&per_page=250&category=decentralized-finance")
    defi = (await caller.json("/global/decentralized_finance_defi"))["data"]
    assert [member["id"] for member in members[:3]] == category["top_3_coins_id"]
    assert sum(member["market_cap"] or 0 for member in members) == pytest.approx(category["market_cap"], rel=1e-3)
    assert float(defi["defi_market_cap"]) == pytest.approx(category["market_cap"], rel=0.05)
    assert defi["top_coin_name"] == members[0]["name"]


async def test_contracts_add_up_to_the_exchange_and_follow_the_coin(caller: Caller):
    row = next(row for row in await caller.json("/derivatives/exchanges") if row["id"] == "okex_swap")
    tickers = (await caller.json("/derivatives/exchanges/okex_swap?include_tickers=all"))["tickers"]
    assert len(tickers) == row["number_of_perpetual_pairs"] + row["number_of_futures_pairs"]
    volume = sum(float(ticker["converted_volume"]["btc"]) for ticker in tickers)
    assert volume == pytest.approx(float(row["trade_volume_24h_btc"]), rel=1e-3)
    bitcoin = await usd_of(caller, "bitcoin")
    contract = next(c for c in await caller.json("/derivatives") if c["index_id"] == "BTC")
    assert contract["index"] == pytest.approx(bitcoin, rel=1e-3)
    assert float(contract["price"]) == pytest.approx(bitcoin, rel=0.02)


async def test_a_holding_is_the_sum_of_its_transactions(caller: Caller):
    held = (await caller.json("/public_treasury/north-harbor"))["holdings"][0]
    made = (await caller.json("/public_treasury/north-harbor/transaction_history?coin_ids=bitcoin"))["transactions"]
    holders = (await caller.json("/companies/public_treasury/bitcoin"))["companies"]
    chart = (await caller.json("/public_treasury/north-harbor/bitcoin/holding_chart?days=365"))["holdings"]
    assert sum(deal["holding_net_change"] for deal in made) == pytest.approx(held["amount"])
    assert made[0]["holding_balance"] == held["amount"] == holders[0]["total_holdings"] == chart[-1][1]


async def test_a_collection_found_by_its_address_is_the_collection(caller: Caller):
    by_id = await caller.json(f"/nfts/{COLLECTION.id}")
    by_address = await caller.json(f"/nfts/{COLLECTION.platform}/contract/{COLLECTION.contract}")
    ether = await usd_of(caller, "ethereum")
    assert by_id == by_address
    assert COLLECTION.id in {row["id"] for row in await caller.json("/nfts/list")}
    assert by_id["floor_price"]["usd"] == pytest.approx(by_id["floor_price"]["native_currency"] * ether, rel=1e-2)


async def test_what_has_a_picture_in_an_answer_has_one(caller: Caller):
    exchange = (await caller.json("/exchanges/kraken"))["image"]
    collection = (await caller.json(f"/nfts/{COLLECTION.id}"))["image"]["small"]
    contract = (await caller.json("/derivatives/exchanges/bybit"))["image"]
    chain = (await caller.json("/asset_platforms"))[3]["image"]["large"]
    for address in (exchange, collection, contract, chain):
        assert (await caller.send("GET", address)).body.startswith(b"\x89PNG"), address
