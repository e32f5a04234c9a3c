"""The one way to call upstream: within the budget, past the breaker, every answer read for what the caller can do.

A call waits for its turn (``admission``), passes the breaker, is charged, sent (``transport``) and read (``payloads``);
what came of it is told to the breaker and turned into a ``Fetched`` or one of our errors. Every decision is theirs, but
one: whether to try a second time.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, assert_never

import structlog

from dozor.domain.backoff import requested_pause
from dozor.domain.errors import (
    KeyRejected,
    QuestionRejected,
    TryLater,
    UpstreamLimited,
    UpstreamTimedOut,
    UpstreamUnavailable,
)
from dozor.domain.frequent import MostFrequent
from dozor.market.ports import Fetched, UpstreamStatus
from dozor.upstream.breaker import Breaker, Reason, Standing, State, Ticket
from dozor.upstream.payloads import Answer, Failing, Good, Limited, Refusal, Rejected, read_answer
from dozor.upstream.transport import Transport
from dozor.upstream.usage import usage_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dozor.clock import Clock
    from dozor.domain.frequent import Frequency
    from dozor.domain.lanes import Asker, Lane
    from dozor.market.ports import Call, Depart
    from dozor.upstream.accounts import Spending
    from dozor.upstream.admission import Admission

log = structlog.get_logger(__name__)

FETCH_SECONDS = 25.0  # the whole of ``fetch``: a turn (8), an attempt (10), a pause, and what is left for a second one
AFTER_A_FAILURE = timedelta(seconds=5)  # when to try again while the breaker is closed, or its probe under way
RETRY_PAUSE_SECONDS = (0.2, 0.6)
CLIENTS_COUNTED = 1000  # there are as many clients as addresses: those who cost little are forgotten


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What came of one call. ``was_ok``: upstream answered 200, whatever was in it, or may have, unheard by us."""

    answer: Answer
    sent_at: datetime  # the age counts from here: an answer never passes for younger than it is
    was_ok: bool


class UpstreamClient:
    """Implements ``market.ports.Upstream`` and ``UpstreamMonitor``.

    One instance per loop; enter ``transport`` and the ledger before use. ``first_attempt_ended`` is set once a first
    ``fetch`` has ended, however it ended. ``draw`` gives a number from 0 to 1, for the pause before a retry.
    """

    def __init__(
        self,
        *,
        transport: Transport,
        admission: Admission,
        breaker: Breaker,
        clock: Clock,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._transport = transport
        self._admission = admission
        self._breaker = breaker
        self._clock = clock
        self._draw = draw
        self._calls: Counter[str] = Counter()
        self._clients = MostFrequent(CLIENTS_COUNTED)
        self._last_success_at: datetime | None = None
        self._spending: Spending | None = None
        self._logged: Reason | None = None
        self.first_attempt_ended = asyncio.Event()

    @property
    def calls(self) -> Mapping[str, int]:
        """How many calls were sent since the start, by what came of them; those under way are not in it yet.

        ``ok``, ``refused``, ``limited``, ``key_rejected``, ``failed``, ``timed_out``, and ``abandoned`` by their asker.
        """
        return dict(self._calls)

    async def status(self) -> UpstreamStatus:
        """See ``market.ports.UpstreamMonitor.status``. ``state`` and ``reason`` are values of the breaker's enums."""
        spending = await self._known_spending()
        standing = self._breaker.standing(self._clock.monotonic())
        return UpstreamStatus(
            state=standing.state.value,
            reason=None if standing.reason is None else standing.reason.value,
            retry_at=None if standing.reason is None else self._retry_at(standing),
            last_success_at=self._last_success_at,
            first_attempt_ended=self.first_attempt_ended.is_set(),
            quota=usage_of(spending, self._clock),
            waiting=self._admission.waiting_by_lane(),
        )

    def clients(self, most: int) -> Sequence[Frequency]:
        """See ``market.ports.UpstreamMonitor.clients``."""
        return self._clients.top(most)

    async def _known_spending(self) -> Spending:
        """How far the budget is spent; as last known where the ledger cannot be read."""
        with suppress(UpstreamUnavailable):
            self._spending = await self._admission.spending()
        assert self._spending is not None, "the ledger was readable when it was entered"
        return self._spending

    def expected_wait(self, lane: Lane, need: float) -> float:
        """See ``market.ports.Upstream.expected_wait``."""
        return self._admission.expected_wait(lane, need)

    async def fetch(self, asker: Asker, family: str, depart: Depart) -> Fetched:
        """See ``market.ports.Upstream.fetch``."""
        ends_at = self._clock.monotonic() + FETCH_SECONDS
        try:
            attempt = await self._attempt(asker, family, depart, may_wait=True, ends_at=ends_at)
            if isinstance(attempt.answer, Failing) and attempt.answer.again_at_once:
                attempt = await self._attempt_again(asker, family, depart, ends_at) or attempt
        finally:
            self.first_attempt_ended.set()
        if isinstance(attempt.answer, Good):
            return Fetched(attempt.answer.body, attempt.answer.headers, attempt.sent_at)
        raise self._error(attempt.answer)

    async def _attempt_again(self, asker: Asker, family: str, depart: Depart, ends_at: float) -> _Attempt | None:
        shortest, longest = RETRY_PAUSE_SECONDS
        await self._clock.sleep(shortest + (longest - shortest) * self._draw())
        try:
            # It may not wait: those who do have not had a first attempt yet.
            return await self._attempt(asker, family, depart, may_wait=False, ends_at=ends_at)
        except TryLater:
            return None  # the first failure says more than our own refusal of a second attempt

    async def _attempt(self, asker: Asker, family: str, depart: Depart, *, may_wait: bool, ends_at: float) -> _Attempt:
        """Send a call once. Raises TryLater when it may not be sent; whatever else came of it is returned."""
        self._refuse_unless_passing()
        async with self._admission.permit(asker, family, may_wait=may_wait) as permit:
            call = await depart()  # what it raises leaves the permit unspent
            self._refuse_unless_passing()  # again: others were sent while this one waited
            ticket = self._breaker.begin(self._clock.monotonic())
            assert ticket is not None
            try:
                permit.spend()
                self._clients.count(asker.client)
                attempt = await self._send(call, ends_at)
                self._report(ticket, attempt.answer)
            finally:
                self._breaker.abandoned(ticket)
            if isinstance(attempt.answer, Limited):
                await permit.refused(self._pause())
            else:
                await permit.settle(succeeded=attempt.was_ok)
        return attempt

    async def _send(self, call: Call, ends_at: float) -> _Attempt:
        sent_at = self._clock.now()
        outcome = "abandoned"
        try:
            reply = await self._transport.get(call, seconds=ends_at - self._clock.monotonic())
            if isinstance(reply, Failing):
                attempt = _Attempt(reply, sent_at, was_ok=not reply.unsent)
            else:
                answer = read_answer(reply.status, reply.headers, reply.body, call.shape)
                attempt = _Attempt(answer, sent_at, was_ok=reply.status == HTTPStatus.OK)
            outcome = _outcome(attempt.answer)
            return attempt
        finally:
            self._calls[outcome] += 1

    def _report(self, ticket: Ticket, answer: Answer) -> None:
        now = self._clock.monotonic()
        match answer:
            case Good():
                self._last_success_at = self._clock.now()
                self._breaker.succeeded(ticket)
            case Refusal():
                self._breaker.succeeded(ticket)
            case Limited(detail, retry_after, sent_at):
                pause = requested_pause(retry_after, self._clock.now(), sent_at)
                self._breaker.limited(ticket, now, pause, detail)
            case Rejected(detail):
                self._breaker.key_rejected(ticket, now, detail)
            case Failing(detail):
                self._breaker.failed(ticket, now, detail)
                log.debug("upstream.failed", reason=detail)
            case _:
                assert_never(answer)
        self._log_change()

    def _pause(self) -> float:
        """For how many seconds upstream is left alone after a 429, by all who share the budget."""
        now = self._clock.monotonic()
        return max(self._breaker.standing(now).until - now, 0.0)

    def _log_change(self) -> None:
        standing = self._breaker.standing(self._clock.monotonic())
        if standing.reason is self._logged:
            return
        self._logged = standing.reason
        retry_at = self._retry_at(standing).isoformat(timespec="seconds")
        match standing.reason:
            case None:
                log.info("upstream.closed")
            case Reason.FAILING:
                log.warning("upstream.opened", reason=standing.detail, retry_at=retry_at)
            case Reason.LIMITED:
                log.warning("upstream.limited", reason=standing.detail, retry_at=retry_at)
            case Reason.KEY_REJECTED:
                log.error("upstream.key_rejected", reason=standing.detail, retry_at=retry_at)
            case _:
                assert_never(standing.reason)

    def _refuse_unless_passing(self) -> None:
        now = self._clock.monotonic()
        if self._breaker.passes(now):
            return
        standing = self._breaker.standing(now)
        assert standing.reason is not None
        retry_at = self._retry_at(standing)
        match standing.reason:
            case Reason.FAILING:
                raise UpstreamUnavailable(standing.detail, retry_at)
            case Reason.LIMITED:
                raise UpstreamLimited(retry_at)
            case Reason.KEY_REJECTED:
                raise KeyRejected(standing.detail, retry_at)
            case _:
                assert_never(standing.reason)

    def _error(self, answer: Refusal | Limited | Rejected | Failing) -> Exception:
        retry_at = self._retry_at(self._breaker.standing(self._clock.monotonic()))
        match answer:
            case Refusal(status, body):
                return QuestionRejected(status, body)
            case Limited():
                return UpstreamLimited(retry_at)
            case Rejected(detail):
                return KeyRejected(detail, retry_at)
            case Failing(detail, timed_out=timed_out):
                return (UpstreamTimedOut if timed_out else UpstreamUnavailable)(detail, retry_at)
            case _:
                assert_never(answer)

    def _retry_at(self, standing: Standing) -> datetime:
        now = self._clock.now()
        if standing.state is State.OPEN:
            return now + timedelta(seconds=standing.until - self._clock.monotonic())
        return now + AFTER_A_FAILURE


def _outcome(answer: Answer) -> str:
    match answer:
        case Good():
            return "ok"
        case Refusal():
            return "refused"
        case Limited():
            return "limited"
        case Rejected():
            return "key_rejected"
        case Failing(timed_out=timed_out):
            return "timed_out" if timed_out else "failed"
        case _:
            assert_never(answer)
