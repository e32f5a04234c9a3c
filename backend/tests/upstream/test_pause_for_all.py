"""What one is asked to leave alone, all leave alone."""

from __future__ import annotations

import pytest
from storm import World, a_loop, at

from dozor.domain.budget import Limits
from dozor.domain.lanes import Lane


@pytest.mark.parametrize(("machines", "processes"), [(1, 2), (2, 1), (2, 2)])
@pytest.mark.parametrize("is_shared", [True, False])
def test_after_a_429_nobody_calls_for_119_seconds_and_then_exactly_one(
    machines: int, processes: int, *, is_shared: bool
) -> None:
    async def live() -> None:
        several = machines if is_shared else 1
        world = World(
            machines=several,
            processes=processes,
            limits=Limits(9, 9, 0),
            begins=at("2026-11-15T12:00"),
            is_shared=is_shared,
        )
        try:
            for _ in range(3):
                await world.pass_time(2.0)
            first = world.processes[0]
            await world.calmly(lambda: first.call(Lane.PERSON), first)
            [refused] = world.sent
            await world.answer(first, 0, pause=119.0)
            until = world.time + 119
            while world.time < until:
                for process in world.processes:
                    for lane in Lane:
                        await world.calmly(lambda one=process, lane=lane: one.call(lane), process)
                assert world.sent == [refused]
                await world.pass_time(min(1.0, until - world.time))
            await world.pass_time(1.0)  # machines tell the time to each other by a message's length
            for _ in range(3):
                for process in world.processes:
                    await world.calmly(lambda one=process: one.call(Lane.PERSON), process)
            assert len(world.sent) == 2
            for process in world.processes:
                await world.answer(process, 0)
            for process in world.processes:
                await world.calmly(lambda one=process: one.call(Lane.PERSON), process)
            assert len(world.sent) > 2
        finally:
            await world.close()

    with a_loop() as runner:
        runner.run(live())
