"""What is an answer of an endpoint, and what is not, whatever its status: no other body may be stored."""

from __future__ import annotations

import msgspec
import pytest

from dozor.market.endpoints import BY_PATH, ENDPOINTS

ANSWERS = [
    ("/ping", '{"gecko_says":"(V3) To the Moon!"}'),
    ("/simple/price", "{}"),  # none of these ids is known
    ("/simple/price", '{"bitcoin":{}}'),  # the currency is unknown (recorded 2021)
    ("/simple/price", '{"bitcoin":{"usd":1.5,"usd_market_cap":null,"last_updated_at":1700000000}}'),
    ("/simple/price", '{"bitcoin":null}'),
    ("/simple/price", '{"status":{"usd":0.02},"error":{"usd":1}}'),  # there is a coin with the id "status"
    ("/simple/supported_vs_currencies", '["btc","usd"]'),
    ("/coins/list", '[{"id":"","symbol":"zoc","name":"a coin without an id"}]'),  # recorded 2022
    ("/coins/list", '[{"id":"x","symbol":null,"name":null,"platforms":{"ethereum":null}}]'),
    ("/coins/markets", "[]"),  # a page behind the last
    ("/coins/markets", '[{"id":"bitcoin","current_price":null,"roi":null}]'),
    ("/coins/{id}", '{"id":"bitcoin","market_data":[],"description":null}'),
    ("/coins/{id}/market_chart", '{"prices":[]}'),
    ("/coins/{id}/market_chart", '{"prices":[[1700000000000,1.5],[1700000300000,null]],"market_caps":[]}'),
    ("/coins/{id}/ohlc", "[]"),
    ("/coins/{id}/ohlc", "[[1700000000000,1,2.5,1e-12,null]]"),
    ("/search", '{"coins":[],"exchanges":[]}'),
    ("/search/trending", '{"coins":[{"item":{"id":"bitcoin"}}],"nfts":[]}'),
    ("/global", '{"data":{"active_cryptocurrencies":18000}}'),
    ("/simple/token_price/{id}", '{"0x1":{"usd":null}}'),
    ("/coins/{id}/tickers", '{"name":null,"tickers":[]}'),
    ("/coins/{id}/history", '{"id":"bitcoin"}'),  # a day before it was traded
    ("/asset_platforms", '[{"id":"","chain_identifier":null,"name":""}]'),
    ("/coins/categories/list", '[{"category_id":"","name":null}]'),
    ("/exchange_rates", '{"rates":{"btc":{"value":1.0}}}'),
    ("/exchanges", "[]"),
    ("/exchanges/{id}", '{"name":"Binance","tickers":null}'),
    ("/exchanges/{id}/volume_chart", '[[1621123200000.0,"64523.19"],[1621123200000,null]]'),
    ("/derivatives/exchanges", '[{"name":"x","id":null}]'),
    ("/{entity}/public_treasury/{coin_id}", '{"total_holdings":null,"companies":[]}'),
    ("/public_treasury/{entity_id}/{coin_id}/holding_chart", '{"holdings":[]}'),
    ("/onchain/networks/{network}/pools", '{"data":[]}'),
    ("/onchain/simple/networks/{network}/token_price/{addresses}", '{"data":{"attributes":{}}}'),
]
NO_ANSWERS = [
    ("/ping", "{}"),
    ("/ping", '{"gecko_says":null}'),
    ("/simple/price", '{"bitcoin":5}'),
    ("/simple/price", '{"bitcoin":{"usd":1},"message":"try again"}'),
    ("/simple/supported_vs_currencies", '["usd",7]'),
    ("/simple/supported_vs_currencies", '[{"id":"usd"}]'),
    ("/coins/list", '[{"symbol":"btc","name":"Bitcoin"}]'),
    ("/coins/list", '[{"id":"bitcoin","symbol":7,"name":"Bitcoin"}]'),  # searching would fail on it
    ("/coins/markets", "[{}]"),
    ("/coins/markets", '[{"id":null}]'),
    ("/coins/markets", "[null]"),
    ("/coins/{id}", "{}"),
    ("/coins/{id}", '{"id":5}'),
    ("/coins/{id}", '{"id":null}'),
    ("/coins/{id}/market_chart", "{}"),
    ("/coins/{id}/market_chart", '{"prices":null}'),
    ("/coins/{id}/market_chart", '{"prices":[[1,2,3]]}'),
    ("/coins/{id}/market_chart", '{"prices":[{"time":1}]}'),
    ("/coins/{id}/ohlc", "[[1,2,3,4]]"),
    ("/coins/{id}/ohlc", '[[1,2,3,4,"5"]]'),
    ("/coins/{id}/ohlc", "[null]"),
    ("/search", "{}"),
    ("/search", '{"coins":{}}'),
    ("/search/trending", '{"nfts":[]}'),
    ("/global", "{}"),
    ("/global", '{"data":[]}'),
    ("/global", '{"data":null}'),
    ("/coins/{id}/tickers", '{"name":"Bitcoin"}'),
    ("/coins/categories/list", '[{"id":"x"}]'),
    ("/coins/categories", '[{"category_id":"x"}]'),
    ("/exchange_rates", '{"rates":[]}'),
    ("/exchanges/{id}", '{"error":"x"}'),
    ("/exchanges/{id}/volume_chart", "[[1,2,3]]"),
    ("/derivatives", '[{"id":"x"}]'),
    ("/token_lists/{asset_platform_id}/all.json", '{"name":"x"}'),
    ("/{entity}/public_treasury/{coin_id}", '{"companies":[]}'),
    ("/onchain/networks/{network}/pools", '{"data":{}}'),
    ("/onchain/networks/{network}/pools", '{"data":null}'),
    ("/onchain/networks/{network}/pools/{address}", '{"data":[]}'),
    ("/onchain/networks/{network}/pools/{address}", '{"data":{"id":"x"}}'),
    ("/onchain/networks/{network}/pools/{address}", '{"errors":[{"status":"404"}]}'),
]


@pytest.mark.parametrize(("path", "body"), ANSWERS)
def test_an_answer_is_taken_for_one_with_whatever_gaps_it_has(path: str, body: str) -> None:
    BY_PATH[path].answer.decode(body)


@pytest.mark.parametrize(("path", "body"), NO_ANSWERS)
def test_what_lacks_the_members_of_an_answer_is_none(path: str, body: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        BY_PATH[path].answer.decode(body)


@pytest.mark.parametrize("body", ['[{"surprise":[1,{"deep":"value"}]},"text",7]', '"text"', "7", "null", "true"])
def test_no_endpoint_takes_json_of_no_known_shape(body: str) -> None:
    for endpoint in ENDPOINTS:
        with pytest.raises(msgspec.DecodeError):
            endpoint.answer.decode(body)


@pytest.mark.parametrize("body", ["{}", "[{}]", '{"error":"x"}', '{"message":"try again"}', '{"data":"x"}', "[[]]"])
def test_next_to_nothing_is_an_answer_of_no_endpoint_but_that_of_prices(body: str) -> None:
    taken = []
    for endpoint in ENDPOINTS:
        try:
            endpoint.answer.decode(body)
        except msgspec.DecodeError:
            continue
        taken.append(endpoint.path)
    assert taken == (["/simple/price", "/simple/token_price/{id}"] if body == "{}" else [])
