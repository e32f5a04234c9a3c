"""Read facts, fetching what is missing: for questions that are put together what ``ReadThrough`` is for single units.

The same rule decides (``caching.decision``): fresh is served, stale within grace is served with a refresh behind, and
anything older waits. What is missing goes on the next call of its lot, together with what others miss.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, assert_never

from dozor.caching.decision import Abstain, Refuse, Serve, ServeAndRefresh, Wait, after_failure, decide
from dozor.caching.entry import Entry
from dozor.caching.memory import MemoryTier
from dozor.caching.readthrough import SOON, UPSTREAM, Read
from dozor.caching.stats import Outcome
from dozor.domain.bounds import NO_BOUNDS, Bounds
from dozor.domain.errors import BudgetExhausted, DeadlinePassed, DozorError, NotCached, UpstreamUnavailable
from dozor.domain.freshness import FreshnessPolicy
from dozor.domain.lanes import Asker, Lane
from dozor.market import tuning
from dozor.market.crew import LotCrew, refusal_key
from dozor.market.demand import Demand
from dozor.market.planner import Planner
from dozor.market.policy import policy_of_facts
from dozor.market.standing import ABSENT_FOR, Standing, standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dozor.caching.negative import Negatives
    from dozor.caching.stats import ReadStats
    from dozor.caching.tier import PolicyOf
    from dozor.caching.tiers import Tiers
    from dozor.clock import Clock
    from dozor.market.board import Board
    from dozor.market.catalogue import Catalogue
    from dozor.market.facts import Fact, Facts
    from dozor.market.families.family import Batch, Lot, Unit
    from dozor.market.planner import Flight
    from dozor.market.policy import Pacing
    from dozor.market.ports import Upstream
    from dozor.market.units import Units

CALLS_AT_A_TIME = 256  # of a lot, whose facts are on the board together
ABSENT = FreshnessPolicy(ABSENT_FOR, timedelta(0))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What batches know of the rest of the market. ``is_known(coin)``: the coin list has this id; ``None``: no list."""

    pacing: Pacing
    catalogue: Catalogue
    units: Units
    is_known: Callable[[str], bool | None]


@dataclass(frozen=True, slots=True)
class _Desk:
    planner: Planner
    crew: LotCrew
    policy_of: PolicyOf


class Batches:
    """Answers from facts. One instance per loop; ``tasks`` owns the calls, which outlive those who wait for them.

    ``assemble`` is for who wants to know how answers come about, and not what is in them.
    """

    def __init__(
        self,
        board: Board,
        upstream: Upstream,
        tiers: Tiers,
        negatives: Negatives,
        stats: ReadStats,
        tasks: asyncio.TaskGroup,
        clock: Clock,
        surroundings: Surroundings,
        *,
        assemble: Callable[[Batch, Facts], bytes] = lambda batch, facts: batch.assemble(facts),
    ) -> None:
        self._board = board
        self._assemble = assemble
        self._upstream = upstream
        self._tiers = tiers
        self._negatives = negatives
        self._stats = stats
        self._tasks = tasks
        self._clock = clock
        self._around = surroundings
        self._demand = Demand(clock)
        self._desks: OrderedDict[Lot, _Desk] = OrderedDict()

    async def read(
        self, key: str, batch: Batch, asker: Asker, *, wait_seconds: float, bounds: Bounds = NO_BOUNDS
    ) -> Read:
        """The answer to the question ``key``, which wants this batch, after at most ``wait_seconds`` of waiting.

        Raises as ``ReadThrough.read``, and NotDerivable when all facts are known and do not settle the answer.
        """
        began_at, ends_at = self._clock.now(), self._clock.monotonic() + wait_seconds
        desk = self._desk(batch.lot)
        desk.planner.count(batch.coins, batch.columns)
        self._demand.count(batch.lot.key)
        stand, source = await self._look(batch, desk)
        asker.expected = self._expected(batch.lot, desk, stand)
        if batch.page is not None and any(self._is_on(batch.page, coin) for coin, _ in stand.due):
            # Too far apart from the rest, the page has to be fetched now: as a whole, which serves its readers too.
            limits = replace(bounds, max_stale=timedelta(0)) if self._are_far_apart(batch.lot, stand) else bounds
            with suppress(DozorError):  # then by their ids, or not at all, which is told below
                await self._around.units.read(
                    batch.page, Asker(asker.lane, asker.client), wait_seconds=wait_seconds, bounds=limits
                )
            stand = self._stand(batch, desk)
        entry = self._entry(key, batch.lot, stand)
        if self._are_far_apart(batch.lot, stand):
            bounds = replace(bounds, max_stale=None)  # that is about age, not about what belongs together
        decision = decide(entry, self._recall(batch.lot, stand), self._clock.now(), bounds)
        match decision:
            case Serve(outcome=outcome, error=error):
                return self._served(key, batch, stand, outcome, source, error)
            case ServeAndRefresh():
                # What the page has is refreshed with the page.
                due = [fact for fact in stand.due if not self._is_on(batch.page, fact[0])]
                began = False
                if not desk.crew.is_held_off:
                    began = desk.planner.want(due, asker.behind(decision.entry.staleness(self._clock.now()))).is_new
                return self._served(key, batch, stand, Outcome.STALE_HIT, source, began_load=began)
            case Refuse(error=error):
                self._stats.count_read(batch.lot.endpoint.function, Outcome.NEGATIVE_HIT)
                raise error
            case Abstain():
                self._stats.count_read(batch.lot.endpoint.function, Outcome.FAILURE)
                raise NotCached
            case Wait():
                return await self._wait(key, batch, asker, began_at, ends_at, wait_seconds)
        assert_never(decision)

    async def peek(self, key: str, batch: Batch) -> Read | None:
        """What ``read`` could serve without any call, whatever its age; counts as no read. Raises NotDerivable."""
        stand, source = await self._look(batch, self._desk(batch.lot))
        entry = self._entry(key, batch.lot, stand)
        if entry is None:
            return None
        outcome = Outcome.STALE_HIT if stand.due else Outcome.HIT
        return self._shown(key, batch, stand, outcome, source)

    def refresh_ahead(self, lane: Lane) -> None:
        """Begin to refresh what of each lot is past its fresh time and will be asked for soon."""
        for lot, desk in self._desks.items():
            rate = self._demand.rate(lot.key)
            if rate * tuning.AHEAD_WITHIN_S < 1 or desk.crew.is_held_off or self._negatives.recall(lot.key) is not None:
                continue
            stand = self._stand_of(desk, desk.planner.coins.likely(), desk.planner.columns.likely())
            if stand.oldest is None or not stand.due:
                continue
            policy = desk.policy_of(stand.oldest)
            staleness = policy.staleness(self._clock.now() - stand.oldest)
            asker = Asker(lane, "", expected=rate * tuning.EXPECT_S * min(max(staleness, 0.0), 1.0))
            desk.planner.want(stand.due, asker)

    async def _wait(
        self, key: str, batch: Batch, asker: Asker, began_at: datetime, ends_at: float, wait_seconds: float
    ) -> Read:
        desk, led, source = self._desk(batch.lot), False, ""
        error: DozorError | None = None
        due, in_vain = self._since(batch, desk, began_at), 0
        while due and in_vain < tuning.IN_VAIN:
            booking = desk.planner.want(due, asker)
            led = led or booking.is_new
            landed = await self._landed(booking.flights, asker, ends_at)
            if landed is None:
                error = DeadlinePassed(wait_seconds, self._clock.now() + SOON)
                break
            error = next((found for flight in landed if (found := self._error_of(flight)) is not None), None)
            if error is not None and (booking.is_new or not isinstance(error, BudgetExhausted)):
                break  # else its turn did not come within the patience of who began it; ours is not over
            source = next((flight.source for flight in landed if flight.source), source)
            left = self._since(batch, desk, began_at)
            if len(left) == len(due) and any(flight.brings(fact) for flight in landed for fact in due):
                in_vain += 1  # unlike a call that had no room for ours: in a crowd many go before theirs does
            due = left
        if not due:
            outcome = _outcome(source, led=led)
            return self._served(key, batch, self._stand(batch, desk), outcome, source or MemoryTier.name)
        stand = self._stand(batch, desk)
        if error is None:
            error = UpstreamUnavailable("it does not bring what is asked for", self._clock.now() + SOON)
        elif isinstance(error, UpstreamUnavailable):
            error = self._recall(batch.lot, stand) or error  # then ``retry_at`` says when we shall really try again
        instead = after_failure(self._entry(key, batch.lot, stand), error, self._clock.now())
        match instead:
            case Serve(outcome=outcome):
                return self._served(key, batch, stand, outcome, MemoryTier.name, instead.error, began_load=led)
            case Refuse():
                self._stats.count_read(batch.lot.endpoint.function, Outcome.FAILURE)
                raise instead.error
        assert_never(instead)

    async def _landed(self, flights: Sequence[Flight], asker: Asker, ends_at: float) -> Sequence[Flight] | None:
        """All of these flights once they have landed, or those that failed; ``None`` when the time is over first."""
        with _awaited_by(asker, flights):
            done, _ = await asyncio.wait(
                [flight.landed for flight in flights],
                timeout=ends_at - self._clock.monotonic(),
                return_when=asyncio.FIRST_EXCEPTION,
            )
        landed = [flight for flight in flights if flight.landed in done]
        return landed if len(landed) == len(flights) or any(map(self._error_of, landed)) else None

    def _expected(self, lot: Lot, desk: _Desk, stand: Standing) -> float:
        """How many are expected to ask soon for what a call would bring.

        Once a call has brought what most people ask for, the next one is worth no more than what is still missing.
        """
        whole = self._demand.rate(lot.key) * tuning.EXPECT_S
        if desk.planner.is_old:
            return whole
        coins = {coin for coin, _ in stand.missing}
        return min(whole, sum(map(desk.planner.coins.rate, coins)) * tuning.EXPECT_S)

    def _is_on(self, page: Unit | None, coin: str) -> bool:
        return page is not None and self._around.catalogue.is_among_first(coin, tuning.SURE_ON_FIRST_PAGE)

    async def _look(self, batch: Batch, desk: _Desk) -> tuple[Standing, str]:
        """How the facts stand, and where they lay: what other processes brought is looked for when some are due."""
        stand = self._stand(batch, desk)
        if not stand.due:
            await desk.crew.prove()
            return stand, MemoryTier.name
        source = await desk.crew.catch_up()
        return (self._stand(batch, desk), source) if source else (stand, MemoryTier.name)

    def _stand(self, batch: Batch, desk: _Desk) -> Standing:
        return self._stand_of(desk, batch.coins, batch.columns)

    def _stand_of(self, desk: _Desk, coins: Sequence[str], columns: Sequence[str]) -> Standing:
        return standing(desk.planner.facts, coins, columns, desk.policy_of, self._clock.now())

    def _since(self, batch: Batch, desk: _Desk, began_at: datetime) -> Sequence[Fact]:
        """What is due and was not fetched since then; with no fresh time at all, everything is due at once again."""
        due = []
        for fact in self._stand(batch, desk).due:
            saying = desk.planner.facts.get(*fact)
            if saying is None or saying.fetched_at < began_at:
                due.append(fact)
        return due

    def _policy_of(self, lot: Lot) -> PolicyOf:
        return self._desk(lot).policy_of

    def _policy(self, lot: Lot, stand: Standing) -> FreshnessPolicy:
        """The limits of an answer made of these facts: those of the oldest."""
        assert stand.oldest is not None
        if stand.all_absent:
            return ABSENT
        policy = self._policy_of(lot)(stand.oldest)
        return replace(policy, grace_for=timedelta(0)) if self._are_far_apart(lot, stand) else policy

    def _are_far_apart(self, lot: Lot, stand: Standing) -> bool:
        """Whether these facts are too far apart in time to be shown as one answer, if it can be helped."""
        if stand.oldest is None or stand.newest is None:
            return False
        return stand.newest - stand.oldest > self._policy_of(lot)(stand.oldest).fresh_for

    def _entry(self, key: str, lot: Lot, stand: Standing, body: bytes = b"") -> Entry | None:
        """The answer as an entry, for whoever decides about it; ``None`` while something is missing."""
        if stand.missing or stand.oldest is None:
            return None
        return Entry(key, body, stand.oldest, self._policy(lot, stand))

    def _shown(
        self, key: str, batch: Batch, stand: Standing, outcome: Outcome, source: str, error: DozorError | None = None
    ) -> Read:
        entry = self._entry(key, batch.lot, stand, self._assemble(batch, self._board.facts_of(batch.lot)))
        assert entry is not None
        return Read(entry, entry.age(self._clock.now()), outcome, source, error)

    def _served(
        self,
        key: str,
        batch: Batch,
        stand: Standing,
        outcome: Outcome,
        source: str,
        error: DozorError | None = None,
        *,
        began_load: bool = False,
    ) -> Read:
        read = self._shown(key, batch, stand, outcome, source, error)
        self._stats.count_read(batch.lot.endpoint.function, outcome, began_load=began_load)
        return read

    def _recall(self, lot: Lot, stand: Standing) -> DozorError | None:
        """What is held against fetching what is missing or old."""
        remembered = self._negatives.recall(lot.key)
        for coin, _ in stand.missing:
            remembered = remembered or self._negatives.recall(refusal_key(lot, coin))
        return remembered

    def _error_of(self, flight: Flight) -> DozorError | None:
        """Why a flight that has landed failed, if it did."""
        if flight.landed.cancelled():
            return UpstreamUnavailable("the fetch was broken off", self._clock.now() + SOON)
        error = flight.landed.exception()
        assert error is None or isinstance(error, DozorError)
        return error

    def _desk(self, lot: Lot) -> _Desk:
        desk = self._desks.get(lot)
        if desk is not None:
            self._desks.move_to_end(lot)
            return desk
        around = self._around

        @lru_cache(CALLS_AT_A_TIME)
        def policy_of(fetched_at: datetime) -> FreshnessPolicy:
            return policy_of_facts(lot.endpoint, lot.key, fetched_at, around.pacing)

        planner = Planner(
            lot,
            self._board,
            policy_of,
            self._tasks,
            self._clock,
            is_known=around.is_known,
            worth_asking=lambda: around.catalogue.by_rank(lot.first_rank),
            comes_otherwise=lambda coin: around.catalogue.is_among_first(coin, lot.first_rank - 1),
        )
        crew = LotCrew(
            planner,
            self._board,
            self._upstream,
            self._tiers,
            self._negatives,
            self._stats,
            policy_of,
            self._clock,
        )
        planner.crew = crew
        desk = self._desks[lot] = _Desk(planner, crew, policy_of)
        if len(self._desks) > tuning.MOST_LOTS:
            idle = next((lot for lot, other in self._desks.items() if other.planner.is_idle), None)
            if idle is not None:
                del self._desks[idle]
        return desk


def _outcome(source: str, *, led: bool) -> Outcome:
    if source in {"", UPSTREAM}:
        return Outcome.MISS if led else Outcome.JOINED
    return Outcome.LOADED_ELSEWHERE


@contextmanager
def _awaited_by(asker: Asker, flights: Sequence[Flight]) -> Iterator[None]:
    """Count who waits for these flights, if that is a person: those go first that many wait for."""
    counted = flights if asker.lane.precedes(Lane.REFRESH) else ()
    for flight in counted:
        flight.asker.waiting += 1
    try:
        yield
    finally:
        for flight in counted:
            flight.asker.waiting -= 1
