"""What every engine is given: rules on 5,000 coins, and prices that move. The same from the same seed."""

from __future__ import annotations

import random
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from math import exp, log

COINS = 5_000
PRICE = 100.0
MOVE = 0.003  # of all prices in a tick: the standard deviation
FAR = 0.05  # the median distance of a level


class Workload:
    """So many rules: their coins as by Zipf, their levels lognormal about 5 % away, half of them above the price."""

    def __init__(self, rules: int) -> None:
        dice = random.Random(rules)
        shares = list(accumulate(1 / rank for rank in range(1, COINS + 1)))
        self.coins = array("i")
        self.levels = array("d")  # of a rule that waits for a fall negative
        for _ in range(rules):
            self.coins.append(bisect_left(shares, dice.random() * shares[-1]))
            away = exp(dice.gauss(log(FAR), 1))
            self.levels.append(PRICE * (1 + away) if dice.random() < 0.5 else -PRICE / (1 + away))

    def __len__(self) -> int:
        return len(self.levels)

    def rules(self) -> Iterator[tuple[int, int, float, bool]]:
        """Number, coin, level, and whether it is above."""
        for number, (coin, level) in enumerate(zip(self.coins, self.levels, strict=True)):
            yield number, coin, abs(level), level > 0


def prices(ticks: int) -> Iterator[list[float]]:
    """The prices of all coins, tick by tick."""
    dice = random.Random(1)
    now = [PRICE] * COINS
    for _ in range(ticks):
        now = [price * (1 + dice.gauss(0, MOVE)) for price in now]
        yield now
