"""How long an answer stays fresh: the provider's own cadence, never shorter."""

from __future__ import annotations

from datetime import datetime, timedelta

from dozor.domain.freshness import FreshnessPolicy
from dozor.market.question import Question, is_whole

INTRADAY_CHART = timedelta(minutes=5)  # 1 day: 5-minute points
HOURLY_CHART = timedelta(minutes=30)  # 2 to 90 days: hourly points
DAILY_CHART = timedelta(hours=12)  # longer: daily points, and the last completed day appears at 00:10 UTC
NEW_DAY_AT = timedelta(minutes=10)


def policy_for(question: Question, fetched_at: datetime, *, paid: bool, price_fresh_s: float | None) -> FreshnessPolicy:
    """The limits for an answer to ``question`` fetched at ``fetched_at`` (UTC).

    ``price_fresh_s`` replaces the cadence of prices; the grace stays in proportion.
    """
    endpoint, cadence = question.endpoint, question.endpoint.cadence
    fresh_for = timedelta(seconds=cadence.pro_s if paid else cadence.keyless_or_demo_s)
    if endpoint.is_price and price_fresh_s is not None:
        fresh_for = timedelta(seconds=price_fresh_s)
    if endpoint.is_chart:
        fresh_for = chart_fresh_for(question.get("days") or "", fetched_at)
    grace_for = fresh_for * cadence.grace_factor
    if cadence.grace_until_s is not None:
        grace_for = max(timedelta(seconds=cadence.grace_until_s) - fresh_for, timedelta(0))
    return FreshnessPolicy(fresh_for, grace_for).jittered(f"{question.key} {fetched_at.isoformat()}")


def chart_fresh_for(days: str, fetched_at: datetime) -> timedelta:
    """The fresh time of a chart over ``days`` (a number, ``max``, or something that only upstream understands)."""
    if is_whole(days) and 2 <= int(days) <= 90:
        return HOURLY_CHART
    if days == "max" or (is_whole(days) and int(days) > 90):
        new_day = fetched_at.replace(hour=0, minute=0, second=0, microsecond=0) + NEW_DAY_AT
        if new_day <= fetched_at:
            new_day += timedelta(days=1)
        return min(DAILY_CHART, new_day - fetched_at)
    return INTRADAY_CHART
