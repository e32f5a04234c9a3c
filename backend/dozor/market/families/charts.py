"""``/coins/{id}/market_chart``: which questions are about the same points.

Upstream samples a coin three times over: every five minutes for one day, hourly for 2 to 90 days, and at midnight for
more. Points of two samplings are different points (recorded: one day and 30 days, fetched 2 s apart, had no instant in
common), so nothing is ever taken from one into another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from dozor.market.question import Question
from dozor.market.reach import days_of

PATH = "/coins/{id}/market_chart"


class Granularity(Enum):
    """How far two points of a chart lie apart."""

    FIVE_MINUTES = "5 minutes"
    HOURLY = "an hour"
    DAILY = "a day"


USUAL_DAYS: Mapping[Granularity, Sequence[int]] = {
    # How far back people ask: in these answers the points of others are looked for. One day has no second length.
    Granularity.FIVE_MINUTES: (),
    Granularity.HOURLY: (7, 30, 90),
    Granularity.DAILY: (365,),
}


@dataclass(frozen=True, slots=True)
class Sampling:
    """One sampling of a coin: whatever is asked about it, it is about the same points, in the same texts."""

    coin_id: str
    currency: str
    precision: str | None
    granularity: Granularity


@dataclass(frozen=True, slots=True)
class ChartQuestion:
    """A question about the points of ``sampling`` in the last ``days``."""

    asked: Question
    sampling: Sampling
    days: int

    @property
    def reach_days(self) -> int:
        """How far back closed points are of use for any question about the same points, and a day more."""
        return max(USUAL_DAYS[self.sampling.granularity], default=0) + 1

    def others(self) -> Sequence[ChartQuestion]:
        """The questions about the same points over all usual lengths but this one."""
        lengths = (days for days in USUAL_DAYS[self.sampling.granularity] if days != self.days)
        return [replace(self, asked=_over(days, self.asked), days=days) for days in lengths]


def read(question: Question) -> ChartQuestion | None:
    """The question as one about points; ``None`` for any other, and for one that only upstream understands.

    ``interval`` chooses a sampling by rules of its own, and ``max`` reaches back to where only upstream knows.
    """
    if question.endpoint.path != PATH or question.get("interval") is not None:
        return None
    days = days_of(question.get("days") or "")
    if days is None or math.isinf(days) or days < 1:
        return None
    coin_id, currency = question.get("id") or "", question.get("vs_currency") or ""
    sampling = Sampling(coin_id, currency, question.get("precision"), granularity_of(days))
    return ChartQuestion(question, sampling, int(days))


def granularity_of(days: float) -> Granularity:
    """How upstream samples a chart over so many days by itself."""
    if days < 2:
        return Granularity.FIVE_MINUTES
    return Granularity.HOURLY if days <= 90 else Granularity.DAILY


def _over(days: int, question: Question) -> Question:
    params = tuple((name, str(days) if name == "days" else value) for name, value in question.params)
    return replace(question, params=params)
