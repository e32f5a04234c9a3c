"""Whatever happens, upstream sees no more calls in any minute or month than the plan has.

The bound that holds is what we use of the minute, nine tenths of the plan: the headroom is for what upstream does not
say of itself, and none of it goes on our own mistakes. By design four things are left out of the storm: machines that
have less than a slot each, whose calls, each in several minutes, may meet in one while they are apart; somebody cut off
for longer than ``Rules.forgotten_after``; a machine rebooted while the server's clock is set; and a process that is
stopped between its charge and its call for longer than ``Rules.longest``.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storm import RULES, World, a_loop, at

from dozor.domain.allowance import Wait
from dozor.domain.budget import Limits, minute_allowance
from dozor.domain.lanes import Lane
from dozor.upstream.accounts import Accounts, Charge
from dozor.upstream.ledger import Ledger
from fakes import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

numbers = st.integers(0, 5)
ACTIONS = st.one_of(
    st.tuples(st.just("everybody calls"), numbers),
    st.tuples(st.just("everybody calls"), numbers),
    st.tuples(st.just("call"), numbers),
    st.tuples(st.just("go on"), st.integers(0, 40)),
    st.tuples(st.just("go on"), st.integers(0, 40)),
    st.tuples(st.just("answer"), numbers),
    st.tuples(st.just("refuse"), numbers),
    st.tuples(st.just("time"), st.sampled_from([0.125, 1.0, 2.5, 7.0, 10.0])),
    st.tuples(st.just("time"), st.sampled_from([49.0, 60.0, 75.0, 82.0, 100.0, 119.0])),
    st.tuples(st.just("cancel"), numbers),
    st.tuples(st.just("restart"), numbers),
    st.tuples(st.just("cut off a process"), numbers),
    st.tuples(st.just("cut off a machine"), numbers),
    st.tuples(st.just("lose the server"), numbers),
    st.tuples(st.just("heal"), numbers),
    st.tuples(st.just("heal"), numbers),
    st.tuples(st.just("flush"), numbers),
    st.tuples(st.just("fail over"), numbers),
    st.tuples(st.just("set the wall clock"), st.sampled_from([-30.0, -10.0, 0.0, 30.0])),
)
REBOOT = st.tuples(st.just("reboot"), numbers)
SERVER_CLOCK = st.tuples(st.just("set the server's clock"), st.sampled_from([-30.0, -5.0, 5.0, 30.0]))
SCHEDULES = st.one_of(
    st.lists(st.one_of(ACTIONS, REBOOT), min_size=30, max_size=70),
    st.lists(st.one_of(ACTIONS, SERVER_CLOCK), min_size=30, max_size=70),
)
LANES = [Lane.PERSON, Lane.ALERT, Lane.REFRESH, Lane.WARM_UP]


async def act(world: World, what: str, number: float) -> None:
    processes = world.processes
    place = int(number)
    process = processes[place % len(processes)]
    match what:
        case "everybody calls":
            for one in processes:
                before = -1
                while len(world.sent) > before:
                    before = len(world.sent)
                    await world.calmly(lambda one=one: one.call(LANES[place % 4]), one)
        case "call":
            process.start(process.call(LANES[place % 4]))
            await world.turn()
        case "go on":
            for _ in range(4):
                if world.gates:
                    await world.let_through(world.gates[place % len(world.gates)])
        case "answer":
            for _ in range(3):
                await world.answer(process, place)
        case "refuse":
            await world.answer(process, place, pause=119.0)
        case "time":
            await world.pass_time(number)
        case "cancel":
            if world.gates:
                world.gates[place % len(world.gates)].opened.cancel()
                await world.turn()
        case "restart":
            process.machine.restart(process.number)
        case "reboot":
            process.machine.reboot()
        case "cut off a process":
            process.cut, process.sees_server = True, place % 2 == 0
        case "cut off a machine":
            process.machine.cut = True
        case "lose the server":
            world.server_is_lost = True
        case "heal":
            world.heal()
        case "flush":
            world.server.flush()
        case "fail over":
            world.server.fail_over(place, world.server.offset)
        case "set the server's clock":
            world.server.offset += number
        case "set the wall clock":
            process.machine.clock.wall_offset = number
        case _:
            raise AssertionError(what)


async def begin(world: World) -> None:
    """All machines come to know each other."""
    world.is_calm = True
    for _ in range(3):
        await world.pass_time(RULES.heard_every)
    world.is_calm = False


def no_overspending(world: World) -> None:
    assert world.worst_minute() <= world.limits.most
    assert not world.limits.per_month or world.worst_month() <= world.limits.per_month
    assert not world.broken_pauses


def limits(plan: int, month: int) -> Limits:
    return Limits(minute_allowance(plan), minute_allowance(plan), month)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    schedule=SCHEDULES,
    machines=st.integers(1, 3),
    processes=st.integers(1, 2),
    plan=st.sampled_from([5, 10]),
    month=st.sampled_from([0, 0, 20, 60]),
    begins=st.sampled_from(["2026-11-15T12:00", "2026-11-30T23:30", "2026-11-30T23:55"]),
)
def test_no_minute_and_no_month_is_overspent_whatever_happens(
    schedule: list[tuple[str, float]], machines: int, processes: int, plan: int, month: int, begins: str
) -> None:
    async def live() -> None:
        world = World(machines=machines, processes=processes, limits=limits(plan, month), begins=at(begins))
        try:
            await begin(world)
            for what, number in schedule:
                await act(world, what, number)
            no_overspending(world)
        finally:
            await world.close()

    with a_loop() as runner:
        runner.run(live())


@pytest.mark.parametrize(
    "happens",
    [
        [("cut off a machine", 1.0)],  # the others leave its part to it, in time
        [("cut off a machine", 1.0), ("flush", 0.0)],
        [("cut off a machine", 1.0), ("fail over", 4.0)],
        [("lose the server", 0.0)],  # all go on alone
        [("lose the server", 0.0), ("flush", 0.0)],
        [("flush", 0.0), ("restart", 0.0)],
        [("fail over", 4.0), ("restart", 1.0)],
        [("restart", 0.0), ("reboot", 1.0)],
        [("set the server's clock", 30.0)],
        [("set the server's clock", -30.0), ("cut off a machine", 1.0)],
        [("set the wall clock", -30.0), ("reboot", 0.0)],
    ],
)
def test_machines_that_spend_all_they_may_overspend_nothing_when_something_happens(
    happens: list[tuple[str, float]],
) -> None:
    async def live() -> None:
        world = World(machines=2, processes=1, limits=limits(10, 0), begins=at("2026-11-15T12:00"))
        try:
            await begin(world)
            world.is_calm = True
            breaks_at = 75
            for second in range(260):
                if second == breaks_at:  # just before the minute's slots come free
                    for what, number in happens:
                        await act(world, what, number)
                if second == 200:
                    world.heal()
                # At first one has it all; then the other wants as much as it may have.
                for process in world.processes[: 1 if second < breaks_at else 2]:
                    before = -1
                    while len(world.sent) > before:
                        before = len(world.sent)
                        await world.calmly(lambda one=process: one.call(Lane.PERSON), process)
                await world.pass_time(1.0)
            no_overspending(world)
            assert len(world.sent) > 9
            assert world.worst_minute() == 9
        finally:
            await world.close()

    with a_loop() as runner:
        runner.run(live())


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    schedule=st.lists(ACTIONS, min_size=10, max_size=60),
    processes=st.integers(1, 3),
    month=st.sampled_from([0, 20, 60]),
)
def test_one_machine_without_a_server_overspends_nothing_either(
    schedule: list[tuple[str, float]], processes: int, month: int
) -> None:
    async def live() -> None:
        world = World(
            machines=1, processes=processes, limits=limits(10, month), begins=at("2026-11-30T23:30"), is_shared=False
        )
        try:
            world.is_calm = False
            for what, number in schedule:
                await act(world, what, number)
            no_overspending(world)
        finally:
            await world.close()

    with a_loop() as runner:
        runner.run(live())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(schedule=st.lists(ACTIONS, min_size=10, max_size=40), machines=st.integers(1, 3))
def test_once_all_is_well_again_calls_go_out_as_the_minute_allows(
    schedule: list[tuple[str, float]], machines: int
) -> None:
    async def live() -> None:
        world = World(machines=machines, processes=2, limits=limits(10, 0), begins=at("2026-11-15T12:00"))
        try:
            await begin(world)
            for what, number in schedule:
                if what != "refuse":  # a pause is no lack of liveness
                    await act(world, what, number)
            world.heal()
            await world.finish()
            world.is_calm = True
            await world.pass_time(RULES.alone_after + RULES.span)
            before = len(world.sent)
            for process in world.processes:
                for _ in range(10):
                    await world.calmly(lambda one=process: one.call(Lane.PERSON), process)
            assert len(world.sent) - before == 9
        finally:
            await world.close()

    with a_loop() as runner:
        runner.run(live())


def test_whole_month_can_be_spent_near_its_end_by_several_machines() -> None:
    async def live() -> None:
        world = World(machines=3, processes=1, limits=limits(10, 60), begins=at("2026-11-30T22:00"))
        try:
            await begin(world)
            world.is_calm = True
            for _ in range(117 * 2):
                for process in world.processes:
                    await world.calmly(lambda one=process: one.call(Lane.PERSON), process)
                await world.pass_time(30.0)
            no_overspending(world)
            assert world.worst_month() >= 58  # the last minute before the reset is left alone
        finally:
            await world.close()

    with a_loop() as runner:
        runner.run(live())


async def test_month_on_a_real_disk_serves_every_day_and_the_last_its_share(tmp_path: Path) -> None:
    limit, days = 620, 31
    clock = FakeClock(at("2026-12-01T00:02"))
    by_day: Counter[datetime] = Counter()
    async with Ledger(tmp_path / "ledger.db", resets_on=1, clock=clock) as ledger:
        accounts = Accounts(ledger, Limits(27, 27, limit), clock)
        while clock.now() < at("2027-01-01T00:00"):
            outcome = await accounts.charge(Lane.PERSON, "get_prices")
            if isinstance(outcome, Charge):
                await accounts.end(outcome)
                by_day[clock.now().replace(hour=0, minute=0, second=0, microsecond=0)] += 1
            await clock.advance(days * 86_400 / limit / 5 if isinstance(outcome, Wait) else 1)
    assert sum(by_day.values()) <= limit
    assert len(by_day) == days
    assert by_day[at("2026-12-31T00:00")] >= 18
    assert clock.now() - at("2027-01-01T00:00") < timedelta(days=1)
