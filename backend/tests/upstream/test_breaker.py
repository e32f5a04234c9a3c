"""When upstream is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from dozor.upstream.breaker import Breaker, Reason, State, Ticket


def begun(breaker: Breaker, now: float) -> Ticket:
    ticket = breaker.begin(now)
    assert ticket is not None
    return ticket


def fail(breaker: Breaker, now: float, times: int = 1) -> None:
    for _ in range(times):
        breaker.failed(begun(breaker, now), now, "it answers 503")


def succeed(breaker: Breaker, now: float, times: int = 1) -> None:
    for _ in range(times):
        breaker.succeeded(begun(breaker, now))


def test_five_failures_in_a_row_open_it_for_thirty_seconds() -> None:
    breaker = Breaker()
    fail(breaker, 0, times=4)
    assert breaker.standing(0).state is State.CLOSED
    fail(breaker, 0)
    standing = breaker.standing(0)
    assert (standing.state, standing.reason, standing.detail, standing.until) == (
        State.OPEN,
        Reason.FAILING,
        "it answers 503",
        30,
    )
    assert breaker.begin(29.9) is None


def test_success_ends_the_row() -> None:
    breaker = Breaker()
    fail(breaker, 0, times=4)
    succeed(breaker, 0)
    fail(breaker, 0, times=4)
    assert breaker.standing(0).state is State.CLOSED


def test_half_of_the_last_twenty_open_it_though_never_five_in_a_row() -> None:
    breaker = Breaker()
    for _ in range(9):
        succeed(breaker, 0)
        fail(breaker, 0)
    succeed(breaker, 0)
    assert breaker.standing(0).state is State.CLOSED
    fail(breaker, 0)
    assert breaker.standing(0).state is State.OPEN


def test_failures_older_than_the_last_twenty_are_forgotten() -> None:
    breaker = Breaker()
    for _ in range(50):
        succeed(breaker, 0, times=2)
        fail(breaker, 0)  # a third, for ever
    assert breaker.standing(0).state is State.CLOSED


def test_one_probe_passes_when_the_pause_is_over_and_its_success_closes() -> None:
    breaker = Breaker()
    fail(breaker, 0, times=5)
    probe = begun(breaker, 30)
    assert breaker.standing(30).state is State.HALF_OPEN
    assert breaker.begin(30) is None
    breaker.succeeded(probe)
    assert breaker.standing(30).state is State.CLOSED
    assert breaker.begin(30) is not None


def test_failed_probe_doubles_the_pause_up_to_five_minutes_and_success_forgets_that() -> None:
    breaker = Breaker()
    now = 0.0
    fail(breaker, now, times=5)
    pauses = []
    for _ in range(6):
        pauses.append(breaker.standing(now).until - now)
        now = breaker.standing(now).until
        fail(breaker, now)
    assert pauses == [30, 60, 120, 240, 300, 300]
    now = breaker.standing(now).until
    succeed(breaker, now)
    fail(breaker, now, times=5)
    assert breaker.standing(now).until - now == 30


def test_abandoned_probe_leaves_its_place_to_the_next_call() -> None:
    breaker = Breaker()
    fail(breaker, 0, times=5)
    breaker.abandoned(begun(breaker, 30))
    assert breaker.standing(30).state is State.HALF_OPEN
    assert breaker.begin(30) is not None


def test_one_429_opens_it_for_as_long_as_was_asked() -> None:
    breaker = Breaker()
    breaker.limited(begun(breaker, 0), 0, timedelta(seconds=119), "it answers 429")
    assert (breaker.standing(0).reason, breaker.standing(0).until) == (Reason.LIMITED, 119)
    assert breaker.begin(118.9) is None
    assert breaker.begin(119) is not None
    assert breaker.begin(119) is None


def test_429_without_retry_after_pauses_a_minute_doubling_to_fifteen() -> None:
    breaker = Breaker()
    now = 0.0
    pauses = []
    for _ in range(7):
        breaker.limited(begun(breaker, now), now, None, "it answers 429")
        pauses.append(breaker.standing(now).until - now)
        now = breaker.standing(now).until
    assert pauses == [60, 120, 240, 480, 900, 900, 900]


def test_longest_demand_among_calls_under_way_is_obeyed() -> None:
    breaker = Breaker()
    first, second, third = begun(breaker, 0), begun(breaker, 0), begun(breaker, 0)
    breaker.limited(first, 1, timedelta(seconds=10), "it answers 429")
    breaker.limited(second, 2, timedelta(seconds=119), "it answers 429")
    breaker.limited(third, 3, timedelta(seconds=5), "it answers 429")
    assert breaker.standing(3).until == 121


def test_pause_that_a_late_429_demands_is_kept_under_the_reason_that_opened_it() -> None:
    breaker = Breaker()
    late = begun(breaker, 0)
    breaker.key_rejected(begun(breaker, 0), 0, "it answers 401")
    breaker.limited(late, 1, timedelta(hours=1), "it answers 429")
    assert (breaker.standing(1).reason, breaker.standing(1).until) == (Reason.KEY_REJECTED, 3601)


def test_rejected_key_is_probed_once_in_five_minutes() -> None:
    breaker = Breaker()
    now = 0.0
    for _ in range(3):
        breaker.key_rejected(begun(breaker, now), now, "it answers 401")
        assert breaker.standing(now).reason is Reason.KEY_REJECTED
        assert breaker.begin(now + 299) is None
        now += 300
    assert breaker.begin(now) is not None


@pytest.mark.parametrize("late", ["succeeded", "failed", "limited", "key_rejected"])
def test_what_began_before_it_opened_neither_closes_it_nor_opens_it_again(late: str) -> None:
    breaker = Breaker()
    old = begun(breaker, 0)
    fail(breaker, 0, times=5)

    def report(now: float) -> None:
        match late:
            case "succeeded":
                breaker.succeeded(old)
            case "failed":
                breaker.failed(old, now, "late")
            case "limited":
                breaker.limited(old, now, None, "late")
            case "key_rejected":
                breaker.key_rejected(old, now, "late")

    report(10)
    assert (breaker.standing(10).state, breaker.standing(10).until) == (State.OPEN, 30)
    probe = begun(breaker, 30)
    report(31)
    assert breaker.standing(31).state is State.HALF_OPEN
    breaker.succeeded(probe)
    report(32)
    assert breaker.standing(32).state is State.CLOSED


class AnyOrderOfEvents(RuleBasedStateMachine):
    """Calls begin and end in any order; what a person may rely on holds after each step."""

    tickets = Bundle("tickets")

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker()
        self.now = 0.0
        self.under_way: set[Ticket] = set()
        self.begun_while_open: set[Ticket] = set()

    @rule(target=tickets)
    def a_call_is_made(self) -> Ticket | None:
        state = self.breaker.standing(self.now).state
        ticket = self.breaker.begin(self.now)
        if ticket is None:
            assert state is not State.CLOSED
            return Ticket(-1)  # a stranger's: reporting it must change nothing
        assert state is not State.OPEN
        self.under_way.add(ticket)
        if state is State.HALF_OPEN:
            self.begun_while_open.add(ticket)
        return ticket

    @rule(
        ticket=consumes(tickets),
        end=st.sampled_from(["ok", "failed", "limited", "rejected", "lost"]),
        ask=st.booleans(),
    )
    def a_call_ends(self, ticket: Ticket, end: str, *, ask: bool) -> None:
        before = self.breaker.standing(self.now)
        match end:
            case "ok":
                self.breaker.succeeded(ticket)
            case "failed":
                self.breaker.failed(ticket, self.now, "x")
            case "limited":
                self.breaker.limited(ticket, self.now, timedelta(seconds=90) if ask else None, "x")
            case "rejected":
                self.breaker.key_rejected(ticket, self.now, "x")
        self.breaker.abandoned(ticket)  # as the client does, whatever happened
        after = self.breaker.standing(self.now)
        self.under_way.discard(ticket)
        is_probe = ticket in self.begun_while_open
        self.begun_while_open.discard(ticket)
        if before.state is not State.CLOSED and not is_probe:
            assert after.state is before.state
            assert after.until >= before.until
        if after.state is State.CLOSED:
            self.begun_while_open.clear()

    @rule(seconds=st.integers(1, 400))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @precondition(lambda self: not self.under_way)
    @rule()
    def everything_is_quiet(self) -> None:
        # Nothing under way and the pause over: a call always passes, so it can never stay open for good.
        self.now = max(self.now, self.breaker.standing(self.now).until)
        ticket = self.breaker.begin(self.now)
        assert ticket is not None
        self.breaker.abandoned(ticket)

    @invariant()
    def at_most_one_probe_is_under_way(self) -> None:
        if self.breaker.standing(self.now).state is not State.CLOSED:
            assert len(self.begun_while_open & self.under_way) <= 1

    @invariant()
    def a_pause_is_never_longer_than_fifteen_minutes_here(self) -> None:
        assert self.breaker.standing(self.now).until - self.now <= 900


TestAnyOrderOfEvents = AnyOrderOfEvents.TestCase
TestAnyOrderOfEvents.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
