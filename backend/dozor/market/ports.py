"""What the market service needs from the edges of the house."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol, TypeAlias

from dozor.domain.frequent import Frequency
from dozor.domain.lanes import Asker, Lane
from dozor.domain.projection import Projection


class BodyShape(Enum):
    """What the outermost value of an upstream answer is; another shape is a bad answer, whatever its status."""

    OBJECT = "object"
    ARRAY = "array"


@dataclass(frozen=True, slots=True)
class Call:
    """One upstream request: ``path`` below the base URL (percent-encoded) and its parameters (decoded)."""

    path: str
    params: tuple[tuple[str, str], ...]
    shape: BodyShape


@dataclass(frozen=True, slots=True)
class Fetched:
    """A good upstream answer (status 200): its body as sent, and the headers worth keeping, names in lower case."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    fetched_at: datetime


Depart: TypeAlias = Callable[[], Awaitable[Call]]


class Upstream(Protocol):
    """The rate-limited API."""

    async def fetch(self, asker: Asker, family: str, depart: Depart) -> Fetched:
        """Make one call for ``asker``, within the budget.

        ``depart`` is awaited before each attempt, when it could be sent at once, and returns what to send; what it
        raises ends the fetch with nothing sent or spent. Until then the call may grow, and ``asker`` become more urgent
        or more needed. ``family`` is the label that reads are counted under too.

        Raises BudgetExhausted, UpstreamLimited, UpstreamUnavailable, UpstreamTimedOut, KeyRejected or QuestionRejected
        (``domain/errors.py``). Ends by itself within 25 s. Being cancelled leaves the budget charged.
        """

    def expected_wait(self, lane: Lane, need: float) -> float:
        """For how many seconds the quota would make a load wait that is needed by so many, as far as is known.

        0 when it could go out at once. It costs nothing to ask.
        """


@dataclass(frozen=True, slots=True)
class Image:
    """A coin's picture."""

    body: bytes
    content_type: str


class ImageSource(Protocol):
    """Where pictures are fetched from; no part of the quota."""

    async def fetch_image(self, url: str) -> Image | None:
        """The picture at ``url``, or ``None`` when none can be had now. Never raises for what the other side does."""


@dataclass(frozen=True, slots=True)
class WindowUsage:
    """How much of one budget window is used. ``limit`` is ``None`` when there is none.

    The month begins again at ``resets_at``. Of the minute it is when the next call may go, ``None`` while one may now.
    """

    used: int
    limit: int | None
    resets_at: datetime | None = None

    @property
    def left(self) -> int | None:
        """How much of it is not; ``None`` without a limit."""
        return None if self.limit is None else max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class QuotaUsage:
    """How far the quota is used by all ``machines`` that share it, as far as they are known.

    ``month_is_known``: no count of this month was lost; else it counts as spent. A machine that the others are out of
    reach of spends ``part`` of the minute, else 1. No call goes out until ``paused_until``. ``costs`` are the calls
    of the month that this machine made, by family, the most costly first.
    """

    minute: WindowUsage
    month: WindowUsage
    month_is_known: bool = True
    projection: Projection | None = None
    machines: int = 1
    part: float = 1.0
    paused_until: datetime | None = None
    costs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UpstreamStatus:
    """How upstream is doing: ``state`` is the breaker's, ``reason`` why it is not closed.

    ``waiting`` is how many loads of this process wait for their turn, by lane.
    """

    state: str
    reason: str | None
    retry_at: datetime | None
    last_success_at: datetime | None
    first_attempt_ended: bool
    quota: QuotaUsage
    waiting: Mapping[Lane, int] = field(default_factory=dict)


class UpstreamMonitor(Protocol):
    """Somebody who can say how upstream is doing."""

    async def status(self) -> UpstreamStatus:
        """A snapshot; it never fails and costs no call."""

    def clients(self, most: int) -> Sequence[Frequency]:
        """On whose behalf this process has sent calls, at most so many, the most costly first.

        A name is that of a gateway key, ``owner`` or an address; empty for Dozor itself.
        """
