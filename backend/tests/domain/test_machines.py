"""What several machines know of each other that spend one quota."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from dozor.domain.allowance import Granted, Shortage, Slot, Terms, Wait
from dozor.domain.lanes import Lane
from dozor.domain.machines import Book, BookClock, Offer, Rules, Told, Used
from dozor.domain.pace import MonthTerms

RULES = Rules()
LIMIT = 60
PERIOD = "2026-11-01"
TERMS = Terms(9, 9, span=60, longest=15, month=MonthTerms(PERIOD, LIMIT, 1e6, 1000))
names = count()


@dataclass
class Machine:
    """One that does as ``SharedAccounts`` does, without what can go wrong on the way."""

    name: str
    offer: Offer = field(default_factory=lambda: Offer(0, 0.0, PERIOD, 0))
    used: Used = field(default_factory=Used)
    slots: dict[str, Slot] = field(default_factory=dict)
    known: tuple[str, ...] = ()

    def told(self) -> Told:
        return Told(self.name, PERIOD, self.used, self.offer, dict(self.slots), self.known)

    def touch(self, book: Book, now: float, told: Told | None = None) -> Offer:
        told = told or self.told()
        if not book.knows(self.name):
            book.tell(now, told, TERMS)
        book.hear(now, told, TERMS, RULES)
        offer = book.offer(told, LIMIT)
        self.known = tuple(sorted(book.members))
        return offer

    def keep(self, book: Book, now: float) -> None:
        """In touch, and it keeps to what it is offered."""
        offer = self.touch(book, now)
        if offer.number > self.offer.number:
            self.offer = offer

    def charge(self, book: Book, now: float, lane: Lane = Lane.PERSON) -> bool:
        self.used = replace(self.used, charged=self.used.charged + 1)
        told, call = self.told(), f"call {next(names)}"
        for tried in (deepcopy(book), book):  # what is refused is not written
            tried.hear(now, told, TERMS, RULES)
            decision = tried.charge(now, TERMS, told, LIMIT, call, lane, RULES, beyond_reserve=True)
            if isinstance(decision, Wait):
                break
        if isinstance(decision, Granted):
            self.slots[call] = Slot(now)
            return True
        self.used = replace(self.used, refunded=self.used.refunded + 1)
        return False


def opened(server: str = "a", now: float = 0.0, book: Book | None = None) -> Book:
    book = book or Book()
    book.open(server, now, None, 0.0, 0.0)
    return book


def company(*machines: Machine, now: float = 0.0) -> Book:
    book = opened(now=now)
    for _ in range(4):
        for machine in machines:
            machine.keep(book, now)
    return book


def sums_hold(book: Book) -> None:
    assert sum(member.part for member in book.members.values()) <= 1 + 1e-6
    shares = book.months.get(PERIOD, {})
    reach = {name: used.calls for name, used in shares.items()}
    for name, member in book.members.items():
        reach[name] = max(reach.get(name, 0), member.ceiling(PERIOD, LIMIT))
    assert sum(reach.values()) <= LIMIT


# Offers


def test_first_machine_is_offered_all_and_several_an_even_share() -> None:
    one, two, three = Machine("one"), Machine("two"), Machine("three")
    book = company(one)
    assert (one.offer.part, one.offer.ceiling) == (1, LIMIT)
    for _ in range(4):
        for machine in (one, two, three):
            machine.keep(book, 1)
    assert [round(machine.offer.part, 6) for machine in (one, two, three)] == [round(1 / 3, 6)] * 3
    assert [machine.offer.ceiling for machine in (one, two, three)] == [20, 20, 20]


def test_offer_binds_the_others_before_it_is_kept_and_the_old_one_until_the_new_is() -> None:
    one, two = Machine("one"), Machine("two")
    book = company(one)
    one.touch(book, 1)
    assert two.touch(book, 1).part == 0  # the first may still keep to all there is
    offer = one.touch(book, 2)
    assert offer.part == 0.5
    assert two.touch(book, 2).part == 0  # it was told, and has not said that it keeps to it
    one.offer = offer
    one.touch(book, 3)
    assert two.touch(book, 3).part == 0.5
    sums_hold(book)


def test_what_one_has_used_stays_its_own_whatever_it_is_offered() -> None:
    one, two = Machine("one", used=Used(50)), Machine("two")
    company(one, two)
    assert one.offer.ceiling == 55
    assert two.offer.ceiling == 5


def test_without_anything_new_the_newest_offer_stands() -> None:
    one, two = Machine("one"), Machine("two")
    book = company(one, two)
    before = one.offer
    assert one.touch(book, 2) == before


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["touch", "keep", "charge", "late", "alone", "time"]),
        st.integers(0, 3),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(EVENTS)
def test_parts_make_at_most_one_whole_and_used_and_ceilings_at_most_the_month(events: list[tuple[str, int]]) -> None:
    machines = [Machine(f"machine {number}") for number in range(4)]
    book = opened()
    now = 0.0
    late: list[tuple[Machine, Told]] = []
    for what, number in events:
        machine = machines[number]
        match what:
            case "touch":
                late.append((machine, machine.told()))
                machine.touch(book, now)
            case "keep":
                machine.keep(book, now)
            case "charge" if book.knows(machine.name):
                machine.charge(book, now)
            case "late" if late:  # a message that was overtaken
                who, told = late[number % len(late)]
                if book.knows(who.name):
                    who.touch(book, now, told)
            case "alone":
                if machine.used.calls < machine.offer.ceiling:
                    machine.used = replace(machine.used, charged=machine.used.charged + 1)
            case "time":
                now = book.open(book.server, book.last_now + book.behind + 20.0, None, 0.0, 0.0)
            case _:
                continue
        if book.is_complete:
            sums_hold(book)
    assert sum(machine.used.calls for machine in machines) <= LIMIT


def test_message_that_was_overtaken_changes_no_offer_and_lowers_no_count() -> None:
    one, two = Machine("one"), Machine("two")
    book = company(one)
    old = one.told()
    one.used = Used(7, 1)
    for _ in range(3):
        one.keep(book, 1)
        two.keep(book, 1)
    before = list(book.members["one"].offers)
    book.hear(2, old, TERMS, RULES)
    assert book.members["one"].offers == before
    book.tell(2, old, TERMS)
    assert book.members["one"].offers == before
    assert book.used_by(one.told()) == 6


# Together


def test_machines_together_use_the_whole_minute_and_no_more() -> None:
    one, two = Machine("one"), Machine("two")
    book = company(one, two)
    assert sum(machine.charge(book, 1) for _ in range(9) for machine in (one, two)) == 9


def test_warm_ups_of_all_machines_together_leave_people_their_slots() -> None:
    machines = [Machine("one"), Machine("two")]
    book = company(*machines)
    assert sum(machine.charge(book, 1, Lane.WARM_UP) for machine in machines for _ in range(9)) == 7
    assert sum(machine.charge(book, 1) for machine in machines for _ in range(9)) == 2


def test_part_of_a_machine_that_is_not_heard_of_is_left_alone_and_taken_when_it_is_forgotten() -> None:
    one, two = Machine("one"), Machine("two")
    book = company(one, two)
    now = RULES.silent_after + 1
    assert sum(one.charge(book, now) for _ in range(9)) == 4
    now = RULES.forgotten_after + 1
    for _ in range(3):
        one.keep(book, now)
    assert list(book.members) == ["one"]
    assert sum(one.charge(book, now) for _ in range(20)) == 9
    assert (one.offer.part, one.offer.ceiling) == (1, LIMIT)


def test_newcomer_waits_until_one_who_thought_itself_alone_has_agreed_to_less() -> None:
    one, two = Machine("one"), Machine("two")
    book = company(one)
    two.keep(book, 1)
    assert not two.charge(book, 1)
    one.keep(book, 2)
    one.keep(book, 2)
    assert two.charge(book, 2)


def test_others_ceilings_are_left_to_them_while_they_may_be_cut_off() -> None:
    one, two = Machine("one"), Machine("two")
    book = company(one, two)
    roomy = replace(TERMS, start=0, most=0)
    granted = 0
    for _ in range(LIMIT):
        one.used = replace(one.used, charged=one.used.charged + 1)
        book.hear(1, one.told(), roomy, RULES)
        decision = book.charge(1, roomy, one.told(), LIMIT, f"c{granted}", Lane.PERSON, RULES, beyond_reserve=True)
        if isinstance(decision, Wait):
            assert decision.shortage is Shortage.MONTH
            break
        granted += 1
    assert granted == 30


# The book found anew


def test_after_another_server_took_over_calls_wait_until_all_have_told_what_they_have() -> None:
    one, two = Machine("one"), Machine("two")
    book = company(one, two)
    assert two.charge(book, 1)
    opened("b", 2, book)
    assert not book.knows("one")
    one.keep(book, 2)
    assert not one.charge(book, 2)
    two.keep(book, 2)
    assert sum(one.charge(book, 2) for _ in range(9)) == 8  # the other's call is known


def test_emptied_book_is_filled_again_and_who_does_not_come_back_is_left_its_part() -> None:
    one, two = Machine("one", used=Used(3)), Machine("two")
    company(one, two)
    book = opened(now=100)
    one.keep(book, 100)
    assert set(book.members) == {"one", "two"}
    assert not book.is_complete
    assert not one.charge(book, 100 + RULES.span)
    assert book.used_by_all(PERIOD) == 3
    after = 100 + RULES.span + RULES.longest
    assert sum(one.charge(book, after) for _ in range(9)) == 4


def test_older_copy_believes_what_a_machine_says_of_its_offer() -> None:
    one, two = Machine("one"), Machine("two")
    book = company(one)
    two.keep(book, 1)
    copy = Book("a", members={"one": book.members["one"], "two": book.members["two"]})
    mine = Offer(9, 0.25, PERIOD, 10)
    one.offer = mine
    opened("b", 5, copy)
    one.keep(copy, 5)
    assert copy.members["one"].offers[0] == mine


def test_slot_told_again_counts_as_the_machine_tells_it() -> None:
    one = Machine("one")
    book = company(one)
    book.allowance.slots["call"] = Slot(-30.0)  # by a clock that was behind
    one.slots["call"] = Slot(50.0)
    book.tell(50, one.told(), TERMS)
    assert book.allowance.slots["call"].began_at == 50


# The book's clock


def test_books_clock_never_goes_back() -> None:
    book = Book()
    assert book.open("a", 100, None, 0, 0) == 100
    assert book.open("a", 70, None, 2, 2) == 100
    assert book.open("a", 75, None, 7, 7) == 105  # and goes on from there


def test_who_has_read_it_before_takes_no_step_of_the_servers_clock_for_time() -> None:
    book = Book()
    now = book.open("a", 100, None, 10, 10)
    clock = BookClock(book.opening, now - 10, now - 10)
    assert book.open("a", 135, clock, 15, 15) == 105
    assert book.open("a", 100, clock, 20, 20) == 110
    assert book.open("a", 105, clock, 25, 25) == 115


def test_doubt_about_how_long_it_took_to_read_frees_nothing_early() -> None:
    book = Book()
    book.open("a", 100, None, 10, 11)
    clock = BookClock(book.opening, 89, 90)
    assert book.open("a", 104.5, clock, 14, 15) == 104.5  # from 103 to 105 is what it may be
    assert book.open("a", 140, clock, 16, 17) == 105


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=6))
def test_merged_counters_are_the_largest_in_any_order(states: list[tuple[int, int]]) -> None:
    merged = Used()
    for state in [*states, *reversed(states)]:
        merged = Used(*state).merged(merged)
    assert merged.charged == max((charged for charged, _ in states), default=0)
    assert merged.refunded == max((refunded for _, refunded in states), default=0)


def test_rules_many_times_faster_keep_their_proportions() -> None:
    fast = RULES.divided(20)
    assert fast.span == 3
    assert fast.alone_after * 20 == RULES.alone_after
