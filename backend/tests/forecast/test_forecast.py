"""The forecast: the real planner in simulated time, sampled honestly."""

from __future__ import annotations

import asyncio
import itertools
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.budget import Limits
from dozor.forecast.simulation import DAY_S, MOST_QUESTIONS, forecast, windows
from dozor.forecast.timeline import LoopClock, SimulatedLoop
from dozor.forecast.workload import KINDS, Workload

RATES = {"prices": 20.0, "markets": 10.0, "watchlists": 5.0, "details": 2.0, "charts": 2.0, "global": 1.0}
COINS = [f"coin-{number + 1}" for number in range(300)]
DEMO = Limits(27, 27, 10_000)


def test_a_simulated_day_takes_no_time_and_wakes_everybody_in_order() -> None:
    loop = SimulatedLoop()
    clock = LoopClock(loop, datetime(2026, 1, 1, tzinfo=UTC))
    woke: list[float] = []

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        woke.append(clock.monotonic())

    async def day() -> None:
        async with asyncio.TaskGroup() as tasks:
            for seconds in (86_400.0, 60.0, 3600.0):
                tasks.create_task(sleep(seconds))

    began = time.monotonic()
    loop.run_until_complete(day())
    loop.close()
    assert woke == [60.0, 3600.0, 86_400.0]
    assert clock.now() == datetime(2026, 1, 2, tzinfo=UTC)
    assert time.monotonic() - began < 60


def test_who_waits_for_what_never_comes_is_told_instead_of_hanging() -> None:
    loop = SimulatedLoop()
    with pytest.raises(RuntimeError, match="nothing is going to happen"):
        loop.run_until_complete(loop.create_future())
    loop.close()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_question_is_answered(kind: str) -> None:
    workload = Workload({kind: 10.0})
    found = forecast(workload.moments, workload.per_second, COINS, Limits(0, 0, 0), paid=False, span_s=600)
    assert (found.kinds[kind].failed, found.kinds[kind].rejected) == (0, 0)
    assert found.kinds[kind].asked > 0
    assert found.calls > 0


def test_the_minute_and_the_month_of_the_plan_hold() -> None:
    workload = Workload(RATES | {"details": 60.0})
    span_s = 2 * 3600.0
    found = forecast(workload.moments, workload.per_second, COINS, Limits(27, 27, 1000), paid=False, span_s=span_s)
    assert found.calls == found.month_calls <= 1000
    assert found.calls <= 27 * (span_s / 60 + 1)
    assert found.kinds["details"].failed > 0, "far more than the plan serves"


def test_the_same_seed_says_the_same() -> None:
    workload = Workload(RATES)
    runs = [forecast(workload.moments, workload.per_second, COINS, DEMO, paid=False, span_s=900) for _ in range(2)]
    assert runs[0].costs == runs[1].costs
    assert [kind.ages for kind in runs[0].kinds.values()] == [kind.ages for kind in runs[1].kinds.values()]


@given(st.floats(0.001, 2000), st.floats(3600, 31 * DAY_S))
def test_windows_lie_in_the_span_in_order_and_hold_enough_questions(per_second: float, span_s: float) -> None:
    spans = windows(per_second, span_s)
    assert all(begin < end for begin, end in spans)
    assert all(before[1] <= after[0] + 1e-6 for before, after in itertools.pairwise(spans))
    assert spans[-1][1] <= span_s + 1e-6
    simulated = sum(end - begin for begin, end in spans) * per_second
    assert spans == [(0.0, span_s)] or simulated >= MOST_QUESTIONS


def test_what_is_not_simulated_is_spent_at_the_rate_of_what_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dozor.forecast.simulation.MOST_QUESTIONS", 400)
    monkeypatch.setattr("dozor.forecast.simulation.SHORTEST_WINDOW_S", 60.0)
    workload = Workload({"prices": 60.0})
    found = forecast(workload.moments, workload.per_second, COINS, Limits(27, 27, 0), paid=False, span_s=DAY_S)
    assert found.is_sampled
    per_day = found.calls / found.simulated_s * DAY_S
    assert found.month_calls == pytest.approx(per_day, rel=0.25)
