"""When upstream is left alone, and why: one state machine for failures, limits and a rejected key.

It knows no clock: every ``now`` is given, in seconds that only grow. Closed, calls pass. Open, they are refused until
an instant. After it, half-open, exactly one call passes as the probe: its result closes the breaker or opens it again.

A call belongs to the time in which it began. What comes back from a call that began before the breaker last opened
says nothing about upstream now, so it neither closes nor opens anything. It can only lengthen a pause: when ten calls
under way are all answered 429, the longest of their demands is the one to obey.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum

from dozor.domain.backoff import Doubling

FAILING_PAUSE = Doubling(timedelta(seconds=30), timedelta(minutes=5))
LIMITED_PAUSE = Doubling(timedelta(seconds=60), timedelta(minutes=15))


class State(Enum):
    """Whether calls pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Reason(Enum):
    """Why they do not."""

    FAILING = "failing"
    LIMITED = "limited"
    KEY_REJECTED = "key_rejected"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """What opens the breaker, and for how long."""

    failures_in_a_row: int = 5
    failures_among_recent: int = 10
    recent: int = 20
    failing: Doubling = FAILING_PAUSE
    limited: Doubling = LIMITED_PAUSE  # when no Retry-After says how long
    key_rejected: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the breaker stands. ``reason``, ``detail`` and ``until`` say why and until when, unless it is closed.

    Half-open, ``until`` has passed: the next call is the probe, or it is under way.
    """

    state: State
    reason: Reason | None = None
    detail: str = ""
    until: float = 0.0


class Ticket:
    """One call that was let through. Report its result with it, once; a ticket is compared by identity."""

    __slots__ = ("generation",)

    def __init__(self, generation: int) -> None:
        self.generation = generation


class Breaker:
    """See the module. Not for several threads; every method returns at once."""

    def __init__(self, policy: BreakerPolicy | None = None) -> None:
        self._policy = policy if policy is not None else BreakerPolicy()
        self._generation = 0  # how many times it has opened
        self._opened: Standing | None = None
        self._probe: Ticket | None = None
        self._in_a_row = 0
        self._recent: deque[bool] = deque(maxlen=self._policy.recent)  # True where a call failed
        self._repeats = dict.fromkeys(Reason, 0)  # how many times it opened for each reason since it was last closed

    def standing(self, now: float) -> Standing:
        """How it stands at ``now``."""
        if self._opened is None:
            return Standing(State.CLOSED)
        if now < self._opened.until:
            return self._opened
        return Standing(State.HALF_OPEN, self._opened.reason, self._opened.detail, self._opened.until)

    def passes(self, now: float) -> bool:
        """Whether ``begin`` would let a call through at ``now``."""
        return self._opened is None or (now >= self._opened.until and self._probe is None)

    def begin(self, now: float) -> Ticket | None:
        """Let a call through, or ``None``. Whoever gets a ticket reports it: one of the methods below."""
        if not self.passes(now):
            return None
        ticket = Ticket(self._generation)
        if self._opened is not None:
            self._probe = ticket
        return ticket

    def succeeded(self, ticket: Ticket) -> None:
        """Upstream answered as it should; a refusal of the question is such an answer."""
        if self._is_of_the_past(ticket):
            return
        self._opened = self._probe = None
        self._in_a_row = 0
        self._recent.append(False)
        self._repeats = dict.fromkeys(Reason, 0)

    def failed(self, ticket: Ticket, now: float, detail: str) -> None:
        """Upstream could not be reached, failed, or sent what is no answer."""
        if self._is_of_the_past(ticket):
            return
        self._in_a_row += 1
        self._recent.append(True)
        if (
            ticket is self._probe
            or self._in_a_row >= self._policy.failures_in_a_row
            or sum(self._recent) >= self._policy.failures_among_recent
        ):
            pause = self._policy.failing.pause(self._repeats[Reason.FAILING] + 1)
            self._open(Reason.FAILING, detail, now, pause)

    def limited(self, ticket: Ticket, now: float, pause: timedelta | None, detail: str) -> None:
        """Upstream asks for a pause, of this length where it names one."""
        if self._is_of_the_past(ticket):
            self._lengthen(now, pause)
            return
        if pause is None:
            pause = self._policy.limited.pause(self._repeats[Reason.LIMITED] + 1)
        self._open(Reason.LIMITED, detail, now, pause)

    def key_rejected(self, ticket: Ticket, now: float, detail: str) -> None:
        """Upstream refuses the key, or this machine."""
        if not self._is_of_the_past(ticket):
            self._open(Reason.KEY_REJECTED, detail, now, self._policy.key_rejected)

    def abandoned(self, ticket: Ticket) -> None:
        """The call ended without saying anything about upstream; if it was the probe, the next call is."""
        if ticket is self._probe:
            self._probe = None

    def _is_of_the_past(self, ticket: Ticket) -> bool:
        return ticket.generation != self._generation

    def _open(self, reason: Reason, detail: str, now: float, pause: timedelta) -> None:
        self._opened = Standing(State.OPEN, reason, detail, now + pause.total_seconds())
        self._probe = None
        self._generation += 1
        self._repeats[reason] += 1
        self._in_a_row = 0
        self._recent.clear()

    def _lengthen(self, now: float, pause: timedelta | None) -> None:
        if self._opened is not None and now < self._opened.until and pause is not None:
            self._opened = replace(self._opened, until=max(self._opened.until, now + pause.total_seconds()))
