"""Read a key, loading what is missing: the whole of a cached answer's life in one place.

Fresh is served; stale within grace is served with one refresh behind; anything older waits for a load and gets the
stale entry only if that fails. ``decision`` holds the rule, this module carries it out. A load that fails changes
nothing but the memory of failures, and a load goes on when its askers are gone: what it brings is kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

import structlog

from dozor.caching.decision import Refuse, Serve, ServeAndRefresh, Wait, after_failure, decide
from dozor.caching.entry import Entry
from dozor.caching.negative import Negatives
from dozor.caching.singleflight import Delay, NotLanded, SingleFlight
from dozor.caching.stats import Outcome, ReadStats
from dozor.caching.tier import Tier
from dozor.clock import Clock
from dozor.domain.errors import DeadlinePassed, DozorError, TooManyWaiting, UpstreamUnavailable
from dozor.domain.freshness import Freshness

__all__ = ["UPSTREAM", "Arrival", "Load", "Outcome", "Read", "ReadThrough"]

UPSTREAM = "upstream"
SOON = timedelta(seconds=1)  # when to ask again for what is only a matter of waiting

Load: TypeAlias = Callable[[], Awaitable[Entry]]
log = structlog.get_logger()


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


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a flight brought: an entry that was loaded, or one that had been put into the tier in the meantime."""

    entry: Entry
    source: str


class ReadThrough:
    """Entries of ``tier``, loaded when they are missing or old. One instance per loop.

    The contract on a load: it returns an entry of the key that was asked for or raises a DozorError, and ends by
    itself. Any other exception is a bug: it is logged and held against the key like a failing upstream, because each
    further try would spend another call on it.
    """

    def __init__(
        self, tier: Tier, flights: SingleFlight[Arrival], negatives: Negatives, stats: ReadStats, clock: Clock
    ) -> None:
        self._tier = tier
        self._flights = flights
        self._negatives = negatives
        self._stats = stats
        self._clock = clock

    async def read(self, key: str, load: Load, *, family: str, wait_seconds: float) -> Read:
        """The answer of this key, from the tier or from ``load``, after at most ``wait_seconds`` of waiting for one.

        ``family`` is a label for counting, with few values. Raises, when there is no stale entry to serve instead,
        what the load raised or raised lately, DeadlinePassed or TooManyWaiting; QuestionRejected even when there is
        one, once it is past its grace.
        """
        entry = await self._tier.get(key)
        now = self._clock.now()
        decision = decide(entry, self._negatives.recall(key), now)
        match decision:
            case Serve():
                return self._served(decision, family, now)
            case ServeAndRefresh():
                self._flights.start(key, lambda: self._load_unless_fresh(key, load, family))
                return self._served(Serve(decision.entry, Outcome.STALE_HIT), family, now)
            case Refuse():
                self._stats.count_read(family, Outcome.NEGATIVE_HIT)
                raise decision.error
            case Wait():
                return await self._wait(key, load, family, wait_seconds, stand_in=entry)
        assert_never(decision)

    async def peek(self, key: str) -> Read | None:
        """What ``read`` could serve without any load, as HIT or STALE_HIT (grace or not); counts as no read."""
        entry = await self._tier.get(key)
        now = self._clock.now()
        if entry is None or entry.freshness(now) is Freshness.EXPIRED:
            return None
        outcome = Outcome.HIT if entry.freshness(now) is Freshness.FRESH else Outcome.STALE_HIT
        return Read(entry, entry.age(now), outcome, self._tier.name)

    def refresh(self, key: str, load: Load, family: str) -> bool:
        """Load this key behind, however fresh its entry is.

        ``False`` when nothing was begun: a load is under way, one failed a moment ago, or there are too many.
        """
        if self._negatives.recall(key) is not None:
            return False
        return self._flights.start(key, lambda: self._load(key, load, family))

    async def _wait(self, key: str, load: Load, family: str, wait_seconds: float, stand_in: Entry | None) -> Read:
        try:
            landed = await self._flights.run(key, lambda: self._load_unless_fresh(key, load, family), wait_seconds)
        except NotLanded as reason:
            error = self._explain(reason.delay, wait_seconds)
        except DozorError as failure:
            # As it is remembered, when it is: then ``retry_at`` says when we shall really try again.
            error = self._negatives.recall(key) or failure
        else:
            return self._arrived(landed.value, family, led=landed.led)
        now = self._clock.now()
        verdict = after_failure(stand_in, error, now)
        match verdict:
            case Serve():
                return self._served(verdict, family, now)
            case Refuse():
                self._stats.count_read(family, Outcome.FAILURE)
                raise verdict.error
        assert_never(verdict)

    async def _load_unless_fresh(self, key: str, load: Load, family: str) -> Arrival:
        # Two misses can start one after the other: the second looked into the tier before the first had landed.
        entry = await self._tier.get(key)
        if entry is not None and entry.freshness(self._clock.now()) is Freshness.FRESH:
            return Arrival(entry, self._tier.name)
        return await self._load(key, load, family)

    async def _load(self, key: str, load: Load, family: str) -> Arrival:
        self._stats.count_load(family)
        try:
            entry = await load()
            if entry.key != key:
                raise ValueError(f"asked to load {key!r}, brought {entry.key!r}")
            await self._keep(entry)
        except DozorError as error:
            self._stats.count_load_failure(family)
            self._negatives.remember(key, error)
            raise
        except Exception as bug:
            log.exception("load.broken", key=key, family=family)
            self._stats.count_load_failure(family)
            retry_at = self._clock.now() + SOON
            unusable = UpstreamUnavailable(f"what it sent cannot be used ({type(bug).__name__})", retry_at)
            self._negatives.remember(key, unusable)
            raise unusable from bug
        self._negatives.forget(key)
        return Arrival(entry, UPSTREAM)

    async def _keep(self, entry: Entry) -> None:
        # A tier keeps whichever entry is newer by its own stamp. One stamped in the future, before the clock was put
        # right, would hold its place against every newer one until that hour came.
        known = await self._tier.get(entry.key)
        if known is not None and known.fetched_at > self._clock.now():
            await self._tier.drop(entry.key)
        await self._tier.put(entry)

    def _served(self, serve: Serve, family: str, now: datetime) -> Read:
        self._stats.count_read(family, serve.outcome)
        return Read(serve.entry, serve.entry.age(now), serve.outcome, self._tier.name, serve.error)

    def _arrived(self, arrival: Arrival, family: str, *, led: bool) -> Read:
        outcome = Outcome.JOINED
        if led:
            outcome = Outcome.MISS if arrival.source == UPSTREAM else Outcome.HIT
        self._stats.count_read(family, outcome)
        return Read(arrival.entry, arrival.entry.age(self._clock.now()), outcome, arrival.source)

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
