"""Charts made of other charts, against the stand-in's upstream under several seeds of what is unknown about it."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dozor.caching.stats import Outcome
from dozor.domain.bounds import NO_BOUNDS, Bounds
from dozor.domain.freshness import Freshness, FreshnessPolicy
from dozor.market.chart_reader import ChartReader
from dozor.market.default_views import chart_question
from dozor.market.endpoints import BY_PATH
from dozor.market.families import charts
from dozor.market.question import Question, canonical
from dozor.market.series import KINDS
from dozor.market.service import Answer
from dozor.standin.answers.charts import market_chart
from dozor.standin.asked import Asked
from dozor.standin.catalogue import catalogue
from dozor.standin.model import Market
from dozor.standin.numbers import NumberText
from dozor.standin.quirks import Edge, Quirks
from fakes import FakeClock

FRESH = FreshnessPolicy(timedelta(minutes=30), timedelta(minutes=30))
HOUR, DAY = 3600, 24 * 3600
SEEDS = range(6)
MARKETS = {seed: Market(catalogue(300), seed) for seed in SEEDS}
Points = dict[str, list[bytes]]


class OneUpstream:
    """The market service as far as charts need it: one answer for each question, from the stand-in of ``seed``."""

    def __init__(self, seed: int) -> None:
        self.clock = FakeClock()
        self.calls: list[str] = []
        self.derived = 0
        self.quirks = Quirks.of(seed)
        self._market = MARKETS[seed]
        self._kept: dict[str, Answer] = {}

    async def known(self, question: Question) -> Answer | None:
        kept = self._kept.get(question.key)
        if kept is None:
            return None
        age = self.clock.now() - kept.fetched_at
        return None if kept.policy.classify(age) is Freshness.EXPIRED else replace(kept, age=age)

    async def answer(self, question: Question, *, client: str, bounds: Bounds = NO_BOUNDS) -> Answer:
        known = await self.known(question)
        if known is not None and known.is_fresh:
            return known
        self.calls.append(question.get("days") or "")
        body = self.body(question)
        answer = Answer(
            body=body,
            hash=hashlib.sha256(body).hexdigest(),
            headers=(),
            fetched_at=self.clock.now(),
            age=timedelta(0),
            policy=FRESH,
            outcome=Outcome.MISS,
            source="upstream",
            derived=False,
            error=None,
        )
        self._kept[question.key] = answer
        return answer

    def count_derived(self, function: str) -> None:
        assert function == "get_crypto_chart"
        self.derived += 1

    def body(self, question: Question) -> bytes:
        """What upstream says now."""
        query = dict(question.params)
        names = dict(question.path_params)
        now = self.clock.now().timestamp()
        asked = Asked(self._market, self.quirks, NumberText(self.quirks), now, "", query, names)
        return market_chart(asked).encode()


def chart(days: int, coin: str = "bitcoin", currency: str = "usd") -> Question:
    return chart_question(coin, currency, str(days))


def points(body: bytes) -> Points:
    read = msgspec.json.decode(body, type=dict[str, list[msgspec.Raw]])
    return {kind: [bytes(point) for point in read[kind]] for kind in KINDS}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("coin", ["bitcoin", "pepe", "1move token"])
async def test_a_shorter_chart_out_of_a_fresh_longer_one_is_upstreams_own_but_for_a_point_at_its_beginning(
    seed: int, coin: str
) -> None:
    market = OneUpstream(seed)
    reader = ChartReader(market)
    await reader.answer(chart(90, coin), client="app")
    for days in (7, 30):
        served = await reader.answer(chart(days, coin), client="app")
        assert (served.approximate, served.derived, served.age) == (True, True, timedelta(0))
        made, own = points(served.body), points(market.body(chart(days, coin)))
        extra = len(made["prices"]) - len(own["prices"])
        assert extra in ({0} if market.quirks.edge is Edge.TO_THE_SECOND else {0, 1})
        assert {kind: texts[extra:] for kind, texts in made.items()} == own
    assert market.calls == ["90"]
    assert market.derived == 2


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_longer_chart_is_what_is_known_of_it_continued_by_a_fresh_shorter_one(seed: int) -> None:
    market = OneUpstream(seed)
    reader = ChartReader(market)
    await reader.answer(chart(90), client="app")
    for _ in range(12):  # no chart of 90 days is in the cache any more, and each of 7 overlaps the one before
        await market.clock.advance(5 * DAY)
        week = await reader.answer(chart(7), client="app")
        assert not week.approximate
        own = points(market.body(chart(90)))
        await market.clock.advance(60)
        served = await reader.answer(chart(90), client="app")
        assert (served.approximate, served.fetched_at, served.age) == (True, week.fetched_at, timedelta(seconds=60))
        made = points(served.body)
        extra = len(made["prices"]) - len(own["prices"])
        assert extra in {0, 1}
        assert {kind: texts[extra:] for kind, texts in made.items()} == {
            kind: [*texts[:-1], points(week.body)[kind][-1]] for kind, texts in own.items()
        }
    assert market.calls == ["90", *["7"] * 12]


async def test_a_gap_between_what_is_known_and_a_fresh_chart_costs_a_call() -> None:
    market = OneUpstream(0)
    reader = ChartReader(market)
    await reader.answer(chart(90), client="app")
    await market.clock.advance(10 * DAY)
    await reader.answer(chart(7), client="app")
    assert not (await reader.answer(chart(90), client="app")).approximate
    assert market.calls == ["90", "7", "90"]


@pytest.mark.parametrize(("first", "then"), [(7, 1), (90, 1), (365, 90), (365, 1), (90, 365), (1, 7), (365, 91)])
async def test_points_of_another_granularity_are_never_taken(first: int, then: int) -> None:
    market = OneUpstream(0)
    reader = ChartReader(market)
    await reader.answer(chart(first), client="app")
    served = await reader.answer(chart(then), client="app")
    same = charts.granularity_of(first) is charts.granularity_of(then)
    assert served.approximate is same
    assert market.calls == [str(first)] if same else [str(first), str(then)]
    assert same is (then == 91)


async def test_another_coin_currency_precision_or_interval_is_another_chart() -> None:
    market = OneUpstream(0)
    reader = ChartReader(market)
    await reader.answer(chart(90), client="app")
    asked = functools.partial(canonical, BY_PATH["/coins/{id}/market_chart"], {"id": "bitcoin"}, full_history=False)
    week = {"vs_currency": "usd", "days": "7"}
    others = [
        chart(7, "ethereum"),
        chart(7, currency="eur"),
        asked({**week, "precision": "2"}.items()),
        asked({**week, "interval": "daily"}.items()),
        asked({**week, "days": "0"}.items()),
        asked({**week, "days": "week"}.items()),
    ]
    for question in others[:4]:
        assert not (await reader.answer(question, client="app")).approximate
    assert len(market.calls) == 5
    assert [charts.read(question) for question in others[3:]] == [None, None, None]


async def test_a_fresh_answer_of_its_own_goes_before_one_that_is_made() -> None:
    market = OneUpstream(0)
    reader = ChartReader(market)
    await reader.answer(chart(7), client="app")
    await reader.answer(chart(30), client="app")
    await market.clock.advance(20 * 60)
    assert not (await reader.answer(chart(7), client="app")).approximate
    await market.clock.advance(11 * 60)
    await reader.answer(chart(30), client="app")
    assert (await reader.answer(chart(7), client="app")).approximate
    assert market.calls == ["7", "30", "30"]


async def test_nothing_is_made_of_an_old_chart() -> None:
    market = OneUpstream(0)
    reader = ChartReader(market)
    await reader.answer(chart(90), client="app")
    await market.clock.advance(31 * 60)
    assert not (await reader.answer(chart(7), client="app")).approximate
    assert market.calls == ["90", "7"]


async def test_a_chart_that_is_asked_for_again_is_not_made_again() -> None:
    market = OneUpstream(0)
    reader = ChartReader(market)
    await reader.answer(chart(90), client="app")
    first = await reader.answer(chart(7), client="app")
    assert (await reader.answer(chart(7), client="app")).body is first.body


async def test_an_odd_body_is_passed_on_and_nothing_is_made_of_it() -> None:
    market = OneUpstream(0)
    odd = b'{"prices":[[2,1],[1,1],[3,1]],"market_caps":[],"total_volumes":[]}'
    market.body = lambda _: odd  # type: ignore[method-assign]
    reader = ChartReader(market)
    for days in (90, 7):
        answer = await reader.answer(chart(days), client="app")
        assert (answer.body, answer.approximate) == (odd, False)


steps = st.lists(st.tuples(st.integers(0, 3 * DAY), st.sampled_from([2, 7, 14, 30, 90])), min_size=2, max_size=8)


@settings(max_examples=25, deadline=None)
@given(steps, st.sampled_from(SEEDS), st.sampled_from(["bitcoin", "tether"]))
async def test_every_point_that_is_served_was_said_and_none_between_is_missing(
    asks: list[tuple[int, int]], seed: int, coin: str
) -> None:
    market = OneUpstream(seed)
    reader = ChartReader(market)
    said: dict[str, set[bytes]] = {kind: set() for kind in KINDS}
    closed: dict[str, set[bytes]] = {kind: set() for kind in KINDS}
    for pause, days in asks:
        await market.clock.advance(pause)
        answer = await reader.answer(chart(days, coin), client="app")
        found = points(answer.body)
        if not answer.approximate:
            for kind, texts in found.items():
                said[kind].update(texts)
                closed[kind].update(texts[:-1])
            continue
        assert answer.is_fresh
        for kind, texts in found.items():
            instants = [msgspec.json.decode(text)[0] for text in texts]
            assert instants == sorted(set(instants))
            assert said[kind] >= set(texts)
            between = {text for text in closed[kind] if instants[0] <= msgspec.json.decode(text)[0] < instants[-1]}
            assert between <= set(texts)
