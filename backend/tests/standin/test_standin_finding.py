"""/coins/list, /search, /search/trending and /global."""

from __future__ import annotations

import pytest
from standin_caller import Caller, calling

from dozor.standin.currencies import CURRENCIES
from fakes import FakeClock


async def test_the_list_has_all_eighteen_thousand_ids_in_one_body():
    async with calling(FakeClock(), coins=18_000) as caller:
        reply = await caller.get("/coins/list")
        rows = reply.json()
        assert len({row["id"] for row in rows}) == len(rows) == 18_000
        assert list(rows[0]) == ["id", "symbol", "name"]
        assert len(reply.body) > 1_000_000
        symbols = [row["symbol"] for row in rows]
        assert symbols.count("usdc") > 10


async def test_the_list_is_not_strictly_sorted_by_id(caller: Caller):
    ids = [row["id"] for row in await caller.json("/coins/list")]
    assert ids != sorted(ids)


async def test_platforms_are_added_to_the_same_rows(caller: Caller):
    plain, full = await caller.json("/coins/list"), await caller.json("/coins/list?include_platform=true")
    assert [{k: row[k] for k in ("id", "symbol", "name")} for row in full] == plain
    platforms = {row["id"]: row["platforms"] for row in full}
    assert platforms["bitcoin"] == {}
    assert platforms["uniswap"]["ethereum"].startswith("0x")


async def test_inactive_ids_are_in_a_list_of_their_own(caller: Caller):
    inactive = await caller.json("/coins/list?status=inactive")
    active = {row["id"] for row in await caller.json("/coins/list")}
    assert inactive
    assert not active & {row["id"] for row in inactive}


@pytest.mark.parametrize(("query", "first"), [("bitc", "bitcoin"), ("SOL", "solana"), ("avalanche-2", "avalanche-2")])
async def test_search_finds_by_name_symbol_and_id_and_puts_the_largest_first(caller: Caller, query: str, first: str):
    found = await caller.json(f"/search?query={query}")
    assert list(found) == ["coins", "exchanges", "icos", "categories", "nfts"]
    assert found["coins"][0]["id"] == first
    assert found["coins"][0]["symbol"].isupper()
    ranks = [coin["market_cap_rank"] for coin in found["coins"] if coin["market_cap_rank"]]
    assert ranks == sorted(ranks)


async def test_search_finds_exchanges_and_categories_too(caller: Caller):
    assert [e["id"] for e in (await caller.json("/search?query=krak"))["exchanges"]] == ["kraken"]
    assert [c["id"] for c in (await caller.json("/search?query=stable"))["categories"]] == ["stablecoins"]


async def test_trending_has_fifteen_coins_whose_caps_are_words(caller: Caller, clock: FakeClock):
    trending = await caller.json("/search/trending")
    assert list(trending) == ["coins", "nfts", "categories"]
    item = trending["coins"][0]["item"]
    assert item["data"]["market_cap"].startswith("$")
    assert set(item["data"]["price_change_percentage_24h"]) == set(CURRENCIES)
    assert [coin["item"]["score"] for coin in trending["coins"]] == list(range(len(trending["coins"])))
    await clock.advance(1_200)
    assert (await caller.json("/search/trending"))["coins"] != trending["coins"]


async def test_the_whole_market_is_summed_in_every_currency(caller: Caller, clock: FakeClock):
    whole = (await caller.json("/global"))["data"]
    assert whole["active_cryptocurrencies"] == 2_000
    assert set(whole["total_market_cap"]) == set(CURRENCIES)
    assert whole["updated_at"] == int(clock.now().timestamp())
    assert list(whole["market_cap_percentage"])[:2] == ["btc", "eth"]
    assert sum(whole["market_cap_percentage"].values()) < 100
