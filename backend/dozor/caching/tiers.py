"""Memory in front of the tiers that other processes share: asked in order, nearest first, and kept alike.

Looking beyond memory never costs a reader much: a look that hangs is waited for by those who came with it, not by those
who come later. What is found is brought nearer, with the age that it has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from dozor.caching.entry import Entry
from dozor.caching.lease import LEASE_SECONDS, Lease, Taken, Verdict
from dozor.caching.lru import ByteLru
from dozor.caching.memory import MemoryTier
from dozor.caching.singleflight import NotLanded, SingleFlight
from dozor.caching.tier import PolicyOf, SharedTier
from dozor.clock import Clock
from dozor.domain.freshness import Freshness

JOIN_WITHIN_SECONDS = 0.01  # a look older than this may hang: whoever comes now looks for himself
LONGEST_LOOK_SECONDS = 3.0  # longer than what the tiers promise together
LOOK_AT_LANDINGS_EVERY = 0.1
PROOF_EVERY_SECONDS = 60.0
PROOFS_BYTES = 4 * 1024 * 1024
SAME = timedelta(seconds=1)  # shared tiers keep milliseconds of another clock: closer than this is no other fetch

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Found:
    """An entry, and the name of the tier that it came from."""

    entry: Entry
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """The leases of one load, each with the tier that gave it."""

    leases: tuple[tuple[SharedTier, Lease], ...]


class Tiers:
    """All tiers as one. One instance per loop; ``tasks`` owns the looks, which outlive those who wait for them.

    ``shared`` are in the order of reading. ``proof`` is the one of them whose answers users look for in the log: a hit
    in memory reads it too, behind the asker, at most once a minute for each function and key. ``holder`` names this
    process among those that share the tiers.
    """

    def __init__(
        self,
        memory: MemoryTier,
        shared: Sequence[SharedTier],
        tasks: asyncio.TaskGroup,
        clock: Clock,
        *,
        holder: str,
        proof: SharedTier | None = None,
    ) -> None:
        self.memory = memory
        self._shared = tuple(shared)
        self._tasks = tasks
        self._clock = clock
        self._holder = holder
        self._proof = proof
        self._looks: SingleFlight[Found | None] = SingleFlight(tasks)
        self._looking_since: dict[str, float] = {}
        self._held: set[Held] = set()
        self._proofs: SingleFlight[None] = SingleFlight(tasks)
        self._proved: ByteLru[tuple[str, str], float] = ByteLru(
            PROOFS_BYTES, lambda place, _: len(place[0]) + len(place[1]) + 200
        )

    async def get(self, key: str, policy_of: PolicyOf, function: str) -> Found | None:
        """The nearest entry of this key, whatever its age. ``function`` is the name that a hit is logged under."""
        entry = await self.memory.get(key, policy_of)
        if entry is not None:
            self._prove_behind(entry, policy_of, function)
            return Found(entry, self.memory.name)
        if not self._shared:
            return None
        found = await self._look_with_others(key, policy_of)
        is_proof = found is not None and self._proof is not None and found.source == self._proof.name
        if is_proof and self._proof_is_due(function, key):
            log.info("redis.hit", function=function)
        return found

    async def beyond(self, key: str, policy_of: PolicyOf) -> Found | None:
        """The best that the shared tiers have: the first fresh entry, else the newest; ``None`` when they have none.

        It waits for values that a reader does not wait for. What is found is in memory afterwards.
        """
        best = await self._look(key, policy_of)
        if best is not None and self._is_fresh(best.entry):
            return best
        for tier in self._shared:
            entry = await tier.arriving(key, policy_of)
            if entry is not None and (best is None or entry.fetched_at > best.entry.fetched_at):
                best = Found(entry, tier.name)
                await self._bring_nearer(best)
        return best

    async def put(self, entry: Entry, held: Held | None = None) -> None:
        """Keep an entry that was just loaded in all tiers, ending the leases it was loaded under."""
        await self._remember(entry)
        leases: dict[SharedTier, Lease] = {}
        if held is not None:
            self._held.discard(held)
            leases = dict(held.leases)
        for tier in self._shared:
            tier.keep(entry, leases.get(tier))

    async def take(self, key: str, before: Held | None = None) -> Held | Taken:
        """Take the lease of this key in every shared tier, the one nearest to this machine first, or none of them.

        ``before`` are those that this renews.
        """
        if before is not None:
            self._held.discard(before)
        leases = dict(before.leases) if before is not None else {}
        try:
            for tier in reversed(self._shared):
                answer = await tier.take(key, self._holder, LEASE_SECONDS)
                if isinstance(answer, Taken):
                    leases.pop(tier, None)
                    self.release(Held(tuple(leases.items())))
                    return answer
                if answer is not None:  # else it is away: each that it would have told apart loads for itself
                    leases[tier] = answer
        except BaseException:
            self.release(Held(tuple(leases.items())))  # cancelled half-way: nobody else would end these
            raise
        taken = Held(tuple(leases.items()))
        self._held.add(taken)
        return taken

    def release(self, held: Held, verdict: bytes | None = None) -> None:
        """End these leases; ``verdict`` tells those who wait elsewhere why there is no entry."""
        self._held.discard(held)
        for tier, lease in held.leases:
            tier.release(lease, verdict)

    async def pause(self, seconds: float) -> None:
        """Come back after so long, by the clock of these tiers."""
        await self._clock.sleep(seconds)

    def in_background(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None] | None:
        """Begin ``work``, which its owner cancels; ``None`` when nothing can begin any more."""
        try:
            return self._tasks.create_task(work, name=name)
        except RuntimeError:  # a group that is closing takes no task
            work.close()
            return None

    def let_go(self) -> None:
        """End all leases of loads under way: this process stops, and nobody need wait for what it will not bring."""
        for held in tuple(self._held):
            self.release(held)

    async def landing(self, key: str, policy_of: PolicyOf, newer_than: datetime | None) -> Found | Verdict | None:
        """What the load brings that another process makes of this key: a fresh entry, or an account of its failure.

        ``None`` once nobody holds the lease any more and neither is there.
        """
        while True:
            await self._clock.sleep(LOOK_AT_LANDINGS_EVERY)
            # In this order: an entry lands in the same step in which its lease ends.
            standing = [await tier.look(key) for tier in self._shared]
            found = await self.beyond(key, policy_of)
            if found is not None and self.settles(found.entry, newer_than):
                return found
            if not any(isinstance(answer, Taken) for answer in standing):
                return next((answer for answer in standing if isinstance(answer, Verdict)), None)

    def settles(self, entry: Entry, newer_than: datetime | None) -> bool:
        """Whether this entry makes a load needless that began when one fetched at ``newer_than`` was known."""
        return self._is_fresh(entry) and (newer_than is None or entry.fetched_at > newer_than)

    async def _look_with_others(self, key: str, policy_of: PolicyOf) -> Found | None:
        now = self._clock.monotonic()
        if now - self._looking_since.get(key, now) >= JOIN_WITHIN_SECONDS:
            return await self._look(key, policy_of)

        async def look() -> Found | None:
            self._looking_since[key] = now
            try:
                return await self._look(key, policy_of)
            finally:
                del self._looking_since[key]

        try:
            landed = await self._looks.run(key, look, LONGEST_LOOK_SECONDS)
        except NotLanded:
            return None
        return landed.value

    async def _look(self, key: str, policy_of: PolicyOf) -> Found | None:
        best: Found | None = None
        for tier in self._shared:
            entry = await tier.get(key, policy_of)
            if entry is not None and (best is None or entry.fetched_at > best.entry.fetched_at):
                best = Found(entry, tier.name)
                if self._is_fresh(entry):
                    break
        if best is not None:
            await self._bring_nearer(best)
        return best

    async def _bring_nearer(self, found: Found) -> None:
        if not await self._remember(found.entry):
            return
        for tier in self._shared:
            if tier.name != found.source:
                tier.keep(found.entry)

    async def _remember(self, entry: Entry) -> bool:
        """Put it into memory, unless what is there is as new."""
        known = await self.memory.get(entry.key, lambda _: entry.policy)
        if known is not None and known.fetched_at > self._clock.now():
            # Stamped in the future, before the clock was put right, it would hold its place until that hour came.
            await self.memory.drop(entry.key)
        elif known is not None and known.hash == entry.hash and abs(known.fetched_at - entry.fetched_at) < SAME:
            return False
        await self.memory.put(entry)
        return True

    def _prove_behind(self, known: Entry, policy_of: PolicyOf, function: str) -> None:
        if self._proof is None or not self._proof_is_due(function, known.key):
            return
        proof = self._proof
        self._proofs.start(f"{function} {known.key}", lambda: self._prove(proof, known, policy_of, function))

    async def _prove(self, proof: SharedTier, known: Entry, policy_of: PolicyOf, function: str) -> None:
        try:
            entry = await proof.get(known.key, policy_of) or await proof.arriving(known.key, policy_of)
            if entry is not None:
                log.info("redis.hit", function=function)
            if known.fetched_at > self._clock.now():
                pass  # stamped before the clock was put right: nothing to hand on
            elif entry is None or entry.fetched_at < known.fetched_at - SAME:
                proof.keep(known)
            elif entry.fetched_at > known.fetched_at + SAME:
                await self._remember(entry)
        except Exception:
            log.exception("tiers.broken", key=known.key)  # nobody waits for this, so nobody else would say it

    def _proof_is_due(self, function: str, key: str) -> bool:
        now = self._clock.monotonic()
        last = self._proved.get((function, key))
        if last is not None and now - last < PROOF_EVERY_SECONDS:
            return False
        self._proved.put((function, key), now)
        return True

    def _is_fresh(self, entry: Entry) -> bool:
        return entry.freshness(self._clock.now()) is Freshness.FRESH
