"""Counts of what people ask for, which fade."""

from __future__ import annotations

import pytest

from dozor.market.demand import FORGOTTEN_AFTER_S, HALF_LIFE_S, Demand
from fakes import FakeClock

WEEK = 7 * 24 * 3600


@pytest.mark.parametrize("silence", [HALF_LIFE_S, FORGOTTEN_AFTER_S, 2 * WEEK, 52 * WEEK])
async def test_counts_fade_however_long_nobody_asks(silence: float) -> None:
    clock = FakeClock()
    demand = Demand(clock)
    for _ in range(100):
        demand.count("old")
    await clock.advance(silence)
    assert demand.rate("old") < 100 / silence
    for _ in range(60):
        demand.count("new")
    assert demand.rate("new") > demand.rate("old")
    assert ("old" in demand) is (silence < FORGOTTEN_AFTER_S)
