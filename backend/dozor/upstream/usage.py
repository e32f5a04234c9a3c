"""How far the quota is used, as the server's status shows it, and ``quota show`` beside it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from dozor.domain.projection import Projection, project
from dozor.market.ports import QuotaUsage, WindowUsage
from dozor.upstream.spent import OTHER

if TYPE_CHECKING:
    from dozor.clock import Clock
    from dozor.upstream.accounts import Spending

OTHER_COSTS = "other"  # corrections, and counts taken over: what cannot be said to be for anything


def usage_of(spending: Spending, clock: Clock) -> QuotaUsage:
    """The same with wall-clock instants, and where it leads to."""
    now, steady = clock.now(), clock.monotonic()

    def instant(monotonic: float | None) -> datetime | None:
        return None if monotonic is None or monotonic <= steady else now + timedelta(seconds=monotonic - steady)

    held_up = [until for until in (spending.paused_until, spending.alone_from) if until is not None]
    obstacles = [*held_up, *([] if spending.minute_free_at is None else [spending.minute_free_at])]
    return QuotaUsage(
        minute=WindowUsage(spending.minute_used, spending.minute_limit, instant(max(obstacles, default=None))),
        month=WindowUsage(spending.month_used, spending.month_limit, spending.month.resets_at),
        month_is_known=spending.month_known,
        projection=_projection(spending, now),
        machines=spending.machines,
        part=spending.part,
        paused_until=instant(max(held_up, default=None)),
        costs={name or OTHER_COSTS: calls for name, calls in spending.costs.items()},
    )


def _projection(spending: Spending, now: datetime) -> Projection | None:
    if not spending.month_known:
        return None
    month, before = spending.month, 0
    began = month.start
    first_day, its_calls = spending.first_day or (began, 0)
    # Counting began at some hour of its first day, which nobody knows: so that day tells no pace. But a correction, or
    # another machine, speaks for the month from its start.
    if first_day >= began and spending.machines == 1 and OTHER not in spending.costs:
        began, before = first_day + timedelta(days=1), its_calls
    since = datetime.combine(began, time(), now.tzinfo)
    return project(
        spending.month_used, spending.month_limit, since=since, now=now, resets_at=month.resets_at, before=before
    )
