"""Who waits for leave to call upstream, and whose turn it is.

A person goes before a refresh before a warm-up, and the watcher of alerts after people, where it shares with them.
Within a lane it is one client's turn after another's, so that nobody who asks for much keeps out who asks for little.
Within a client's turn the load goes that is needed most. All of it is read when it is asked for: who waits may come to
be in a greater hurry, or be needed by more.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from dozor.domain.lanes import Asker, Lane

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dozor.upstream.accounts import Charge

CLIENTS_REMEMBERED = 1000
AFTER_PEOPLE = (Lane.PERSON, Lane.ALERT, Lane.REFRESH, Lane.WARM_UP)


@dataclass(eq=False, slots=True)
class Waiter:
    """One who waits until ``give_up_at`` (monotonic) for ``turn``, the charge of a call; ``family`` says what for.

    In a crowd it may be held back until ``held_until`` (see ``contention``).
    """

    asker: Asker
    family: str
    give_up_at: float
    turn: asyncio.Future[Charge]
    held_until: float

    @property
    def lane(self) -> Lane:
        """How urgent it is now."""
        return self.asker.urgency


class WaitingLine:
    """See the module. One instance per loop."""

    def __init__(self) -> None:
        self._waiters: list[Waiter] = []  # by when they came: who waits longer is found first among equals
        self._had_turn: OrderedDict[str, int] = OrderedDict()  # the clients, by when they last had a turn
        self._turns = 0

    def __len__(self) -> int:
        return len(self._waiters)

    def __contains__(self, waiter: Waiter) -> bool:
        return waiter in self._waiters

    def join(self, waiter: Waiter) -> None:
        """It waits from now on."""
        self._waiters.append(waiter)

    def leave(self, waiter: Waiter) -> None:
        """It waits no longer, if it did."""
        if waiter in self._waiters:
            self._waiters.remove(waiter)

    def forget_done(self) -> None:
        """Let go of those whose turn is decided, and who have not left yet: one who is cancelled is done before."""
        self._waiters = [waiter for waiter in self._waiters if not waiter.turn.done()]

    def go(self, waiter: Waiter) -> None:
        """It has its turn: it leaves, and its client goes after all others."""
        self.leave(waiter)
        client = waiter.asker.client
        self._turns += 1
        self._had_turn[client] = self._turns
        self._had_turn.move_to_end(client)
        if len(self._had_turn) > CLIENTS_REMEMBERED:
            self._had_turn.popitem(last=False)

    def first_in(self, lane: Lane) -> Waiter | None:
        """Whose turn it is in this lane."""
        return self._next_of(waiter for waiter in self._waiters if waiter.lane is lane)

    def first(self, is_held: Callable[[Waiter], bool]) -> Waiter | None:
        """Whose turn it is, of those who are not held back; ``None`` while all are who go before the others."""
        for lane in AFTER_PEOPLE:
            in_lane = [waiter for waiter in self._waiters if waiter.lane is lane]
            if in_lane:
                return self._next_of(waiter for waiter in in_lane if not is_held(waiter))
        return None

    def _next_of(self, waiters: Iterable[Waiter]) -> Waiter | None:
        return min(waiters, key=lambda one: (self._turn_of(one.asker.client), -one.asker.need), default=None)

    def in_order(self) -> Sequence[Waiter]:
        """All who wait, in the order in which they go if nothing changes."""
        order: list[Waiter] = []
        turn_of = {waiter.asker.client: self._turn_of(waiter.asker.client) for waiter in self._waiters}
        for lane in AFTER_PEOPLE:
            in_lane = (waiter for waiter in self._waiters if waiter.lane is lane)
            loads_of: dict[str, list[Waiter]] = {}
            for waiter in sorted(in_lane, key=lambda one: -one.asker.need):
                loads_of.setdefault(waiter.asker.client, []).append(waiter)
            clients = sorted(loads_of, key=lambda client: (turn_of[client], -loads_of[client][0].asker.need))
            for turns in zip_longest(*(loads_of[client] for client in clients)):
                for waiter in turns:
                    if waiter is not None:
                        order.append(waiter)
                        turn_of[waiter.asker.client] = self._turns + len(order)
        return order

    def before(self, lane: Lane, need: float) -> int:
        """How many would go before a load of this lane and need whose client's turn it is."""
        lanes = AFTER_PEOPLE[: AFTER_PEOPLE.index(lane)]
        if not lanes and need == math.inf:
            return 0  # asked at every answer
        return sum(one.lane in lanes or (one.lane is lane and one.asker.need >= need) for one in self._waiters)

    def by_lane(self) -> Mapping[Lane, int]:
        """How many wait, by how urgent it is now."""
        lanes = Counter(waiter.lane for waiter in self._waiters)
        return {lane: lanes[lane] for lane in Lane}

    def _turn_of(self, client: str) -> int:
        return self._had_turn.get(client, 0)
