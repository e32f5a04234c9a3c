"""How long an answer stays fresh: the provider's own cadence, never shorter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from dozor.domain.freshness import FreshnessPolicy
from dozor.market.endpoints import Cadence, Endpoint, History
from dozor.market.question import Question
from dozor.market.reach import day_of, days_of, moment_of

INTRADAY_CHART = timedelta(minutes=5)  # 1 day: 5-minute points
HOURLY_CHART = timedelta(minutes=30)  # 2 to 90 days: hourly points
DAILY_CHART = timedelta(hours=12)  # longer: daily points, until the last completed day appears
DAY_THAT_IS_OVER = timedelta(days=1)  # figures of such a day do not change, but names and pictures beside them may
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pacing:
    """Whose cadence counts: that of ``paid`` plans, or the public one. ``price_fresh_s`` replaces that of prices."""

    paid: bool
    price_fresh_s: float | None = None

    def fresh_for(self, endpoint: Endpoint) -> timedelta:
        """How long an answer of this endpoint is fresh, where nothing in the question says otherwise."""
        if endpoint.is_price and self.price_fresh_s is not None:
            return timedelta(seconds=self.price_fresh_s)
        cadence = endpoint.cadence
        return timedelta(seconds=cadence.pro_s if self.paid else cadence.keyless_or_demo_s)


def policy_for(question: Question, fetched_at: datetime, pacing: Pacing) -> FreshnessPolicy:
    """The limits for an answer to ``question`` fetched at ``fetched_at`` (UTC). The grace keeps its proportion."""
    endpoint, cadence = question.endpoint, question.endpoint.cadence
    fresh_for = pacing.fresh_for(endpoint)
    if endpoint.is_chart:
        fresh_for = _chart_fresh_for(question, fetched_at)
    elif endpoint.history is History.DATE and _is_over(question, fetched_at):
        fresh_for = DAY_THAT_IS_OVER
    grace_for = fresh_for * cadence.grace_factor
    if cadence.grace_until_s is not None:
        grace_for = max(timedelta(seconds=cadence.grace_until_s) - fresh_for, timedelta(0))
    stale_for = timedelta(seconds=cadence.stale_s)
    return FreshnessPolicy(fresh_for, grace_for, stale_for).jittered(f"{question.key} {fetched_at.isoformat()}")


def policy_of_facts(endpoint: Endpoint, lot_key: str, fetched_at: datetime, pacing: Pacing) -> FreshnessPolicy:
    """The same for facts of a lot: those of one call fall due together, and are fetched together again."""
    fresh_for = pacing.fresh_for(endpoint)
    grace_for = fresh_for * endpoint.cadence.grace_factor
    return FreshnessPolicy(fresh_for, grace_for).jittered(f"{lot_key} {fetched_at.isoformat()}")


def chart_fresh_for(days: float | None, fetched_at: datetime, new_day_after: timedelta) -> timedelta:
    """The fresh time of a chart over ``days``; ``None``: over what only upstream understands.

    ``new_day_after`` midnight (UTC), the last completed day appears among daily points.
    """
    if days is None or days < 2:
        return INTRADAY_CHART
    if days <= 90:
        return HOURLY_CHART
    new_day = fetched_at.replace(hour=0, minute=0, second=0, microsecond=0) + new_day_after
    if new_day <= fetched_at:
        new_day += DAY
    return min(DAILY_CHART, new_day - fetched_at)


def _chart_fresh_for(question: Question, fetched_at: datetime) -> timedelta:
    new_day_after = _new_day_after(question.endpoint.cadence)
    if question.endpoint.history is not History.RANGE:
        return chart_fresh_for(days_of(question.get("days") or ""), fetched_at, new_day_after)
    start, end = moment_of(question.get("from") or ""), moment_of(question.get("to") or "")
    if start is None or end is None:
        return INTRADAY_CHART
    if fetched_at - end >= DAY + new_day_after:
        return DAILY_CHART  # past points do not change, whatever their spacing
    return chart_fresh_for(math.ceil((min(end, fetched_at) - start) / DAY), fetched_at, new_day_after)


def _is_over(question: Question, fetched_at: datetime) -> bool:
    day = day_of(question.get("date") or "")
    if day is None:
        return False
    return fetched_at - datetime.combine(day, time(), UTC) >= DAY + _new_day_after(question.endpoint.cadence)


def _new_day_after(cadence: Cadence) -> timedelta:
    return timedelta(minutes=cadence.new_day_min)
