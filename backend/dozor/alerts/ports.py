"""What the alerts need of the world: a store that keeps its word, quotes, and somebody who wakes them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from dozor.alerts.rule import Rule
from dozor.alerts.segments import Mark
from dozor.alerts.state import State
from dozor.domain.errors import DozorError
from dozor.domain.quotes import Quote


class LeaseLost(DozorError):
    """Another process watches now. Nothing of the batch was written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to be the only one who does ``name``. ``epoch`` grows with every new holder."""

    name: str
    holder: str
    epoch: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Sleeper:
    """A live rule as the index knows it. ``is_awake``: every reading of its series may change something.

    The edges are floats, rounded outwards: a rule is rather woken in vain than not at all. ``wants_wicks``: it counts
    extremes that upstream reports, so its series is worth asking for with them. ``since``: its extreme counts from
    then, and its one edge is the distance from that.
    """

    number: int
    series: str
    below: float | None
    above: float | None
    is_awake: bool = False
    wants_wicks: bool = False
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule with where it stands. ``seq`` grows with every written state; ``channels`` are in their maker's order.

    ``is_live`` is false once it was paused or deleted. ``change`` is when it last changed, in the order of all changes.
    """

    rule: Rule
    state: State
    seq: int
    channels: tuple[str, ...]
    is_live: bool
    change: int


@dataclass(frozen=True, slots=True)
class Transition:
    """A rule's new state, to be written if it still stands at ``seq`` of ``version``."""

    number: int
    version: int
    seq: int
    state: State
    sleeper: Sleeper
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be written with a transition, for each of ``channels``. ``body`` is what people and programs read.

    Its identity is ``(number, version, latch, episode, n)``; ``id`` is what it is called.
    """

    id: str
    number: int
    version: int
    latch: str
    episode: int
    n: int
    user_id: str
    kind: str
    observed_at: datetime
    detected_at: datetime
    body: Mapping[str, Any]
    channels: tuple[str, ...]
    deliver_by: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """What one pass of the watch writes, in one transaction: all of it, but for rules that somebody changed meanwhile.

    ``marks`` are those of the series that were taken in. ``pieces`` are what derived series remember, by their names
    and slots; ``None`` deletes one.
    """

    transitions: Sequence[Transition] = ()
    events: Sequence[NewEvent] = ()
    marks: Mapping[str, Mark] = field(default_factory=dict)
    pieces: Mapping[str, Mapping[int, str | None]] = field(default_factory=dict)


class WatchStore(Protocol):
    """Where rules, their states, marks and events live. Every method raises StoreUnavailable, with nothing done."""

    def sleepers(self) -> AsyncIterator[Sequence[Sleeper]]:
        """All live rules, in batches; a million within seconds."""

    async def load(self, numbers: Collection[int]) -> Sequence[StoredRule]:
        """These rules as they stand, in any order; numbers of deleted ones are left out."""

    async def last_change(self) -> int:
        """The latest change, to follow from."""

    async def changed_since(self, change: int) -> Sequence[StoredRule]:
        """Rules that were made, changed, paused or deleted by people after this change, the oldest first."""

    async def due(self, now: datetime, limit: int) -> Sequence[StoredRule]:
        """Live rules for which something is due, the longest due first."""

    async def marks(self) -> Mapping[str, Mark]:
        """How far each series of prices has been taken in, by its name."""

    async def count_by_user(self, series: Collection[str]) -> Mapping[str, int]:
        """How many live rules watch these series, by the ids of their makers."""

    def pieces(self, series: Collection[str] | None = None) -> AsyncIterator[Mapping[tuple[str, int], str]]:
        """What these derived series remember, or all of them, in batches: by name and slot."""

    async def commit(self, lease: Lease, batch: Batch) -> frozenset[int]:
        """Write the batch in one transaction, and answer the numbers of rules that did not stand where it says.

        Nothing of these is written: neither state nor events. Raises LeaseLost, with nothing written, when the lease's
        epoch is no longer the present one.
        """


class Leases(Protocol):
    """Who does what only one may do."""

    async def acquire(self, name: str, holder: str, seconds: float) -> Lease | None:
        """Take or prolong the lease; ``None`` while another holds it."""

    async def release(self, lease: Lease) -> None:
        """Give it back before its time."""


class QuoteSource(Protocol):
    """Where prices come from."""

    async def prices(self, coins: Sequence[str], currencies: Sequence[str]) -> Sequence[Quote]:
        """See ``market.quotes.Quotes.prices``."""

    async def rows(self, coins: Sequence[str], currency: str) -> Sequence[Quote]:
        """See ``market.quotes.Quotes.rows``."""

    async def points(self, coin_id: str, currency: str) -> Sequence[tuple[datetime, Decimal]]:
        """See ``market.quotes.Quotes.points``."""
