"""The watch is kept: by one process at a time, as often as the quota affords, through every failure."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from alerts.memory_store import MemoryStore
from alerts.test_watcher import CROSS, a_rule
from dozor.alerts.patrol import LEASE_S, Patrol
from dozor.alerts.polling import plan
from dozor.alerts.ports import Lease
from dozor.domain.errors import UpstreamUnavailable
from dozor.domain.quotes import Quote, QuoteSource
from dozor.domain.watch_pace import Means
from fakes import FakeClock, settle

UNLIMITED = Means(None, None, 0.0)


class OneLease:
    """See ``Leases``. ``taken_by`` is who has it; another holder may be put there by the test."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.taken_by = ""

    async def acquire(self, name: str, holder: str, seconds: float) -> Lease | None:
        if self.taken_by not in {"", holder}:
            return None
        if self.taken_by != holder:
            self.taken_by = holder
            self._store.epoch += 1
        return Lease(name, holder, self._store.epoch, datetime(2026, 11, 23, tzinfo=UTC))

    async def release(self, lease: Lease) -> None:
        if self.taken_by == lease.holder:
            self.taken_by = ""


@dataclass
class Prices:
    """Gives each coin this value at the clock's time, and writes down what it was asked for."""

    clock: FakeClock
    value: str = "69000"
    fails: bool = False
    asked: list[tuple[str, ...]] = field(default_factory=list)

    async def prices(self, coins: Sequence[str], currencies: Sequence[str]) -> Sequence[Quote]:
        return self._answer(QuoteSource.PRICE, coins, currencies)

    async def points(self, coin_id: str, currency: str) -> Sequence[tuple[datetime, Decimal]]:
        return ()  # upstream has no chart of it

    async def rows(self, coins: Sequence[str], currency: str) -> Sequence[Quote]:
        return self._answer(QuoteSource.MARKETS, coins, [currency])

    def _answer(self, source: QuoteSource, coins: Sequence[str], currencies: Sequence[str]) -> Sequence[Quote]:
        self.asked.append((source.value, ",".join(coins), ",".join(currencies)))
        now = self.clock.now()
        if self.fails:
            raise UpstreamUnavailable("down", now)
        return [Quote(coin, one, source, Decimal(self.value), now, now) for coin in coins for one in currencies]


class Scene:
    """A patrol on a clock of its own."""

    def __init__(self, means: Means = UNLIMITED) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore()
        self.leases = OneLease(self.store)
        self.prices = Prices(self.clock)
        self.armed: list[bool] = []
        self.means = means
        numbers = count(1)

        async def current() -> Means:
            return self.means

        async def arm(armed: bool) -> None:
            self.armed.append(armed)

        self.patrol = Patrol(
            self.store,
            self.leases,
            self.prices,
            self.clock,
            holder="here",
            new_event_id=lambda _: f"evt_{next(numbers)}",
            means=current,
            arm=arm,
            wished_s=60.0,
        )

    async def __aenter__(self) -> Scene:
        self._task = asyncio.create_task(self.patrol.run())
        await settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def pass_by(self, seconds: float) -> None:
        for _ in range(int(seconds / 5)):
            await self.clock.advance(5)


async def test_a_price_that_crosses_between_two_polls_is_told() -> None:
    scene = Scene()
    scene.store.add(a_rule(1, CROSS))
    async with scene:
        scene.prices.value = "70500"
        await scene.pass_by(60)
    assert [event.number for event in scene.store.events.values()] == [1]
    assert len(scene.prices.asked) == 2


async def test_nothing_is_asked_for_while_there_is_no_rule_and_the_reserve_is_not_set_aside() -> None:
    scene = Scene()
    async with scene:
        await scene.pass_by(120)
        assert not scene.prices.asked
        scene.store.add(a_rule(1, CROSS))
        await scene.pass_by(5)
        assert len(scene.prices.asked) == 1
        scene.store.change(1, is_live=False)
        await scene.pass_by(120)
    assert len(scene.prices.asked) == 1
    assert scene.armed == [False, True, False]


async def test_polls_are_as_rare_as_the_month_demands_and_the_report_says_so() -> None:
    scene = Scene(Means(27, 3000, 30 * 86400.0))
    scene.store.add(a_rule(1, CROSS))
    async with scene:
        await scene.pass_by(3600)
        report = scene.patrol.report()
    assert report.interval_s == 30 * 86400 / (3000 * 0.3)
    assert len(scene.prices.asked) == 2


async def test_another_process_that_takes_the_lease_ends_this_watch() -> None:
    scene = Scene()
    scene.store.add(a_rule(1, CROSS))
    async with scene:
        scene.leases.taken_by = "there"
        scene.store.epoch += 1
        await scene.pass_by(60)
        assert not scene.patrol.report().is_held_here
        asked = len(scene.prices.asked)
        await scene.pass_by(120)
        assert len(scene.prices.asked) == asked
        scene.leases.taken_by = ""
        await scene.pass_by(LEASE_S)
        assert scene.patrol.report().is_held_here


async def test_a_database_that_fails_is_gone_back_to_and_no_crossing_is_lost() -> None:
    scene = Scene()
    scene.store.add(a_rule(1, CROSS))
    async with scene:
        scene.prices.value = "70500"
        scene.store.fails = "before"
        await scene.pass_by(180)
    assert len(scene.store.events) == 1


async def test_prices_that_cannot_be_had_are_asked_for_again() -> None:
    scene = Scene()
    scene.store.add(a_rule(1, CROSS))
    async with scene:
        scene.prices.fails = True
        await scene.pass_by(120)
        scene.prices.fails, scene.prices.value = False, "70500"
        await scene.pass_by(60)
    assert len(scene.store.events) == 1


def test_extremes_are_asked_for_while_they_cost_no_rarer_polls() -> None:
    series = [("price|usd|bitcoin", True), ("price|eur|bitcoin", True), ("price|eur|ethereum", False)]
    cheap = plan(series, lambda calls: 60.0)
    assert cheap is not None
    assert cheap.rows == {"usd": ["bitcoin"], "eur": ["bitcoin"]}
    assert (cheap.coins, cheap.currencies, cheap.calls) == (["ethereum"], ["eur"], 3)
    dear = plan(series, lambda calls: 60.0 * calls)
    assert dear is not None
    assert not dear.rows
    assert (dear.coins, dear.currencies, dear.interval_s) == (["bitcoin", "ethereum"], ["eur", "usd"], 60.0)
    assert plan([], lambda calls: 60.0) is None


@given(
    st.lists(st.tuples(st.sampled_from(["usd", "eur"]), st.sampled_from("abc"), st.booleans()), min_size=1),
    st.sampled_from([0.0, 60.0]),
)
def test_every_pair_is_asked_for_whatever_the_source(pairs: list[tuple[str, str, bool]], dearer: float) -> None:
    poll = plan([(f"price|{currency}|{coin}", wicks) for currency, coin, wicks in pairs], lambda calls: calls * dearer)
    assert poll is not None
    covered = {(currency, coin) for currency, coins in poll.rows.items() for coin in coins}
    assert covered.isdisjoint(poll.prices), "one source at a time"
    assert covered | poll.prices == {(currency, coin) for currency, coin, _ in pairs}


def test_a_month_with_nothing_left_affords_no_poll() -> None:
    assert Means(27, 0, 86400.0).interval_s(1, 60.0) == float("inf")
    assert Means(None, None, 0.0).interval_s(9, 60.0) == 60.0
    assert Means(5, None, 0.0).interval_s(2, 60.0) == 120.0
