"""The order in which those who wait have their turns."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from storm import a_loop

from dozor.domain.lanes import Asker, Lane
from dozor.upstream.waiting_line import AFTER_PEOPLE, Waiter, WaitingLine

askers = st.builds(
    Asker,
    lane=st.sampled_from(Lane),
    client=st.sampled_from(["", "app", "bot", "owner"]),
    waiting=st.integers(0, 3),
    expected=st.sampled_from([0.0, 0.5, 2.0]),
)


def nobody_is_held(_: Waiter) -> bool:
    return False


def line_of(askers: list[Asker], before: list[Asker] | None = None) -> WaitingLine:
    """They wait, after ``before`` have had their turns."""
    line = WaitingLine()
    for asker in before or []:
        line.go(waiter_for(asker))
    for asker in askers:
        line.join(waiter_for(asker))
    return line


def waiter_for(asker: Asker) -> Waiter:
    return Waiter(asker, "get_prices", 0.0, asyncio.get_running_loop().create_future(), 0.0)


@given(st.lists(askers, max_size=12), st.lists(askers, max_size=4))
def test_order_is_the_one_in_which_they_go(waiting: list[Asker], before: list[Asker]) -> None:
    async def go_all() -> None:
        line = line_of(waiting, before)
        order = line.in_order()
        assert len(order) == len(waiting)
        for waiter in order:
            assert line.first(nobody_is_held) is waiter
            line.go(waiter)
        assert line.first(nobody_is_held) is None

    with a_loop() as runner:
        runner.run(go_all())


@given(st.lists(askers, min_size=1, max_size=12))
def test_no_client_has_two_turns_in_a_lane_before_another_has_one(waiting: list[Asker]) -> None:
    async def go_all() -> None:
        order = line_of(waiting).in_order()
        assert [AFTER_PEOPLE.index(one.lane) for one in order] == sorted(AFTER_PEOPLE.index(one.lane) for one in order)
        for lane in Lane:
            turns = [one.asker.client for one in order if one.lane is lane]
            for client in set(turns):
                second = [place for place, one in enumerate(turns) if one == client][1:2]
                assert not second or set(turns) == set(turns[: second[0]])

    with a_loop() as runner:
        runner.run(go_all())


@given(st.lists(askers.filter(lambda asker: asker.client == "app"), max_size=12), askers)
def test_of_one_client_as_many_go_before_a_newcomer_as_it_is_told(waiting: list[Asker], newcomer: Asker) -> None:
    async def come() -> None:
        newcomer.client = "app"
        line = line_of(waiting)
        told = line.before(newcomer.urgency, newcomer.need)
        line.join(waiter_for(newcomer))
        assert [one.asker for one in line.in_order()].index(newcomer) == told

    with a_loop() as runner:
        runner.run(come())
