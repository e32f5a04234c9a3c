"""What the planner has a call ask for, and when it has none tried: real parts over an upstream that has everything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dozor.caching.readthrough import HELD_OFF_S
from dozor.caching.stats import Outcome
from dozor.domain.lanes import Lane
from dozor.forecast.timeline import LoopClock, SimulatedLoop
from dozor.market import tuning
from dozor.market.demand import FORGOTTEN_AFTER_S
from dozor.market.endpoints import BY_PATH
from dozor.market.families.prices import FLAGS, MOST_IDS, USUAL_CURRENCIES
from dozor.market.question import Question, canonical
from dozor.market.service import Answer
from fakes import FakeClock
from market.echoing_upstream import EchoingUpstream, members_of, prices_of
from recording_upstream import market_over

NAMES = [f"{'long-' * (number % 9)}{'é' * (number % 5 == 0)}{number}" for number in range(1500)]
CURRENCIES = [*USUAL_CURRENCIES, *(f"c{number}" for number in range(20))]
GLOBAL = canonical(BY_PATH["/global"], {}, [], full_history=False)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Wish:
    """What one asker wants, as a stretch of ``NAMES``."""

    first: int
    count: int
    currencies: Sequence[str]
    flags: Sequence[str]

    @property
    def coins(self) -> Sequence[str]:
        return NAMES[self.first : self.first + self.count]


WISHES = st.builds(
    Wish,
    first=st.integers(0, 1200),
    count=st.integers(1, 300),
    currencies=st.lists(st.sampled_from(CURRENCIES), unique=True, min_size=1, max_size=20),
    flags=st.lists(st.sampled_from(FLAGS), unique=True),
)


@settings(max_examples=40)
@given(st.lists(WISHES, min_size=1, max_size=8))
def test_whatever_people_want_at_once_each_gets_all_of_it_in_calls_that_upstream_takes(wishes: list[Wish]) -> None:
    loop = SimulatedLoop()
    clock = LoopClock(loop, NOON)
    upstream = EchoingUpstream(clock)

    async def ask() -> list[Answer]:
        async with asyncio.TaskGroup() as tasks:
            market = market_over(upstream, tasks, clock)
            questions = [prices_of(wish.coins, wish.currencies, wish.flags) for wish in wishes]
            return await asyncio.gather(*(market.answer(question, client="bot") for question in questions))

    answers = loop.run_until_complete(ask())
    loop.close()
    for wish, answer in zip(wishes, answers, strict=True):
        said = json.loads(answer.body)
        assert said.keys() == set(wish.coins)
        assert all(members.keys() == members_of(wish.currencies, wish.flags) for members in said.values())
    for call in upstream.price_calls:
        assert len(call.coins) <= MOST_IDS
        assert len(quote(",".join(call.coins), safe=",")) <= tuning.MOST_CHARS
        assert len(call.currencies) <= tuning.MOST_COLUMNS
        assert list(call.flags) == list(FLAGS)


class Scene:
    """A market that is asked again and again, and how its upstream is asked."""

    def __init__(self, upstream: EchoingUpstream, clock: FakeClock, tasks: asyncio.TaskGroup) -> None:
        self.upstream, self.clock = upstream, clock
        self.market = market_over(upstream, tasks, clock)

    async def ask(self, question: Question) -> Answer:
        """An answer, after the second in which whatever is due for it is fetched."""
        asking = asyncio.create_task(self.market.answer(question, client="bot"))
        await self.clock.advance(tuning.ONE_AT_A_TIME_S)
        return await asking

    async def coins_of_a_call_for(self, coin: str) -> Sequence[str]:
        """All that a call asks for that this coin, never asked for before, has caused."""
        calls = len(self.upstream.price_calls)
        await self.ask(prices_of([coin]))
        (call,) = self.upstream.price_calls[calls:]
        return call.coins


@asynccontextmanager
async def a_scene() -> AsyncIterator[Scene]:
    clock = FakeClock()
    async with asyncio.TaskGroup() as tasks:
        yield Scene(EchoingUpstream(clock), clock, tasks)


async def test_what_is_most_in_demand_rides_along_on_a_call_that_goes_anyway() -> None:
    async with a_scene() as scene:
        rare, wanted = ([f"{kind}{number}" for number in range(400)] for kind in ("r", "w"))
        await scene.ask(prices_of(rare))
        for _ in range(3):
            await scene.ask(prices_of(wanted))
        await scene.clock.advance(40)  # past half of their fresh time all of them would ride along
        coins = await scene.coins_of_a_call_for("new")
        assert len(coins) == MOST_IDS
        assert {"new", *wanted} <= set(coins)
        assert set(coins) <= {"new", *wanted, *rare}


async def test_what_falls_due_soon_rides_before_what_is_more_in_demand_and_new() -> None:
    async with a_scene() as scene:
        older, newer = ([f"{kind}{number}" for number in range(500)] for kind in ("o", "n"))
        await scene.ask(prices_of(older))
        await scene.clock.advance(40)
        for _ in range(5):
            await scene.ask(prices_of(newer))
        renewed = set(scene.upstream.price_calls[-1].coins) - set(newer)
        await scene.clock.advance(15)
        coins = await scene.coins_of_a_call_for("new")
        assert len(coins) == MOST_IDS
        assert {"new", *older} - renewed <= set(coins)
        assert set(coins) & set(newer), "and then what is in demand, while there is room"


async def test_what_nobody_asked_for_in_a_day_rides_along_no_more() -> None:
    async with a_scene() as scene:
        await scene.ask(prices_of(["bitcoin", "ethereum"]))
        await scene.clock.advance(FORGOTTEN_AFTER_S / 2)
        await scene.ask(prices_of(["bitcoin"]))
        await scene.clock.advance(FORGOTTEN_AFTER_S / 2)
        assert list(await scene.coins_of_a_call_for("new")) == ["bitcoin", "new"]


@pytest.mark.parametrize("question", [prices_of(["bitcoin"]), GLOBAL], ids=["facts", "a unit"])
async def test_where_no_call_is_to_be_had_refreshes_are_not_tried_again_for_two_seconds(
    question: Question,
) -> None:
    async with a_scene() as scene:
        upstream = scene.upstream
        known = await scene.ask(question)
        await scene.clock.advance(known.policy.fresh_for.total_seconds())
        upstream.is_spent = True
        tries = len(upstream.askers)
        for _ in range(2):
            answer = await scene.ask(question)
            assert (answer.outcome, answer.fetched_at) == (Outcome.STALE_HIT, known.fetched_at)
            assert len(upstream.askers) == tries + 1, "the first has found out for all"
        assert upstream.askers[-1][1].lane is Lane.REFRESH
        upstream.is_spent = False
        await scene.clock.advance(HELD_OFF_S)
        await scene.ask(question)
        assert len(upstream.askers) == tries + 2
        assert (await scene.ask(question)).is_fresh


async def test_who_has_nothing_to_be_shown_is_held_off_by_nobodys_failure() -> None:
    async with a_scene() as scene:
        known = await scene.ask(prices_of(["bitcoin"]))
        await scene.clock.advance(known.policy.fresh_for.total_seconds())
        scene.upstream.is_spent = True
        await scene.ask(prices_of(["bitcoin"]))
        scene.upstream.is_spent = False
        assert "new" in await scene.coins_of_a_call_for("new")
