"""Who wants a load, and how urgently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.lanes import Asker, Lane

wishes = st.tuples(st.sampled_from(Lane), st.sampled_from(["", "app", "bot", "owner"]))


def test_an_alert_goes_before_a_person_before_a_refresh_before_warm_up() -> None:
    order = [Lane.ALERT, Lane.PERSON, Lane.REFRESH, Lane.WARM_UP]
    for rank, lane in enumerate(order):
        assert [other for other in order if lane.precedes(other)] == order[rank + 1 :]


@pytest.mark.parametrize(
    ("at", "raised_to", "becomes"),
    [
        (Lane.WARM_UP, Lane.REFRESH, Lane.REFRESH),
        (Lane.WARM_UP, Lane.PERSON, Lane.PERSON),
        (Lane.REFRESH, Lane.PERSON, Lane.PERSON),
        (Lane.PERSON, Lane.ALERT, Lane.ALERT),
    ],
)
def test_who_is_in_a_greater_hurry_takes_a_load_over(at: Lane, raised_to: Lane, becomes: Lane) -> None:
    asker = Asker(at, "bot")
    asker.raise_to(raised_to, "app")
    assert (asker.lane, asker.client) == (becomes, "app")


@given(wishes, wishes)
def test_who_is_in_no_greater_hurry_changes_nothing(first: tuple[Lane, str], later: tuple[Lane, str]) -> None:
    asker = Asker(*first)
    asker.raise_to(*later)
    if not later[0].precedes(first[0]):
        assert (asker.lane, asker.client) == first


@given(wishes, st.lists(wishes, max_size=10))
def test_a_load_belongs_to_the_first_of_those_in_the_greatest_hurry(
    first: tuple[Lane, str], later: list[tuple[Lane, str]]
) -> None:
    asker = Asker(*first)
    for wish in later:
        asker.raise_to(*wish)
    every = [first, *later]
    assert (asker.lane, asker.client) == next(
        wish for wish in every if not any(other.precedes(wish[0]) for other, _ in every)
    )


@pytest.mark.parametrize(
    ("waiting", "behind"),
    [
        (Lane.ALERT, Lane.REFRESH),
        (Lane.PERSON, Lane.REFRESH),
        (Lane.REFRESH, Lane.REFRESH),
        (Lane.WARM_UP, Lane.WARM_UP),  # nobody was served the stale answer either
    ],
)
def test_what_runs_behind_is_a_refresh_at_most_for_the_same_client(waiting: Lane, behind: Lane) -> None:
    asker = Asker(waiting, "app")
    other = asker.behind()
    assert (other.lane, other.client) == (behind, "app")
    other.raise_to(Lane.ALERT, "")
    assert (asker.lane, asker.client) == (waiting, "app")


@pytest.mark.parametrize(
    ("lane", "waiting", "urgency"),
    [
        (Lane.PERSON, 1, Lane.PERSON),
        (Lane.PERSON, 0, Lane.REFRESH),  # what it brings is kept, but nobody waits for it
        (Lane.ALERT, 0, Lane.ALERT),  # the watcher needs it, whoever waits
        (Lane.REFRESH, 0, Lane.REFRESH),
        (Lane.WARM_UP, 0, Lane.WARM_UP),
    ],
)
def test_load_of_a_person_that_nobody_waits_for_is_as_urgent_as_a_refresh(
    lane: Lane, waiting: int, urgency: Lane
) -> None:
    assert Asker(lane, "app", waiting).urgency is urgency


def test_load_is_needed_by_those_who_wait_and_those_who_are_expected() -> None:
    assert Asker(Lane.PERSON, "app", waiting=2, expected=0.5).need == 2.5
