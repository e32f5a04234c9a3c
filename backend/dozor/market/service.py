"""The market service: a canonical question in, an answer with its age out, at the cost of as few calls as possible."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from dozor.caching.entry import Entry
from dozor.caching.lru import ByteLru
from dozor.caching.memory import MemoryTier
from dozor.caching.readthrough import UPSTREAM, Clearance, Read, ReadThrough, Recipe
from dozor.caching.stats import Outcome
from dozor.caching.tier import PolicyOf
from dozor.clock import Clock
from dozor.domain.errors import DozorError, UpstreamUnavailable
from dozor.domain.freshness import Freshness, FreshnessPolicy
from dozor.domain.lanes import Asker, Lane
from dozor.market import refusals
from dozor.market.catalogue import Catalogue
from dozor.market.default_views import Copies
from dozor.market.endpoints import FamilyName, is_step
from dozor.market.families import details, plain
from dozor.market.families.family import Family
from dozor.market.policy import policy_for
from dozor.market.ports import Call, Upstream
from dozor.market.question import Question

MEMORY = MemoryTier.name
ANSWER_WITHIN_S = 8.0  # one deadline for waiting, attempt and retry together
ASSEMBLED_BYTES = 32 * 1024 * 1024
BAD_ANSWER_RETRY = timedelta(seconds=5)

FAMILIES: Mapping[FamilyName, Family] = {FamilyName.PLAIN: plain, FamilyName.DETAILS: details}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person gets: ``body`` in upstream's own text, cut to the question.

    ``derived``: the body was cut from a wider one. ``outcome`` and ``source`` say where it came from, ``error`` why a
    stale answer was all there was.
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

    @property
    def is_fresh(self) -> bool:
        """Whether it is within its fresh time."""
        return self.policy.classify(self.age) is Freshness.FRESH


class MarketService:
    """Answers canonical questions from the cache, and from upstream where the cache has nothing to serve.

    One instance per loop; any number of concurrent askers.
    """

    def __init__(
        self,
        cache: ReadThrough,
        upstream: Upstream,
        catalogue: Catalogue,
        clock: Clock,
        *,
        paid: bool,
        price_fresh_s: float | None = None,
        copies: Copies | None = None,
    ) -> None:
        self._cache = cache
        self._upstream = upstream
        self._clock = clock
        self._paid = paid
        self._price_fresh_s = price_fresh_s
        self._copies = copies
        self._assembled: ByteLru[tuple[str, str], tuple[bytes, str]] = ByteLru(
            ASSEMBLED_BYTES, lambda place, cut: len(place[0]) + len(cut[0]) + 256
        )
        self.catalogue = catalogue

    async def answer(
        self,
        question: Question,
        *,
        client: str,
        lane: Lane = Lane.PERSON,
        wait_seconds: float = ANSWER_WITHIN_S,
    ) -> Answer:
        """The best answer to be had within ``wait_seconds``.

        ``client`` is who asks, empty for Dozor itself (``domain.lanes.Asker``); ``lane`` how urgent waiting would be.
        Raises TryLater (one of its kinds) when nothing can be served, QuestionRejected when there is no answer.
        """
        if any(is_step(value) for _, value in question.path_params):
            self.count_refusal(question.endpoint.function)
            raise refusals.not_found()
        family = FAMILIES[question.endpoint.family]

        async def load(clear: Clearance, asker: Asker) -> Entry:
            return await self._load(question, family, asker, clear)

        read = await self._cache.read(
            family.unit_key(question),
            Recipe(load, self._policy_of(question)),
            Asker(lane, client),
            family=question.endpoint.function,
            wait_seconds=wait_seconds,
        )
        return self._cut(question, family, read)

    def count_refusal(self, function: str) -> None:
        """Count a question to ``function`` that has no canonical form, because upstream would surely refuse it."""
        self._cache.count_refusal(function)

    async def known(self, question: Question) -> Answer | None:
        """What can be answered without a call and without waiting for one, whatever its age short of expired."""
        family = FAMILIES[question.endpoint.family]
        read = await self._cache.peek(family.unit_key(question), self._policy_of(question), question.endpoint.function)
        return None if read is None else self._cut(question, family, read)

    async def _load(self, question: Question, family: Family, asker: Asker, clear: Clearance) -> Entry:
        async def depart() -> Call:
            await clear()
            return family.call(question)

        fetched = await self._upstream.fetch(asker, question.endpoint.function, depart)
        try:
            question.endpoint.answer.decode(fetched.body)
            family.assemble(question, fetched.body)
        except (msgspec.DecodeError, ValueError) as error:
            # Something else than an answer, whatever its status: it must never replace a good one.
            raise UpstreamUnavailable(
                f"its answer cannot be read ({error})", self._clock.now() + BAD_ANSWER_RETRY
            ) from error
        self.catalogue.learn(question.endpoint.path, fetched.body)
        policy = self._policy_of(question)(fetched.fetched_at)
        entry = Entry(family.unit_key(question), fetched.body, fetched.fetched_at, policy, headers=fetched.headers)
        if self._copies is not None:
            self._copies.write(question, entry)
        return entry

    def _policy_of(self, question: Question) -> PolicyOf:
        return lambda fetched_at: policy_for(question, fetched_at, paid=self._paid, price_fresh_s=self._price_fresh_s)

    def _cut(self, question: Question, family: Family, read: Read) -> Answer:
        entry = read.entry
        if read.source not in {MEMORY, UPSTREAM}:  # loaded by another process, or by this one before it was restarted
            self.catalogue.learn(question.endpoint.path, entry.body)
        place = (question.key, entry.hash)
        cut = self._assembled.get(place)
        if cut is None:
            body = family.assemble(question, entry.body)
            cut = (body, entry.hash if body == entry.body else hashlib.sha256(body).hexdigest())
            if body is not entry.body:
                self._assembled.put(place, cut)
        return Answer(
            body=cut[0],
            hash=cut[1],
            headers=entry.headers,
            fetched_at=entry.fetched_at,
            age=read.age,
            policy=entry.policy,
            outcome=read.outcome,
            source=read.source,
            derived=cut[1] != entry.hash,
            error=read.error,
        )
