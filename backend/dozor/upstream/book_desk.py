"""The book that machines share, as this one uses it: read, changed and written in one step, or again from the start.

The book has a clock of its own. An instant of ours becomes one of the book's a little later than it was, and one of the
book's becomes ours a little sooner: never by more than it took to ask, and always to the side on which no slot is free
too early.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import msgspec

from dozor.domain.allowance import Slot
from dozor.domain.machines import Book, BookClock, BookPage, Rules, Told

if TYPE_CHECKING:
    from collections.abc import Callable

    from dozor.clock import Clock
    from dozor.domain.allowance import Terms

WRITE_TRIES = 30  # others may write between our reading and writing; each time one of them has got on


class BookShelf(Protocol):
    """Where the book lies that all machines share."""

    @property
    def is_up(self) -> bool:
        """Whether it counts as being within reach."""

    async def wait_until_tried(self) -> None:
        """Come back once it is known whether it is."""

    async def read(self) -> BookPage | None:
        """The book as it is, ``None`` when it cannot be had. Never raises."""

    async def write(self, page: BookPage, body: bytes, valid_for: float) -> bool | None:
        """Put ``body`` in the place of ``page``, which was read at most ``valid_for`` seconds ago.

        ``False``: somebody else has, or it took too long; nothing was written. ``None``: nobody knows. Never raises.
        """


class Unreachable(Exception):
    """The book cannot be had now. What was to be written may have been."""


class Untold(Exception):
    """The book of ``opening`` does not know this machine, and is to be told all that it has from now on back."""

    def __init__(self, opening: str) -> None:
        super().__init__(opening)
        self.opening = opening


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of the book: its time ``now`` was from ``asked_at`` to ``heard_at`` of this machine's own clock.

    ``is_found_anew``: it was empty, or another server kept it when it was last written.
    """

    book: Book
    now: float
    asked_at: float
    heard_at: float
    is_found_anew: bool = False

    @property
    def clock(self) -> BookClock:
        """How far the book's clock is ahead of this machine's."""
        return BookClock(self.book.opening, self.now - self.heard_at, self.now - self.asked_at)

    def to_book(self, steady: float) -> float:
        """An instant of ours in the book's time."""
        return self.now + (steady - self.asked_at)

    def from_book(self, instant: float) -> float:
        """An instant of the book's in ours."""
        return self.asked_at + (instant - self.now)


@dataclass(frozen=True, slots=True)
class Account:
    """What this machine tells; instants are still its own, and ``terms`` those of all machines.

    It must be sent by ``send_until``, for until then the others may hear of this machine. Of its ``alone_calls`` they
    have heard unless ``is_alone``. ``limit`` is the month's. ``opening`` is the book which is told everything by it:
    none where it was taken before that was found, for another process may have put calls into the book that was there
    before. ``clock`` is how the book's clock went when this machine last heard of it.
    """

    told: Told
    terms: Terms
    limit: int
    is_alone: bool
    alone_calls: int
    send_until: float
    clock: BookClock | None
    opening: str = ""


class BookDesk:
    """One process's way to the book. One instance per loop."""

    def __init__(self, shelf: BookShelf, clock: Clock, rules: Rules) -> None:
        self._shelf = shelf
        self._clock = clock
        self._rules = rules
        self._book_clock: BookClock | None = None

    @property
    def is_open(self) -> bool:
        """Whether the book counts as being within reach."""
        return self._shelf.is_up

    async def wait_until_tried(self) -> None:
        """Come back once it is known whether it is."""
        await self._shelf.wait_until_tried()

    async def change(self, account: Account, change: Callable[[Reading, Told], bool]) -> Reading:
        """Tell the book what there is to tell and change it; the last reading, changed.

        A ``change`` that returns ``False`` has nothing to be written. Raises Unreachable, and Untold.
        """
        for _ in range(WRITE_TRIES):
            reading, page = await self._read(account.clock)
            if reading.is_found_anew:  # written down first, so that whoever reads it next means the same finding
                if await self._write(page, reading) is None:
                    raise Unreachable
                continue
            told = _in_book_time(account.told, reading)
            is_told = reading.book.knows(told.machine)
            if not is_told and account.opening != reading.book.opening:
                raise Untold(reading.book.opening)
            if account.is_alone or not is_told:
                reading.book.tell(reading.now, told, account.terms)
            reading.book.hear(reading.now, told, account.terms, self._rules)
            if not change(reading, told):
                return reading
            if self._clock.monotonic() > account.send_until:
                raise Unreachable  # held up for so long that this machine counts as cut off
            written = await self._write(page, reading)
            if written is None:
                raise Unreachable
            if written:
                self._book_clock = reading.clock
                return reading
        raise Unreachable

    async def look(self) -> Reading:
        """The book as it is. Raises Unreachable."""
        reading, _ = await self._read()
        return reading

    async def forget(self, machine: str) -> bool:
        """Let the others have what is kept for this machine; ``False`` when the book does not know it.

        What it has used stays counted. One that is alive is known again as soon as it is heard of. Raises Unreachable.
        """
        for _ in range(WRITE_TRIES):
            reading, page = await self._read()
            if reading.book.members.pop(machine, None) is None:
                return False
            written = await self._write(page, reading)
            if written is None:
                raise Unreachable
            if written:
                return True
        raise Unreachable

    async def _read(self, clock: BookClock | None = None) -> tuple[Reading, BookPage]:
        asked_at = self._clock.monotonic()
        page = await self._shelf.read()
        if page is None:
            raise Unreachable
        heard_at = self._clock.monotonic()
        book = _decode(page.body)
        server_before = book.server
        # What was read but not written moves nothing on: else the error of each reading would be added to the next.
        now = book.open(page.server, page.server_time, self._book_clock or clock, asked_at, heard_at)
        return Reading(book, now, asked_at, heard_at, is_found_anew=book.server != server_before), page

    async def _write(self, page: BookPage, reading: Reading) -> bool | None:
        return await self._shelf.write(page, _encoder.encode(reading.book), self._rules.valid_for)


_decoder = msgspec.json.Decoder(Book)
_encoder = msgspec.json.Encoder()


def _decode(body: bytes) -> Book:
    """The book; a new one where there is none, or something else."""
    if body:
        try:
            return _decoder.decode(body)
        except msgspec.DecodeError:
            pass
    return Book()


def _in_book_time(told: Told, reading: Reading) -> Told:
    slots = {
        call: Slot(
            reading.to_book(slot.began_at),
            None if slot.ended_at is None else reading.to_book(slot.ended_at),
            slot.for_alert,
        )
        for call, slot in told.slots.items()
    }
    pause = None if told.pause_until is None else reading.to_book(told.pause_until)
    return replace(told, slots=slots, pause_until=pause)
