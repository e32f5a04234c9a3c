"""Read a key, loading what is missing: the whole of a cached answer's life in one place.

Fresh is served; stale within grace, or within the bounds that the asker sets, is served with one refresh behind;
anything older waits for a load and gets the stale entry only if that fails. ``decision`` holds the rule, this module
carries it out. A load that fails changes nothing but the memory of failures, and a load goes on when its askers are
gone: what it brings is kept. Of all processes that share a tier one loads a key, and the others take what it brings.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

import structlog

from dozor.caching import verdict
from dozor.caching.decision import Abstain, Refuse, Serve, ServeAndRefresh, Wait, after_failure, decide
from dozor.caching.departure import Departure, LoadedElsewhere, LoadingElsewhere
from dozor.caching.entry import Entry
from dozor.caching.lease import Verdict
from dozor.caching.lru import ByteLru
from dozor.caching.negative import Negatives
from dozor.caching.singleflight import Delay, NotLanded, SingleFlight
from dozor.caching.stats import Outcome, ReadStats
from dozor.caching.tier import PolicyOf
from dozor.caching.tiers import Found, Tiers
from dozor.clock import Clock
from dozor.domain.bounds import NO_BOUNDS, Bounds
from dozor.domain.errors import (
    BudgetExhausted,
    DeadlinePassed,
    DozorError,
    NotCached,
    TooManyWaiting,
    UpstreamUnavailable,
)
from dozor.domain.freshness import Freshness
from dozor.domain.lanes import Asker

__all__ = ["UPSTREAM", "Clearance", "Load", "Outcome", "Read", "ReadThrough", "Recipe"]

UPSTREAM = "upstream"
SOON = timedelta(seconds=1)  # when to ask again for what is only a matter of waiting
HELD_OFF_S = 2.0  # no refresh is tried again for so long that the budget had no call for
SPENT_BYTES = 1024 * 1024
TAKEOVERS = 5  # so many processes may die over one key before a load gives up

Clearance: TypeAlias = Callable[[], Awaitable[None]]
Load: TypeAlias = Callable[[Clearance, Asker], Awaitable[Entry]]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the entry of a key is made, and how long one fetched at a given instant is good for.

    The contract on ``load``: it returns an entry of the key that was asked for or raises a DozorError, and ends by
    itself. Before each attempt, when it could be made at once, it awaits the clearance that it is given, and lets
    through what that raises with nothing sent. The asker that it is given says for whom it runs and how urgently; that
    may change until it ends. Any other exception is a bug: it is logged and held against the key like a failing
    upstream, because each further try would spend another call on it.
    """

    load: Load
    policy_of: PolicyOf


@dataclass(frozen=True, slots=True)
class Read:
    """The answer to one read.

    ``age`` is the entry's when it was handed out. ``source`` is the name of the tier it came from, or ``upstream``.
    ``error`` says what a stale entry stands in for; ``None`` for every outcome but STALE_ON_ERROR.
    """

    entry: Entry
    age: timedelta
    outcome: Outcome
    source: str
    error: DozorError | None = None


class ReadThrough:
    """Entries of ``tiers``, loaded when they are missing or old. One instance per loop."""

    def __init__(
        self, tiers: Tiers, flights: SingleFlight[Found], negatives: Negatives, stats: ReadStats, clock: Clock
    ) -> None:
        self._tiers = tiers
        self._flights = flights
        self._negatives = negatives
        self._stats = stats
        self._clock = clock
        self._spent: ByteLru[str, float] = ByteLru(SPENT_BYTES, lambda key, _: len(key) + 100)

    async def read(
        self, key: str, recipe: Recipe, asker: Asker, *, family: str, wait_seconds: float, bounds: Bounds = NO_BOUNDS
    ) -> Read:
        """The answer of this key, from a tier or from a load, after at most ``wait_seconds`` of waiting for one.

        ``asker`` is who would wait: a load that is waited for runs for it, or is raised to its lane when under way;
        one behind a stale answer is a refresh. ``family`` is a label for counting and for the log, with few values.
        ``bounds`` say what is waited for, and what is not; what cannot be had within them is served outside them.

        Raises, when there is no stale entry to serve instead, what the load raised or raised lately, DeadlinePassed or
        TooManyWaiting; QuestionRejected even when there is one, once it is past its grace or a load was waited for;
        NotCached when the bounds allow no load and accept nothing of what is known.
        """
        found = await self._tiers.get(key, recipe.policy_of, family)
        if bounds.only_if_cached:
            found = await self._best_known(key, recipe.policy_of, found)
        entry, source = (found.entry, found.source) if found is not None else (None, "")
        now = self._clock.now()
        decision = decide(entry, self._negatives.recall(key), now, bounds)
        match decision:
            case Serve():
                return self._served(decision, family, now, source)
            case ServeAndRefresh():
                behind = asker.behind(decision.entry.staleness(now))
                began = not self._is_held_off(key) and self._flights.start(
                    key, lambda: self._load_unless_fresh(key, recipe, behind, family), behind
                )
                return self._served(Serve(decision.entry, Outcome.STALE_HIT), family, now, source, began_load=began)
            case Refuse():
                self._stats.count_read(family, Outcome.NEGATIVE_HIT)
                raise decision.error
            case Abstain():
                self._stats.count_read(family, Outcome.FAILURE)
                raise NotCached
            case Wait():
                return await self._wait(key, recipe, asker, family, wait_seconds)
        assert_never(decision)

    def count_refusal(self, family: str) -> None:
        """Count a read that was refused before it was one: upstream would surely have refused it, for a call."""
        self._stats.count_read(family, Outcome.REFUSED)

    async def peek(self, key: str, policy_of: PolicyOf, family: str) -> Read | None:
        """What ``read`` could serve without any load, as HIT or STALE_HIT (grace or not); counts as no read."""
        found = await self._tiers.get(key, policy_of, family)
        now = self._clock.now()
        if found is None or found.entry.freshness(now) is Freshness.EXPIRED:
            return None
        outcome = Outcome.HIT if found.entry.freshness(now) is Freshness.FRESH else Outcome.STALE_HIT
        return Read(found.entry, found.entry.age(now), outcome, found.source)

    def refresh(self, key: str, recipe: Recipe, asker: Asker, family: str) -> bool:
        """Load this key, however fresh its entry is, because ``asker`` wants it new; whoever wants to wait reads it.

        ``False`` when nothing was begun: a load is under way, one failed a moment ago, or there are too many. One that
        is under way is raised to the lane of ``asker``.
        """
        if self._negatives.recall(key) is not None:
            return False
        return self._flights.start(key, lambda: self._load(key, recipe, asker, family), asker)

    async def staleness(self, key: str, policy_of: PolicyOf) -> float | None:
        """How stale the entry in memory is (``Entry.staleness``); ``None`` when there is none."""
        entry = await self._tiers.memory.get(key, policy_of)
        return None if entry is None else entry.staleness(self._clock.now())

    def refresh_stale(self, key: str, recipe: Recipe, asker: Asker, family: str) -> bool:
        """Load this key unless another process has done so, for nobody who waits; counts as no read.

        ``False`` when nothing was begun: a load is under way, one failed or found no turn a moment ago, or there are
        too many.
        """
        if key in self._flights or self._negatives.recall(key) is not None or self._is_held_off(key):
            return False
        return self._flights.start(key, lambda: self._load_unless_fresh(key, recipe, asker, family), asker)

    async def renew(self, key: str, recipe: Recipe, asker: Asker, *, family: str, wait_seconds: float) -> Entry:
        """The entry that a load of this key brings, made for ``asker`` however fresh the known one is; no read counts.

        A load that is under way is waited for instead. Raises what the load raised or raised lately, DeadlinePassed or
        TooManyWaiting.
        """
        remembered = self._negatives.recall(key)
        if remembered is not None:
            raise remembered
        try:
            landed = await self._flights.run(key, lambda: self._load(key, recipe, asker, family), wait_seconds, asker)
        except NotLanded as reason:
            raise self._explain(reason.delay, wait_seconds) from reason
        return landed.value.entry

    async def _wait(self, key: str, recipe: Recipe, asker: Asker, family: str, wait_seconds: float) -> Read:
        ends_at = self._clock.monotonic() + wait_seconds
        while True:
            began = key not in self._flights
            remaining = max(0.0, ends_at - self._clock.monotonic())
            try:
                landed = await self._flights.run(
                    key, lambda: self._load_unless_fresh(key, recipe, asker, family), remaining, asker
                )
            except NotLanded as reason:
                error = self._explain(reason.delay, wait_seconds)
            except BudgetExhausted as spent:
                if not began and self._clock.monotonic() < ends_at:
                    continue  # its turn did not come within the patience of who began it; ours is not over
                error = spent
            except DozorError as failure:
                # As it is remembered, when it is: then ``retry_at`` says when we shall really try again.
                error = self._negatives.recall(key) or failure
            else:
                return self._arrived(landed.value, family, led=landed.led)
            break
        # Looked for again: the flight may have brought a stale one from a tier that takes long.
        stand_in = await self._tiers.memory.get(key, recipe.policy_of)
        now = self._clock.now()
        instead = after_failure(stand_in, error, now)
        match instead:
            case Serve():
                return self._served(instead, family, now, self._tiers.memory.name, began_load=began)
            case Refuse():
                self._stats.count_read(family, Outcome.FAILURE)
                raise instead.error
        assert_never(instead)

    async def _best_known(self, key: str, policy_of: PolicyOf, nearest: Found | None) -> Found | None:
        """The newest entry in any tier: for want of a load nobody would come upon what another process has brought."""
        if nearest is not None and nearest.entry.freshness(self._clock.now()) is Freshness.FRESH:
            return nearest
        further = await self._tiers.beyond(key, policy_of)
        if nearest is None or (further is not None and further.entry.fetched_at > nearest.entry.fetched_at):
            return further
        return nearest

    async def _load_unless_fresh(self, key: str, recipe: Recipe, asker: Asker, family: str) -> Found:
        # Two misses can start one after the other: the second looked into the tiers before the first had landed. And
        # what is stale in memory may have been loaded by another process meanwhile.
        entry = await self._tiers.memory.get(key, recipe.policy_of)
        if entry is not None and self._tiers.settles(entry, None):
            return Found(entry, self._tiers.memory.name)
        found = await self._tiers.beyond(key, recipe.policy_of)
        if found is not None and self._tiers.settles(found.entry, None):
            return found
        return await self._load(key, recipe, asker, family)

    async def _load(self, key: str, recipe: Recipe, asker: Asker, family: str) -> Found:
        self._stats.count_load(family)
        try:
            found = await self._load_once_among_all(key, recipe, asker)
        except DozorError as error:
            self._stats.count_load_failure(family)
            self._negatives.remember(key, error)
            if isinstance(error, BudgetExhausted):
                self._spent.put(key, self._clock.monotonic())
            raise
        except Exception as bug:
            log.exception("load.broken", key=key, family=family)
            self._stats.count_load_failure(family)
            retry_at = self._clock.now() + SOON
            unusable = UpstreamUnavailable(f"what it sent cannot be used ({type(bug).__name__})", retry_at)
            self._negatives.remember(key, unusable)
            raise unusable from bug
        self._negatives.forget(key)
        return found

    def _is_held_off(self, key: str) -> bool:
        """Whether a refresh found no turn a moment ago: another one of those who ask would not either."""
        spent_at = self._spent.get(key)
        return spent_at is not None and self._clock.monotonic() - spent_at < HELD_OFF_S

    async def _load_once_among_all(self, key: str, recipe: Recipe, asker: Asker) -> Found:
        """Load the key, or take what the process brings that is loading it; load after all when that one is gone."""
        known = await self._tiers.memory.get(key, recipe.policy_of)
        newer_than = known.fetched_at if known is not None else None
        for _ in range(TAKEOVERS):
            try:
                with Departure(self._tiers, key, recipe.policy_of, newer_than) as departure:
                    entry = await recipe.load(departure.clear, asker)
                    if entry.key != key:
                        raise ValueError(f"asked to load {key!r}, brought {entry.key!r}")
                    await self._tiers.put(entry, departure.land())
                    return Found(entry, UPSTREAM)
            except LoadedElsewhere as loaded:
                return loaded.found
            except LoadingElsewhere:
                landing = await self._tiers.landing(key, recipe.policy_of, newer_than)
            if isinstance(landing, Found):
                return landing
            if isinstance(landing, Verdict) and (error := verdict.read_account(landing.account)) is not None:
                raise error
        retry_at = self._clock.now() + SOON
        raise UpstreamUnavailable("every process that began to fetch this has ended before it had it", retry_at)

    def _served(self, serve: Serve, family: str, now: datetime, source: str, *, began_load: bool = False) -> Read:
        self._stats.count_read(family, serve.outcome, began_load=began_load)
        return Read(serve.entry, serve.entry.age(now), serve.outcome, source, serve.error)

    def _arrived(self, found: Found, family: str, *, led: bool) -> Read:
        if not led:
            outcome = Outcome.JOINED
        elif found.source == UPSTREAM:
            outcome = Outcome.MISS
        else:
            is_ours = found.source == self._tiers.memory.name  # it landed between our look and this flight
            outcome = Outcome.HIT if is_ours else Outcome.LOADED_ELSEWHERE
        self._stats.count_read(family, outcome)
        return Read(found.entry, found.entry.age(self._clock.now()), outcome, found.source)

    def _explain(self, delay: Delay, wait_seconds: float) -> DozorError:
        retry_at = self._clock.now() + SOON
        match delay:
            case Delay.LATE:
                return DeadlinePassed(wait_seconds, retry_at)
            case Delay.NO_ROOM:
                return TooManyWaiting(self._flights.max_flights, retry_at)
            case Delay.BROKEN_OFF:
                return UpstreamUnavailable("the fetch was broken off", retry_at)
        assert_never(delay)
