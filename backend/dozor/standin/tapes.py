"""Closed random walks that every price is read from: where on which tape, the second and the coin decide.

A price chart must look like one at every scale, come out the same for every asker, and cost well under a
microsecond a point. So the dice are thrown once per seed: a *tape* is a Brownian loop of 16,384 hours (it repeats
after 22 months), a *ripple* is what happens inside one hour and is zero at both ends of it. A coin starts reading at
a place of its own, which makes 18,000 different charts out of a handful of tapes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import accumulate
from random import Random

HOURS = 1 << 14
RIPPLES = 1 << 6
MINUTES = 60


class Temper(Enum):
    """How far a price wanders: standard deviations of one hour's step, its own and the whole market's."""

    FIAT = (0.0004, 0.0)
    STABLE = (0.00002, 0.0)
    CALM = (0.003, 0.0035)
    NORMAL = (0.005, 0.0045)
    WILD = (0.009, 0.005)

    def __init__(self, own: float, market: float) -> None:
        self.own = own
        self.market = market


@dataclass(frozen=True, slots=True)
class Tape:
    """One temper's factors, read at ``hour % HOURS``; both lists are twice that long, so that no slice wraps."""

    own: list[float]
    market: list[float]
    ripples: tuple[list[float], ...]
    """``RIPPLES`` hours of 61 minutes each, to be added to 1."""
    lowest: float
    highest: float
    """No price is ever below ``lowest`` or above ``highest`` times the coin's base price."""


@lru_cache(maxsize=8)
def tapes(seed: int) -> dict[Temper, Tape]:
    """All tempers' tapes, the same for the same ``seed`` in every process. Shared: do not change them."""
    dice = Random(seed)  # noqa: S311  a market of dice: nothing here is secret, everything must be repeatable
    own, market = _loop(dice, HOURS), _loop(dice, HOURS)
    ripples = [_loop(dice, MINUTES) for _ in range(RIPPLES)]
    return {temper: _tape(temper, own, market, ripples) for temper in Temper}


def _tape(temper: Temper, own: list[float], market: list[float], ripples: list[list[float]]) -> Tape:
    own_factors = [math.exp(temper.own * x) for x in own[:-1]] * 2
    market_factors = [math.exp(temper.market * x) for x in market[:-1]] * 2
    per_minute = math.hypot(temper.own, temper.market) / math.sqrt(MINUTES)
    small = tuple([per_minute * x for x in ripple] for ripple in ripples)
    return Tape(
        own=own_factors,
        market=market_factors,
        ripples=small,
        lowest=min(own_factors) * min(market_factors) * (1 + min(map(min, small))),
        highest=max(own_factors) * max(market_factors) * (1 + max(map(max, small))),
    )


def _loop(dice: Random, steps: int) -> list[float]:
    """Draw a walk of unit steps that returns to where it began: ``steps + 1`` points, the first and last zero."""
    walk = list(accumulate((dice.gauss(0, 1) for _ in range(steps)), initial=0.0))
    drift = walk[-1] / steps
    return [point - drift * i for i, point in enumerate(walk)]
