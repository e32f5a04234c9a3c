"""``/coins/{id}`` is fetched wide and cut to what was asked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.market.endpoints import BY_PATH
from dozor.market.families import details
from dozor.market.question import Question, canonical

WIDE: dict[str, Any] = {
    "id": "bitcoin",
    "localization": {"en": "Bitcoin", "ru": "Биткоин"},
    "description": {"en": "money", "de": "Geld"},
    "categories_details": [{"id": "layer-1"}],
    "market_data": {"current_price": {"usd": 1}, "sparkline_7d": {"price": [1, 2]}, "last_updated": "x"},
    "community_data": {"a": None},
    "developer_data": {"b": 2},
    "tickers": [{"base": "BTC"}],
    "last_updated": "y",
}
FLAGS = [
    "localization",
    "tickers",
    "market_data",
    "community_data",
    "developer_data",
    "sparkline",
    "include_categories_details",
]


def question(**query: str) -> Question:
    return canonical(BY_PATH["/coins/{id}"], {"id": "bitcoin"}, query.items(), full_history=False)


def assembled(asked: Question, body: bytes) -> bytes:
    unit = details.wanted(asked)
    assert unit.cut is not None
    return unit.cut(unit.read(body))


def key_of(asked: Question) -> str:
    return details.wanted(asked).key


def cut(**query: str) -> Any:
    return json.loads(assembled(question(**query), json.dumps(WIDE).encode()))


def test_the_default_question_gets_all_sections_without_sparkline_and_category_details() -> None:
    found = cut()
    assert found.keys() == WIDE.keys() - {"categories_details"}
    assert found["market_data"].keys() == {"current_price", "last_updated"}
    assert found["description"] == WIDE["description"]


def test_localization_off_cuts_the_description_to_english_too() -> None:
    found = cut(localization="false")
    assert "localization" not in found
    assert found["description"] == {"en": "money"}


@given(st.dictionaries(st.sampled_from(FLAGS), st.sampled_from(["true", "false"])))
def test_a_cut_only_removes_and_never_changes_a_text(flags: dict[str, str]) -> None:
    found = cut(**flags)
    for name, value in found.items():
        if name not in {"description", "market_data"}:
            assert value == WIDE[name]
    assert list(found) == [name for name in WIDE if name in found]
    for section in details.SECTIONS:
        assert (section in found) == (flags.get(section, "true") == "true")
    assert ("sparkline_7d" in found.get("market_data", {})) == (
        flags.get("sparkline") == "true" and "market_data" in found
    )


def test_number_texts_survive_the_cut() -> None:
    body = (
        b'{"id":"x","market_data":{"a":1.054e-05,"b":18710825.0,"c":-1.034312375871936e+15,"sparkline_7d":{}},"z":0.10}'
    )
    assert assembled(question(), body) == (
        b'{"id":"x","market_data":{"a":1.054e-05,"b":18710825.0,"c":-1.034312375871936e+15},"z":0.10}'
    )


@pytest.mark.parametrize("odd", [None, [], "text", 7])
@pytest.mark.parametrize("name", ["description", "market_data"])
@given(flags=st.dictionaries(st.sampled_from(FLAGS), st.sampled_from(["true", "false"])))
def test_a_member_that_is_no_object_is_passed_on_whatever_is_asked(
    name: str, odd: object, flags: dict[str, str]
) -> None:
    body = json.dumps({**WIDE, name: odd}).encode()
    found = json.loads(assembled(question(**flags), body))
    assert found.get(name, "cut") == ("cut" if flags.get(name) == "false" else odd)


def test_the_widest_body_of_one_coin_serves_every_question_but_another_pair_format() -> None:
    keys = {key_of(question(**{flag: value})) for flag in FLAGS for value in ("true", "false")}
    assert keys == {"coin_details:bitcoin"}
    assert key_of(question(dex_pair_format="symbol")) != "coin_details:bitcoin"
    call = details.wanted(question(tickers="false")).call
    assert dict(call.params) == dict.fromkeys(FLAGS, "true") | {"dex_pair_format": "contract_address"}
