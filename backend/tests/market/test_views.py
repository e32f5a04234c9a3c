"""Odd answers in our own API: a gap is ``null`` or left out, whatever form upstream gives it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dozor.market import views
from dozor.market.rawjson import RawObject, join_object

FETCHED = "2026-11-22T12:00:00.000Z"


def shown(view: RawObject) -> Any:
    return json.loads(join_object(view))


def price(facts: str) -> Any:
    return shown(views.prices(f'{{"c":{facts}}}'.encode(), ["c"], ["usd"], FETCHED))["prices"]


@pytest.mark.parametrize("time", ["1.7e9", "99999999999999", "9" * 40, "-99999999999999", "null", '"soon"', "[]", "{}"])
def test_a_time_that_cannot_be_read_is_that_of_the_fetch_or_unknown(time: str) -> None:
    assert price(f'{{"usd":1.0,"last_updated_at":{time}}}') == {"c": {"usd": {"value": 1.0, "observed_at": FETCHED}}}
    assert shown(views.market(f'{{"data":{{"updated_at":{time}}}}}'.encode(), "usd"))["observed_at"] is None


def test_a_time_that_can_be_read_is_the_sources_own() -> None:
    assert price('{"usd":1,"last_updated_at":1700000000}')["c"]["usd"]["observed_at"] == "2023-11-14T22:13:20Z"
    market = shown(views.market(b'{"data":{"updated_at":1700000000}}', "usd"))
    assert market["observed_at"] == "2023-11-14T22:13:20Z"


@pytest.mark.parametrize("facts", ["null", "[]", "5"])
def test_a_coin_without_facts_has_no_prices(facts: str) -> None:
    assert price(facts) == {}


@pytest.mark.parametrize("row", ["null", "7", '{"x":1}', '{"item":null}', '{"item":{}}', '{"item":{"id":5}}'])
def test_a_trending_row_that_names_no_coin_is_left_out(row: str) -> None:
    items = shown(views.trending(f'{{"coins":[{row},{{"item":{{"id":"bitcoin"}}}}]}}'.encode()))["items"]
    assert [item["id"] for item in items] == ["bitcoin"]


@pytest.mark.parametrize("odd", ["null", "[]", '"text"', "7"])
@pytest.mark.parametrize("name", ["market_data", "description", "links", "platforms", "categories", "image"])
def test_a_coin_with_odd_members_is_shown_with_gaps(name: str, odd: str) -> None:
    coin = shown(views.coin(f'{{"id":"bitcoin","name":"Bitcoin","{name}":{odd}}}'.encode(), "usd"))
    assert (coin["id"], coin["name"], coin["price"]) == ("bitcoin", "Bitcoin", None)
    assert (coin["description"], coin["contracts"], coin["categories"]) == ({"ru": None, "en": None}, {}, [])


def test_a_coin_whose_id_is_no_text_has_no_picture() -> None:
    assert shown(views.coin(b'{"id":5}', "usd"))["image"] is None


@pytest.mark.parametrize("odd", ["null", "{}", "7"])
def test_a_series_that_is_no_list_is_an_empty_one(odd: str) -> None:
    chart = shown(views.chart(f'{{"prices":[[1,2]],"market_caps":{odd},"total_volumes":{odd}}}'.encode(), "7"))
    assert (chart["prices"], chart["market_caps"], chart["volumes"]) == ([[1, 2]], [], [])
