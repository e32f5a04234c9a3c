"""Rules that remember: those that share an extreme, and windows, beside rules that keep their extremes themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from bench.alerts.engines import NAMES
from bench.alerts.workload import COINS, MOVE, PRICE, Workload
from dozor.alerts.conditions.pct_window import Basis
from dozor.alerts.conditions.trailing import From
from dozor.alerts.extremes import Extremes
from dozor.alerts.levels import Levels
from dozor.alerts.segments import Segment
from dozor.alerts.windows import Window
from dozor.alerts.zone import Reading

POLL = timedelta(seconds=60)
START = datetime(2026, 11, 23, tzinfo=UTC)
PAST = 60  # ticks before the first that is measured, over which the rules are armed
SPAN = timedelta(hours=1)

Tick = list[Segment]


def ticks(count: int) -> Iterator[Tick]:
    """All coins' segments, tick by tick."""
    dice = Random(2)
    now = [PRICE] * COINS
    for tick in range(count):
        before, now = now, [price * (1 + dice.gauss(0, MOVE)) for price in now]
        at = START + tick * POLL
        yield [
            Segment(at - POLL, Decimal(repr(was)), at, Reading.at(Decimal(repr(price))), is_after_gap=False)
            for was, price in zip(before, now, strict=True)
        ]


def _distances(workload: Workload) -> list[float]:
    """In percent, as far as the levels of the same rules are."""
    return [min(99.0, abs(abs(level) - PRICE)) for level in workload.levels]


class Trailing:
    """Falls from the highest since each rule was armed. What has fired begins anew."""

    def load(self, workload: Workload, past: list[Tick]) -> None:
        self._extremes = {coin: Extremes(From.HIGHEST, is_pct=True) for coin in sorted(set(workload.coins))}
        self._workload, self._distances = workload, _distances(workload)
        share = -(-len(workload) // len(past))
        for tick, segments in enumerate(past):
            self.tick(segments)
            for number in range(tick * share, min(len(workload), (tick + 1) * share)):
                self._extremes[workload.coins[number]].add(number, self._distances[number], segments[0].at)

    def tick(self, segments: Tick) -> int:
        fired = 0
        for coin, extremes in self._extremes.items():
            segment = segments[coin]
            extremes.tidy()
            woken = extremes.wake(segment)
            extremes.admit(segment)
            for number in woken:
                extremes.add(number, self._distances[number], segment.at)
            fired += len(woken)
        return fired


@dataclass(slots=True)
class _Rule:
    coin: int
    distance: float
    highest: float


class NaiveTrailing:
    """The same, each rule with its own highest."""

    def load(self, workload: Workload, past: list[Tick]) -> None:
        share = -(-len(workload) // len(past))
        distances = _distances(workload)
        self._rules: list[_Rule] = []
        for tick, segments in enumerate(past):
            self.tick(segments)
            for number in range(tick * share, min(len(workload), (tick + 1) * share)):
                coin = workload.coins[number]
                self._rules.append(_Rule(coin, distances[number] / 100, float(segments[coin].reading.last)))

    def tick(self, segments: Tick) -> int:
        prices = [float(segment.reading.last) for segment in segments]
        fired = 0
        for rule in self._rules:
            price = prices[rule.coin]
            if price > rule.highest:
                rule.highest = price
            elif price <= rule.highest * (1 - rule.distance):
                rule.highest = price
                fired += 1
        return fired


class Windows:
    """Changes within an hour: one window to a coin, its rules as levels. What has fired is gone."""

    def load(self, workload: Workload, past: list[Tick]) -> None:
        self._windows = {coin: Window(Basis.EXTREME, SPAN) for coin in sorted(set(workload.coins))}
        self._levels = Levels()
        for segments in past:
            self.tick(segments)
        distances = _distances(workload)
        self._levels.load(
            (NAMES[coin], number, -distances[number], None) if number % 2 else (NAMES[coin], number, None, distance)
            for number, (coin, distance) in enumerate(zip(workload.coins, distances, strict=True))
        )

    def tick(self, segments: Tick) -> int:
        fired = 0
        for coin, window in self._windows.items():
            segment = segments[coin]
            view = window.view(segment, POLL)
            if view is not None:
                reading = view.shown.reading
                fired += len(self._levels.leave(NAMES[coin], float(reading.low), float(reading.high)))
            window.admit(segment)
        return fired


class NaiveWindows:
    """The same, each rule looking at all prices of its coin within the hour."""

    def load(self, workload: Workload, past: list[Tick]) -> None:
        self._prices = [[float(one[coin].reading.last) for one in past] for coin in range(COINS)]
        distances = _distances(workload)
        self._rules = [
            _Rule(coin, distance / 100, -1.0 if number % 2 else 1.0)
            for number, (coin, distance) in enumerate(zip(workload.coins, distances, strict=True))
        ]

    def tick(self, segments: Tick) -> int:
        for prices, segment in zip(self._prices, segments, strict=True):
            prices.append(float(segment.reading.last))
            del prices[: -(PAST + 1)]
        left: list[_Rule] = []
        for rule in self._rules:
            prices = self._prices[rule.coin]
            last = prices[-1]
            is_there = (
                last >= min(prices) * (1 + rule.distance)
                if rule.highest > 0
                else last <= max(prices) * (1 - rule.distance)
            )
            if not is_there:
                left.append(rule)
        fired = len(self._rules) - len(left)
        self._rules = left
        return fired
