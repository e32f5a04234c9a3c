"""Windows and extremes beside plain lists of everything that was seen, and how little they keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from alerts.memory_store import NOW
from alerts.plain_series import plain_readings
from alerts.test_watcher import POLL, a_rule
from dozor.alerts.conditions.pct_window import Basis
from dozor.alerts.conditions.trailing import From
from dozor.alerts.derived import Derived, DerivedSeries
from dozor.alerts.extremes import Extremes
from dozor.alerts.segments import Segment
from dozor.alerts.windows import BARS, Window
from dozor.alerts.zone import Reading

PRICES = st.tuples(*[st.decimals("0.4", "1.6", places=2)] * 3)  # the last of a segment, and two of its extremes
WAITS = st.sampled_from([60, 60, 60, 300, 3600])


def segment(at_s: float, last: Decimal, *extremes: Decimal, before_s: float = 0) -> Segment:
    low, high = min(last, *extremes, last), max(last, *extremes, last)
    at = NOW + timedelta(seconds=at_s)
    return Segment(NOW + timedelta(seconds=before_s), last, at, Reading(last, low, high), is_after_gap=False)


def segments_of(steps: Sequence[tuple[int, tuple[Decimal, Decimal, Decimal]]]) -> list[Segment]:
    made, at_s = [], 0.0
    for wait, prices in steps:
        made.append(segment(at_s + wait, *prices, before_s=at_s))
        at_s += wait
    return made


@given(
    st.lists(st.tuples(WAITS, PRICES), min_size=1, max_size=40),
    st.sampled_from(["5m", "1h", "2h"]),
    st.sampled_from(["extreme", "endpoint"]),
    st.integers(0, 40),
)
def test_a_window_says_what_all_prices_in_it_say(
    steps: list[tuple[int, tuple[Decimal, Decimal, Decimal]]], window: str, basis: str, restart: int
) -> None:
    made = a_rule(1, {"type": "pct_window", "pct": "5", "window": window, "basis": basis})
    series = DerivedSeries().get(made.series)
    assert series is not None
    past: list[Segment] = []
    kept: dict[int, str] = {}
    for place, one in enumerate(segments_of(steps)):
        if place == restart:
            series = DerivedSeries().get(made.series)
            assert series is not None
            series.restore(kept)
        view = series.view(one, POLL)
        expected = plain_readings(made, None, past, one, POLL)
        assert (None if view is None else view.readings(None)) == expected
        series.admit(one)
        past.append(one)
        keep(kept, series)


def keep(kept: dict[int, str], series: Derived) -> None:
    for slot, piece in series.changed().items():
        if piece is None:
            del kept[slot]
        else:
            kept[slot] = piece


@pytest.mark.parametrize("basis", list(Basis))
def test_a_month_of_prices_is_a_few_hundred_bars_here_and_where_they_are_kept(basis: Basis) -> None:
    window = Window(basis, timedelta(days=30))
    kept: dict[int, str] = {}
    for minute in range(0, 45 * 24 * 60, 5):  # falling, so that each price might be a highest to come
        one = segment(minute * 60, Decimal(100_000 - minute))
        window.view(one, POLL)
        window.admit(one)
        keep(kept, window)
    assert BARS <= len(window) == len(kept) <= BARS + 2
    one = segment(45 * 24 * 3600, Decimal(50_000))
    shown = window.view(one, POLL)
    assert shown is not None
    beginning = 100_000 - 15 * 24 * 60
    exact = (50_000 - beginning) * 100 / beginning
    assert float(shown.shown.reading.low) == pytest.approx(exact, abs=0.1)
    assert set(window.emptied()) >= set(kept)


def test_what_is_not_later_is_no_part_of_a_window() -> None:
    window = Window(Basis.EXTREME, timedelta(hours=1))
    for at_s, value in ((60, 100), (60, 500), (30, 500)):
        window.admit(segment(at_s, Decimal(value)))
    view = window.view(segment(120, Decimal(110)), POLL)
    assert view is not None
    assert (view.shown.reading.low, view.shown.reading.high) == (0, 10)


@dataclass
class Sleeping:
    distance: Decimal
    since_place: int


class ExtremesAgainstAllRules(RuleBasedStateMachine):
    """Beside rules each of which looks at every price since its own beginning."""

    side, condition = From.HIGHEST, "pct"

    def __init__(self) -> None:
        super().__init__()
        self.extremes = Extremes(self.side, is_pct=self.condition == "pct")
        self.rules: dict[int, Sleeping] = {}
        self.past: list[Segment] = []
        self.kept: dict[int, str] = {}
        self.at_s = 0

    @rule(prices=PRICES, wait=WAITS)
    def see(self, prices: tuple[Decimal, Decimal, Decimal], wait: int) -> None:
        one = segment(self.at_s + wait, *prices, before_s=self.at_s)
        self.at_s += wait
        self.extremes.tidy()
        view = self.extremes.view(one, POLL)
        reached = set()
        for number, sleeping in self.rules.items():
            made, since = self._made(number, sleeping), self.past[sleeping.since_place].at
            expected = plain_readings(made, since, self.past, one, POLL)
            assert view.readings(since) == expected
            assert expected is not None
            (trigger,) = made.condition.triggers({}, Decimal(0))
            if trigger.fires.is_reached(expected.reading):
                reached.add(number)
        woken = self.extremes.wake(one)
        assert reached <= set(woken), "a rule whose time has come sleeps on"
        assert len(woken) == len(set(woken))
        self.extremes.admit(one)
        self.past.append(one)
        for number in woken:
            if number in reached:
                self.rules[number].since_place = len(self.past) - 1
            self._put(number)
        keep(self.kept, self.extremes)
        assert len(self.extremes) == len(self.rules)
        sinces = {sleeping.since_place for sleeping in self.rules.values()}
        assert self.extremes.stairs <= 2 * len(sinces) + 3

    @precondition(lambda self: self.past)
    @rule(number=st.integers(0, 30), distance=st.decimals("0.01", "0.9", places=2))
    def add(self, number: int, distance: Decimal) -> None:
        self._drop(number)
        self.rules[number] = Sleeping(distance * (100 if self.condition == "pct" else 1), len(self.past) - 1)
        self._put(number)

    @rule(number=st.integers(0, 30))
    def drop(self, number: int) -> None:
        self._drop(number)
        self.rules.pop(number, None)

    @precondition(lambda self: self.past)
    @rule()
    def restart(self) -> None:
        self.extremes = Extremes(self.side, is_pct=self.condition == "pct")
        self.extremes.restore(self.kept)
        for number in self.rules:
            self._put(number)

    def _put(self, number: int) -> None:
        sleeping = self.rules[number]
        self.extremes.add(number, float(sleeping.distance), self.past[sleeping.since_place].at)

    def _drop(self, number: int) -> None:
        if number in self.rules:
            sleeping = self.rules[number]
            self.extremes.remove(number, float(sleeping.distance), self.past[sleeping.since_place].at)

    def _made(self, number: int, sleeping: Sleeping) -> Any:
        return a_rule(number, {"type": "trailing", "side": self.side.value, self.condition: str(sleeping.distance)})


class RisesAgainstAllRules(ExtremesAgainstAllRules):
    side = From.LOWEST


class AmountsAgainstAllRules(ExtremesAgainstAllRules):
    condition = "amount"


TestFalls = ExtremesAgainstAllRules.TestCase
TestRises = RisesAgainstAllRules.TestCase
TestAmounts = AmountsAgainstAllRules.TestCase


def test_a_new_high_makes_one_group_of_all_rules_and_writes_as_much_as_for_one() -> None:
    extremes = Extremes(From.HIGHEST, is_pct=True)
    for place in range(500):  # falling, with a rule at each price
        one = segment(60 * (place + 1), Decimal(10_000 - place))
        extremes.tidy()
        extremes.admit(one)
        extremes.add(place, 50.0, one.at)
    assert extremes.stairs == 500
    extremes.changed()
    extremes.admit(segment(60_000, Decimal(20_000)))
    extremes.tidy()
    assert (extremes.stairs, len(extremes)) == (1, 500)
    assert sum(piece is not None for piece in extremes.changed().values()) == 1
    assert len(extremes.wake(segment(60_060, Decimal(10_000)))) == 500
