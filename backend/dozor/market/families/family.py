"""What a family of questions has to say: what a question wants, in the units or facts that upstream's calls bring."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from dozor.market.endpoints import Endpoint
from dozor.market.facts import Facts
from dozor.market.ports import Call
from dozor.market.question import Question


class NotDerivable(Exception):
    """What is known does not say how upstream would answer: the question has to be asked as it is."""


class Lot(Protocol):
    """Facts that one upstream call can bring together, any of them with any others. Pure, and hashable."""

    @property
    def key(self) -> str:
        """Its name, for leases, negatives and what is kept about it in the tiers."""

    @property
    def endpoint(self) -> Endpoint:
        """Where they are asked for."""

    @property
    def most_coins(self) -> int:
        """How many coins one call may name."""

    @property
    def most_kept(self) -> int:
        """Of how many coins the board remembers what was said: clients choose the ids, and the lots."""

    @property
    def first_rank(self) -> int:
        """From which rank on its calls take along coins that nobody asked for: others come by other calls."""

    @property
    def usual_columns(self) -> tuple[str, ...]:
        """Columns that every call asks for, since they cost nothing."""

    def call(self, coins: Sequence[str], columns: Sequence[str]) -> Call:
        """The call that brings these facts."""

    def read(self, body: bytes) -> Mapping[str, object]:
        """What an answer said of each coin, in its order. Raises msgspec.DecodeError or ValueError."""

    def in_asked_order(self, said: Mapping[str, Any], columns: Sequence[str]) -> bool | None:
        """Whether upstream answers in the order in which columns are asked for; ``None`` if this answer cannot tell."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A question wants what this one call brings, or a part of it. ``asks`` is the question that the call answers.

    ``read`` makes of a body what ``cut`` makes the answer of; what it made is kept beside the body, for other
    questions. Both raise msgspec.DecodeError or ValueError when the body is not as expected. Without a ``cut`` the
    answer is the body. ``shares`` is the lot that the unit's rows are facts of, too, and how to find these in what was
    read; ``None`` where they are of none.
    """

    key: str
    asks: Question
    call: Call
    read: Callable[[bytes], Any] = bytes
    cut: Callable[[Any], bytes] | None = None
    shares: tuple[Lot, Callable[[Any], Mapping[str, object]]] | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A question wants facts: these coins, in these columns.

    ``assemble`` puts the answer together once all of them are known. It raises NotDerivable when they do not settle it;
    then ``as_asked`` is the unit that does. ``page`` is a unit that has some of these facts, and what may ask for it.
    """

    lot: Lot
    coins: tuple[str, ...]
    columns: tuple[str, ...]
    assemble: Callable[[Facts], bytes]
    as_asked: Unit
    page: Unit | None = None


Wanted: TypeAlias = Unit | Batch
Family: TypeAlias = Callable[[Question], Wanted]
"""A set of questions that one upstream endpoint can answer together: what each of them wants. Pure."""
