"""Canonical questions: what is wanted, not how it was spelled."""

from __future__ import annotations

import json

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
    ],
)
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
