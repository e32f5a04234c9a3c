"""In a crowd, those wait a little whom few need; at other times nobody does."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from dozor.domain.budget import Limits
from dozor.domain.lanes import Asker, Lane
from dozor.forecast.purse import Purse
from dozor.forecast.timeline import LoopClock, SimulatedLoop
from dozor.upstream.admission import Admission
from dozor.upstream.contention import CROWD, HELD_BACK, LOOKED_BACK, NEEDED, Contention
from dozor.upstream.waiting_line import Waiter

PER_MINUTE = 27
MANY = int(CROWD * PER_MINUTE * LOOKED_BACK) + 1
HELD_BACK_S = 60 * HELD_BACK


def waiter(lane: Lane = Lane.PERSON, **about: object) -> Waiter:
    asker = Asker(lane, "bot", **{"waiting": 1, **about})  # type: ignore[arg-type]  # each test names its own
    return Waiter(asker, "get_prices", 8.0, asyncio.get_running_loop().create_future(), HELD_BACK_S)


def crowd(number: int = MANY) -> Contention:
    contention = Contention()
    for _ in range(number):
        contention.came(0.0)
    return contention


async def test_in_a_crowd_a_load_that_one_person_needs_is_held_back_for_some_seconds() -> None:
    assert crowd().holds_back(waiter(), PER_MINUTE, 1.0)
    assert not crowd().holds_back(waiter(), PER_MINUTE, HELD_BACK_S)


@pytest.mark.parametrize(
    ("lane", "about"),
    [
        (Lane.PERSON, {"waiting": int(NEEDED)}),
        (Lane.PERSON, {"expected": NEEDED}),
        (Lane.PERSON, {"waiting": 0, "is_pressing": True}),
        (Lane.ALERT, {}),
        (Lane.REFRESH, {"waiting": 0}),
    ],
)
async def test_what_many_need_or_what_presses_is_not(lane: Lane, about: dict[str, object]) -> None:
    assert not crowd().holds_back(waiter(lane, **about), PER_MINUTE, 1.0)


@pytest.mark.parametrize(("number", "per_minute", "now"), [(MANY - 1, 27, 1.0), (MANY, 0, 1.0), (MANY, 27, 10.5)])
async def test_nobody_is_held_back_for_long_or_without_a_crowd(number: int, per_minute: int, now: float) -> None:
    late = waiter()
    late.held_until = now + 1
    assert not crowd(number).holds_back(late, per_minute, now)


def test_who_is_joined_goes_before_those_who_came_first_and_who_is_not_goes_too() -> None:
    loop = SimulatedLoop()
    clock = LoopClock(loop, datetime(2026, 11, 22, tzinfo=UTC))
    went: list[tuple[str, float]] = []

    async def crowd_of_twenty() -> None:
        purse = Purse(Limits(PER_MINUTE, PER_MINUTE, 0), clock)
        async with asyncio.TaskGroup() as tasks:
            admission = Admission(purse, tasks, clock, per_minute=lambda: PER_MINUTE)

            async def load(name: str, asker: Asker) -> None:
                async with admission.permit(asker, "get_prices") as permit:
                    went.append((name, clock.monotonic()))
                    permit.spend()

            askers = {name: Asker(Lane.PERSON, "bot", waiting=1) for name in [*map(str, range(MANY)), "wanted"]}
            for name, asker in askers.items():
                tasks.create_task(load(name, asker))
            await clock.sleep(2.0)
            askers["wanted"].waiting = int(NEEDED)

    try:
        loop.run_until_complete(crowd_of_twenty())
    finally:
        loop.close()
    assert went[0][0] == "wanted"
    assert went[0][1] == pytest.approx(2.0, abs=0.3)
    assert [at for _, at in went[1:]] == pytest.approx([HELD_BACK_S] * MANY, abs=0.3)
