from __future__ import annotations

import asyncio

import pytest

from dozor.notify.turns import NoTurn, Turns


async def test_a_turn_is_given_in_order_and_names_are_forgotten() -> None:
    turns = Turns(1)
    order: list[int] = []

    async def use(number: int) -> None:
        async with turns.at("a", 10):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(use(number) for number in range(5)))
    assert order == [0, 1, 2, 3, 4]
    assert len(turns) == 0


async def test_who_is_cancelled_while_waiting_leaves_no_trace() -> None:
    turns = Turns(1)
    async with turns.at("a", 10):
        waiting = asyncio.create_task(_take(turns))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        with pytest.raises(NoTurn):
            async with turns.at("a", 0.01):
                pytest.fail("the turn is taken")
    async with turns.at("a", 0.01):
        assert len(turns) == 1
    assert len(turns) == 0


async def test_a_timeout_of_the_work_itself_is_not_taken_for_a_missing_turn() -> None:
    with pytest.raises(TimeoutError):
        async with Turns(1).at("a", 10):
            raise TimeoutError


async def _take(turns: Turns) -> None:
    async with turns.at("a", 10):
        pass
