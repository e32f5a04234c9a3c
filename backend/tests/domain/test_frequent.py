"""The most frequent names, in bounded memory."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.frequent import Frequency, MostFrequent


def counted(names: list[str], capacity: int) -> MostFrequent:
    most_frequent = MostFrequent(capacity)
    for name in names:
        most_frequent.count(name)
    return most_frequent


def test_with_room_for_all_names_the_counts_are_exact_and_in_order() -> None:
    assert counted(list("cabbbcca"), 3).top(2) == [Frequency("b", 3, 0), Frequency("c", 3, 0)]


def test_a_newcomer_takes_the_place_of_the_rarest_and_says_how_far_its_count_may_be_off() -> None:
    assert counted(list("aabc"), 2).top(9) == [Frequency("a", 2, 0), Frequency("c", 2, 1)]


@given(st.lists(st.text("abcdefghij", min_size=1, max_size=2), max_size=300), st.integers(1, 20))
def test_no_count_is_too_low_none_is_further_off_than_said_and_no_frequent_name_is_missing(
    names: list[str], capacity: int
) -> None:
    true = Counter(names)
    most_frequent = counted(names, capacity)
    found = most_frequent.top(capacity)
    assert len(most_frequent) <= capacity
    for one in found:
        assert one.count - one.too_many <= true[one.name] <= one.count
    assert {name for name, count in true.items() if count * capacity > len(names)} <= {one.name for one in found}


def test_a_flood_of_names_does_not_wash_out_who_asks_much() -> None:
    most_frequent = MostFrequent(100)
    for number in range(10_000):
        most_frequent.count(f"address {number}")
        if number % 20 == 0:
            most_frequent.count("app")
    assert len(most_frequent) == 100
    assert most_frequent.top(1)[0].name == "app"
