"""/ping, /simple/price and the currencies."""

from __future__ import annotations

import pytest
from standin_caller import Caller, calling

from dozor.standin.currencies import CURRENCIES


async def test_ping_says_what_upstream_says(caller: Caller):
    assert (await caller.get("/ping")).text == '{"gecko_says":"(V3) To the Moon!"}'


async def test_sixty_currencies_are_known(caller: Caller):
    codes = await caller.json("/simple/supported_vs_currencies")
    assert codes == list(CURRENCIES)
    assert len(codes) >= 60
    assert {"usd", "eur", "rub", "btc", "eth", "sats"} <= set(codes)


async def test_ids_come_back_in_alphabetical_order_and_unknown_ones_not_at_all(caller: Caller):
    reply = await caller.get("/simple/price?ids=ethereum,nobody,bitcoin&vs_currencies=usd")
    assert list(reply.json()) == ["bitcoin", "ethereum"]


async def test_an_unknown_currency_leaves_the_coin_empty(caller: Caller):
    assert (await caller.get("/simple/price?ids=bitcoin&vs_currencies=xxx")).text == '{"bitcoin":{}}'


async def test_only_unknown_ids_give_an_empty_answer(caller: Caller):
    assert (await caller.get("/simple/price?ids=nobody&vs_currencies=usd")).text == "{}"


async def test_a_blank_after_a_comma_loses_what_follows(caller: Caller):
    prices = await caller.json("/simple/price?ids=bitcoin,%20ethereum,solana&vs_currencies=usd,%20eur")
    assert list(prices) == ["bitcoin"]
    assert list(prices["bitcoin"]) == ["usd"]


async def test_an_id_may_have_a_blank_inside_and_may_be_called_status(caller: Caller):
    prices = await caller.json("/simple/price?ids=1move%20token,status&vs_currencies=usd")
    assert list(prices) == ["1move token", "status"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("?vs_currencies=usd", "ids"), ("?ids=bitcoin", "vs_currencies"), ("?ids=&vs_currencies=usd", "ids")],
)
async def test_a_missing_parameter_is_named(caller: Caller, query: str, parameter: str):
    reply = await caller.get("/simple/price" + query)
    assert (reply.status, reply.text) == (422, f'{{"error":"Missing parameter {parameter}"}}')


async def test_flags_add_fields_in_the_documented_order(caller: Caller):
    flags = "&".join(f"include_{flag}=true" for flag in ("market_cap", "24hr_vol", "24hr_change", "last_updated_at"))
    prices = await caller.json(f"/simple/price?ids=bitcoin&vs_currencies=usd,eur&{flags}")
    assert list(prices["bitcoin"]) == [
        "usd",
        "usd_market_cap",
        "usd_24h_vol",
        "usd_24h_change",
        "eur",
        "eur_market_cap",
        "eur_24h_vol",
        "eur_24h_change",
        "last_updated_at",
    ]
    assert isinstance(prices["bitcoin"]["last_updated_at"], int)


async def test_a_coin_in_itself_is_one(caller: Caller):
    assert (await caller.get("/simple/price?ids=bitcoin&vs_currencies=btc")).text == '{"bitcoin":{"btc":1.0}}'


async def test_precision_sets_the_decimals(caller: Caller):
    async def price(precision: str) -> str:
        reply = await caller.get(f"/simple/price?ids=ethereum&vs_currencies=usd&precision={precision}")
        return reply.text.removeprefix('{"ethereum":{"usd":').rstrip("}")

    full = await price("full")
    assert len(full) > 12
    assert await price("0") == str(round(float(full)))
    assert await price("4") == repr(round(float(full), 4))


async def test_symbols_and_names_find_coins_after_ids(caller: Caller):
    by_symbol = await caller.json("/simple/price?symbols=BTC,sol&vs_currencies=usd")
    assert list(by_symbol) == ["btc", "sol"]
    by_name = await caller.json("/simple/price?names=Bitcoin&symbols=eth&vs_currencies=usd")
    assert list(by_name) == ["Bitcoin"]
    every = await caller.json("/simple/price?symbols=sol&include_tokens=all&vs_currencies=usd")
    assert list(every) == ["solana", "wrapped-solana"]


async def test_a_stale_coin_has_no_change_and_says_how_old_it_is(caller: Caller, clock):
    rows = await caller.json("/coins/markets?vs_currency=usd&per_page=250&page=2")
    stale = next(row["id"] for row in rows if row["high_24h"] is None)
    prices = await caller.json(
        f"/simple/price?ids={stale}&vs_currencies=usd&include_24hr_change=true&include_last_updated_at=true"
    )
    assert prices[stale]["usd_24h_change"] is None
    assert clock.now().timestamp() - prices[stale]["last_updated_at"] >= 24 * 3_600


async def test_the_order_of_currencies_is_a_matter_of_the_seed(clock):
    seen = set()
    for seed in range(6):
        async with calling(clock, seed=seed, coins=60) as caller:
            prices = await caller.json("/simple/price?ids=ethereum&vs_currencies=usd,btc")
            seen.add(tuple(prices["ethereum"]))
    assert seen == {("usd", "btc"), ("btc", "usd")}
