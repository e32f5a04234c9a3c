"""One load per key at a time, whose result everybody who asked meanwhile receives.

The load belongs to a task group, not to whoever asked first: an asker who is cancelled or whose time is over leaves
alone, and the load goes on for the others, or for the cache when no other is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from dozor.domain.lanes import Asker, Lane

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Landed(Generic[V]):
    """What a flight brought; ``led`` tells whether this caller began it or joined it."""

    value: V
    led: bool


class Delay(Enum):
    """Why a caller goes without the result of a flight that did not fail."""

    LATE = "the caller's time was over first; the flight goes on"
    NO_ROOM = "no flight can begin: too many are under way, or the task group is closing"
    BROKEN_OFF = "the flight was cancelled"


class NotLanded(Exception):
    """There is no result for this caller, for the reason in ``delay``."""

    def __init__(self, delay: Delay) -> None:
        super().__init__(delay.value)
        self.delay = delay


@dataclass(frozen=True, slots=True)
class _Flight(Generic[V]):
    result: asyncio.Future[V]
    asker: Asker | None

    def raise_to(self, asker: Asker | None) -> None:
        if self.asker is not None and asker is not None:
            self.asker.join(asker)

    @contextmanager
    def awaited_by(self, asker: Asker | None) -> Iterator[None]:
        """Count who waits for it, if that is a person: who warms up waits for nobody."""
        counted = self.asker if asker is not None and asker.lane.precedes(Lane.REFRESH) else None
        if counted is not None:
            counted.waiting += 1
        try:
            yield
        finally:
            if counted is not None:
                counted.waiting -= 1


class SingleFlight(Generic[V]):
    """Run one load per key at a time, and at most ``max_flights`` at all. One instance per loop.

    ``tasks`` owns the loads and must outlive their callers; leaving it cancels what is under way.
    """

    def __init__(self, tasks: asyncio.TaskGroup, max_flights: int = 1000) -> None:
        self._tasks = tasks
        self._flights: dict[str, _Flight[V]] = {}
        self.max_flights = max_flights

    async def run(
        self, key: str, load: Callable[[], Awaitable[V]], wait_seconds: float, asker: Asker | None = None
    ) -> Landed[V]:
        """The result of the flight of this key, which ``load`` begins when none is under way.

        A flight keeps the ``asker`` that it was begun with, and each later one raises that to its own lane, which a
        ``load`` that holds it sees at once, as it does how many people wait. Flights without one have no lane.

        Raises what the load raised, the same for every caller, or NotLanded; LATE after ``wait_seconds``. There is no
        waiting without a bound: a load that asks for its own key would wait for itself for ever.
        """
        flight = self._flights.get(key)
        led = flight is None
        if flight is None:
            flight = self._begin(key, load, asker)
        else:
            flight.raise_to(asker)
        result = flight.result
        # Unlike ``shield`` inside ``timeout``, ``wait`` leaves the flight alone and loses no result that came in the
        # very turn in which the time was over.
        with flight.awaited_by(asker):
            await asyncio.wait((result,), timeout=wait_seconds)
        if not result.done():
            raise NotLanded(Delay.LATE)
        if result.cancelled():
            raise NotLanded(Delay.BROKEN_OFF)
        return Landed(result.result(), led)

    def start(self, key: str, load: Callable[[], Awaitable[V]], asker: Asker | None = None) -> bool:
        """Begin a flight that nobody waits for yet; ``False`` when none can begin, or one is under way.

        That one is raised to the lane of ``asker``.
        """
        flight = self._flights.get(key)
        if flight is not None:
            flight.raise_to(asker)
            return False
        try:
            self._begin(key, load, asker)
        except NotLanded:
            return False
        return True

    def __len__(self) -> int:
        return len(self._flights)

    def __contains__(self, key: str) -> bool:
        """Whether a flight of this key is under way, which a caller would join."""
        return key in self._flights

    def _begin(self, key: str, load: Callable[[], Awaitable[V]], asker: Asker | None) -> _Flight[V]:
        if len(self._flights) >= self.max_flights:
            raise NotLanded(Delay.NO_ROOM)
        result: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        flight = _Flight(result, asker)
        self._flights[key] = flight  # before the task: a loop with eager tasks may land it at once
        landing = self._land(key, load, result)
        try:
            self._tasks.create_task(landing, name=f"load {key}")
        except RuntimeError as error:  # a group that is closing takes no task
            landing.close()
            del self._flights[key]
            raise NotLanded(Delay.NO_ROOM) from error
        return flight

    async def _land(self, key: str, load: Callable[[], Awaitable[V]], result: asyncio.Future[V]) -> None:
        try:
            result.set_result(await load())
        except Exception as error:  # noqa: BLE001  # handed on to every caller; raised here it would end the whole group
            result.set_exception(error)
            result.exception()  # every caller may have left; that is not worth a warning
        finally:
            result.cancel()  # does nothing unless this task itself was cancelled
            del self._flights[key]
