"""The index behind the searches: made beside the loop, once per coin list, from one call."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from dozor.caching.stats import Outcome
from dozor.domain.bounds import Bounds
from dozor.domain.freshness import FreshnessPolicy
from dozor.market.catalogue import Catalogue
from dozor.market.lookup import OFF_LOOP_BYTES, CoinLookup
from dozor.market.question import Question
from dozor.market.service import Answer
from fakes import FakeClock, settle
from recording_upstream import RecordingUpstream, market_over

MANY = json.dumps([{"id": f"coin-{n}", "symbol": f"c{n}", "name": f"Coin {n}"} for n in range(10_000)]).encode()
FEW = b'[{"id":"bitcoin","symbol":"btc","name":"Bitcoin"}]'


class OneList:
    """A market service that knows nothing but a coin list, and writes down what it was asked."""

    def __init__(self, body: bytes) -> None:
        self.catalogue = Catalogue()
        self.body = body
        self.calls: list[str] = []

    async def answer(self, question: Question, *, client: str, bounds: Bounds) -> Answer:
        self.calls.append(question.key)
        return Answer(
            body=self.body,
            hash=str(hash(self.body)),
            headers=(),
            fetched_at=datetime(2026, 11, 22, tzinfo=UTC),
            age=timedelta(0),
            policy=FreshnessPolicy(timedelta(minutes=30), timedelta(minutes=30)),
            outcome=Outcome.HIT,
            source="memory",
            derived=False,
            error=None,
        )


async def test_loop_goes_on_while_a_long_list_is_made_searchable() -> None:
    assert len(MANY) > OFF_LOOP_BYTES
    lookup = CoinLookup(OneList(MANY))  # type: ignore[arg-type]
    finding = asyncio.gather(*(lookup.find(f"coin {n}", 5, client="app") for n in range(5)))
    turns = 0
    while not finding.done():
        await asyncio.sleep(0)
        turns += 1
    assert [found.matches[0].coin.id for found in await finding] == [f"coin-{n}" for n in range(5)]
    assert turns > 20, "made on the loop, it would be there after a few turns"


async def test_asker_who_leaves_while_the_index_is_made_spoils_it_for_nobody() -> None:
    lookup = CoinLookup(OneList(MANY))  # type: ignore[arg-type]
    leaving = asyncio.ensure_future(lookup.find("coin 1", 5, client="app"))
    staying = asyncio.ensure_future(lookup.find("coin 2", 5, client="app"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).matches[0].coin.id == "coin-2"


async def test_searches_ask_for_the_list_with_contract_addresses_and_for_no_other() -> None:
    market = OneList(FEW)
    lookup = CoinLookup(market)  # type: ignore[arg-type]
    for query in ("btc", "0xdac17f958d2ee523a2206206994597c13d831ec7", "биткоин"):
        await lookup.find(query, 5, client="app")
    assert len(set(market.calls)) == 1
    assert "include_platform=true" in market.calls[0]


@pytest.mark.parametrize("days", [0.3, 1, 2, 400])
async def test_nobody_who_searches_waits_for_a_newer_list(days: float) -> None:
    clock = FakeClock()
    upstream = RecordingUpstream(clock)
    async with asyncio.TaskGroup() as tasks:
        lookup = CoinLookup(market_over(upstream, tasks, clock))
        await lookup.find("btc", 5, client="app")
        upstream.open.clear()
        await clock.advance(days * 24 * 3600)
        found = await lookup.find("btc", 5, client="bot")
        assert (found.coin_list.is_fresh, found.coin_list.age.days) == (False, int(days))
        await settle()
        assert [(family, client) for family, _, client in upstream.wanted[1:]] == [("get_coin_list", "bot")]
        upstream.open.set()


async def test_new_list_is_searched_as_soon_as_it_is_there() -> None:
    market = OneList(b"[]")
    lookup = CoinLookup(market)  # type: ignore[arg-type]
    assert (await lookup.find("btc", 5, client="app")).matches == []
    market.body = FEW
    assert [match.coin.id for match in (await lookup.find("btc", 5, client="app")).matches] == ["bitcoin"]


async def test_rank_that_is_learned_later_changes_what_was_found_before() -> None:
    market = OneList(FEW)
    lookup = CoinLookup(market)  # type: ignore[arg-type]
    before = await lookup.find("btc", 5, client="app")
    market.catalogue.learn("/coins/markets", b'[{"id":"bitcoin","symbol":"btc","name":"Bitcoin","market_cap_rank":1}]')
    after = await lookup.find("btc", 5, client="app")
    assert [found.matches[0].rank for found in (before, after)] == [None, 1]
    assert before.revision != after.revision
