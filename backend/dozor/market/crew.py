"""Carrying out a planned call: under a lease, once among all processes, and what came of it kept for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec
import structlog

from dozor.caching import verdict
from dozor.caching.departure import Departure, LoadingElsewhere
from dozor.caching.lease import Verdict
from dozor.caching.negative import Negatives
from dozor.caching.readthrough import HELD_OFF_S, TAKEOVERS, UPSTREAM
from dozor.caching.stats import ReadStats
from dozor.caching.tier import PolicyOf
from dozor.caching.tiers import PROOF_EVERY_SECONDS, Found, Tiers
from dozor.clock import Clock
from dozor.domain.errors import BudgetExhausted, DozorError, QuestionRejected, UpstreamUnavailable
from dozor.market import tuning
from dozor.market.board import Board
from dozor.market.families.family import Lot
from dozor.market.planner import Flight, Planner
from dozor.market.ports import Call, Fetched, Upstream
from dozor.market.shelf import Brought, Shelf

BAD_ANSWER_RETRY = timedelta(seconds=5)

log = structlog.get_logger()


class _NothingNeeded(Exception):
    """What the flight was for has been brought meanwhile."""


class LotCrew:
    """Flies the flights of one planner. One instance per loop and lot."""

    def __init__(
        self,
        planner: Planner,
        board: Board,
        upstream: Upstream,
        tiers: Tiers,
        negatives: Negatives,
        stats: ReadStats,
        policy_of: PolicyOf,
        clock: Clock,
    ) -> None:
        self._planner = planner
        self._board = board
        self._lot = planner.lot
        self._function = planner.lot.endpoint.function
        self._upstream = upstream
        self._tiers = tiers
        self._negatives = negatives
        self._stats = stats
        self._policy_of = policy_of
        self._clock = clock
        self._shelf = Shelf(tiers, planner.lot.key, policy_of, self._function)
        self._looked_at = -tuning.CATCH_UP_EVERY_S
        self._proved_at = -PROOF_EVERY_SECONDS
        self._spent_at = -HELD_OFF_S

    @property
    def is_held_off(self) -> bool:
        """Whether a call found no turn a moment ago: a refresh need not be tried."""
        return self._clock.monotonic() - self._spent_at < HELD_OFF_S

    async def catch_up(self) -> str | None:
        """Take in what other processes fetched since we last looked; the tier that had some of it, else ``None``."""
        now = self._clock.monotonic()
        if now - self._looked_at < tuning.CATCH_UP_EVERY_S:
            return None
        self._looked_at = now
        return self._take_in(await self._shelf.news())

    async def prove(self) -> None:
        """Show that what is served from memory lies in the tiers too, where somebody looks for that in the log."""
        now = self._clock.monotonic()
        if now - self._proved_at >= PROOF_EVERY_SECONDS:
            self._proved_at = now
            await self._tiers.get(self._shelf.key, self._policy_of, self._function)

    async def fly(self, flight: Flight) -> None:
        """See ``Crew.fly``."""
        self._stats.count_load(self._function)
        try:
            await self._bring(flight)
        except DozorError as error:
            self._stats.count_load_failure(self._function)
            if isinstance(error, BudgetExhausted):
                self._spent_at = self._clock.monotonic()
            if isinstance(error, UpstreamUnavailable) or not len(self._planner.facts):
                self._negatives.remember(self._lot.key, error)
            elif len(flight.coins) == 1:
                self._negatives.remember(refusal_key(self._lot, flight.coins[0]), error)
            raise
        except Exception as bug:
            log.exception("load.broken", key=self._lot.key, family=self._function)
            self._stats.count_load_failure(self._function)
            retry_at = self._clock.now() + BAD_ANSWER_RETRY
            unusable = UpstreamUnavailable(f"what it sent cannot be used ({type(bug).__name__})", retry_at)
            self._negatives.remember(self._lot.key, unusable)
            raise unusable from bug

    async def _bring(self, flight: Flight) -> None:
        taken = 0
        while self._planner.still_needed(flight):
            try:
                await self._call(flight, alone=taken >= TAKEOVERS)
            except _NothingNeeded:
                return
            except LoadingElsewhere:
                taken += 1
                flight.source = await self._wait_for_others() or flight.source
            except QuestionRejected as rejected:
                self._planner.lighten(flight, rejected)
                log.info("planner.lightened", lot=self._lot.key, status=rejected.status)
            else:
                return

    async def _call(self, flight: Flight, *, alone: bool) -> None:
        """Make the call; ``alone``: whoever else is making one of this lot, for they were waited for in vain."""
        with Departure(self._tiers, self._shelf.key, self._policy_of, None) as departure:

            async def depart() -> Call:
                if not alone:
                    await departure.take()
                flight.source = self._take_in(await self._shelf.news()) or flight.source
                if not self._planner.still_needed(flight):
                    raise _NothingNeeded
                return self._planner.seal(flight)

            fetched = await self._upstream.fetch(flight.asker, self._function, depart)
            self._board.learn(self._lot, self._read(fetched), flight.coins, flight.columns, fetched.fetched_at)
            self._negatives.forget(self._lot.key)
            flight.source = UPSTREAM
            await self._shelf.put(flight.coins, flight.columns, fetched.body, fetched.fetched_at, departure.land())

    async def _wait_for_others(self) -> str | None:
        """Take in what the process brings that is making a call of this lot. Raises what it failed with."""
        landing = await self._tiers.landing(self._shelf.key, self._policy_of, self._shelf.listed_at)
        if isinstance(landing, Found):
            return self._take_in(await self._shelf.read_list(landing.entry))
        if isinstance(landing, Verdict):
            error = verdict.read_account(landing.account)
            if error is not None and not isinstance(error, QuestionRejected):  # that was about its ids, not ours
                raise error
        return None

    def _read(self, fetched: Fetched) -> Mapping[str, object]:
        try:
            return self._said_in(fetched.body)
        except (msgspec.DecodeError, ValueError) as error:
            retry_at = self._clock.now() + BAD_ANSWER_RETRY
            raise UpstreamUnavailable(f"its answer cannot be read ({error})", retry_at) from error

    def _said_in(self, body: bytes) -> Mapping[str, object]:
        """Raises msgspec.DecodeError or ValueError for what is no answer: facts are read further only when shown."""
        self._lot.endpoint.answer.decode(body)
        return self._lot.read(body)

    def _take_in(self, brought: Sequence[Brought]) -> str | None:
        source = None
        for unit in brought:
            try:
                said = self._said_in(unit.body)
            except (msgspec.DecodeError, ValueError):
                continue  # of another version: what it should have said is fetched again
            self._board.learn(self._lot, said, unit.note.coins, unit.note.columns, unit.note.fetched_at)
            source = unit.source
        return source


def refusal_key(lot: Lot, coin: str) -> str:
    """What a refusal of this very coin is remembered under."""
    return f"{lot.key}?{coin}"
