"""One load per key at a time."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dozor.caching.singleflight import Delay, Landed, NotLanded, SingleFlight
from dozor.domain.lanes import Asker, Lane
from fakes import settle

SECONDS = 30.0


class Load:
    """A load that waits until it is let go, and counts how often it was begun."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.begun = 0
        self.go = asyncio.Event()
        self.error = error

    async def __call__(self) -> str:
        self.begun += 1
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return f"result {self.begun}"


@contextmanager
def complaints_of_the_loop() -> Iterator[list[dict[str, Any]]]:
    """What the loop would have logged, as of an exception that nobody retrieved."""
    loop, heard = asyncio.get_running_loop(), list[dict[str, Any]]()
    previous = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: heard.append(context))
    try:
        yield heard
        gc.collect()
    finally:
        loop.set_exception_handler(previous)


async def test_a_hundred_callers_get_the_result_of_one_load_and_one_of_them_led() -> None:
    async with asyncio.TaskGroup() as tasks:
        flights, load = SingleFlight[str](tasks), Load()
        callers = [asyncio.create_task(flights.run("k", load, SECONDS)) for _ in range(100)]
        await settle()
        load.go.set()
        landed = await asyncio.gather(*callers)
    assert load.begun == 1
    assert landed == [Landed("result 1", led=True)] + [Landed("result 1", led=False)] * 99


async def test_different_keys_fly_apart() -> None:
    async with asyncio.TaskGroup() as tasks:
        flights, one, other = SingleFlight[str](tasks), Load(), Load()
        callers = [
            asyncio.create_task(flights.run("one", one, SECONDS)),
            asyncio.create_task(flights.run("other", other, SECONDS)),
        ]
        other.go.set()
        await settle()
        assert [caller.done() for caller in callers] == [False, True]
        one.go.set()
        await asyncio.gather(*callers)


@pytest.mark.parametrize("who_leaves", [0, 3], ids=["the first", "one who joined"])
async def test_a_caller_who_is_cancelled_leaves_alone(who_leaves: int) -> None:
    async with asyncio.TaskGroup() as tasks:
        flights, load = SingleFlight[str](tasks), Load()
        callers = [asyncio.create_task(flights.run("k", load, SECONDS)) for _ in range(6)]
        await settle()
        callers[who_leaves].cancel()
        await settle()
        load.go.set()
        ends = await asyncio.gather(*callers, return_exceptions=True)
    assert isinstance(ends.pop(who_leaves), asyncio.CancelledError)
    assert [end.value for end in ends if isinstance(end, Landed)] == ["result 1"] * 5
    assert load.begun == 1


async def test_a_load_that_everybody_left_lands_and_frees_its_key() -> None:
    async with asyncio.TaskGroup() as tasks:
        flights, load = SingleFlight[str](tasks), Load()
        caller = asyncio.create_task(flights.run("k", load, SECONDS))
        await settle()
        caller.cancel()
        await settle()
        assert len(flights) == 1
        load.go.set()
        await settle()
        assert len(flights) == 0


async def test_a_failing_load_is_one_failure_for_all_and_the_next_caller_tries_anew() -> None:
    async with asyncio.TaskGroup() as tasks:
        flights, load = SingleFlight[str](tasks), Load(ValueError("broken"))
        callers = [asyncio.create_task(flights.run("k", load, SECONDS)) for _ in range(100)]
        await settle()
        load.go.set()
        ends = await asyncio.gather(*callers, return_exceptions=True)
        assert load.begun == 1
        assert [str(end) for end in ends] == ["broken"] * 100
        load.error = None
        assert (await flights.run("k", load, SECONDS)).value == "result 2"


async def test_a_failure_that_nobody_is_left_to_hear_is_no_complaint_of_the_loop() -> None:
    with complaints_of_the_loop() as heard:
        async with asyncio.TaskGroup() as tasks:
            flights, load = SingleFlight[str](tasks), Load(ValueError("broken"))
            caller = asyncio.create_task(flights.run("k", load, SECONDS))
            flights.start("behind", load)
            await settle()
            caller.cancel()
            load.go.set()
            await settle()
        del flights, load, caller
    assert heard == []


async def test_a_caller_whose_time_is_over_goes_and_the_flight_goes_on() -> None:
    async with asyncio.TaskGroup() as tasks:
        flights, load = SingleFlight[str](tasks), Load()
        with pytest.raises(NotLanded) as late:
            await flights.run("k", load, 0)
        assert late.value.delay is Delay.LATE
        joined = asyncio.create_task(flights.run("k", load, SECONDS))
        await settle()
        load.go.set()
        assert await joined == Landed("result 1", led=False)


async def test_a_flight_behind_begins_unless_one_is_under_way() -> None:
    async with asyncio.TaskGroup() as tasks:
        flights, load = SingleFlight[str](tasks), Load()
        assert [flights.start("k", load) for _ in range(3)] == [True, False, False]
        await settle()
        load.go.set()
        await settle()
        assert load.begun == 1
        assert flights.start("k", load)


async def test_no_more_flights_than_allowed_are_under_way_but_each_may_be_joined() -> None:
    async with asyncio.TaskGroup() as tasks:
        flights, load = SingleFlight[str](tasks, max_flights=2), Load()
        assert [flights.start(key, load) for key in ("a", "b", "c")] == [True, True, False]
        with pytest.raises(NotLanded) as full:
            await flights.run("c", load, SECONDS)
        assert full.value.delay is Delay.NO_ROOM
        joined = asyncio.create_task(flights.run("a", load, SECONDS))
        await settle()
        load.go.set()
        assert not (await joined).led
        await settle()
        assert (await flights.run("c", load, SECONDS)).led


async def test_who_joins_a_flight_under_way_raises_it_and_nobody_lowers_it() -> None:
    async with asyncio.TaskGroup() as tasks:
        flights, load, asker = SingleFlight[str](tasks), Load(), Asker(Lane.WARM_UP, "")
        flights.start("k", load, asker)
        await settle()
        assert load.begun == 1
        seen = []
        for lane, client in ((Lane.REFRESH, "app"), (Lane.PERSON, "bot"), (Lane.PERSON, "app"), (Lane.WARM_UP, "")):
            joined = asyncio.create_task(flights.run("k", load, SECONDS, Asker(lane, client)))
            await settle()
            seen.append((asker.lane, asker.client))
            joined.cancel()
        assert seen == [(Lane.REFRESH, "app")] + [(Lane.PERSON, "bot")] * 3
        load.go.set()


async def test_asker_of_a_flight_knows_how_many_people_wait_for_it_now() -> None:
    async with asyncio.TaskGroup() as tasks:
        flights, load, asker = SingleFlight[str](tasks), Load(), Asker(Lane.REFRESH, "app")
        flights.start("k", load, asker)
        await settle()
        assert asker.waiting == 0
        people = [
            asyncio.create_task(flights.run("k", load, SECONDS, Asker(Lane.PERSON, f"{number}"))) for number in range(3)
        ]
        warming = asyncio.create_task(flights.run("k", load, SECONDS, Asker(Lane.WARM_UP, "")))
        await settle()
        assert asker.waiting == 3, "who warms up is nobody"
        people[0].cancel()
        with pytest.raises(NotLanded):
            await flights.run("k", load, 0, Asker(Lane.PERSON, "in a hurry"))
        await settle()
        assert asker.waiting == 2
        load.go.set()
        await asyncio.gather(*people[1:], warming)
        assert asker.waiting == 0


async def test_who_begins_a_flight_is_counted_as_waiting_until_it_fails() -> None:
    async with asyncio.TaskGroup() as tasks:
        flights, load, asker = SingleFlight[str](tasks), Load(ValueError("broken")), Asker(Lane.PERSON, "app")
        caller = asyncio.create_task(flights.run("k", load, SECONDS, asker))
        await settle()
        assert asker.waiting == 1
        load.go.set()
        with pytest.raises(ValueError, match="broken"):
            await caller
        assert asker.waiting == 0


async def test_who_begins_nothing_behind_because_a_flight_is_under_way_raises_it_too() -> None:
    async with asyncio.TaskGroup() as tasks:
        flights, load, asker = SingleFlight[str](tasks), Load(), Asker(Lane.WARM_UP, "")
        flights.start("k", load, asker)
        assert not flights.start("k", load, Asker(Lane.REFRESH, "app"))
        assert (asker.lane, asker.client) == (Lane.REFRESH, "app")
        load.go.set()


async def test_asker_who_is_turned_away_leaves_the_flights_of_other_keys_as_they_were() -> None:
    async with asyncio.TaskGroup() as tasks:
        flights, load, asker = SingleFlight[str](tasks, max_flights=1), Load(), Asker(Lane.REFRESH, "app")
        flights.start("k", load, asker)
        with pytest.raises(NotLanded):
            await flights.run("another", load, SECONDS, Asker(Lane.PERSON, "bot"))
        assert (asker.lane, asker.client) == (Lane.REFRESH, "app")
        load.go.set()


async def test_a_load_that_asks_for_its_own_key_fails_by_its_deadline_and_does_not_lock_it() -> None:
    async with asyncio.TaskGroup() as tasks:
        flights = SingleFlight[str](tasks)

        async def load() -> str:
            return (await flights.run("k", load, 0.001)).value

        with pytest.raises(NotLanded):
            await flights.run("k", load, SECONDS)
        assert len(flights) == 0


async def test_callers_of_a_flight_that_is_cancelled_are_told_so_and_not_cancelled_themselves() -> None:
    load = Load(asyncio.CancelledError())
    async with asyncio.TaskGroup() as tasks:
        flights = SingleFlight[str](tasks)
        callers = [asyncio.create_task(flights.run("k", load, SECONDS)) for _ in range(3)]
        await settle()
        load.go.set()
        ends = await asyncio.gather(*callers, return_exceptions=True)
        assert len(flights) == 0
    assert [end.delay for end in ends if isinstance(end, NotLanded)] == [Delay.BROKEN_OFF] * 3


async def test_a_task_group_that_ends_cancels_its_flights_and_takes_no_more() -> None:
    tasks, opened, close = asyncio.TaskGroup(), asyncio.Event(), asyncio.Event()

    async def own() -> None:
        async with tasks:
            opened.set()
            await close.wait()

    owner = asyncio.create_task(own())
    await opened.wait()
    flights, load = SingleFlight[str](tasks), Load()
    caller = asyncio.create_task(flights.run("k", load, SECONDS))
    await settle()
    owner.cancel()
    with pytest.raises(NotLanded):
        await caller
    await settle()
    assert owner.cancelled()
    assert len(flights) == 0
    assert not flights.start("k", load), "and no coroutine is left unawaited, which would be a warning"
    assert len(flights) == 0
