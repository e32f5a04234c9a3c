"""What a call takes along: of what is needed nothing is lost, and what rides free never takes its place."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from dozor.market.cargo import Cargo, Room, chars_of, load
from dozor.market.facts import Fact

COINS = st.text("ab-é ", min_size=1, max_size=12)  # the last two are three and six characters in a URL
COLUMNS = st.sampled_from(["usd", "eur", "btc", "rub", "xau"])
NEEDS = st.lists(st.tuples(COINS, COLUMNS), unique=True, min_size=1, max_size=30)
RIDERS = st.lists(COINS, unique=True, max_size=20)
ROOMS = st.builds(Room, coins=st.integers(1, 8), chars=st.integers(1, 60), columns=st.integers(1, 5))


def aboard(cargo: Cargo, needs: Sequence[Fact]) -> list[Fact]:
    return [(coin, column) for coin, column in needs if coin in cargo.coins and column in cargo.columns]


@given(NEEDS, RIDERS, st.lists(COLUMNS, unique=True), ROOMS)
def test_call_after_call_brings_everything_that_is_needed_and_nothing_twice(
    needs: list[Fact], riders: list[str], columns: list[str], room: Room
) -> None:
    brought: list[Fact] = []
    left: Sequence[Fact] = needs
    while left:
        cargo = load(left, riders, columns, room)
        now = aboard(cargo, left)
        assert now, "a call that brings nothing would be made for ever"
        assert [fact for fact in left if fact not in now] == list(cargo.left), "the others keep their turn"
        brought += now
        left = cargo.left
    assert sorted(brought) == sorted(needs)


@given(NEEDS, RIDERS, st.lists(COLUMNS, unique=True), ROOMS)
def test_no_call_is_larger_than_there_is_room(
    needs: list[Fact], riders: list[str], columns: list[str], room: Room
) -> None:
    cargo = load(needs, riders, columns, room)
    assert len(set(cargo.coins)) == len(cargo.coins) <= room.coins
    assert len(set(cargo.columns)) == len(cargo.columns) <= room.columns
    assert sum(map(chars_of, cargo.coins)) <= room.chars or len(cargo.coins) == 1, "one goes, however long its name"


@given(NEEDS, RIDERS, st.lists(COLUMNS, unique=True), ROOMS)
def test_what_rides_free_takes_the_room_that_what_is_needed_leaves(
    needs: list[Fact], riders: list[str], columns: list[str], room: Room
) -> None:
    without = load(needs, (), (), room)
    cargo = load(needs, riders, columns, room)
    assert cargo.left == without.left
    assert cargo.coins[: len(without.coins)] == without.coins
    assert cargo.columns[: len(without.columns)] == without.columns
    free = cargo.coins[len(without.coins) :]
    assert list(free) == [coin for coin in riders if coin in free], "the best of them first"
    if len(cargo.coins) < room.coins:
        chars = sum(map(chars_of, cargo.coins))
        assert all(chars + chars_of(coin) > room.chars for coin in riders if coin not in cargo.coins)
