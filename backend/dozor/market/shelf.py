"""What the calls of a lot brought, in the tiers that other processes share: each body a unit of its own, and a list.

The list names the units that hold the newest facts, and what each was asked for: an id that a body lacks is a fact too.
Whoever lands a call of a lot holds its lease, so that the list has one writer at a time; should two write it after all,
a unit is lost from it, and fetched again by whoever misses its facts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec

from dozor.caching.entry import Entry
from dozor.caching.tier import PolicyOf
from dozor.caching.tiers import Held, Tiers
from dozor.market.question import KEY_FORMAT

MOST_UNITS = 32

_Instant: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


class UnitNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a unit holds: ``coins`` in ``columns`` as they were asked for in one call."""

    key: str
    fetched_at: _Instant
    coins: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Brought:
    """A unit with its body, and the name of the tier it was found in."""

    note: UnitNote
    body: bytes
    source: str


class Shelf:
    """The units of one lot in ``tiers``. One instance per loop and lot."""

    def __init__(self, tiers: Tiers, lot_key: str, policy_of: PolicyOf, function: str) -> None:
        self._tiers = tiers
        self._lot_key = lot_key
        self._policy_of = policy_of
        self._function = function
        self._notes: tuple[UnitNote, ...] = ()
        self._taken: dict[str, datetime] = {}
        self.listed_at: datetime | None = None  # when the newest unit that we know of was fetched

    @property
    def key(self) -> str:
        """The key of the list, and of the lease under which it is written."""
        return f"{KEY_FORMAT}:{self._lot_key}"

    async def news(self) -> Sequence[Brought]:
        """The units that were listed since we last looked, the oldest first."""
        found = await self._tiers.beyond(self.key, self._policy_of)
        return [] if found is None else await self.read_list(found.entry)

    async def read_list(self, listed: Entry) -> Sequence[Brought]:
        """The units on this list that we have not taken yet, the oldest first."""
        try:
            notes = _notes.decode(listed.body)
        except msgspec.DecodeError:
            return []  # written by another version
        self._notes = notes
        self.listed_at = listed.fetched_at
        brought = []
        for note in sorted(notes, key=lambda note: note.fetched_at):
            if self._taken.get(note.key) == note.fetched_at:
                continue
            found = await self._tiers.get(note.key, self._policy_of, self._function)
            if found is not None:
                self._taken[note.key] = note.fetched_at
                brought.append(Brought(note, found.entry.body, found.source))
        self._forget_what_is_listed_no_more()
        return brought

    async def put(
        self, coins: Collection[str], columns: Collection[str], body: bytes, fetched_at: datetime, held: Held | None
    ) -> None:
        """Keep what a call brought, and list it; the lease that it was made under ends."""
        note = UnitNote(self._unit_key(coins, columns), fetched_at, tuple(coins), tuple(columns))
        policy = self._policy_of(fetched_at)
        await self._tiers.put(Entry(note.key, body, fetched_at, policy))
        others = [other for other in self._notes if not _supersedes(note, other)]
        self._notes = (note, *others[: MOST_UNITS - 1])
        self.listed_at = fetched_at
        self._taken[note.key] = fetched_at
        self._forget_what_is_listed_no_more()
        await self._tiers.put(Entry(self.key, _encoder.encode(self._notes), fetched_at, policy), held)

    def _unit_key(self, coins: Collection[str], columns: Collection[str]) -> str:
        # The same facts have the same name, so that the newer takes the place of the older.
        named = "\n".join((*sorted(coins), "", *sorted(columns)))
        return f"{self.key}:{hashlib.sha256(named.encode()).hexdigest()[:16]}"

    def _forget_what_is_listed_no_more(self) -> None:
        listed = {note.key for note in self._notes}
        self._taken = {key: at for key, at in self._taken.items() if key in listed}


def _supersedes(newer: UnitNote, older: UnitNote) -> bool:
    return set(newer.coins) >= set(older.coins) and set(newer.columns) >= set(older.columns)


_notes = msgspec.json.Decoder(tuple[UnitNote, ...])
_encoder = msgspec.json.Encoder()
