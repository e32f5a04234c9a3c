"""The market service: a canonical question in, an answer with its age out, at the cost of as few calls as possible."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dozor.caching.lru import ByteLru
from dozor.caching.readthrough import Read
from dozor.caching.stats import Outcome, ReadStats
from dozor.clock import Clock
from dozor.domain.bounds import NO_BOUNDS, Bounds
from dozor.domain.errors import DozorError
from dozor.domain.freshness import Freshness, FreshnessPolicy
from dozor.domain.lanes import Asker, Lane
from dozor.market import refusals
from dozor.market.batches import Batches
from dozor.market.catalogue import Catalogue
from dozor.market.default_views import Copies
from dozor.market.endpoints import FamilyName, is_step
from dozor.market.families import coin_list, details, markets, plain, prices
from dozor.market.families.family import Batch, Family, NotDerivable, Unit, Wanted
from dozor.market.question import Question
from dozor.market.units import Units
from dozor.market.unknown_ids import UnknownIds

ANSWER_WITHIN_S = 8.0  # one deadline for waiting, attempt and retry together
SHORTAGE_S = 1.0  # below, a refresh comes as good as at once
WANTED_BYTES = 3000  # what a question wants, as measured
REMEMBERED_BYTES = 4 * 1024 * 1024
NOT_DERIVABLE_S = 600.0  # figures that were equal a moment ago are likely to stay so

FAMILIES: Mapping[FamilyName, Family] = {
    FamilyName.PLAIN: plain.wanted,
    FamilyName.COIN_LIST: coin_list.wanted,
    FamilyName.PRICES: prices.wanted,
    FamilyName.MARKETS: markets.wanted,
    FamilyName.DETAILS: details.wanted,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person gets: ``body`` in upstream's own text, cut or put together to fit the question.

    ``derived``: no upstream body is this one to the byte. ``approximate``: upstream may have put it a little otherwise.
    ``outcome`` and ``source`` say where it came from, ``error`` why a stale answer was all there was. A stale answer
    whose refresh the quota does not allow yet is ``stretched_for`` so long from now: asking again sooner is of no use.
    """

    body: bytes
    hash: str
    headers: tuple[tuple[str, str], ...]
    fetched_at: datetime
    age: timedelta
    policy: FreshnessPolicy
    outcome: Outcome
    source: str
    derived: bool
    error: DozorError | None
    approximate: bool = False
    stretched_for: timedelta = timedelta(0)

    @property
    def is_fresh(self) -> bool:
        """Whether it is within its fresh time."""
        return self.policy.classify(self.age) is Freshness.FRESH


class MarketService:
    """Answers canonical questions from the cache, and from upstream where the cache has nothing to serve.

    ``expected_wait`` is ``Upstream.expected_wait``. One instance per loop; any number of concurrent askers.
    """

    def __init__(
        self,
        units: Units,
        batches: Batches,
        unknown_ids: UnknownIds,
        catalogue: Catalogue,
        stats: ReadStats,
        clock: Clock,
        *,
        copies: Copies | None = None,
        expected_wait: Callable[[Lane, float], float] = lambda _, __: 0.0,
    ) -> None:
        self._units = units
        self._batches = batches
        self._unknown_ids = unknown_ids
        self._stats = stats
        self._clock = clock
        self._copies = copies
        self._expected_wait = expected_wait
        self._copied: ByteLru[str, str] = ByteLru(REMEMBERED_BYTES, lambda key, digest: len(key) + len(digest) + 100)
        self._wanted_by: ByteLru[str, Wanted] = ByteLru(REMEMBERED_BYTES, lambda key, _: 2 * len(key) + WANTED_BYTES)
        self._not_derivable: ByteLru[str, float] = ByteLru(REMEMBERED_BYTES, lambda key, _: len(key) + 100)
        self.catalogue = catalogue

    async def answer(
        self,
        question: Question,
        *,
        client: str,
        lane: Lane = Lane.PERSON,
        wait_seconds: float = ANSWER_WITHIN_S,
        bounds: Bounds = NO_BOUNDS,
    ) -> Answer:
        """The best answer to be had within ``wait_seconds``.

        ``client`` is who asks, empty for Dozor itself (``domain.lanes.Asker``); ``lane`` how urgent waiting would be.
        ``bounds`` say what is waited for: what cannot be had within them is answered outside them.
        Raises TryLater (one of its kinds) when nothing can be served, QuestionRejected when there is no answer, and
        NotCached when the bounds allow no call and accept nothing of what is known.
        """
        if any(is_step(value) for _, value in question.path_params):
            self.count_refusal(question.endpoint.function)
            raise refusals.not_found()
        asker = Asker(lane, client)
        ends_at = self._clock.monotonic() + wait_seconds
        if await self._is_mistake(question, asker, wait_seconds, bounds):
            self.count_refusal(question.endpoint.function)
            raise refusals.not_found()
        wait_seconds = max(0.0, ends_at - self._clock.monotonic())
        if lane is Lane.PERSON and self._expected_wait(lane, math.inf) > wait_seconds:
            bounds = bounds.stretched()  # even who is needed most would wait in vain
        wanted = self._wanted(question)
        if isinstance(wanted, Batch):
            try:
                read = await self._batches.read(question.key, wanted, asker, wait_seconds=wait_seconds, bounds=bounds)
            except NotDerivable:
                wanted = self._as_asked(question, wanted)
            else:
                return self._answer(question, read, read.entry.body, read.entry.hash, derived=True)
        read = await self._units.read(wanted, asker, wait_seconds=wait_seconds, bounds=bounds)
        return self._cut(question, wanted, read)

    def count_refusal(self, function: str) -> None:
        """Count a question to ``function`` that has no canonical form, because upstream would surely refuse it."""
        self._stats.count_read(function, Outcome.REFUSED)

    def count_derived(self, function: str) -> None:
        """Count a question to ``function`` that was answered by way of other answers, fresh ones."""
        self._stats.count_read(function, Outcome.HIT)

    async def known(self, question: Question) -> Answer | None:
        """What can be answered without a call and without waiting for one, whatever its age short of expired."""
        wanted = self._wanted(question)
        if isinstance(wanted, Batch):
            try:
                read = await self._batches.peek(question.key, wanted)
            except NotDerivable:
                wanted = self._as_asked(question, wanted)
            else:
                if read is None:
                    return None
                return self._answer(question, read, read.entry.body, read.entry.hash, derived=True)
        read = await self._units.peek(wanted)
        return None if read is None else self._cut(question, wanted, read)

    async def _is_mistake(self, question: Question, asker: Asker, wait_seconds: float, bounds: Bounds) -> bool:
        """Whether the question is for the details of a coin that is sure not to exist; that may take a newer list.

        Only there: in a call for prices or rows an unknown id costs nothing.
        """
        if question.endpoint.family is not FamilyName.DETAILS or bounds.only_if_cached:
            return False
        return await self._unknown_ids.is_mistake(question.get("id") or "", asker, wait_seconds)

    def _wanted(self, question: Question) -> Unit | Batch:
        wanted = self._wanted_by.get(question.key)
        if wanted is None:
            wanted = FAMILIES[question.endpoint.family](question)
            self._wanted_by.put(question.key, wanted)
        if isinstance(wanted, Batch):
            failed_at = self._not_derivable.get(question.key)
            if failed_at is not None and self._clock.monotonic() - failed_at < NOT_DERIVABLE_S:
                return wanted.as_asked
        return wanted

    def _as_asked(self, question: Question, batch: Batch) -> Unit:
        self._not_derivable.put(question.key, self._clock.monotonic())
        return batch.as_asked

    def _cut(self, question: Question, unit: Unit, read: Read) -> Answer:
        body, digest = self._units.cut(unit, read.entry, question.key)
        return self._answer(question, read, body, digest, derived=digest != read.entry.hash)

    def _answer(self, question: Question, read: Read, body: bytes, digest: str, *, derived: bool) -> Answer:
        entry = read.entry
        if self._copies is not None and self._copied.get(question.key) != digest:
            self._copied.put(question.key, digest)
            self._copies.write(question, body, entry)
        return Answer(
            body=body,
            hash=digest,
            headers=entry.headers,
            fetched_at=entry.fetched_at,
            age=read.age,
            policy=entry.policy,
            outcome=read.outcome,
            source=read.source,
            derived=derived,
            error=read.error,
            stretched_for=self._stretch(read.outcome),
        )

    def _stretch(self, outcome: Outcome) -> timedelta:
        """How much later than it is due the quota lets a refresh go out."""
        if outcome not in {Outcome.STALE_HIT, Outcome.STALE_ON_ERROR}:
            return timedelta(0)
        wait = self._expected_wait(Lane.REFRESH, 0.0)
        return timedelta(seconds=wait) if wait >= SHORTAGE_S else timedelta(0)
