"""What every path refuses, and how; and that every fault meets every path."""

from __future__ import annotations

from datetime import timedelta

import pytest
from questions import PATHS, POOL, TOKEN, question
from standin_caller import Caller, calling

from dozor.standin.quirks import Quirks
from fakes import FakeClock

NOWHERE = "0x" + "00" * 20
LARGER_THAN = "trade_volume_in_usd_greater_than"
UNKNOWN = {
    "/coins/nobody": "coin not found",
    "/coins/nobody/tickers": "coin not found",
    "/coins/nobody/history?date=01-11-2026": "coin not found",
    "/coins/nobody/market_chart/range?vs_currency=usd&from=1795000000&to=1795300000": "coin not found",
    f"/coins/ethereum/contract/{NOWHERE}": "coin not found",
    f"/coins/base/contract/{TOKEN}": "coin not found",
    f"/coins/ethereum/contract/{NOWHERE}/market_chart?vs_currency=usd&days=1": "coin not found",
    "/companies/public_treasury/nobody": "coin not found",
    "/simple/token_price/nowhere?contract_addresses=a&vs_currencies=usd": "asset platform not found",
    "/token_lists/nowhere/all.json": "asset platform not found",
    "/exchanges/nowhere": "exchange not found",
    "/exchanges/nowhere/tickers": "exchange not found",
    "/exchanges/nowhere/volume_chart?days=1": "exchange not found",
    "/derivatives/exchanges/nowhere": "exchange not found",
    "/public_treasury/nobody": "entity not found",
    "/public_treasury/nobody/bitcoin/holding_chart?days=7": "entity not found",
    "/public_treasury/nobody/transaction_history": "entity not found",
    "/nfts/nothing": "nft collection not found",
    f"/nfts/ethereum/contract/{NOWHERE}": "nft collection not found",
    "/charities/public_treasury/bitcoin": "Incorrect path. Please check https://www.coingecko.com/api/",
}
UNKNOWN_ON_CHAIN = (
    "/onchain/networks/nowhere/dexes",
    "/onchain/networks/nowhere/pools",
    "/onchain/networks/eth/dexes/nowhere/pools",
    "/onchain/networks/eth/dexes/raydium2/pools",
    f"/onchain/networks/eth/pools/{NOWHERE}",
    f"/onchain/networks/base/pools/{POOL}",
    f"/onchain/networks/eth/pools/{NOWHERE}/info",
    f"/onchain/networks/eth/pools/{NOWHERE}/trades",
    f"/onchain/networks/eth/pools/{POOL}/ohlcv/week",
    f"/onchain/networks/eth/tokens/{NOWHERE}",
    f"/onchain/networks/eth/tokens/{NOWHERE}/info",
    f"/onchain/networks/eth/tokens/{NOWHERE}/pools",
    "/onchain/search/pools?query=a&network=nowhere",
    "/onchain/tokens/info_recently_updated?network=nowhere",
)
MISSING = {
    "/simple/price?vs_currencies=usd": "ids",
    "/simple/price?ids=bitcoin": "vs_currencies",
    "/simple/token_price/ethereum?vs_currencies=usd": "contract_addresses",
    "/simple/token_price/ethereum?contract_addresses=a": "vs_currencies",
    "/search": "query",
    "/coins/markets": "vs_currency",
    "/coins/bitcoin/history": "date",
    "/coins/bitcoin/market_chart?days=1": "vs_currency",
    "/coins/bitcoin/market_chart?vs_currency=usd": "days",
    "/coins/bitcoin/market_chart/range?vs_currency=usd&to=1": "from",
    "/coins/bitcoin/market_chart/range?vs_currency=usd&from=1": "to",
    "/coins/bitcoin/ohlc?vs_currency=usd": "days",
    f"/coins/ethereum/contract/{TOKEN}/market_chart?vs_currency=usd": "days",
    f"/coins/ethereum/contract/{TOKEN}/market_chart/range?vs_currency=usd&to=1": "from",
    "/exchanges/binance/volume_chart": "days",
    "/public_treasury/north-harbor/bitcoin/holding_chart": "days",
}
UNREADABLE = {
    "/coins/bitcoin/history?date=yesterday": "date",
    "/coins/bitcoin/market_chart/range?vs_currency=usd&from=soon&to=1": "from",
    "/coins/bitcoin/market_chart/range?vs_currency=usd&from=1795000000&to=1e400": "to",
    "/exchanges/binance/volume_chart?days=8": "days",
    "/public_treasury/north-harbor/bitcoin/holding_chart?days=max": "days",
    f"/onchain/networks/eth/pools/{POOL}/ohlcv/day?aggregate=2": "aggregate",
    f"/onchain/networks/eth/pools/{POOL}/ohlcv/day?token={NOWHERE}": "token",
    f"/onchain/networks/eth/pools/{POOL}/trades?{LARGER_THAN}=much": LARGER_THAN,
}


@pytest.mark.parametrize("path", UNKNOWN)
async def test_what_is_unknown_is_404(path: str, caller: Caller):
    reply = await caller.get(path)
    assert (reply.status, reply.json()) == (404, {"error": UNKNOWN[path]})


@pytest.mark.parametrize("path", UNKNOWN_ON_CHAIN)
async def test_what_is_unknown_on_chain_is_404_in_a_shape_of_its_own(path: str, caller: Caller):
    reply = await caller.get(path)
    assert reply.status == 404
    assert reply.json()["errors"] == [{"status": "404", "title": "Not Found"}]


async def test_a_slash_at_the_end_changes_nothing(caller: Caller):
    assert await caller.json("/coins/bitcoin/") == await caller.json("/coins/bitcoin")
    assert (await caller.get("/coins/bitcoin//")).status == 404


async def test_of_several_addresses_the_unknown_ones_are_left_out(caller: Caller):
    tokens = await caller.json(f"/onchain/networks/eth/tokens/multi/{NOWHERE},{TOKEN}")
    pools = await caller.json(f"/onchain/networks/eth/pools/multi/{NOWHERE},{POOL}")
    prices = await caller.json(f"/onchain/simple/networks/eth/token_price/{NOWHERE},{TOKEN}")
    assert [token["attributes"]["address"] for token in tokens["data"]] == [TOKEN]
    assert [pool["attributes"]["address"] for pool in pools["data"]] == [POOL]
    assert list(prices["data"]["attributes"]["token_prices"]) == [TOKEN]


@pytest.mark.parametrize("path", MISSING)
async def test_a_missing_parameter_is_named(path: str, caller: Caller):
    reply = await caller.get(path)
    assert (reply.status, reply.json()) == (422, {"error": f"Missing parameter {MISSING[path]}"})


@pytest.mark.parametrize("path", UNREADABLE)
async def test_a_parameter_that_cannot_be_read_is_refused(path: str, caller: Caller):
    reply = await caller.get(path)
    assert (reply.status, reply.json()) == (422, {"error": f"Invalid {UNREADABLE[path]}"})


@pytest.mark.parametrize("prefix", ["/coins/bitcoin", f"/coins/ethereum/contract/{TOKEN}"])
async def test_history_ends_a_year_ago_without_a_paid_plan(prefix: str, caller: Caller, clock: FakeClock):
    start = int((clock.now() - timedelta(days=400)).timestamp())
    long_ago = f"{clock.now() - timedelta(days=400):%d-%m-%Y}"
    paths = [
        f"{prefix}/market_chart?vs_currency=usd&days=366",
        f"{prefix}/market_chart/range?vs_currency=usd&from={start}&to={start + 86_400}",
    ]
    if prefix == "/coins/bitcoin":
        paths += [f"{prefix}/history?date={long_ago}", f"{prefix}/ohlc?vs_currency=usd&days=max"]
    for path in paths:
        reply = await caller.get(path)
        assert reply.status == 401, path
        assert reply.json()["error"]["status"]["error_code"] == 10012
        assert (await caller.get(path, **{"x-cg-pro-api-key": "any"})).status == 200


@pytest.mark.parametrize(
    ("path", "total", "per_page"),
    [
        ("/coins/bitcoin/tickers", 240, 100),
        ("/exchanges?per_page=8", 21, 8),
        ("/derivatives/exchanges?per_page=2", 5, 2),
    ],
)
async def test_counted_lists_tell_in_headers_how_long_they_are(path: str, total: int, per_page: int, caller: Caller):
    first = await caller.get(path)
    join = "&" if "?" in path else "?"
    middle = await caller.get(f"{path}{join}page=2")
    url = caller.stand_in.base_url + path
    assert (first.headers["total"], first.headers["per-page"]) == (str(total), str(per_page))
    assert first.headers["link"] == f'<{url}{join}page=3>; rel="last", <{url}{join}page=2>; rel="next"'
    assert [part.split("rel=")[1] for part in middle.headers["link"].split(", ")] == [
        '"first"',
        '"prev"',
        '"last"',
        '"next"',
    ]


async def test_a_list_of_one_page_has_no_links_and_no_other_answer_is_counted(caller: Caller, clock: FakeClock):
    whole = await caller.get("/exchanges")
    assert whole.headers["total"] == "21"
    assert "link" not in whole.headers
    counted = {"/exchanges", "/coins/{id}/tickers", "/exchanges/{id}/tickers", "/derivatives/exchanges"}
    for path in PATHS:
        reply = await caller.get(question(path, clock.now()))
        assert ("total" in reply.headers) is (path in counted), path


@pytest.mark.parametrize("path", PATHS)
async def test_every_path_meets_faults_limits_and_the_edge(path: str, caller: Caller, clock: FakeClock):
    asked = question(path, clock.now())
    first, second = await caller.get(asked), await caller.get(asked)
    assert (first.headers["cf-cache-status"], second.headers["cf-cache-status"]) == ("MISS", "HIT")
    assert first.body == second.body
    assert caller.stand_in.calls.by_path == {path: 2}
    await caller.control("POST", {"kind": "http_500", "path": asked.split("?")[0], "count": 1})
    assert (await caller.get(asked)).status == 500
    await caller.control("POST", {"per_minute": 1})
    assert [(await caller.get(asked)).status for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_path_answers_with_any_seed(seed: int, clock: FakeClock):
    async with calling(clock, seed=seed) as caller:
        for path in PATHS:
            await caller.json(question(path, clock.now()))
    assert Quirks.of(seed) != Quirks()


@pytest.mark.parametrize("coins", [1, 2, 7])
async def test_every_path_answers_or_refuses_in_a_tiny_market(coins: int, clock: FakeClock):
    async with calling(clock, coins=coins) as caller:
        for path in PATHS:
            assert (await caller.get(question(path, clock.now()))).status in {200, 404}, path


async def test_the_same_second_gives_the_same_market_to_everybody(clock: FakeClock):
    async with calling(clock) as one, calling(clock) as other:
        for path in PATHS:
            mine, theirs = [await c.get(question(path, clock.now())) for c in (one, other)]
            origin = other.stand_in.origin.encode()
            assert mine.body == theirs.body.replace(origin, one.stand_in.origin.encode()), path
