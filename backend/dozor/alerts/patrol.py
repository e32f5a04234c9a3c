"""Keeps one watch going: holds the lease, polls as often as the quota affords, and begins anew after any failure."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from dozor.alerts.blindness import Blindness
from dozor.alerts.catching_up import after_gap, missed
from dozor.alerts.evaluation import NewId
from dozor.alerts.polling import Poll, pair_of, plan
from dozor.alerts.ports import Lease, LeaseLost, Leases, QuoteSource, WatchStore
from dozor.alerts.watcher import Watcher
from dozor.clock import Clock
from dozor.domain.backoff import Doubling
from dozor.domain.errors import DozorError, StoreUnavailable
from dozor.domain.pace import ALERT_SHARE
from dozor.domain.quotes import Quote
from dozor.domain.watch_pace import Means

LEASE = "watch"
LEASE_S = 30.0
RAREST_S = 24 * 3600.0  # a month with nothing left has no interval at all
MOST_HISTORY = 50  # charts asked for after an outage
TURN_S = 1.0  # how often changed rules are taken over, and what is due by the clock is done
RETRY = Doubling(timedelta(seconds=1), timedelta(seconds=30))  # a database that is away

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WatchReport:
    """How the watch stands, for the status page. ``interval_s`` and ``polled_at`` are ``None`` before the first poll.

    ``is_held_here``: this process has the lease.
    """

    is_held_here: bool
    rules: int
    pairs: int
    interval_s: float | None
    sees_wicks: bool
    polled_at: datetime | None


@dataclass(frozen=True, slots=True)
class BlindNews:
    """So many rules of each user have no data ``since``, or have it again. ``reason`` is upstream's, if it failed."""

    rules: Mapping[str, int]
    since: datetime
    at: datetime
    reason: str | None
    is_lost: bool


class Patrol:
    """The watch of this process. One instance; ``run`` is its one task.

    ``means`` is what the quota leaves to the alerts, ``arm`` sets their part of it aside or gives it back, and
    ``wished_s`` is how far apart polls would be if calls cost nothing. ``when_told`` is called after each pass that
    wrote events.
    """

    def __init__(
        self,
        store: WatchStore,
        leases: Leases,
        quotes: QuoteSource,
        clock: Clock,
        *,
        holder: str,
        new_event_id: NewId,
        means: Callable[[], Awaitable[Means]],
        arm: Callable[[bool], Awaitable[None]],
        wished_s: float,
        when_told: Callable[[], None] = lambda: None,
        when_blind: Callable[[BlindNews], Awaitable[None]] | None = None,
    ) -> None:
        self._store = store
        self._leases = leases
        self._quotes = quotes
        self._clock = clock
        self._holder = holder
        self._new_event_id = new_event_id
        self._means = means
        self._arm = arm
        self._wished_s = wished_s
        self._when_told = when_told
        self._when_blind = when_blind
        self._blindness = Blindness()
        self._reason: str | None = None
        self._armed: bool | None = None
        self._watcher: Watcher | None = None
        self._poll: Poll | None = None
        self._polled_at: datetime | None = None
        self._failing = False

    def report(self) -> WatchReport:
        """How it stands now."""
        watcher, poll = self._watcher, self._poll
        return WatchReport(
            watcher is not None,
            0 if watcher is None else len(watcher.index),
            0 if watcher is None else len({pair_of(name) for name, _ in watcher.index.series()}),
            None if poll is None else poll.interval_s,
            poll is not None and poll.sees_wicks,
            self._polled_at,
        )

    async def run(self) -> None:
        """Watch for good, whenever the lease can be had."""
        failures = 0
        while True:
            try:
                lease = await self._leases.acquire(LEASE, self._holder, LEASE_S)
                if lease is None:
                    await self._clock.sleep(LEASE_S / 3)
                    continue
                await self._hold(lease)
            except LeaseLost:
                log.warning("watch.lease_lost")
            except StoreUnavailable as error:
                failures += 1
                log.warning("watch.store_unavailable", reason=str(error))
                await self._clock.sleep(RETRY.pause(failures).total_seconds())
                continue
            finally:
                self._watcher = self._poll = None
            failures = 0

    async def _hold(self, lease: Lease) -> None:
        watcher = self._watcher = Watcher(self._store, lease, self._new_event_id)
        try:
            await watcher.begin()
            polled = -math.inf
            prolonged_at = self._clock.monotonic()
            while True:
                polled = await self._turn(watcher, polled)
                await self._clock.sleep(TURN_S)
                if self._clock.monotonic() - prolonged_at < LEASE_S / 3:
                    continue
                prolonged_at = self._clock.monotonic()
                prolonged = await self._leases.acquire(LEASE, self._holder, LEASE_S)
                if prolonged is None or prolonged.epoch != watcher.lease.epoch:
                    raise LeaseLost("another process watches now")
                watcher.lease = prolonged
        finally:
            await asyncio.shield(self._leases.release(watcher.lease))

    async def _turn(self, watcher: Watcher, polled: float) -> float:
        """Do what is due, and poll if it is time; when the last poll was, by the monotonic clock."""
        await watcher.follow()
        await self._arm_for(watcher)
        self._poll = await self._planned(watcher)
        now = self._clock.monotonic()
        if self._poll is not None and now - polled >= self._poll.interval_s:
            polled = now
            quotes = await self._ask(self._poll)
            apart = timedelta(seconds=min(self._poll.interval_s, RAREST_S))
            gaps = after_gap(quotes, watcher.mark_of, apart)
            passed = await missed(gaps, watcher.mark_of, self._quotes, await self._most_history())
            taken = await watcher.take([*passed, *quotes], apart, self._clock.now(), is_outage=bool(gaps))
            self._polled_at = self._clock.now()
            if taken.events:
                self._when_told()
        if await watcher.tend(self._clock.now()):
            self._when_told()
        if polled == now:
            await self._tell_the_blind(watcher)
        return polled

    def is_blind(self, series: str) -> bool:
        """Whether upstream has said nothing new of this series for too long."""
        return series in self._blindness.series

    async def _tell_the_blind(self, watcher: Watcher) -> None:
        if self._poll is None:
            return
        apart, now = timedelta(seconds=min(self._poll.interval_s, RAREST_S)), self._clock.now()
        sight = self._blindness.look(watcher.seen_at(), apart, now)
        if sight.since is None or self._when_blind is None:
            return
        for series, is_lost in ((sight.lost, True), (sight.regained, False)):
            if series:
                if is_lost:
                    log.warning("watch.blind", series=len(series))
                else:
                    log.info("watch.sees_again", series=len(series))
                rules = await self._store.count_by_user(series)
                await self._when_blind(BlindNews(rules, sight.since, now, self._reason, is_lost=is_lost))

    async def _planned(self, watcher: Watcher) -> Poll | None:
        means = await self._means()
        return plan(watcher.index.series(), lambda calls: means.interval_s(calls, self._wished_s))

    async def _most_history(self) -> int:
        """How many charts may be asked for at once: what the alerts own of a minute."""
        means = await self._means()
        return MOST_HISTORY if means.per_minute is None else min(MOST_HISTORY, int(means.per_minute * ALERT_SHARE))

    async def _arm_for(self, watcher: Watcher) -> None:
        """The alerts own a part of the quota while there are any."""
        armed = len(watcher.index) > 0
        if armed is not self._armed:
            await self._arm(armed)
            self._armed = armed

    async def _ask(self, poll: Poll) -> Sequence[Quote]:
        """Everything that could be had, the oldest first; what could not is logged once, and asked for next time."""
        asked = [self._quotes.rows(coins, currency) for currency, coins in poll.rows.items()]
        if poll.prices:
            asked.append(self._quotes.prices(poll.coins, poll.currencies))
        quotes: list[Quote] = []
        failure: DozorError | None = None
        for answer in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(answer, DozorError):
                failure = answer
            elif isinstance(answer, BaseException):
                raise answer
            else:
                quotes += filter(poll.takes, answer)
        if failure is not None and not self._failing:
            log.warning("watch.no_prices", reason=str(failure))
        elif failure is None and self._failing:
            log.info("watch.prices_again")
        self._failing = failure is not None
        self._reason = None if failure is None else str(failure)
        return sorted(quotes, key=lambda quote: quote.observed_at)
