"""One list of all coins, with contract addresses, answers the questions that want it without."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.market.coin_ids import CoinIds
from dozor.market.endpoints import BY_PATH
from dozor.market.families import coin_list, plain
from dozor.market.families.coin_list import ALL_COINS, without_platforms
from dozor.market.question import Question, canonical
from dozor.standin.answers import finding
from dozor.standin.catalogue import catalogue
from fakes import FakeClock
from recording_upstream import RecordingUpstream, market_over


def listed(**query: str) -> Question:
    return canonical(BY_PATH["/coins/list"], {}, query.items(), full_history=False)


async def test_one_call_brings_the_list_with_contract_addresses_and_without() -> None:
    clock = FakeClock()
    upstream = RecordingUpstream(clock)
    questions = [listed(), listed(include_platform="true"), listed(include_platform="False", status="active")]
    async with asyncio.TaskGroup() as tasks:
        market = market_over(upstream, tasks, clock)
        for question in questions:
            await market.answer(question, client="app")
        assert len(upstream.calls) == 1
        assert dict(upstream.calls[0].params) == {"include_platform": "true", "status": "active"}
        await market.answer(listed(status="inactive"), client="app")
    assert dict(upstream.calls[1].params) == {"include_platform": "false", "status": "inactive"}


@pytest.mark.parametrize("odd", [{"status": "inactive"}, {"status": "all"}, {"include_platform": "1"}])
def test_what_is_no_question_for_the_list_of_all_coins_is_asked_as_it_is(odd: dict[str, str]) -> None:
    question = listed(**odd)
    assert coin_list.wanted(question) == plain.wanted(question)
    assert coin_list.wanted(question).key != ALL_COINS.key


def test_what_is_left_without_addresses_is_upstreams_shorter_list() -> None:
    coins = catalogue(600)
    longer, shorter = (finding._active_list(coins, with_platforms).encode() for with_platforms in (True, False))
    assert without_platforms(longer) == shorter
    assert without_platforms(shorter) == shorter


texts = st.text(max_size=8)
rows = st.lists(
    st.dictionaries(
        st.sampled_from(["id", "symbol", "name", "platforms", "new_member"]), texts | st.none() | st.floats()
    )
)


@given(rows)
def test_the_cut_drops_one_member_and_nothing_else(found: list[dict[str, object]]) -> None:
    body = msgspec.json.encode(found)
    left = [{name: value for name, value in row.items() if name != "platforms"} for row in found]
    assert without_platforms(body) == msgspec.json.encode(left)


@pytest.mark.parametrize("body", [b"{}", b"[1]", b"null", b'[{"id":1'])
def test_what_is_no_list_of_coins_is_not_cut(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        without_platforms(body)


def test_ids_are_those_of_the_newest_list_of_all_coins() -> None:
    ids, noon = CoinIds(), FakeClock().now()
    assert ids.has("bitcoin") is None
    ids.learn(listed(status="inactive"), b'[{"id":"gone"}]', noon)
    assert ids.has("gone") is None, "no list of coins that are"
    ids.learn(ALL_COINS, b'[{"id":"bitcoin"},{"id":"OddCase"}]', noon)
    assert [ids.has(coin) for coin in ("bitcoin", "oddcase", "ethereum")] == [True, True, False]
    ids.learn(ALL_COINS, b"[]", noon)
    ids.learn(ALL_COINS, b"[]", noon.replace(hour=1))
    assert ids.has("bitcoin"), "an older list teaches nothing"
    ids.learn(ALL_COINS, b'[{"id":"ethereum"}]', noon.replace(hour=13))
    assert [ids.has(coin) for coin in ("bitcoin", "ethereum")] == [False, True]
