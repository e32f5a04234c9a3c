"""Whether a chart is right that is no body of upstream's: closed points may come from any answer, "now" from one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from bench.frugal.facts import SaidChart, series
from bench.frugal.questions import Chart
from bench.frugal.verbatim import Unreadable
from bench.frugal.wrong import Wrong, WrongAnswer, expect_names
from dozor.standin.quirks import Edge, Quirks

DAY_MS = 86_400_000
STEPS_MS = {"5 minutes": 300_000, "hour": 3_600_000, "day": DAY_MS}
ARRAYS = ("prices", "market_caps", "total_volumes")
HOLE = 2
"""Samples lie irregularly: no two lie further apart than so many steps."""

Points = list[tuple[int, bytes]]


def said_times(question: Chart, body: bytes, said: Sequence[SaidChart], quirks: Quirks) -> list[float]:
    """Give when "now" of this chart was said. ``said`` are charts of this granularity. Raises WrongAnswer."""
    if whole := [chart.at for chart in said if chart.days == question.days and chart.body == body]:
        return whole
    try:
        found = series(body)
    except (Unreadable, ValueError) as error:
        raise WrongAnswer(Wrong.UNREADABLE, question.target) from error
    expect_names(list(found), ARRAYS, question.target)
    if not all(found.values()):
        raise WrongAnswer(Wrong.MISSING, question.target)
    last = {name: points[-1] for name, points in found.items()}
    times = [chart.at for chart in said if all(chart.series[name][-1:] == [last[name]] for name in ARRAYS)]
    if not times:
        raise WrongAnswer(Wrong.NEVER_SAID, f"{question.target}: the last point")
    for name in ARRAYS:
        _expect_closed(question, name, found[name], said, quirks)
    return times


def _expect_closed(question: Chart, name: str, points: Points, said: Sequence[SaidChart], quirks: Quirks) -> None:
    where = f"{question.target}: {name}"
    if any(one >= next_ for (one, _), (next_, _) in pairwise(points)):
        raise WrongAnswer(Wrong.ORDER, where)
    step = STEPS_MS[question.granularity]
    now = points[-1][0]
    start = now - question.days * DAY_MS
    if quirks.edge is Edge.NEXT_STEP:
        start = -(-start // step) * step
    known = {point for chart in said for point in chart.series[name][:-1]}
    there = set(points[:-1])
    if there - known:
        raise WrongAnswer(Wrong.NEVER_SAID, where)
    if any(instant < start for instant, _ in there):
        raise WrongAnswer(Wrong.UNASKED, where)
    wanted = {(instant, value) for instant, value in known if start <= instant < now}
    begins = min((instant for instant, _ in points), default=now)
    if wanted - there or begins - start > HOLE * step:
        raise WrongAnswer(Wrong.MISSING, where)
