"""How far the quota is used, and where that leads to, as everybody is shown it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dozor.domain.projection import Projection
from dozor.market.ports import QuotaUsage
from dozor.upstream.usage import usage_of
from fakes import FakeClock
from till import Till

DAY = 24 * 3600.0
NOON_OF_THE_TENTH = datetime(2026, 11, 10, 12, tzinfo=UTC)


@asynccontextmanager
async def till_at(tmp_path: Path, now: datetime, *, per_minute: int = 0, per_month: int = 0) -> AsyncIterator[Till]:
    clock = FakeClock(now)
    async with Till(tmp_path / "ledger.db", clock, per_minute=per_minute, per_month=per_month) as till:
        yield till


async def usage(till: Till) -> QuotaUsage:
    return usage_of(await till.spending(), till.clock)


async def live(till: Till, days: float, calls_a_day: int) -> None:
    """Spend evenly."""
    assert isinstance(till.clock, FakeClock)
    for _ in range(round(days * calls_a_day)):
        await till.charge()
        await till.clock.advance(DAY / calls_a_day)


@pytest.mark.parametrize("began_at", [NOON_OF_THE_TENTH, datetime(2026, 11, 1, 18, tzinfo=UTC)])
async def test_the_projection_of_an_even_load_is_right_three_days_after_an_installation_at_any_hour(
    tmp_path: Path, began_at: datetime
) -> None:
    async with till_at(tmp_path, began_at) as till:
        await live(till, 3, 24)
        now = await usage(till)
        in_all = 24 * (datetime(2026, 12, 1, tzinfo=UTC) - began_at) / timedelta(days=1)
    assert now.projection is not None
    assert now.projection.used == pytest.approx(in_all, rel=0.05)


async def test_who_has_counted_since_an_earlier_month_is_judged_from_the_first_on(tmp_path: Path) -> None:
    async with till_at(tmp_path, datetime(2026, 10, 30, tzinfo=UTC)) as till:
        await live(till, 2, 10)
        await live(till, 3, 20)  # the first to the third of November
        now = await usage(till)
    assert (now.month.used, now.projection) == (60, Projection(600, None))


async def test_on_the_first_day_nothing_is_projected(tmp_path: Path) -> None:
    async with till_at(tmp_path, NOON_OF_THE_TENTH) as till:
        await live(till, 1.4, 10)
        assert (await usage(till)).projection is None
        await live(till, 0.1, 10)
        assert (await usage(till)).projection is not None


async def test_a_correction_speaks_for_the_month_from_its_start(tmp_path: Path) -> None:
    async with till_at(tmp_path, datetime(2026, 11, 16, tzinfo=UTC)) as till:
        await till.ledger.set_used(1500)
        now = await usage(till)
    assert (now.projection, dict(now.costs)) == (Projection(3000, None), {"other": 1500})


async def test_a_full_minute_says_when_the_next_call_may_go(tmp_path: Path) -> None:
    async with till_at(tmp_path, NOON_OF_THE_TENTH, per_minute=2) as till:
        assert isinstance(till.clock, FakeClock)
        charge = await till.charge()
        await till.accounts.end(charge)
        assert (await usage(till)).minute.resets_at is None
        await till.clock.advance(10)
        await till.charge()
        minute = (await usage(till)).minute
        assert (minute.used, minute.left, minute.resets_at) == (2, 0, NOON_OF_THE_TENTH + timedelta(seconds=60))
        await till.clock.advance(50)
        minute = (await usage(till)).minute
        assert (minute.used, minute.left, minute.resets_at) == (1, 1, None)


async def test_a_pause_says_until_when(tmp_path: Path) -> None:
    async with till_at(tmp_path, NOON_OF_THE_TENTH, per_minute=5) as till:
        charge = await till.charge()
        await till.accounts.refused(charge, 119)
        now = await usage(till)
    assert now.paused_until == now.minute.resets_at == NOON_OF_THE_TENTH + timedelta(seconds=119)


async def test_each_family_has_its_costs_the_most_costly_first(tmp_path: Path) -> None:
    async with till_at(tmp_path, NOON_OF_THE_TENTH, per_month=1000) as till:
        for family in ("get_global", "get_crypto_list", "get_crypto_list"):
            await till.charge(family=family)
        now = await usage(till)
    assert list(now.costs.items()) == [("get_crypto_list", 2), ("get_global", 1)]
    assert (now.month.used, now.month.left, now.machines, now.part) == (3, 997, 1, 1.0)
