"""What ``quota show`` prints: the figures that the server's status has, for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dozor.market.ports import QuotaUsage, WindowUsage
from dozor.telemetry.phrases import Words
from dozor.upstream.usage import OTHER_COSTS


def lines_of(usage: QuotaUsage) -> Iterator[Words]:
    """One line for each thing worth knowing; what is as usual is left out."""
    minute, month = usage.minute, usage.month
    yield Words(f"Запросов за месяц: {_used(month)}", f"Calls this month: {_used(month)}")
    left = "∞" if month.left is None else str(month.left)
    yield Words(f"Осталось: {left}", f"Remaining: {left}")
    if month.resets_at is not None:
        yield Words(f"Новый счёт: {_instant(month.resets_at)}", f"Starts again: {_instant(month.resets_at)}")
    yield from _projected(usage)
    yield Words(f"Занято мест в минуте: {_used(minute, '∞')}", f"Minute in use: {_used(minute, '∞')}")
    if (until := usage.paused_until) is not None:
        yield Words(f"Запросов не будет до {until:%H:%M:%S} UTC", f"No call goes out before {until:%H:%M:%S} UTC")
    if usage.machines > 1:
        yield Words(f"Машин на одной квоте: {usage.machines}", f"Machines on this quota: {usage.machines}")
    if not usage.month_is_known:
        yield _lost(usage)
    yield from _costs(usage)


def _used(window: WindowUsage, no_limit: str = "") -> str:
    limit = str(window.limit) if window.limit is not None else no_limit
    return f"{window.used} / {limit}" if limit else str(window.used)


def _projected(usage: QuotaUsage) -> Iterator[Words]:
    projection = usage.projection
    if projection is None:
        return
    used = projection.used
    yield Words(f"Если так пойдёт и дальше, к новому счёту: {used}", f"At this pace, by then: {used}")
    if (ends_at := projection.ends_at) is not None:
        yield Words(f"Предел будет исчерпан: {_instant(ends_at)}", f"The limit is reached: {_instant(ends_at)}")


def _costs(usage: QuotaUsage) -> Iterator[Words]:
    if not usage.costs:
        return
    if usage.machines == 1:
        yield Words("На что ушло:", "What it went on:")
    else:
        yield Words("На что ушло у этой машины:", "What it went on at this machine:")
    width = max(len(str(calls)) for calls in usage.costs.values())
    for family, calls in usage.costs.items():
        in_russian = "прочее" if family == OTHER_COSTS else family
        yield Words(f"  {calls:{width}}  {in_russian}", f"  {calls:{width}}  {family}")


def _lost(usage: QuotaUsage) -> Words:
    if usage.month.limit is None:
        return Words("Более ранний счёт утерян", "What was counted before is lost")
    return Words(
        "Более ранний счёт утерян: месяц считается истраченным, пока вы не скажете, сколько запросов было:"
        " python backend/run.py quota set ЧИСЛО",
        "What was counted before is lost: the month counts as spent until you say how many calls it has had:"
        " python backend/run.py quota set NUMBER",
    )


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
