"""/coins/markets."""

from __future__ import annotations

from itertools import pairwise

import pytest
from standin_caller import Caller, calling

from dozor.standin.quirks import ColumnOrder, Quirks
from fakes import FakeClock

ROW = [
    "id",
    "symbol",
    "name",
    "image",
    "current_price",
    "market_cap",
    "market_cap_rank",
    "fully_diluted_valuation",
    "total_volume",
    "high_24h",
    "low_24h",
    "price_change_24h",
    "price_change_percentage_24h",
    "market_cap_change_24h",
    "market_cap_change_percentage_24h",
    "circulating_supply",
    "total_supply",
    "max_supply",
    "ath",
    "ath_change_percentage",
    "ath_date",
    "atl",
    "atl_change_percentage",
    "atl_date",
    "roi",
    "last_updated",
]


async def test_a_row_has_the_recorded_columns_in_the_recorded_order(caller: Caller):
    rows = await caller.json("/coins/markets?vs_currency=usd")
    assert list(rows[0]) == ROW
    assert len(rows) == 100
    assert {"bitcoin", "ethereum"} == {row["id"] for row in rows[:2]}


async def test_a_row_is_consistent_in_itself(caller: Caller):
    for row in await caller.json("/coins/markets?vs_currency=eur&per_page=250"):
        assert row["atl"] <= row["current_price"] <= row["ath"]
        assert row["market_cap"] == pytest.approx(row["current_price"] * row["circulating_supply"], rel=0.02)
        if row["high_24h"] is not None:
            assert row["low_24h"] <= row["current_price"] <= row["high_24h"]
            assert (row["price_change_24h"] > 0) == (row["price_change_percentage_24h"] > 0) or (
                abs(row["price_change_percentage_24h"]) < 1e-4
            )


async def test_pages_cut_one_ordered_list_and_an_empty_one_ends_it(caller: Caller):
    whole = await caller.json("/coins/markets?vs_currency=usd&per_page=200&page=1")
    halves = [await caller.json(f"/coins/markets?vs_currency=usd&per_page=100&page={page}") for page in (1, 2)]
    assert [row["id"] for row in halves[0] + halves[1]] == [row["id"] for row in whole]
    assert await caller.json("/coins/markets?vs_currency=usd&page=21") == []


async def test_a_page_has_at_most_250_rows(caller: Caller):
    assert len(await caller.json("/coins/markets?vs_currency=usd&per_page=999")) == 250


@pytest.mark.parametrize(("field", "column"), [("market_cap", "market_cap"), ("volume", "total_volume"), ("id", "id")])
async def test_rows_come_in_the_order_asked_for(caller: Caller, field: str, column: str):
    up, down = [
        [row[column] for row in await caller.json(f"/coins/markets?vs_currency=usd&per_page=250&order={field}_{way}")]
        for way in ("asc", "desc")
    ]
    if field == "id":
        assert (up, down) == (sorted(up), sorted(down, reverse=True))
    else:  # a volume is that of the coin's own last update, the order that of the full minute
        assert all(a <= b * 1.02 + 1 for a, b in pairwise(up))
        assert all(a * 1.02 >= b for a, b in pairwise(down))


async def test_market_caps_strictly_descend(caller: Caller):
    caps = [row["market_cap"] for row in await caller.json("/coins/markets?vs_currency=usd&per_page=250")]
    assert caps == sorted(caps, reverse=True)


async def test_ids_choose_rows_and_unknown_ones_are_left_out(caller: Caller):
    rows = await caller.json("/coins/markets?vs_currency=usd&ids=1move%20token,nobody,bitcoin")
    assert [row["id"] for row in rows] == ["bitcoin", "1move token"]


async def test_a_category_goes_before_ids(caller: Caller):
    rows = await caller.json("/coins/markets?vs_currency=usd&category=stablecoins&ids=bitcoin")
    ids = [row["id"] for row in rows]
    assert "tether" in ids
    assert "bitcoin" not in ids


async def test_a_sparkline_has_168_hours_and_ends_before_the_price(caller: Caller):
    (row,) = await caller.json("/coins/markets?vs_currency=usd&ids=bitcoin&sparkline=true")
    prices = row["sparkline_in_7d"]["price"]
    assert len(prices) == 168
    assert prices[-1] == pytest.approx(row["current_price"], rel=0.05)
    (in_euro,) = await caller.json("/coins/markets?vs_currency=eur&ids=bitcoin&sparkline=true")
    assert in_euro["sparkline_in_7d"]["price"][0] < prices[0]


async def test_columns_of_change_come_after_the_sparkline(caller: Caller):
    (row,) = await caller.json(
        "/coins/markets?vs_currency=usd&ids=bitcoin&sparkline=true&price_change_percentage=7d,1h,5y"
    )
    assert list(row) == [
        *ROW,
        "sparkline_in_7d",
        "price_change_percentage_1h_in_currency",
        "price_change_percentage_7d_in_currency",
    ]


async def test_the_order_of_the_columns_is_a_quirk(clock):
    seen = {}
    for seed in range(12):
        async with calling(clock, seed=seed, coins=60) as caller:
            (row,) = await caller.json("/coins/markets?vs_currency=usd&ids=bitcoin&price_change_percentage=7d,1y,14d")
            seen[Quirks.of(seed).column_order] = [name.split("_")[3] for name in row if name.endswith("_in_currency")]
    assert seen == {
        ColumnOrder.BY_LENGTH: ["7d", "14d", "1y"],
        ColumnOrder.AS_ASKED: ["7d", "1y", "14d"],
        ColumnOrder.ALPHABETICAL: ["14d", "1y", "7d"],
    }


async def test_nulls_are_where_upstream_has_them():
    async with calling(FakeClock(), coins=18_000) as caller:
        rows = [
            row
            for page in range(1, 5)
            for row in await caller.json(
                f"/coins/markets?vs_currency=usd&per_page=250&page={page}&price_change_percentage=1y"
            )
        ]
        assert len({row["id"] for row in rows}) == 1_000

        def nulls(column: str) -> int:
            return sum(row[column] is None for row in rows)

        assert 800 < nulls("roi") < 990
        assert 200 < nulls("max_supply") < 450
        assert 1 <= nulls("high_24h") == nulls("price_change_24h") == nulls("market_cap_change_24h") < 30
        assert nulls("price_change_percentage_1y_in_currency") > 20
        last = await caller.json("/coins/markets?vs_currency=usd&per_page=250&page=72")
        assert last[-1]["current_price"] is None
        assert last[-1]["market_cap_rank"] is None


async def test_a_currency_must_be_given_and_known(caller: Caller):
    assert (await caller.get("/coins/markets")).text == '{"error":"Missing parameter vs_currency"}'
    unknown = await caller.get("/coins/markets?vs_currency=xxx")
    assert (unknown.status, unknown.text) == (422, '{"error":"invalid vs_currency"}')


async def test_prices_are_about_those_of_simple_price(caller: Caller):
    """Both are right: they differ by what happened between their two moments."""
    rows = await caller.json("/coins/markets?vs_currency=usd&per_page=50")
    prices = await caller.json(
        "/simple/price?vs_currencies=usd&ids=" + ",".join(r["id"] for r in rows if " " not in r["id"])
    )
    for row in rows:
        if row["id"] in prices:
            assert row["current_price"] == pytest.approx(prices[row["id"]]["usd"], rel=0.01)
