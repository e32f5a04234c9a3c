"""Canonical questions: what is wanted, not how it was spelled."""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.errors import QuestionRejected
from dozor.market.endpoints import BY_PATH, ENDPOINTS, match
from dozor.market.question import Question, canonical

PRICE = BY_PATH["/simple/price"]
MARKETS = BY_PATH["/coins/markets"]
CHART = BY_PATH["/coins/{id}/market_chart"]
DETAILS = BY_PATH["/coins/{id}"]
SEARCH = BY_PATH["/search"]

coin_ids = st.text("abcdefghijklmnopqrstuvwxyz0123456789-. ", min_size=1, max_size=12).map(str.strip).filter(bool)


def price(**query: str) -> Question:
    return canonical(PRICE, {}, query.items(), full_history=False)


@given(st.lists(coin_ids, min_size=1, max_size=8), st.randoms())
def test_order_case_blanks_and_repeats_of_ids_mean_nothing(ids: list[str], random) -> None:
    plain = price(ids=",".join(ids), vs_currencies="usd")
    spelled = [random.choice([coin, coin.upper(), f" {coin} "]) for coin in ids + random.choices(ids, k=2)]
    random.shuffle(spelled)
    assert price(vs_currencies="USD", ids=",".join(spelled) + ",").key == plain.key


@given(st.permutations(["vs_currency", "order", "page", "sparkline", "per_page"]))
def test_order_of_parameters_and_spelled_out_defaults_mean_nothing(names: list[str]) -> None:
    values = {"vs_currency": "usd", "order": "market_cap_desc", "page": "1", "sparkline": "false", "per_page": "100"}
    bare = canonical(MARKETS, {}, [("vs_currency", "usd")], full_history=False)
    assert canonical(MARKETS, {}, [(name, values[name]) for name in names], full_history=False) == bare


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=20), max_size=6))
def test_unknown_parameters_and_keys_never_reach_the_question(extra: dict[str, str]) -> None:
    known = {parameter.name for parameter in PRICE.parameters}
    query = {name: value for name, value in extra.items() if name not in known}
    query["x_cg_demo_api_key"] = "CG-secret"
    found = price(ids="bitcoin", vs_currencies="usd", **query)
    assert found == price(ids="bitcoin", vs_currencies="usd")
    assert "CG-secret" not in found.key


@given(
    st.sampled_from(ENDPOINTS),
    st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=10),
    st.text(min_size=1),
)
def test_canonical_is_idempotent_and_total(endpoint, query: dict[str, str], coin_id: str) -> None:
    names = [part.strip("{}") for part in endpoint.path.split("/") if part.startswith("{")]
    path_params = dict.fromkeys(names, coin_id)
    try:
        once = canonical(endpoint, path_params, query.items(), full_history=False)
    except QuestionRejected:
        return
    assert canonical(endpoint, dict(once.path_params), once.params, full_history=False) == once


@given(st.tuples(st.text(max_size=15), st.text(max_size=15)))
def test_different_searches_have_different_keys(queries: tuple[str, str]) -> None:
    keys = set()
    for query in set(queries) - {""}:
        keys.add(canonical(SEARCH, {}, [("query", query)], full_history=False).key)
    assert len(keys) == len(set(queries) - {""})


def test_currencies_keep_the_order_asked_because_the_answer_may() -> None:
    assert price(ids="a", vs_currencies="usd,eur").key != price(ids="a", vs_currencies="eur,usd").key


def test_search_texts_names_and_symbols_keep_their_case() -> None:
    assert canonical(SEARCH, {}, [("query", "BtC")], full_history=False).get("query") == "BtC"
    assert price(symbols="BTC , eth", vs_currencies="usd").get("symbols") == "BTC,eth"


def test_ids_may_contain_blanks() -> None:
    assert price(ids="1move token,bitcoin", vs_currencies="usd").get("ids") == "1move token,bitcoin"


def test_the_last_of_a_repeated_parameter_wins() -> None:
    found = canonical(PRICE, {}, [("ids", "a"), ("ids", "b"), ("vs_currencies", "usd")], full_history=False)
    assert found.get("ids") == "b"


def test_a_coin_id_in_the_path_is_folded_and_encoded() -> None:
    found = canonical(DETAILS, {"id": "1Move Token/../x"}, (), full_history=False)
    assert found.path == "/coins/1move%20token%2F..%2Fx"


@pytest.mark.parametrize(
    ("segments", "path"),
    [
        (("coins", "list"), "/coins/list"),  # not the coin «list»
        (("coins", "markets"), "/coins/markets"),
        (("coins", "bitcoin"), "/coins/{id}"),
        (("coins", "bitcoin", "ohlc"), "/coins/{id}/ohlc"),
        (("coins", "", "ohlc"), None),
        (("coins", "{id}"), None),  # the template itself is no coin
        (("coins", ".."), None),  # upstream would see another path
        (("coins", ".", "ohlc"), None),
        (("coins",), None),
        (("",), None),
        (("ping", "x"), None),
        (("coins", "categories", "list"), "/coins/categories/list"),
        (("exchanges", "list"), "/exchanges/list"),
        (("exchanges", "binance"), "/exchanges/{id}"),
        (("companies", "public_treasury", "bitcoin"), "/{entity}/public_treasury/{coin_id}"),
        (("public_treasury", "public_treasury", "transaction_history"),
         "/public_treasury/{entity_id}/transaction_history"),  # what is spelled out further left
        (("token_lists", "ethereum", "all.json"), "/token_lists/{asset_platform_id}/all.json"),
        (("token_lists", "ethereum", "some.json"), None),
        (("onchain", "networks", "new_pools"), "/onchain/networks/new_pools"),
        (("onchain", "networks", "eth", "new_pools"), "/onchain/networks/{network}/new_pools"),
        (("onchain", "networks", "eth", "pools", "multi", "info"),
         "/onchain/networks/{network}/pools/multi/{addresses}"),
        (("onchain", "networks", "eth", "pools", "0x1", "info"),
         "/onchain/networks/{network}/pools/{pool_address}/info"),
        (("key",), None),  # the operator's own business
    ],
)  # fmt: skip
def test_paths_find_their_endpoint(segments: tuple[str, ...], path: str | None) -> None:
    found = match(segments)
    assert (found[0].path if found else None) == path


@pytest.mark.parametrize(
    ("days", "full_history", "allowed"),
    [("365", False, True), ("366", False, False), ("max", False, False), ("MAX", False, False), ("max", True, True),
     ("0366", False, False), ("soon", False, True)],  # what it means is upstream's to say
)  # fmt: skip
def test_a_public_plan_may_not_ask_beyond_a_year(days: str, full_history: bool, allowed: bool) -> None:
    query = [("vs_currency", "usd"), ("days", days)]
    if allowed:
        canonical(CHART, {"id": "bitcoin"}, query, full_history=full_history)
        return
    with pytest.raises(QuestionRejected) as refused:
        canonical(CHART, {"id": "bitcoin"}, query, full_history=full_history)
    assert refused.value.status == 401
    assert json.loads(refused.value.body)["error"]["status"]["error_code"] == 10012


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        ("0xDAC17F958D2ee523a2206206994597C13D831ec7", "0xdac17f958d2ee523a2206206994597c13d831ec7"),
        (" 0XDAC17F958D2EE523A2206206994597C13D831EC7 ", "0xdac17f958d2ee523a2206206994597c13d831ec7"),
        ("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"),  # Solana
        ("0x2::sui::SUI", "0x2::sui::SUI"),
        ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),  # Tron
    ],
)
def test_case_means_nothing_in_an_evm_address_and_something_in_any_other(sent: str, asked: str) -> None:
    contract = BY_PATH["/coins/{id}/contract/{contract_address}"]
    found = canonical(contract, {"id": "Ethereum", "contract_address": sent}, (), full_history=False)
    assert (found.get("id"), found.get("contract_address")) == ("ethereum", asked)
    prices = BY_PATH["/simple/token_price/{id}"]
    query = [("contract_addresses", f"{sent},, {asked}"), ("vs_currencies", "usd")]
    assert canonical(prices, {"id": "x"}, query, full_history=False).get("contract_addresses") == asked


def test_several_addresses_in_a_path_keep_their_order_and_their_commas() -> None:
    pools = BY_PATH["/onchain/networks/{network}/pools/multi/{addresses}"]
    found = canonical(pools, {"network": "Solana", "addresses": "B/b, A,B/b,"}, (), full_history=False)
    assert found.path == "/onchain/networks/solana/pools/multi/B%2Fb,A"


def test_a_path_parameter_with_nothing_in_it_is_no_path() -> None:
    pools = BY_PATH["/onchain/networks/{network}/pools/multi/{addresses}"]
    with pytest.raises(QuestionRejected) as refused:
        canonical(pools, {"network": "eth", "addresses": ",,"}, (), full_history=True)
    assert refused.value.status == 404


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def seconds(days: float) -> str:
    return str(int((NOW - timedelta(days=days)).timestamp()))


@pytest.mark.parametrize(
    ("path", "query", "is_refused"),
    [
        ("/coins/{id}/market_chart/range", {"from": seconds(365), "to": seconds(0)}, False),
        ("/coins/{id}/market_chart/range", {"from": seconds(367), "to": seconds(300)}, True),
        ("/coins/{id}/market_chart/range", {"from": "2020-01-01", "to": "2020-02-01"}, True),
        ("/coins/{id}/market_chart/range", {"from": "long ago", "to": seconds(0)}, False),
        ("/coins/{id}/contract/{contract_address}/market_chart/range", {"from": "0", "to": "1"}, True),
        ("/coins/{id}/contract/{contract_address}/market_chart", {"days": "max"}, True),
        ("/coins/{id}/ohlc", {"days": "366"}, True),
        ("/coins/{id}/history", {"date": "30-12-2025"}, False),
        ("/coins/{id}/history", {"date": "30-12-2017"}, True),
        ("/coins/{id}/history", {"date": "2017-12-30"}, True),
        ("/coins/{id}/history", {"date": "yesterday"}, False),  # what it means is upstream's to say
        ("/exchanges/{id}/volume_chart", {"days": "max"}, False),  # no limit of the plan is known for it
        ("/public_treasury/{entity_id}/{coin_id}/holding_chart", {"days": "730"}, False),
    ],
)
def test_a_public_plan_may_not_ask_for_what_lies_more_than_a_year_back(
    path: str, query: dict[str, str], is_refused: bool
) -> None:
    names = [part.strip("{}") for part in path.split("/") if part.startswith("{")]
    asked = functools.partial(
        canonical, BY_PATH[path], dict.fromkeys(names, "x"), list({"vs_currency": "usd", **query}.items()), now=NOW
    )
    asked(full_history=True)
    if not is_refused:
        asked(full_history=False)
        return
    with pytest.raises(QuestionRejected) as refused:
        asked(full_history=False)
    assert json.loads(refused.value.body)["error"]["status"]["error_code"] == 10012


def test_without_the_time_a_date_is_left_for_upstream_to_refuse() -> None:
    history = BY_PATH["/coins/{id}/history"]
    assert canonical(history, {"id": "bitcoin"}, [("date", "30-12-2017")], full_history=False).get("date")


@pytest.mark.parametrize("endpoint", [each for each in ENDPOINTS if each.is_paid], ids=lambda each: each.path)
def test_a_paid_path_is_refused_on_a_public_plan_before_anything_else(endpoint) -> None:
    names = [part.strip("{}") for part in endpoint.path.split("/") if part.startswith("{")]
    with pytest.raises(QuestionRejected) as refused:
        canonical(endpoint, dict.fromkeys(names, "x"), (), full_history=False)
    assert refused.value.status == 401
    assert json.loads(refused.value.body)["status"]["error_code"] == 10005
    required = [(parameter.name, "1") for parameter in endpoint.parameters if parameter.required]
    assert canonical(endpoint, dict.fromkeys(names, "x"), required, full_history=True).endpoint is endpoint
