"""The index wakes exactly those rules whose sleep a reading has left."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dozor.alerts.evaluation import rounded_down, rounded_up
from dozor.alerts.index import RuleIndex
from dozor.alerts.levels import Levels
from dozor.alerts.ports import Sleeper

SERIES = st.sampled_from(["price|usd|bitcoin", "price|eur|bitcoin", "price|usd|ethereum"])
EDGES = st.one_of(st.none(), st.sampled_from([1.0, 2.0, 2.0, 3.0, 70_000.0]))  # equal levels are the usual case
NUMBERS = st.integers(0, 2000)
VALUES = st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 80_000.0])


class AgainstAllRules(RuleBasedStateMachine):
    """Beside a plain list of all rules, each of which is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.index = RuleIndex()
        self.rules: dict[int, Sleeper] = {}

    @rule(number=NUMBERS, series=SERIES, below=EDGES, above=EDGES, awake=st.booleans(), wicks=st.booleans())
    def put(self, number: int, series: str, below: float | None, above: float | None, awake: bool, wicks: bool) -> None:
        sleeper = Sleeper(number, series, None if awake else below, None if awake else above, awake, wicks)
        self.index.put(sleeper)
        self.rules[number] = sleeper

    @rule(number=NUMBERS)
    def drop(self, number: int) -> None:
        self.index.drop(number)
        self.rules.pop(number, None)

    @rule(series=SERIES, one=VALUES, other=VALUES)
    def read(self, series: str, one: float, other: float) -> None:
        low, high = min(one, other), max(one, other)
        left = {
            number
            for number, found in self.rules.items()
            if found.series == series
            and (
                found.is_awake
                or (found.below is not None and low <= found.below)
                or (found.above is not None and high >= found.above)
            )
        }
        assert self.index.woken(series, low, high) == left
        self.index.put_back(left)

    @invariant()
    def knows_what_is_watched(self) -> None:
        wanted: dict[str, bool] = {}
        for sleeper in self.rules.values():
            wanted[sleeper.series] = wanted.get(sleeper.series, False) or sleeper.wants_wicks
        assert dict(self.index.series()) == wanted
        assert len(self.index) == len(self.rules)


TestAgainstAllRules = AgainstAllRules.TestCase


@given(st.lists(st.tuples(SERIES, EDGES, EDGES), max_size=50), SERIES, VALUES)
def test_loading_many_is_adding_each(
    edges: list[tuple[str, float | None, float | None]], series: str, value: float
) -> None:
    loaded, added = Levels(), Levels()
    loaded.load((name, number, below, above) for number, (name, below, above) in enumerate(edges))
    for number, (name, below, above) in enumerate(edges):
        added.add(name, number, below, above)
    assert len(loaded) == len(added)
    assert set(loaded.series()) == set(added.series())
    assert sorted(loaded.leave(series, value, value)) == sorted(added.leave(series, value, value))


def test_progress_of_a_load_is_told() -> None:
    told: list[int] = []
    Levels().load((("price|usd|bitcoin", number, None, 1.0) for number in range(120_000)), told.append)
    assert told == [50_000, 100_000]


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf")])
def test_an_edge_is_a_number(odd: float) -> None:
    with pytest.raises(ValueError, match="no place"):
        Levels().add("price|usd|bitcoin", 1, None, odd)


@given(st.decimals("1e-18", "1e15", allow_nan=False))
def test_edges_are_rounded_outwards(value: Decimal) -> None:
    """A decimal that has reached its level has reached the edge as a float too."""
    assert Decimal(rounded_up(value)) >= value >= Decimal(rounded_down(value))
    assert float(value) >= rounded_down(value)
    assert float(value) <= rounded_up(value)
