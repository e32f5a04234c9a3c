"""Refreshing what is in demand before people wait for it, with calls that nobody else has a use for."""

from __future__ import annotations

from dozor.clock import Clock
from dozor.domain.lanes import Lane
from dozor.market import tuning
from dozor.market.batches import Batches
from dozor.market.units import Units


async def refresh_ahead(units: Units, batches: Batches, clock: Clock, lane: Lane) -> None:
    """Refresh for good whatever is past its fresh time and is likely to be asked for within a minute.

    ``lane`` is how urgently: after people at any rate. In ``WARM_UP`` it leaves them a part of the minute and of the
    month as well.
    """
    while True:
        await clock.sleep(tuning.AHEAD_EVERY_S)
        await units.refresh_ahead(lane)
        batches.refresh_ahead(lane)
