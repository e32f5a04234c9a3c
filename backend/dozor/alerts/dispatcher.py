"""Gets deliveries out of the outbox to their channels, and writes what became of each.

A delivery is claimed, sent and settled; whatever stops this in between leaves a claim that ends, and is given out
again. So nothing is lost, and what may be repeated is at most what was on its way. Any number of processes may do it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, assert_never

import structlog

from dozor.alerts.channel_requests import WEBHOOK
from dozor.alerts.channels import Channel, ChannelBook, ChannelState
from dozor.alerts.deliveries import Attempt, Claim, DeliveryStatus, Outbox, Settlement
from dozor.alerts.grouping import Groups, is_late
from dozor.alerts.letters import Letters
from dozor.alerts.messages.writing import of_closed_channel
from dozor.alerts.notices import Notices
from dozor.alerts.sending import Accepted, ChannelDead, MessageRefused, Moved, Outcome, Postponed, Sender, Temporary
from dozor.clock import Clock
from dozor.domain.backoff import Doubling
from dozor.domain.errors import StoreUnavailable
from dozor.domain.people import User
from dozor.domain.retries import retry_at

LEASE = timedelta(seconds=90)  # longer than any attempt takes, with what waits before it
FOR_PROGRAMS = frozenset({WEBHOOK})  # each event by itself, and at once
AT_ONCE = 100  # letters on their way
CLAIMED_AT_ONCE = 500
LOOK_EVERY_S = 1.0  # for what other processes wrote
SETTLED_AT_ONCE = 500
FAILING_FOR_GOOD = timedelta(days=3)
REST = Doubling(timedelta(seconds=1), timedelta(minutes=1))  # of a channel that does not answer
RETRY = Doubling(timedelta(seconds=1), timedelta(seconds=30))  # a database that is away

log = structlog.get_logger()


class Users(Protocol):
    """Who knows whose language and zone a message is to have."""

    async def load(self, ids: Collection[str]) -> Mapping[str, User]:
        """These users. Raises StoreUnavailable."""


@dataclass(slots=True)
class _Rest:
    """A channel that does not answer now: how often in a row, and until when nothing is tried."""

    failures: int
    until: datetime


class Dispatcher:
    """Sends what is due. One instance per process; ``run`` is its one task, which owns all that it starts."""

    def __init__(
        self,
        outbox: Outbox,
        channels: ChannelBook,
        users: Users,
        senders: Mapping[str, Sender],
        letters: Letters,
        clock: Clock,
        *,
        holder: str,
        notices: Notices,
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._users = users
        self._senders = senders
        self._letters = letters
        self._clock = clock
        self._holder = holder
        self._notices = notices
        self._groups = Groups()
        self._rests: dict[str, _Rest] = {}
        self._settled: asyncio.Queue[Settlement] = asyncio.Queue()
        self._under_way: dict[str, Claim] = {}  # by the delivery, until it is settled
        self._due = asyncio.Event()
        self._free = asyncio.Semaphore(AT_ONCE)
        self._is_stopping = False
        self._is_writable = asyncio.Event()
        self._is_writable.set()

    def wake(self) -> None:
        """Something is due: look at once."""
        self._due.set()

    async def run(self) -> None:
        """Send until ``stop``; then what is on its way ends, and is settled."""
        settling = asyncio.create_task(self._settle(), name="settle deliveries")
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._claim(tasks)
            await self._settled.join()
        finally:
            settling.cancel()

    def stop(self) -> None:
        """Claim nothing more."""
        self._is_stopping = True
        self._due.set()

    async def _claim(self, tasks: asyncio.TaskGroup) -> None:
        failures = 0
        while not self._is_stopping:
            self._due.clear()
            try:
                if not await self._turn(tasks):
                    await self._wait()
            except StoreUnavailable as error:
                failures += 1
                log.warning("outbox.store_unavailable", reason=str(error))
                await self._clock.sleep(RETRY.pause(failures).total_seconds())
            else:
                failures = 0
            await self._is_writable.wait()  # claimed anew before that is written, it would be sent again

    async def _wait(self) -> None:
        """Until somebody wakes us, something is due, or it is time to look."""
        next_due = await self._outbox.next_due()
        seconds = LOOK_EVERY_S
        if next_due is not None:
            seconds = min(seconds, max(0.0, (next_due - self._clock.now()).total_seconds()))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._due.wait()

    async def _turn(self, tasks: asyncio.TaskGroup) -> bool:
        """Claim what is due and start to send it; whether there was anything."""
        now = self._clock.now()
        claimed = await self._outbox.claim(CLAIMED_AT_ONCE, now, LEASE, self._holder)
        if not claimed:
            return False
        # After a leap of the clock, as when a laptop wakes, what we are sending ourselves looks as if its sender were
        # gone. It is ours still, by the newer claim.
        claims = [claim for claim in claimed if claim.id not in self._under_way]
        self._under_way.update((claim.id, claim) for claim in claimed)
        channels = await self._channels.load({claim.channel_id for claim in claims})
        users = await self._users.load({claim.event.user_id for claim in claims})
        for channel_id, group in _by_channel(claims).items():
            channel = channels.get(channel_id)
            sender = None if channel is None else self._senders.get(channel.kind)
            if channel is None or sender is None or channel.state is not ChannelState.OK:
                self._give_up(group, "no-channel" if channel is None else "channel-closed")
                continue
            for ready in self._parcels(channel, group, now):
                await self._free.acquire()
                user = users[ready[0].event.user_id]
                tasks.create_task(self._send(channel, sender, user, ready))
        return True

    def _parcels(self, channel: Channel, claims: Sequence[Claim], now: datetime) -> Sequence[Sequence[Claim]]:
        """What goes out now, each inner sequence in one letter; the rest is put back, or given up."""
        self._give_up([claim for claim in claims if claim.deliver_by <= now], "too-late")
        timely = [claim for claim in claims if claim.deliver_by > now]
        rest = self._rests.get(channel.id)
        if rest is not None and rest.until > now:
            self._put_back(timely, rest.until)
            return ()
        if channel.kind in FOR_PROGRAMS:
            return [(claim,) for claim in timely]
        parcels = self._groups.parcels(channel.id, timely, now)
        for claim, until in parcels.held:
            self._put_back([claim], until)
        return parcels.ready

    async def _send(self, channel: Channel, sender: Sender, user: User, claims: Sequence[Claim]) -> None:
        try:
            began = self._clock.now()
            is_summary = channel.kind not in FOR_PROGRAMS and all(map(is_late, claims))
            try:
                letter = self._letters.of(claims, user, began, is_summary=is_summary)
                outcome = await sender.send(channel, letter)
            except Exception as error:  # a bug costs one delivery its time, not all of them
                log.exception("outbox.sender_failed", kind=channel.kind)
                outcome = Temporary(f"a bug in Dozor: {type(error).__name__}", may_have_arrived=True)
            draw = random.random()  # noqa: S311  # jitter, and the same for all of a letter
            for claim in claims:
                self._settled.put_nowait(self._settlement(claim, outcome, began, draw))
            try:
                await self._note(channel, user, outcome)
            except StoreUnavailable as error:  # the next delivery will say the same of the channel
                log.warning("outbox.store_unavailable", reason=str(error))
        finally:
            self._free.release()

    def _settlement(self, claim: Claim, outcome: Outcome, began: datetime, draw: float) -> Settlement:
        now = self._clock.now()
        attempt = Attempt(began, now, outcome.word, outcome.detail)
        match outcome:
            case Accepted():
                return Settlement(claim, DeliveryStatus.DELIVERED, attempt=attempt)
            case MessageRefused() | ChannelDead():
                return Settlement(claim, DeliveryStatus.DEAD, attempt=attempt, reason=outcome.word)
            case Postponed(pause=pause):
                return self._back(claim, now + pause)
            case Moved():
                return Settlement(claim, DeliveryStatus.RETRYING, now, attempt=attempt)
            case Temporary(pause=asked, may_have_arrived=doubtful):
                again_at = retry_at(claim.attempts + 1, now, claim.deliver_by, draw, asked)
                status = DeliveryStatus.DEAD if again_at is None else DeliveryStatus.RETRYING
                return Settlement(claim, status, again_at, attempt, may_have_arrived=doubtful)
        assert_never(outcome)

    async def _note(self, channel: Channel, user: User, outcome: Outcome) -> None:
        """What the outcome says of the channel itself."""
        now = self._clock.now()
        match outcome:
            case Accepted():
                if self._rests.pop(channel.id, None) is not None or channel.failing_since is not None:
                    await self._channels.found_well(channel.id)
            case ChannelDead(detail=detail):
                await self._close(channel, user, ChannelState.DEAD, detail)
            case Moved(address=address):
                await self._channels.move(channel.id, address)
            case Temporary(detail=detail, pause=asked):
                failures = self._rests[channel.id].failures + 1 if channel.id in self._rests else 1
                self._rests[channel.id] = _Rest(failures, now + max(REST.pause(failures), asked or timedelta()))
                since = await self._channels.found_failing(channel.id, now)
                if now - since >= FAILING_FOR_GOOD:
                    await self._close(channel, user, ChannelState.DISABLED, detail)
            case MessageRefused() | Postponed():
                pass

    async def _close(self, channel: Channel, user: User, state: ChannelState, reason: str) -> None:
        if await self._channels.close(channel.id, state, reason):
            log.warning("outbox.channel_closed", channel=channel.id, kind=channel.kind, reason=reason)
            closed = lambda reader, _: of_closed_channel(reader, channel.name, reason)  # noqa: E731
            await self._notices.tell(user, "channel.closed", closed, channel_id=channel.id, reason=reason)

    def _give_up(self, claims: Iterable[Claim], reason: str) -> None:
        for claim in claims:
            self._settled.put_nowait(Settlement(claim, DeliveryStatus.DEAD, reason=reason))

    def _put_back(self, claims: Iterable[Claim], until: datetime) -> None:
        for claim in claims:
            self._settled.put_nowait(self._back(claim, until))

    def _back(self, claim: Claim, until: datetime) -> Settlement:
        """Nothing was sent."""
        return Settlement(claim, DeliveryStatus.RETRYING if claim.attempts else DeliveryStatus.PENDING, until)

    async def _settle(self) -> None:
        """Write what became of claims, as many at once as there are, until it is written."""
        while True:
            settled = [await self._settled.get()]
            while not self._settled.empty() and len(settled) < SETTLED_AT_ONCE:
                settled.append(self._settled.get_nowait())
            failures = 0
            while not await self._is_written(settled):
                failures += 1
                await self._clock.sleep(RETRY.pause(failures).total_seconds())
            for one in settled:
                self._under_way.pop(one.claim.id, None)
                self._settled.task_done()
            self._due.set()  # the next of their lines may go

    async def _written(self, settled: Sequence[Settlement]) -> frozenset[str]:
        """Write them, and answer those that were not ours any more."""
        lost: frozenset[str] = frozenset()
        while settled:
            ours = [replace(one, claim=self._under_way[one.claim.id]) for one in settled]
            lost = await self._outbox.settle(ours, self._clock.now())
            # Claimed anew by ourselves in that very moment: it is ours by the newer claim.
            settled = [
                one for one in ours if one.claim.id in lost and self._under_way[one.claim.id].number != one.claim.number
            ]
        return lost

    async def _is_written(self, settled: Sequence[Settlement]) -> bool:
        try:
            lost = await self._written(settled)
        except StoreUnavailable as error:
            self._is_writable.clear()
            log.warning("outbox.store_unavailable", reason=str(error))
            return False
        self._is_writable.set()
        if lost:
            log.warning("outbox.claims_lost", deliveries=len(lost))
        return True


def _by_channel(claims: Iterable[Claim]) -> Mapping[str, list[Claim]]:
    groups: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        groups[claim.channel_id].append(claim)
    return groups
