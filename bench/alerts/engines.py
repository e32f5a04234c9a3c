"""Engines in this process. All answer a tick with the numbers of the rules that it fired, and have forgotten these."""

from __future__ import annotations

from bench.alerts.workload import COINS, Workload
from dozor.alerts.index import RuleIndex
from dozor.alerts.levels import Levels
from dozor.alerts.ports import Sleeper

NAMES = [f"price|usd|coin-{coin}" for coin in range(COINS)]


class OfLevels:
    """Dozor's sorted arrays of edges alone."""

    is_server = False

    def __init__(self) -> None:
        self._levels = Levels()

    def load(self, workload: Workload) -> None:
        self._levels.load(
            (NAMES[coin], number, None, level) if above else (NAMES[coin], number, level, None)
            for number, coin, level, above in workload.rules()
        )

    def tick(self, prices: list[float]) -> list[int]:
        leave, fired = self._levels.leave, []
        for name, price in zip(NAMES, prices, strict=True):
            if woken := leave(name, price, price):
                fired += woken
        return fired

    def insert(self, number: int, coin: int, level: float, *, above: bool) -> None:
        self._levels.add(NAMES[coin], number, None if above else level, level if above else None)

    def delete(self, number: int, coin: int, level: float, *, above: bool) -> None:
        self._levels.remove(NAMES[coin], number, None if above else level, level if above else None)

    def memory(self) -> int:
        return 0

    def close(self) -> None:
        pass


class OfIndex(OfLevels):
    """The index as the watch uses it: it knows where each rule sleeps, and what series there are."""

    def __init__(self) -> None:
        self._index = RuleIndex()

    def load(self, workload: Workload) -> None:
        self._index.load(_sleeper(*rule) for rule in workload.rules())

    def tick(self, prices: list[float]) -> list[int]:
        woken_by, fired = self._index.woken, []
        for name, price in zip(NAMES, prices, strict=True):
            if woken := woken_by(name, price, price):
                fired += woken
        for number in fired:
            self._index.drop(number)
        return fired

    def insert(self, number: int, coin: int, level: float, *, above: bool) -> None:
        self._index.put(_sleeper(number, coin, level, above))

    def delete(self, number: int, coin: int, level: float, *, above: bool) -> None:
        self._index.drop(number)


def _sleeper(number: int, coin: int, level: float, above: bool) -> Sleeper:  # noqa: FBT001  # a row of the workload
    return Sleeper(number, NAMES[coin], None if above else level, level if above else None)


class Rule:
    """What a naive watch loops over."""

    __slots__ = ("above", "coin", "level", "number")

    def __init__(self, number: int, coin: int, level: float, above: bool) -> None:  # noqa: FBT001
        self.number, self.coin, self.level, self.above = number, coin, level, above


class Naive:
    """All rules, each looked at in every tick."""

    is_server = False

    def __init__(self) -> None:
        self._rules: dict[int, Rule] = {}

    def load(self, workload: Workload) -> None:
        self._rules = {rule[0]: Rule(*rule) for rule in workload.rules()}

    def tick(self, prices: list[float]) -> list[int]:
        fired = [
            rule.number
            for rule in self._rules.values()
            if (prices[rule.coin] >= rule.level if rule.above else prices[rule.coin] <= rule.level)
        ]
        for number in fired:
            del self._rules[number]
        return fired

    def insert(self, number: int, coin: int, level: float, *, above: bool) -> None:
        self._rules[number] = Rule(number, coin, level, above)

    def delete(self, number: int, coin: int, level: float, *, above: bool) -> None:
        del self._rules[number]

    def memory(self) -> int:
        return 0

    def close(self) -> None:
        pass
