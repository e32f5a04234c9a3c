"""What several machines know of each other that spend one quota: a book that lies where all of them can write it.

The book must be right although it may be emptied, put back by some seconds, or out of reach for any of them at any
time. So whatever is in it can be said again by those who did it: a machine's calls of the month are two counters that
only grow, and its calls of the minute have ids. Whoever finds the book anew says all it has. Until all the machines
that are known have done so calls wait, and those that do not come back are left what is theirs.

What is theirs is what a machine may spend while it is cut off: a ``part`` of the minute, and of the month a
``ceiling``, a count of its own calls that it may reach alone. Both are offered by the book, and two sums always hold:
the parts make at most one whole, and what each machine has used, or may reach if that is more, makes at most the month.
An offer binds the others from the moment in which it is made; one that it replaces, until the machine has said that it
keeps the new.

Times are seconds of the book's one clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from dozor.domain.allowance import LOOK_AGAIN, Allowance, Decision, Shortage, Slot, Terms, Wait
from dozor.domain.lanes import Lane
from dozor.domain.pace import ROUNDING

MONTHS_KEPT = 3
CLOCK_CHANGE = 0.05  # seconds
OFFERS_OPEN = 8  # so many may be under way before another is made
WORTH_AN_OFFER = 0.02  # of what a machine may spend alone: a smaller change is not


@dataclass(frozen=True, slots=True)
class Rules:
    """How long things last among machines, in seconds.

    A machine that was not heard of for ``silent_after`` may be cut off, and after ``forgotten_after`` it is gone: what
    was its own belongs to the others. What it says is worthless when it arrives more than ``valid_for`` later.
    """

    span: float = 60.0
    longest: float = 15.0
    heard_every: float = 2.0
    silent_after: float = 6.0
    valid_for: float = 1.0
    forgotten_after: float = 3600.0

    @property
    def alone_after(self) -> float:
        """How long after it was last in touch a machine may begin to use its own part of the minute.

        By then the others have left that part alone for a ``span`` and the longest call: whatever they sent before has
        left the window, whenever upstream counted it.
        """
        return self.valid_for + self.silent_after + self.longest + self.span

    def divided(self, by: float) -> Rules:
        """The same, that many times faster."""
        names = ("span", "longest", "heard_every", "silent_after", "valid_for", "forgotten_after")
        return Rules(**{name: getattr(self, name) / by for name in names})


@dataclass(frozen=True, slots=True)
class BookPage:
    """The book as it was read. ``server_time`` is in seconds, ``stamp`` that of the last change, ``body`` is the book.

    ``server`` names the run of the server; ``body`` is empty where there is no book.
    """

    server: str
    server_time: float
    stamp: str
    body: bytes


@dataclass(frozen=True, slots=True)
class BookClock:
    """By how many seconds the clock of the book of ``opening`` is ahead of a machine's own."""

    opening: str
    ahead_at_least: float
    ahead_at_most: float

    def is_near(self, other: BookClock) -> bool:
        """Whether it is not worth remembering the other instead."""
        change = abs(self.ahead_at_least - other.ahead_at_least) + abs(self.ahead_at_most - other.ahead_at_most)
        return self.opening == other.opening and change <= CLOCK_CHANGE


@dataclass(frozen=True, slots=True)
class Used:
    """A machine's calls of one month: how many were ``charged``, and how many of these taken back. Both only grow."""

    charged: int = 0
    refunded: int = 0

    @property
    def calls(self) -> int:
        """What counts."""
        return self.charged - self.refunded

    def merged(self, other: Used) -> Used:
        """The later of two states of one machine: neither counter ever falls."""
        return Used(max(self.charged, other.charged), max(self.refunded, other.refunded))


@dataclass(frozen=True, slots=True)
class Offer:
    """What a machine may spend when it is cut off: a ``part`` of the minute, of the month ``period`` ``ceiling`` calls.

    Of any other month it is that part, too. ``number`` grows with each offer to the same machine; 0 is none.
    """

    number: int
    part: float
    period: str
    ceiling: int

    def ceiling_in(self, period: str, limit: int) -> int:
        """The count of its own calls that the machine may reach alone in this month."""
        return self.ceiling if period == self.period else math.floor(limit * self.part + ROUNDING)


@dataclass(slots=True)
class Member:
    """One machine. ``offers`` are those it may keep to, the first the one it has said it keeps.

    ``has_told`` is whether it has said all it has since the book was last found anew.
    """

    seen_at: float
    offers: list[Offer]
    has_told: bool = True
    armed: bool = False

    @property
    def part(self) -> float:
        """The most that it may take of the minute when cut off."""
        return max(offer.part for offer in self.offers)

    def ceiling(self, period: str, limit: int) -> int:
        """The most calls of the month that it may have made by the time it is heard of again."""
        return max(offer.ceiling_in(period, limit) for offer in self.offers)


@dataclass(frozen=True, slots=True)
class Told:
    """What a machine says of itself: its calls of the month ``period``, the offer it keeps to, its calls of the minute.

    ``slots`` are by call, in the book's time, and so is the end of the pause that it knows of. ``known`` are the
    machines that it has ever heard of, ``learnt`` is its limit of the minute, ``armed`` whether it has alerts. Unless
    ``is_known``, it has lost its count of the month.
    """

    machine: str
    period: str
    used: Used
    offer: Offer
    slots: dict[str, Slot]
    known: tuple[str, ...] = ()
    pause_until: float | None = None
    learnt: int | None = None
    armed: bool = False
    is_known: bool = True


@dataclass(slots=True)
class Book:
    """See the module. ``server`` names the run of the server that keeps it, by which another one is noticed.

    ``behind`` is what its clock is behind the server's, which may be set while its own only ever goes on.
    """

    server: str = ""
    opened_at: float = 0.0
    last_now: float = 0.0
    behind: float = 0.0
    members: dict[str, Member] = field(default_factory=dict)
    months: dict[str, dict[str, Used]] = field(default_factory=dict)
    allowance: Allowance = field(default_factory=Allowance)

    def open(self, server: str, server_time: float, clock: BookClock | None, asked_at: float, heard_at: float) -> float:
        """The book's own time, which the reader asked for at ``asked_at`` and had at ``heard_at``, by its own clock.

        ``clock`` is how it went before, for a reader who knows: then no step of the server's clock is taken for time
        that has passed. Another ``server`` than before may lack what was written last: then everybody is to tell
        everything again.
        """
        now = server_time - self.behind
        if clock is not None:
            earliest, latest = asked_at + clock.ahead_at_least, heard_at + clock.ahead_at_most
            if now > latest:
                now = earliest  # a slot is better free too late than too early
            elif (clock.opening, server) == (self.opening, self.server):  # else it may never have gone that far
                now = max(now, earliest)
        now = max(now, self.last_now)
        self.behind, self.last_now = server_time - now, now
        if self.server != server:
            self.server, self.opened_at = server, now
            for member in self.members.values():
                member.has_told = False
        return now

    @property
    def opening(self) -> str:
        """Which finding of the book anew this is."""
        return f"{self.server} {self.opened_at}"

    def knows(self, machine: str) -> bool:
        """Whether this machine has said all it has."""
        member = self.members.get(machine)
        return member is not None and member.has_told

    @property
    def is_complete(self) -> bool:
        """Whether all the machines that are known have."""
        return all(member.has_told for member in self.members.values())

    def silent(self, now: float, rules: Rules) -> list[str]:
        """The machines that may be cut off, or have not said yet what they have."""
        return [
            name
            for name, member in self.members.items()
            if not member.has_told or now - member.seen_at > rules.silent_after
        ]

    def tell(self, now: float, told: Told, terms: Terms) -> None:
        """Take in everything that a machine has: when it is not known, and after it was cut off."""
        member = self.members.setdefault(told.machine, Member(now, [told.offer]))
        member.has_told = True
        if told.offer.number > member.offers[-1].number:  # the book is an older copy
            member.offers = [told.offer]
        for name in told.known:  # from before the book was emptied
            self.members.setdefault(name, Member(now, [replace(told.offer, number=0)], has_told=False))
        self.allowance.slots.update(told.slots)
        if told.learnt is not None:  # it may have met a 429 meanwhile
            self.allowance.learn(terms, told.learnt)

    def hear(self, now: float, told: Told, terms: Terms, rules: Rules) -> None:
        """Take in what has changed with a machine that is known."""
        for name in [name for name, one in self.members.items() if now - one.seen_at > rules.forgotten_after]:
            if name != told.machine:
                del self.members[name]
        member = self.members[told.machine]
        member.seen_at = now
        if told.offer.number >= member.offers[0].number:  # else it is a message that others have overtaken
            # What the machine says of its offer counts: an older copy of the book may have made another of that number.
            member.offers = [told.offer, *(one for one in member.offers if one.number > told.offer.number)]
        for call, slot in told.slots.items():
            known = self.allowance.slots.get(call)
            if known is not None and known.ended_at is None:
                known.ended_at = slot.ended_at
        member.armed = told.armed
        self.allowance.arm(terms, armed=any(one.armed for one in self.members.values()))
        if told.pause_until is not None:
            self.allowance.hear_of_pause(now, told.pause_until, rules.valid_for)
        if told.is_known:  # else the little that was counted since would pass for all of it
            shares = self.months.setdefault(told.period, {})
            shares[told.machine] = told.used.merged(shares.get(told.machine, Used()))
        for period in sorted(self.months)[:-MONTHS_KEPT]:
            del self.months[period]

    def offer(self, told: Told, limit: int) -> Offer:
        """What the machine is to keep to from now on: an even share of all there is, as far as nobody else has it.

        The newest offer again where nothing much has changed, or too many are under way. ``limit`` 0: no month.
        """
        member = self.members[told.machine]
        newest = member.offers[-1]
        if not self.is_complete or len(member.offers) >= OFFERS_OPEN:
            return newest
        others = [one for name, one in self.members.items() if name != told.machine]
        part = min(1 / len(self.members), 1 - sum(one.part for one in others))
        used = self.used_by(told)
        fair = used + max(0, limit - self.used_by_all(told.period)) // len(self.members)
        ceiling = max(used, min(fair, limit - self._bespoken(told, limit)))
        change = abs(newest.ceiling_in(told.period, limit) - ceiling)
        is_much = change > (ceiling - used) * WORTH_AN_OFFER
        if abs(part - newest.part) <= ROUNDING and newest.period == told.period and not (limit and is_much):
            return newest
        offer = Offer(newest.number + 1, max(0.0, part), told.period, ceiling)
        member.offers.append(offer)
        return offer

    def charge(
        self,
        now: float,
        terms: Terms,
        told: Told,
        limit: int,
        call: str,
        lane: Lane,
        rules: Rules,
        *,
        beyond_reserve: bool,
    ) -> Decision:
        """Whether the machine may make this call, which is in its count of the month already; see ``Allowance.charge``.

        ``limit`` is the month's, 0 without one.
        """
        if self._others_may_spend_unseen(now, told, rules):
            return Wait(Shortage.SHARING, (now + LOOK_AGAIN,), 0.0)
        month = terms.month
        if limit and month is not None:
            is_complete = self.is_complete
            kept = self.members[told.machine].offers[0]  # what is told may have been overtaken
            room = limit - self._bespoken(told, limit) if is_complete else kept.ceiling_in(told.period, limit)
            if self.used_by(told) > room:
                is_spent = self.used_by_all(told.period) > limit  # this call is in it
                return Wait(Shortage.MONTH, (now + (month.seconds_left if is_spent else LOOK_AGAIN),), 0.0)
            month = replace(month, left=max(1, limit - self.used_by_all(told.period) + 1))
        terms = replace(terms, month=month, part=1.0, taken=self._taken(now, terms, told, rules))
        return self.allowance.charge(now, terms, call, lane, beyond_reserve=beyond_reserve)

    def used_by(self, told: Told) -> int:
        """The machine's calls of its month, as the book has them."""
        return self.months.get(told.period, {}).get(told.machine, Used()).calls

    def used_by_all(self, period: str) -> int:
        """All calls of a month that the book has heard of."""
        return sum(used.calls for used in self.months.get(period, {}).values())

    def _others_may_spend_unseen(self, now: float, told: Told, rules: Rules) -> bool:
        """Whether calls of others may be in the window that are not in the book."""
        is_settling = now < self.opened_at + rules.span + rules.longest
        for name, member in self.members.items():
            if name == told.machine:
                continue
            if not member.has_told and is_settling:
                return True
            # One that thinks itself alone would, when cut off, go on at once with all there is.
            if member.part >= 1 - ROUNDING and now - member.seen_at <= rules.silent_after:
                return True
        return False

    def _taken(self, now: float, terms: Terms, told: Told, rules: Rules) -> int:
        """How many slots belong to machines that may be spending them apart."""
        slots, _ = self.allowance.minute(replace(terms, part=1.0))
        if slots is None:
            return 0
        silent = set(self.silent(now, rules)) - {told.machine}
        parts = {name: member.part for name, member in self.members.items()}
        if self.is_complete:
            taken = sum(parts[name] for name in silent)
        else:  # of those that have not told it is only known that they have no more than the rest
            taken = 1 - sum(part for name, part in parts.items() if name not in silent)
        return math.ceil(slots * taken - ROUNDING)

    def _bespoken(self, told: Told, limit: int) -> int:
        """What the others have used of the month, or may reach alone if that is more."""
        used = {name: one.calls for name, one in self.months.get(told.period, {}).items() if name != told.machine}
        for name, member in self.members.items():
            if name != told.machine:
                used[name] = max(used.get(name, 0), member.ceiling(told.period, limit))
        return sum(used.values())
