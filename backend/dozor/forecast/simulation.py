"""What a workload would cost, and how fresh its answers would be: the real planner and admission in simulated time.

A month of many questions is sampled: windows spread evenly over it, each simulated whole, question by question. Between
two of them the month goes on: calls are made at the rate of the last window, as far as the month's pace allows. The
cache finds itself at the next window as the last one left it, as if all the time had been like these. The beginning,
while it fills for the first time, is not counted in a sample.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import TypeAlias
from urllib.parse import parse_qsl

from dozor.caching.memory import MemoryTier
from dozor.caching.negative import Negatives
from dozor.caching.readthrough import ReadThrough
from dozor.caching.singleflight import SingleFlight
from dozor.caching.stats import ReadStats
from dozor.caching.tiers import Found, Tiers
from dozor.domain.budget import Limits
from dozor.domain.errors import DozorError, QuestionRejected
from dozor.domain.lanes import Lane
from dozor.forecast.purse import Purse
from dozor.forecast.timeline import LoopClock, SimulatedLoop
from dozor.forecast.upstream import SimulatedUpstream
from dozor.forecast.workload import Moment
from dozor.market.ahead import refresh_ahead
from dozor.market.batches import Batches, Surroundings
from dozor.market.board import Board
from dozor.market.catalogue import Catalogue
from dozor.market.coin_ids import CoinIds
from dozor.market.endpoints import match
from dozor.market.policy import Pacing
from dozor.market.question import Question, canonical
from dozor.market.service import MarketService
from dozor.market.units import Units
from dozor.market.unknown_ids import UnknownIds
from dozor.upstream.admission import Admission

DAY_S = 86_400.0
MOST_QUESTIONS = 200_000
WINDOWS = 20
SETTLING = 0.2  # of the first window, while the cache fills
SHORTEST_WINDOW_S = 900.0
BEGAN_AT = datetime(2026, 1, 1, tzinfo=UTC)  # a month of 31 days, from its reset on
MEMORY_BYTES = 64 * 1024 * 1024
QUESTIONS_REMEMBERED = 10_000
SCHEDULED_S = 60.0  # so far ahead questions are made up: by a timer each, which costs less than to sleep until each
WAITED_S = 0.05  # longer than this, and somebody noticed

Moments: TypeAlias = Callable[[float, float], Iterable[Moment]]


@dataclass(slots=True)
class KindFigures:
    """What came of the questions of one kind. ``ages`` and ``waits`` are in seconds, of those answered."""

    asked: int = 0
    failed: int = 0
    rejected: int = 0
    waited: int = 0
    ages: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Forecast:
    """What came of it all. ``asked`` and ``calls`` are what was simulated, in ``simulated_s`` seconds of ``span_s``.

    ``month_calls`` are those of the whole span, as counted on the month; ``by_day`` is how many were counted by the end
    of each window.
    """

    kinds: dict[str, KindFigures]
    asked: int
    calls: int
    simulated_s: float
    span_s: float
    month_calls: int
    costs: Counter[str]
    by_day: list[tuple[float, int]]

    @property
    def questions(self) -> int:
        """How many were simulated and counted."""
        return sum(figures.asked for figures in self.kinds.values())

    @property
    def is_sampled(self) -> bool:
        """Whether only parts of the span were simulated."""
        return self.simulated_s < self.span_s


def forecast(
    moments: Moments,
    per_second: float,
    coins: Sequence[str],
    limits: Limits,
    *,
    paid: bool,
    keyed: bool = True,
    span_s: float = 31 * DAY_S,
    progress: Callable[[float], None] = lambda _: None,
) -> Forecast:
    """Answer the questions that ``moments(begin, end)`` gives for spans of the month, about ``per_second`` of them.

    ``keyed``: with a key, what is in demand is refreshed ahead. ``coins`` are those that upstream knows, by their rank.
    ``progress`` is told the share that is done.
    """
    loop = SimulatedLoop()
    try:
        return loop.run_until_complete(_run(loop, moments, per_second, coins, limits, paid, keyed, span_s, progress))
    finally:
        loop.close()


def windows(per_second: float, span_s: float) -> Sequence[tuple[float, float]]:
    """The spans to simulate: the whole, where its questions are few enough, else so much of it, in even parts."""
    needed_s = MOST_QUESTIONS / (1 - SETTLING / WINDOWS) / per_second
    if needed_s >= span_s:
        return [(0.0, span_s)]
    number = max(1, min(WINDOWS, math.floor(needed_s / SHORTEST_WINDOW_S)))
    return [(begin, begin + needed_s / number) for begin in (span_s / number * place for place in range(number))]


async def _run(
    loop: SimulatedLoop,
    moments: Moments,
    per_second: float,
    coins: Sequence[str],
    limits: Limits,
    paid: bool,  # noqa: FBT001  # handed on
    keyed: bool,  # noqa: FBT001
    span_s: float,
    progress: Callable[[float], None],
) -> Forecast:
    clock = LoopClock(loop, BEGAN_AT)
    purse = Purse(limits, clock)
    result = Forecast({}, 0, 0, 0.0, span_s, 0, purse.costs, [])
    async with asyncio.TaskGroup() as tasks:
        upstream = SimulatedUpstream(Admission(purse, tasks, clock, per_minute=lambda: limits.most), clock, coins)
        lane = Lane.WARM_UP if limits.per_month else Lane.REFRESH
        market, end_refreshing = _market(upstream, tasks, clock, paid=paid, ahead=lane if keyed else None)
        spans = windows(per_second, span_s)
        asker = _Asker(market, clock, result, paid=paid)

        def ask(moment: Moment, counts: bool) -> None:  # noqa: FBT001  # called by a timer
            tasks.create_task(asker.ask(moment, counts=counts))

        for number, (begin, end) in enumerate(spans):
            began, calls_before = loop.time(), upstream.calls
            settled = begin + (end - begin) * SETTLING if number == 0 and len(spans) > 1 else begin
            for moment in moments(begin, end):
                at = began + moment.at - begin
                if at - loop.time() > SCHEDULED_S:
                    await asyncio.sleep(at - loop.time())
                loop.call_at(at, ask, moment, moment.at >= settled)
                result.asked += 1
            await asyncio.sleep(max(0.0, began + end - begin - loop.time()))
            result.simulated_s += end - begin
            progress((number + 1) / len(spans))
            following = spans[number + 1][0] if number + 1 < len(spans) else span_s
            purse.skip(following - end, (upstream.calls - calls_before) / (end - begin))
            result.by_day.append((following, purse.used.total()))
        end_refreshing()
        result.calls = upstream.calls
        result.month_calls = purse.used.total()
    return result


class _Asker:
    """Asks, and writes down what comes."""

    def __init__(self, market: MarketService, clock: LoopClock, result: Forecast, *, paid: bool) -> None:
        self._market = market
        self._clock = clock
        self._result = result
        self._question = lru_cache(QUESTIONS_REMEMBERED)(partial(question_of, paid=paid))

    async def ask(self, moment: Moment, *, counts: bool) -> None:
        """Ask one question; ``counts``: what comes of it belongs to the result."""
        figures = self._result.kinds.setdefault(moment.kind, KindFigures()) if counts else KindFigures()
        figures.asked += 1
        began = self._clock.monotonic()
        try:
            answer = await self._market.answer(self._question(moment.target), client="somebody")
        except QuestionRejected:
            figures.rejected += 1
            return
        except DozorError:
            figures.failed += 1
            return
        waited = self._clock.monotonic() - began
        figures.waited += waited > WAITED_S
        figures.waits.append(waited)
        figures.ages.append(answer.age.total_seconds())


def question_of(target: str, *, paid: bool) -> Question:
    """The question behind a path and query below ``/api/v3``. Raises QuestionRejected."""
    path, _, query = target.partition("?")
    found = match(path.strip("/").split("/"))
    if found is None:
        raise QuestionRejected(404, b"")
    return canonical(*found, parse_qsl(query, keep_blank_values=True), full_history=paid)


def _market(
    upstream: SimulatedUpstream, tasks: asyncio.TaskGroup, clock: LoopClock, *, paid: bool, ahead: Lane | None
) -> tuple[MarketService, Callable[[], object]]:
    """The market service, and how to end what it refreshes ahead in this lane, so that the tasks come to an end."""
    tiers = Tiers(MemoryTier(MEMORY_BYTES), [], tasks, clock, holder="forecast")
    negatives, stats, board, catalogue, pacing = Negatives(clock), ReadStats(), Board(), Catalogue(), Pacing(paid)
    cache = ReadThrough(tiers, SingleFlight[Found](tasks), negatives, stats, clock)
    ids = CoinIds()
    units = Units(cache, upstream, board, catalogue, ids, clock, pacing)
    unknown = UnknownIds(ids, catalogue, units, SingleFlight[None](tasks), clock)
    surroundings = Surroundings(pacing, catalogue, units, unknown.is_known)
    batches = Batches(
        board, upstream, tiers, negatives, stats, tasks, clock, surroundings, assemble=lambda _, __: b"{}"
    )
    market = MarketService(units, batches, unknown, catalogue, stats, clock, expected_wait=upstream.expected_wait)
    if ahead is None:
        return market, lambda: None
    return market, tasks.create_task(refresh_ahead(units, batches, clock, ahead)).cancel
