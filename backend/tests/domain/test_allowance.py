"""Whether a call may go out now, by everything that limits calls."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.allowance import Allowance, Granted, Pause, Shortage, Slot, Terms, Wait
from dozor.domain.lanes import Lane
from dozor.domain.pace import MonthTerms

NO_LIMIT = Terms(0, 0, span=60, longest=15)
names = count()


def minute(slots: int, **more: float) -> Terms:
    return replace(Terms(slots, slots, span=60, longest=15), **more)


def take(allowance: Allowance, now: float, terms: Terms, lane: Lane = Lane.PERSON) -> str:
    call = f"call {next(names)}"
    assert isinstance(allowance.charge(now, terms, call, lane), Granted)
    return call


def wait(allowance: Allowance, now: float, terms: Terms, lane: Lane = Lane.PERSON) -> Wait:
    decision = allowance.charge(now, terms, "refused", lane)
    assert isinstance(decision, Wait)
    return decision


def take_all(allowance: Allowance, now: float, terms: Terms, lane: Lane = Lane.PERSON) -> int:
    for taken in count():
        if isinstance(allowance.charge(now, terms, f"call {next(names)}", lane), Wait):
            return taken
    raise AssertionError


# The minute


def test_slot_is_free_again_one_span_after_its_call_ended_not_after_it_began() -> None:
    allowance, terms = Allowance(), minute(1)
    call = take(allowance, 0, terms)
    allowance.end(10, call)
    assert wait(allowance, 69.9, terms).shortage is Shortage.MINUTE
    take(allowance, 70, terms)


def test_call_that_nobody_ends_holds_its_slot_for_the_longest_call_and_a_span() -> None:
    allowance, terms = Allowance(), minute(1)
    take(allowance, 0, terms)
    wait(allowance, 74.9, terms)
    take(allowance, 75, terms)


def test_call_never_sent_leaves_its_slot_free_at_once() -> None:
    allowance, terms = Allowance(), minute(1)
    allowance.withdraw(terms, take(allowance, 0, terms))
    take(allowance, 0, terms)


def test_without_a_limit_there_is_always_a_slot() -> None:
    allowance = Allowance()
    for _ in range(1000):
        take(allowance, 0, NO_LIMIT)
    assert allowance.minute(NO_LIMIT) == (None, 60)
    assert allowance.slots == {}


def test_part_below_one_call_a_minute_is_one_call_in_several() -> None:
    allowance, terms = Allowance(), minute(1, part=0.25)
    assert allowance.minute(terms) == (1, 240)
    allowance.end(0, take(allowance, 0, terms))
    assert wait(allowance, 0, terms).chances == (240,)
    take(allowance, 240, terms)


def test_slots_kept_for_others_are_not_taken() -> None:
    assert take_all(Allowance(), 0, minute(9, taken=4)) == 5
    assert wait(Allowance(), 0, minute(9, taken=9)).shortage is Shortage.SHARING


def test_slots_from_before_a_restart_of_the_machine_count_as_taken_now() -> None:
    allowance, terms = Allowance(), minute(1)
    allowance.slots["before"] = Slot(900_000.0, 900_001.0)
    assert wait(allowance, 10, terms).chances == (70,)


STEPS = st.lists(st.tuples(st.sampled_from(["take", "end", "pass"]), st.integers(1, 40)), max_size=60)


@given(STEPS, st.integers(1, 5), st.sampled_from(Lane), st.booleans())
def test_no_window_holds_more_arrivals_than_slots_whenever_upstream_counts_them(
    steps: list[tuple[str, int]], slots: int, lane: Lane, armed: bool
) -> None:
    allowance, terms = Allowance(armed=armed), minute(slots)
    now = 0.0
    calls: dict[str, list[float]] = {}  # from when to when each may have arrived
    for what, number in steps:
        if what == "take":
            for _ in range(number):
                call = f"call {next(names)}"
                if isinstance(allowance.charge(now, terms, call, lane), Granted):
                    calls[call] = [now, now + terms.longest]
        elif what == "end":
            under_way = [call for call, (_, end) in calls.items() if end > now]
            if under_way:
                call = under_way[number % len(under_way)]
                calls[call][1] = now
                allowance.end(now, call)
        else:
            now += number
    for _, opens in calls.values():
        assert sum(end >= opens and at < opens + 60 for at, end in calls.values()) <= slots


@given(STEPS, st.integers(1, 9), st.integers(0, 4), st.sampled_from([Lane.PERSON, Lane.WARM_UP]))
def test_no_chance_is_later_than_the_call_could_go_out(
    steps: list[tuple[str, int]], slots: int, ahead: int, lane: Lane
) -> None:
    allowance, terms = Allowance(), minute(slots)
    now, taken = 0.0, []
    for what, number in steps:
        if what == "take" and isinstance(allowance.charge(now, terms, f"call {next(names)}", Lane.PERSON), Granted):
            taken.append(list(allowance.slots)[-1])
        elif what == "end" and taken:
            allowance.end(now, taken[number % len(taken)])
        elif what == "pass":
            now += number
    decision = allowance.charge(now, terms, "asked", lane)
    if isinstance(decision, Granted):
        return
    for call in taken:  # as soon as can be: all calls end now, and so does each that goes out
        allowance.end(now, call)
    place = 0
    for instant in sorted({slot.free_at(60, 15) for slot in allowance.slots.values()}) * 1:
        while place <= ahead and isinstance(allowance.charge(instant, terms, f"next {place}", lane), Granted):
            allowance.end(instant, f"next {place}")
            assert decision.chance(place) <= instant
            place += 1


# The alerts


@pytest.mark.parametrize(("slots", "for_people"), [(27, 19), (10, 7), (4, 3), (3, 3)])
def test_people_leave_armed_alerts_three_tenths_of_the_slots(slots: int, for_people: int) -> None:
    allowance, terms = Allowance(armed=True), minute(slots)
    assert take_all(allowance, 0, terms) == for_people
    assert take_all(allowance, 0, terms, Lane.ALERT) == slots - for_people


def test_nothing_is_kept_for_alerts_while_none_is_armed() -> None:
    assert take_all(Allowance(), 0, minute(27)) == 27


def test_alert_with_its_reserve_alone_leaves_people_theirs() -> None:
    allowance, terms = Allowance(armed=True), minute(10)
    for number in range(3):
        assert isinstance(allowance.charge(0, terms, f"a{number}", Lane.ALERT, beyond_reserve=False), Granted)
    assert isinstance(allowance.charge(0, terms, "a3", Lane.ALERT, beyond_reserve=False), Wait)
    assert take_all(allowance, 0, terms) == 7


def test_where_the_reserve_is_below_a_slot_every_third_that_comes_free_is_an_alerts() -> None:
    allowance, terms = Allowance(armed=True), minute(1)
    served = []
    for turn in range(9):
        now = turn * 60.0
        alert = allowance.charge(now, terms, f"alert {turn}", Lane.ALERT, beyond_reserve=False)
        person = allowance.charge(now, terms, f"person {turn}", Lane.PERSON)
        assert isinstance(alert, Granted) is not isinstance(person, Granted)
        served.append("alert" if isinstance(alert, Granted) else "person")
        allowance.end(now, f"{served[-1]} {turn}")
    assert served == ["person", "person", "alert"] * 3


def test_alert_that_wants_nothing_any_more_keeps_no_turn() -> None:
    allowance, terms = Allowance(armed=True), minute(1)
    for turn in range(2):
        allowance.end(turn * 60, take(allowance, turn * 60, terms))
    wait(allowance, 61, terms, Lane.ALERT)
    take(allowance, 120, terms)  # it has not asked for more than 10 s


# The warm-up


@pytest.mark.parametrize(
    ("slots", "armed", "for_warm_up"),
    [
        (27, False, 21),
        (27, True, 13),  # the alerts' eight are not the people's
        (450, False, 350),
        (9, False, 7),
        (4, False, 3),  # without a key
        (2, False, 1),
        (1, False, 0),  # the last is never its own
    ],
)
def test_warm_up_leaves_people_two_ninths_of_the_slots_and_one_at_least(
    slots: int, armed: bool, for_warm_up: int
) -> None:
    allowance, terms = Allowance(armed=armed), minute(slots)
    assert take_all(allowance, 0, terms, Lane.WARM_UP) == for_warm_up
    assert take_all(allowance, 0, terms, Lane.ALERT if slots == 1 else Lane.REFRESH) > 0


def test_warm_up_takes_none_of_the_last_slots_whoever_took_the_others() -> None:
    allowance, terms = Allowance(), minute(27)
    for _ in range(21):
        take(allowance, 0, terms)
    assert wait(allowance, 0, terms, Lane.WARM_UP).shortage is Shortage.MINUTE


def test_warm_up_has_its_chance_when_enough_slots_are_free() -> None:
    allowance, terms = Allowance(), minute(4)
    for began_at in range(4):
        allowance.end(began_at, take(allowance, began_at, terms))
    assert wait(allowance, 5, terms).chances == (60, 61, 62, 63)
    assert wait(allowance, 5, terms, Lane.WARM_UP).chances == (61, 62, 63)
    take(allowance, 61, terms, Lane.WARM_UP)


@pytest.mark.parametrize(("terms", "asks_again_at"), [(minute(1), 60), (minute(9, taken=8), 1)])
def test_warm_up_without_a_slot_asks_again_when_there_may_be_more(terms: Terms, asks_again_at: float) -> None:
    assert wait(Allowance(), 0, terms, Lane.WARM_UP).chance() == asks_again_at


def test_warm_up_leaves_a_third_of_the_months_bucket() -> None:
    month = MonthTerms("m", left=900, seconds_left=30 * 86_400, day_share=30)
    allowance, terms = Allowance(), replace(NO_LIMIT, month=month)
    assert take_all(allowance, 0, terms, Lane.WARM_UP) == 20
    terms = replace(terms, month=replace(month, left=880))
    refused = wait(allowance, 0, terms, Lane.WARM_UP)
    assert refused.shortage is Shortage.PACE
    later = replace(terms, month=replace(month, left=880, seconds_left=30 * 86_400 - refused.chance()))
    wait(allowance, refused.chance() - 1, later, Lane.WARM_UP)
    take(allowance, refused.chance() + 1, later, Lane.WARM_UP)
    assert take_all(allowance, refused.chance() + 1, later) == 10


def test_warm_up_takes_nothing_of_a_bucket_that_holds_one_call() -> None:
    month = MonthTerms("m", left=20, seconds_left=30 * 86_400, day_share=0.7)
    terms = replace(NO_LIMIT, month=month)
    assert wait(Allowance(), 0, terms, Lane.WARM_UP).chances == (30 * 86_400,)
    take(Allowance(), 0, terms)


# The month


def test_call_needs_a_token_of_the_months_pace_and_takes_no_slot_without_one() -> None:
    month = MonthTerms("m", left=60, seconds_left=30 * 86_400, day_share=2)
    allowance, terms = Allowance(), replace(minute(9), month=month)
    assert take_all(allowance, 0, terms) == 2
    refused = wait(allowance, 0, replace(terms, month=replace(month, left=58)))
    assert refused.shortage is Shortage.PACE
    assert refused.chances[0] == pytest.approx(30 * 86_400 / 58)
    assert len(allowance.slots) == 2


def test_spent_month_waits_for_the_reset_and_a_new_one_begins_with_a_full_bucket() -> None:
    month = MonthTerms("november", left=0, seconds_left=1000, day_share=2)
    allowance, terms = Allowance(), replace(minute(9), month=month)
    refused = wait(allowance, 5, terms)
    assert (refused.shortage, refused.chances) == (Shortage.MONTH, (1005,))
    assert take_all(allowance, 1005, replace(terms, month=MonthTerms("december", 60, 1e6, 2))) == 2


def test_withdrawn_call_gives_its_token_back() -> None:
    terms = replace(NO_LIMIT, month=MonthTerms("m", 60, 1e9, 1))
    allowance = Allowance()
    allowance.withdraw(terms, take(allowance, 0, terms))
    take(allowance, 0, terms)


# The pause


def test_pause_holds_everybody_and_is_ended_by_exactly_one_probe() -> None:
    allowance, terms = Allowance(), minute(9)
    first = take(allowance, 0, terms)
    allowance.refused(1, terms, first, pause=119)
    allowance.end(1, first)
    for now in (1.0, 60.0, 119.9):
        for lane in Lane:
            refused = wait(allowance, now, terms, lane)
            assert (refused.shortage, refused.chances) == (Shortage.PAUSE, (120,))
    assert allowance.charge(120, terms, "probe", Lane.PERSON) == Granted(is_probe=True)
    assert wait(allowance, 121, terms).shortage is Shortage.PAUSE
    allowance.answered("probe")
    assert allowance.charge(121, terms, "next", Lane.PERSON) == Granted(is_probe=False)


def test_probe_that_nobody_hears_of_is_followed_by_another() -> None:
    allowance, terms = Allowance(), minute(9)
    allowance.leave_alone(0, 10)
    take(allowance, 10, terms)
    wait(allowance, 24.9, terms)
    assert allowance.charge(25, terms, "second", Lane.PERSON) == Granted(is_probe=True)
    allowance.end(26, "second")
    assert allowance.charge(26, terms, "third", Lane.PERSON) == Granted(is_probe=True)


def test_pause_is_lengthened_and_never_shortened() -> None:
    allowance, terms = Allowance(), minute(9)
    allowance.leave_alone(0, 100)
    allowance.leave_alone(1, 5)
    assert wait(allowance, 50, terms).chances == (100,)
    allowance.hear_of_pause(50, 200, tolerance=1)
    assert wait(allowance, 50, terms).chances == (200,)


def test_pause_that_others_tell_again_does_not_call_off_the_probe() -> None:
    allowance, terms = Allowance(), minute(9)
    allowance.leave_alone(0, 100)
    allowance.charge(100, terms, "probe", Lane.PERSON)
    allowance.hear_of_pause(100.25, 100.5, tolerance=1)
    assert wait(allowance, 101, terms).shortage is Shortage.PAUSE
    allowance.answered("probe")
    take(allowance, 101, terms)


def test_pause_from_before_a_restart_of_the_machine_lasts_no_longer_than_it_was() -> None:
    allowance, terms = Allowance(pause=Pause(until=900_119, set_at=900_000)), minute(9)
    assert wait(allowance, 10, terms).chances == (129,)


def test_probe_from_before_a_restart_of_the_machine_holds_nobody() -> None:
    allowance, terms = Allowance(pause=Pause(until=30, set_at=10, probe="lost", probe_until=900_000)), minute(9)
    assert allowance.charge(40, terms, "probe", Lane.PERSON) == Granted(is_probe=True)


def test_call_that_others_decide_on_is_held_by_the_pause_alone() -> None:
    allowance, terms = Allowance(), minute(1)
    for number in range(5):
        assert allowance.record(0, terms, f"call {number}", Lane.PERSON) == Granted()
    allowance.leave_alone(0, 10)
    assert isinstance(allowance.record(0, terms, "held", Lane.PERSON), Wait)


def test_used_slots_are_counted_without_a_change() -> None:
    allowance, terms = Allowance(), minute(9)
    allowance.end(0, take(allowance, 0, terms))
    take(allowance, 0, terms)
    assert [allowance.used(now, terms) for now in (0, 60, 75)] == [2, 1, 0]
    assert len(allowance.slots) == 2
