"""How much of a minute we use, as upstream's refusals teach."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.learning import LearntLimit

SPAN = 60.0


def fill(learnt: LearntLimit, *instants: float) -> None:
    for now in instants:
        learnt.filled(now, SPAN)


def test_two_clean_full_minutes_give_one_more() -> None:
    learnt = LearntLimit(5, 30)
    fill(learnt, 0, 60)
    assert learnt.limit == 5
    fill(learnt, 120)
    assert learnt.limit == 6


def test_minute_in_which_slots_stayed_free_proves_nothing() -> None:
    learnt = LearntLimit(5, 30)
    fill(learnt, 0, 60, 181, 241)  # from 120 to 181 it was not full
    assert learnt.limit == 5
    fill(learnt, 301)
    assert learnt.limit == 6


def test_many_fillings_within_a_minute_are_one_minute() -> None:
    learnt = LearntLimit(5, 30)
    fill(learnt, *range(119))
    assert learnt.limit == 5


def test_plan_is_never_exceeded() -> None:
    learnt = LearntLimit(27, 27)
    fill(learnt, *range(0, 6000, 60))
    assert learnt.limit == 27


def test_refusal_halves_it_and_starts_the_count_of_clean_minutes_again() -> None:
    learnt = LearntLimit(27, 27)
    fill(learnt, 0, 60)
    assert learnt.refused(70, began_at=65)
    assert learnt.limit == 13
    fill(learnt, 80, 140)
    assert learnt.limit == 13
    fill(learnt, 200)
    assert learnt.limit == 14


def test_calls_refused_together_halve_it_once() -> None:
    learnt = LearntLimit(20, 30)
    assert learnt.refused(10, began_at=5)
    assert not learnt.refused(12, began_at=6)  # it was under way when the first came back
    assert learnt.limit == 10
    assert learnt.refused(20, began_at=15)
    assert learnt.limit == 5


def test_refusal_counts_after_a_restart_of_the_machine_with_its_clock_begun_anew() -> None:
    learnt = LearntLimit(20, 30)
    assert learnt.refused(1_000_000, began_at=999_999)
    assert learnt.refused(50, began_at=40)
    assert learnt.limit == 5


@given(st.integers(1, 30), st.lists(st.tuples(st.booleans(), st.floats(0, 100)), max_size=40))
def test_limit_stays_between_one_and_the_plan(start: int, steps: list[tuple[bool, float]]) -> None:
    learnt = LearntLimit(start, 30)
    now = 0.0
    for is_full, seconds in steps:
        now += seconds
        before = learnt.limit
        if is_full:
            learnt.filled(now, SPAN)
            assert before <= learnt.limit <= before + 1
        else:
            learnt.refused(now, now)
            assert learnt.limit == max(1, before // 2) or learnt.limit == before
        assert 1 <= learnt.limit <= 30
