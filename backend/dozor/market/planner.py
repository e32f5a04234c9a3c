"""The planner of one lot: what questions miss goes on its next call, and every call is filled up.

A call takes in what is missed until the moment in which it may be sent: for a few ms, and for as long as admission
makes it wait. What else it could bring rides along for nothing, the most wanted and oldest first.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from dozor.caching.tier import PolicyOf
from dozor.clock import Clock
from dozor.domain.errors import QuestionRejected
from dozor.domain.lanes import Asker
from dozor.market import tuning
from dozor.market.board import Board
from dozor.market.cargo import Room, chars_of, load
from dozor.market.demand import Demand
from dozor.market.facts import Fact, Facts
from dozor.market.families.family import Lot
from dozor.market.ports import Call
from dozor.market.standing import is_due

URI_TOO_LONG = 414


@dataclass(eq=False, slots=True)
class Flight:
    """One call of a lot, from the first fact that it is to bring until it has landed.

    ``asker`` is for whom. ``coins`` and ``columns`` are what it asks for; none before it has left. ``source`` is where
    what it was for came from in the end.
    """

    asker: Asker
    leaves_at: float
    landed: asyncio.Future[None]
    needs: dict[Fact, None] = field(default_factory=dict)
    sooner: asyncio.Event = field(default_factory=asyncio.Event)
    coins: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    may_fill: bool = True
    splits: int = 0
    source: str = ""

    def brings(self, fact: Fact) -> bool:
        """Whether this fact is, or will be, among what it asks for."""
        coin, column = fact
        return coin in self.coins and column in self.columns if self.coins else fact in self.needs


@dataclass(frozen=True, slots=True)
class Booking:
    """The flights that bring what was wanted; ``is_new``: one of them was begun for it."""

    flights: Sequence[Flight]
    is_new: bool


class Crew(Protocol):
    """Who carries a flight out."""

    async def fly(self, flight: Flight) -> None:
        """Bring what the flight is for, or raise a DozorError."""


class Planner:
    """Plans the calls of one lot. One instance per loop and lot; ``tasks`` owns the flights.

    ``is_known(coin)`` says whether the coin list has this id, ``None`` while there is no list. ``worth_asking()`` are
    coins to ask for where nobody has named better ones, the best first. ``comes_otherwise(coin)``: calls that are made
    anyway, but not for this lot, bring it.
    """

    def __init__(
        self,
        lot: Lot,
        board: Board,
        policy_of: PolicyOf,
        tasks: asyncio.TaskGroup,
        clock: Clock,
        *,
        is_known: Callable[[str], bool | None],
        worth_asking: Callable[[], Iterable[str]],
        comes_otherwise: Callable[[str], bool],
    ) -> None:
        self.lot = lot
        self._board = board
        self.coins = Demand(clock, most_names=tuning.MOST_WANTED)
        self.columns = Demand(clock, most_names=tuning.MOST_WANTED)
        self.crew: Crew
        self._policy_of = policy_of
        self._tasks = tasks
        self._clock = clock
        self._is_known = is_known
        self._worth_asking = worth_asking
        self._comes_otherwise = comes_otherwise
        self._open: Flight | None = None
        self._in_flight: dict[Flight, None] = {}
        self._last_left_at = -tuning.SPACING_S
        self._old_at = -math.inf
        self._for_unknown_ids: deque[float] = deque()
        self._most_chars = tuning.MOST_CHARS

    @property
    def facts(self) -> Facts:
        """What is known of the lot."""
        return self._board.facts_of(self.lot)

    @property
    def is_idle(self) -> bool:
        """Whether no call is planned or under way."""
        return not self._in_flight

    @property
    def is_old(self) -> bool:
        """Whether what the last call brought is past half of its fresh time, or there was none."""
        return self._clock.monotonic() >= self._old_at

    def count(self, coins: Iterable[str], columns: Iterable[str]) -> None:
        """Somebody asked for these."""
        self.coins.count(*coins)
        self.columns.count(*columns)

    def want(self, facts: Collection[Fact], asker: Asker) -> Booking:
        """Have these facts fetched for ``asker``, who may wait for the flights that bring them.

        Those that are under way already are joined, and raised to the asker's lane.
        """
        flights: dict[Flight, None] = {}
        rest = []
        for fact in facts:
            flight = next((flight for flight in self._in_flight if flight.brings(fact)), None)
            if flight is None:
                rest.append(fact)
            else:
                flights[flight] = None
        is_new = bool(rest) and self._open is None
        if rest:
            flights[self._book(rest, asker)] = None
        for flight in flights:
            flight.asker.join(asker)
        return Booking(tuple(flights), is_new)

    def seal(self, flight: Flight) -> Call:
        """Decide what the flight asks for, now that it may leave; what does not fit goes on the next one."""
        self._close(flight)
        needs = [fact for fact in flight.needs if self.is_due(fact)]
        room = Room(self.lot.most_coins, self._most_chars, tuning.MOST_COLUMNS)
        riders = self._riders() if flight.may_fill else ()
        columns = (*self.lot.usual_columns, *self.columns.names()) if flight.may_fill else ()
        cargo = load(needs, riders, columns, room)
        flight.coins, flight.columns = cargo.coins, cargo.columns
        for fact in cargo.left:
            del flight.needs[fact]
        self._last_left_at = self._clock.monotonic()
        self._old_at = self._last_left_at + self._policy_of(self._clock.now()).fresh_for.total_seconds() / 2
        if self._are_unknown(flight.needs):
            self._for_unknown_ids.append(self._last_left_at)
        if cargo.left:
            self.want(cargo.left, flight.asker)
        return self.lot.call(flight.coins, flight.columns)

    def still_needed(self, flight: Flight) -> bool:
        """Whether something that the flight is for has not been brought by another."""
        return any(self.is_due(fact) for fact in flight.needs)

    def is_due(self, fact: Fact) -> bool:
        """Whether this fact is missing or past its fresh time."""
        return is_due(self.facts.get(*fact), self._policy_of, self._clock.now())

    def lighten(self, flight: Flight, rejected: QuestionRejected) -> None:
        """Ask for less, after upstream refused all of it. Raises ``rejected`` when there is nothing to leave out.

        A URL that is too long gets shorter, now and later. Otherwise what rides along is left out, and then half of
        what is needed, which goes on a call of its own: one id at fault must not cost the others their answer.
        """
        if rejected.status == URI_TOO_LONG and self._most_chars > tuning.FEWEST_CHARS:
            sent = sum(map(chars_of, flight.coins))
            self._most_chars = max(tuning.FEWEST_CHARS, int(sent * tuning.SHRINK_ON_414))
        elif not len(self.facts) or flight.splits >= tuning.SPLITS or len(flight.coins) == 1:
            raise rejected  # it is the lot as such that upstream refuses, or this very coin
        else:
            self._halve(flight)
        flight.coins = flight.columns = ()

    def _halve(self, flight: Flight) -> None:
        had_riders = flight.may_fill and len(flight.coins) > len({coin for coin, _ in flight.needs})
        flight.may_fill = False
        flight.splits += 1
        if had_riders:
            return
        coins = dict.fromkeys(coin for coin, _ in flight.needs)
        likeliest_first = sorted(coins, key=lambda coin: self._is_known(coin) is not True)
        others = set(likeliest_first[(len(coins) + 1) // 2 :])
        moved = [fact for fact in flight.needs if fact[0] in others]
        for fact in moved:
            del flight.needs[fact]
        apart = self._begin(flight.asker, self._clock.monotonic())
        apart.asker.join(flight.asker)
        apart.asker.is_pressing = bool(flight.asker.waiting)  # those who wait for this half book it only later
        apart.needs |= dict.fromkeys(moved)
        apart.may_fill, apart.splits = False, flight.splits

    def _book(self, facts: Sequence[Fact], asker: Asker) -> Flight:
        """Put these facts on the next call, which leaves soon if one of them deserves it."""
        leaves_at = self._leaves_at(facts)
        flight = self._open
        if flight is None:
            flight = self._open = self._begin(asker, leaves_at)
        flight.needs |= dict.fromkeys(facts)
        if leaves_at < flight.leaves_at:
            flight.leaves_at = leaves_at
            flight.sooner.set()
        return flight

    def _begin(self, asker: Asker, leaves_at: float) -> Flight:
        landed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        flight = Flight(Asker(asker.lane, asker.client), leaves_at, landed)  # one of its own: others may join it
        flying = self._fly(flight)
        try:
            self._tasks.create_task(flying, name=f"a call for {self.lot.key}")
        except RuntimeError:  # a group that is closing takes no task
            flying.close()
            landed.cancel()
        else:
            self._in_flight[flight] = None
        return flight

    def _leaves_at(self, facts: Iterable[Fact]) -> float:
        now = self._clock.monotonic()
        if not self._are_unknown(facts):
            return max(now + tuning.MERGE_S, self._last_left_at + tuning.SPACING_S)
        while self._for_unknown_ids and self._for_unknown_ids[0] <= now - 60.0:
            self._for_unknown_ids.popleft()
        is_full = len(self._for_unknown_ids) >= tuning.UNKNOWN_ID_CALLS
        return max(now + tuning.UNKNOWN_ID_WAITS_S, self._for_unknown_ids[0] + 60.0 if is_full else now)

    def _are_unknown(self, facts: Iterable[Fact]) -> bool:
        return all(self._is_known(coin) is False for coin, _ in facts)

    def _close(self, flight: Flight) -> None:
        if self._open is flight:
            self._open = None

    async def _fly(self, flight: Flight) -> None:
        try:
            await self._wait_to_leave(flight)
            await self.crew.fly(flight)
        except Exception as error:  # noqa: BLE001  # handed on to all who wait; raised here it would end the whole group
            flight.landed.set_exception(error)
            flight.landed.exception()  # they may all have left; that is not worth a warning
        else:
            flight.landed.set_result(None)
        finally:
            flight.landed.cancel()  # does nothing unless this task itself was cancelled
            self._in_flight.pop(flight, None)
            self._close(flight)

    async def _wait_to_leave(self, flight: Flight) -> None:
        while (pause := flight.leaves_at - self._clock.monotonic()) > 0:
            await self._wait_for(flight.sooner.wait(), pause)
            flight.sooner.clear()
        while (others := self._in_the_air()) and (
            pause := self._last_left_at + tuning.ONE_AT_A_TIME_S - self._clock.monotonic()
        ) > 0:
            await self._wait_for(asyncio.wait([other.landed for other in others]), pause)

    def _in_the_air(self) -> Sequence[Flight]:
        return [flight for flight in self._in_flight if flight.coins and not flight.landed.done()]

    async def _wait_for(self, event: Coroutine[Any, Any, object], seconds: float) -> None:
        """Come back once ``event`` has come, or after so long."""
        come = asyncio.ensure_future(event)
        slept = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait((come, slept), return_when=asyncio.FIRST_COMPLETED)
        finally:
            come.cancel()
            slept.cancel()

    def _riders(self) -> Iterable[str]:
        """Coins in demand, then those worth asking for, and of both those first that no other call will bring soon."""
        others: list[str] = []
        facts, now = self.facts, self._clock.now()
        for coin in (*self.coins.names(), *self._worth_asking()):
            fetched_at = facts.fetched_at(coin)
            if self._is_due_soon(fetched_at, now) and not self._comes_otherwise(coin):
                yield coin
            else:
                others.append(coin)
        yield from others

    def _is_due_soon(self, fetched_at: datetime | None, now: datetime) -> bool:
        """Whether it is missing, or more than half of its fresh time is over."""
        return fetched_at is None or now - fetched_at >= self._policy_of(fetched_at).fresh_for / 2
