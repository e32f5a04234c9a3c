"""Charts that are put together from what other charts said, where that is allowed: approximate, and called so.

Seven days lie inside a fresh chart of 90, and a fresh chart of seven days continues the closed points of one of 90 that
is old by now: neither costs a call. What is not known about upstream is where exactly it would have begun (a point more
or less at the very beginning), and whether a chart of its own would end with another price of the moment.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from dozor.caching.lru import ByteLru
from dozor.domain.bounds import NO_BOUNDS, Bounds
from dozor.market.families import charts
from dozor.market.families.charts import ChartQuestion, Sampling
from dozor.market.question import Question
from dozor.market.series import Series, body_over, merged, read_chart
from dozor.market.service import Answer

POINTS_BYTES = 16 * 1024 * 1024  # of closed points: a coin's hourly ones of 90 days take 230 KB
MADE_BYTES = 8 * 1024 * 1024
BODIES_REMEMBERED = 8  # of one sampling: more lengths than people ask for


class Answers(Protocol):
    """Who answers questions with upstream's own answers to them."""

    async def answer(self, question: Question, *, client: str, bounds: Bounds) -> Answer:
        """The best answer to be had; see ``MarketService.answer``."""

    async def known(self, question: Question) -> Answer | None:
        """What can be answered without a call and without waiting for one, whatever its age short of expired."""

    def count_derived(self, function: str) -> None:
        """Count a question to ``function`` that was answered by way of other answers."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """Closed points, and the hashes of the bodies taken in last."""

    points: Series
    bodies: tuple[str, ...]


class ChartReader:
    """Answers questions, those about charts by way of other charts too. One instance per loop.

    Closed points are kept for as long as there is room for them: those that were needed last stay.
    """

    def __init__(self, market: Answers) -> None:
        self._market = market
        self._kept: ByteLru[Sampling, _Kept] = ByteLru(POINTS_BYTES, lambda _, kept: kept.points.size_bytes)
        self._made: ByteLru[tuple[str, str], tuple[bytes, str]] = ByteLru(
            MADE_BYTES, lambda place, made: len(place[0]) + len(made[0]) + 256
        )

    async def answer(self, question: Question, *, client: str, bounds: Bounds = NO_BOUNDS) -> Answer:
        """The fresh answer to this question, else a fresh approximate one, else what the market service answers.

        ``bounds`` are the asker's: within its fresh time an answer meets them all.

        Raises what that raises.
        """
        wanted = charts.read(question)
        others = wanted.others() if wanted is not None else ()
        if wanted is None or not others:
            return await self._market.answer(question, client=client, bounds=bounds)
        known = await self._market.known(question)
        if known is None or not known.is_fresh:
            found = [(other, said) for other in others if (said := await self._market.known(other.asked)) is not None]
            if known is not None:
                self._keep(wanted, known)
            derived = self._derived(wanted, found)
            if derived is not None:
                self._market.count_derived(question.endpoint.function)
                return derived
        answer = await self._market.answer(question, client=client, bounds=bounds)
        self._keep(wanted, answer)
        return answer

    def _derived(self, wanted: ChartQuestion, found: list[tuple[ChartQuestion, Answer]]) -> Answer | None:
        """The answer that ends as the newest fresh one found, if the points that are known reach back so far."""
        for other, said in found:
            self._keep(other, said)
        fresh = [pair for pair in found if pair[1].is_fresh]
        for other, said in sorted(fresh, key=lambda pair: pair[1].fetched_at, reverse=True):
            place = (wanted.asked.key, said.hash)
            made = self._made.get(place)
            if made is None:
                body = self._body(wanted, other, said)
                if body is None:
                    continue
                made = (body, hashlib.sha256(body).hexdigest())
                self._made.put(place, made)
            return replace(said, body=made[0], hash=made[1], derived=True, approximate=True)
        return None

    def _body(self, wanted: ChartQuestion, other: ChartQuestion, said: Answer) -> bytes | None:
        try:
            chart = read_chart(said.body, other.days)
        except (msgspec.DecodeError, ValueError):
            return None
        kept = self._kept.get(wanted.sampling)
        return body_over(wanted.days, chart, chart.closed if kept is None else kept.points)

    def _keep(self, question: ChartQuestion, answer: Answer) -> None:
        """Take in the closed points of an answer, unless that was done before."""
        kept = self._kept.get(question.sampling)
        if answer.approximate or (kept is not None and answer.hash in kept.bodies):
            return
        try:
            points = read_chart(answer.body, question.days).closed
        except (msgspec.DecodeError, ValueError):
            return  # not as every recorded chart: it is shown as it is, and nothing is made of it
        bodies = ((*kept.bodies, answer.hash) if kept is not None else (answer.hash,))[-BODIES_REMEMBERED:]
        if kept is not None:
            points = merged(kept.points, points)
        self._kept.put(question.sampling, _Kept(points.last_days(question.reach_days), bodies))
