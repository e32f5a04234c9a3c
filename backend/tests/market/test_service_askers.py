"""Each call tells for whom it is made, how urgently, and of which family."""

from __future__ import annotations

import asyncio

import pytest

from dozor.domain.lanes import Lane
from dozor.market.endpoints import BY_PATH
from dozor.market.lookup import CoinLookup
from dozor.market.question import Question, canonical
from fakes import FakeClock, settle
from recording_upstream import RecordingUpstream, market_over

GLOBAL = canonical(BY_PATH["/global"], {}, [], full_history=False)
DETAILS = canonical(BY_PATH["/coins/{id}"], {"id": "bitcoin"}, [], full_history=False)


@pytest.mark.parametrize(("question", "family"), [(GLOBAL, "get_global"), (DETAILS, "get_crypto_details")])
@pytest.mark.parametrize(("lane", "client"), [(Lane.PERSON, "bot"), (Lane.WARM_UP, "")])
async def test_call_carries_who_asks_and_the_family_that_reads_are_counted_under(
    question: Question, family: str, lane: Lane, client: str
) -> None:
    clock = FakeClock()
    upstream = RecordingUpstream(clock)
    async with asyncio.TaskGroup() as tasks:
        await market_over(upstream, tasks, clock).answer(question, client=client, lane=lane)
    assert upstream.wanted == [(family, lane, client)]


async def test_call_that_waits_for_its_turn_is_raised_by_the_person_who_comes_to_wait_for_it() -> None:
    clock = FakeClock()
    upstream = RecordingUpstream(clock)
    upstream.open.clear()
    async with asyncio.TaskGroup() as tasks:
        market = market_over(upstream, tasks, clock)
        tasks.create_task(market.answer(GLOBAL, client="", lane=Lane.WARM_UP))
        await settle()
        assert upstream.wanted == [("get_global", Lane.WARM_UP, "")]
        tasks.create_task(market.answer(GLOBAL, client="bot"))
        await settle()
        assert upstream.wanted == [("get_global", Lane.PERSON, "bot")]
        upstream.open.set()


async def test_stale_answer_is_refreshed_behind_for_the_client_who_got_it() -> None:
    clock = FakeClock()
    upstream = RecordingUpstream(clock)
    async with asyncio.TaskGroup() as tasks:
        market = market_over(upstream, tasks, clock)
        answer = await market.answer(GLOBAL, client="app")
        await clock.advance(answer.policy.fresh_for.total_seconds() + 1)
        await market.answer(GLOBAL, client="bot")
        await settle()
    assert upstream.wanted == [("get_global", Lane.PERSON, "app"), ("get_global", Lane.REFRESH, "bot")]


async def test_list_that_a_search_needs_is_fetched_for_who_searches() -> None:
    clock = FakeClock()
    upstream = RecordingUpstream(clock)
    async with asyncio.TaskGroup() as tasks:
        await CoinLookup(market_over(upstream, tasks, clock)).find("btc", 5, client="bot")
    assert upstream.wanted == [("get_coin_list", Lane.PERSON, "bot")]


async def test_call_for_one_more_coin_is_worth_no_more_than_that_coin_once_the_others_are_known() -> None:
    def price_of(coin: str) -> Question:
        params = {"ids": coin, "vs_currencies": "usd"}
        return canonical(BY_PATH["/simple/price"], {}, params.items(), full_history=False)

    clock = FakeClock()
    upstream = RecordingUpstream(clock)
    async with asyncio.TaskGroup() as tasks:
        market = market_over(upstream, tasks, clock)
        for coin in ["bitcoin"] * 20 + ["new"]:
            asking = tasks.create_task(market.answer(price_of(coin), client="bot"))
            await clock.advance(1)
            await asking
        await clock.advance(31)  # now the others are about to be asked for again
        asking = tasks.create_task(market.answer(price_of("newer"), client="bot"))
        await clock.advance(1)
        await asking
    first, one_more, all_again = (asker.expected for _, asker in upstream.askers)
    assert one_more < 3 < 10 < all_again
    assert first > 0
