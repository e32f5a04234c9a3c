"""A watch beside a simple one that evaluates every rule at every price, through restarts and failures."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alerts.memory_store import NOW, MemoryStore
from alerts.test_rule_decision import CONDITIONS
from dozor.alerts.conditions.registry import AnyCondition
from dozor.alerts.evaluation import evaluated
from dozor.alerts.ports import LeaseLost, StoredRule
from dozor.alerts.rule import Options, Rule
from dozor.alerts.segments import Mark, take
from dozor.alerts.watcher import Watcher, price_series
from dozor.domain.errors import StoreUnavailable
from dozor.domain.quotes import Quote, QuoteSource

POLL = timedelta(seconds=60)
CROSS = {"type": "price_cross", "level": "70000", "direction": "up"}


def a_rule(number: int, condition: dict[str, Any], coin: str = "bitcoin", **options: Any) -> Rule:
    return Rule(
        number,
        f"alr_{number}",
        "usr_1",
        1,
        coin,
        "usd",
        msgspec.convert(condition, AnyCondition, strict=False),
        msgspec.convert(options, Options, strict=False),
    )


def a_quote(value: str | Decimal, at: datetime, coin: str = "bitcoin", high: str | None = None) -> Quote:
    high_24h = Decimal(high) if high else None
    return Quote(coin, "usd", QuoteSource.MARKETS, Decimal(value), at, at, high_24h, volume_24h=Decimal(1))


def a_watcher(store: MemoryStore) -> Watcher:
    numbers = count(1)
    return Watcher(store, store.lease, lambda now: f"evt_{now:%H%M%S}_{next(numbers)}")


async def watched(store: MemoryStore, *values: str) -> Watcher:
    watcher = a_watcher(store)
    await watcher.begin()
    for place, value in enumerate(values):
        at = NOW + place * POLL
        await watcher.take([a_quote(value, at)], POLL, at)
    return watcher


async def test_a_crossing_is_one_event_for_all_its_channels() -> None:
    store = MemoryStore()
    store.add(a_rule(1, CROSS), channels=("chn_1", "chn_2"))
    await watched(store, "69812", "70344", "70500")
    (event,) = store.events.values()
    assert event.channels == ("chn_1", "chn_2")
    assert event.body["before"] == {"value": "69812", "observed_at": "2026-11-23T00:00:00Z"}
    assert event.body["after"] == {"value": "70344", "observed_at": "2026-11-23T00:01:00Z"}


async def test_a_wick_between_two_polls_is_told_with_its_extreme() -> None:
    store = MemoryStore()
    store.add(a_rule(1, CROSS))
    watcher = a_watcher(store)
    await watcher.begin()
    for place, high in enumerate(("69500", "69500", "71000", "71000")):
        await watcher.take([a_quote("69000", NOW + place * POLL, high=high)], POLL, NOW)
    (event,) = store.events.values()
    assert (event.body["via"], event.body["extreme"]) == ("high_24h", "71000")


async def test_a_ladder_of_levels_fires_every_rule() -> None:
    store = MemoryStore()
    for number, level in enumerate(("60000", "61000", "62000", "70000")):
        store.add(a_rule(number, {**CROSS, "level": level}))
    await watched(store, "59000", "63000")
    assert [event.number for event in store.events.values()] == [0, 1, 2]


async def test_a_rule_that_is_made_while_it_watches_begins_with_the_next_price() -> None:
    store = MemoryStore()
    watcher = await watched(store, "69000")
    store.add(a_rule(1, CROSS))
    for place, value in enumerate(("69500", "70500"), start=1):
        await watcher.take([a_quote(value, NOW + place * POLL)], POLL, NOW)
    assert len(store.events) == 1


async def test_a_paused_rule_is_silent() -> None:
    store = MemoryStore()
    store.add(a_rule(1, CROSS))
    watcher = await watched(store, "69000")
    store.change(1, is_live=False)
    await watcher.take([a_quote("70500", NOW + POLL)], POLL, NOW)
    assert not store.events


async def test_a_crossing_while_nobody_watched_is_found_by_the_next_watch() -> None:
    store = MemoryStore()
    store.add(a_rule(1, CROSS))
    await watched(store, "69000")
    watcher = a_watcher(store)
    await watcher.begin()
    later = NOW + timedelta(hours=2)
    await watcher.take([a_quote("70500", later)], POLL, later)
    (event,) = store.events.values()
    assert event.body["before"]["observed_at"] == "2026-11-23T00:00:00Z"


@pytest.mark.parametrize("fails", ["before", "after"])
async def test_a_store_that_fails_costs_no_event_and_repeats_none(fails: str) -> None:
    store = MemoryStore()
    store.add(a_rule(1, CROSS, cooldown_s=0))
    watcher = await watched(store, "69000")
    store.fails = fails
    with pytest.raises(StoreUnavailable):
        await watcher.take([a_quote("70500", NOW + POLL)], POLL, NOW)
    for place, value in enumerate(("70500", "69000", "70500"), start=1):
        await watcher.take([a_quote(value, NOW + place * POLL)], POLL, NOW)
    assert len(store.events) == 2


async def test_a_watch_whose_lease_has_gone_writes_nothing() -> None:
    store = MemoryStore()
    store.add(a_rule(1, CROSS))
    watcher = await watched(store, "69000")
    store.epoch += 1
    with pytest.raises(LeaseLost):
        await watcher.take([a_quote("70500", NOW + POLL)], POLL, NOW)
    assert not store.events


async def test_what_is_due_by_the_clock_is_told() -> None:
    store = MemoryStore()
    store.add(a_rule(1, {"type": "price_state", "level": "70000", "op": ">="}, repeat="remind"))
    watcher = await watched(store, "69000", "70500")
    assert await watcher.tend(NOW + timedelta(hours=1)) == 0
    assert await watcher.tend(NOW + timedelta(hours=1, minutes=1)) == 1
    assert await watcher.tend(NOW + timedelta(hours=1, minutes=1)) == 0


async def test_thousands_of_rules_that_fire_at_once_are_all_told() -> None:
    store = MemoryStore()
    for number in range(4500):
        store.add(a_rule(number, {**CROSS, "level": str(60_000 + number)}))
    await watched(store, "59000", "80000")
    assert len(store.events) == 4500


@dataclass
class Simple:
    """Every rule, evaluated at every price; nothing ever fails here."""

    rules: dict[int, StoredRule] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    told: set[tuple[int, int, str, int, int]] = field(default_factory=set)

    def take(self, quotes: list[Quote], now: datetime) -> None:
        for one in quotes:
            series = price_series(one.coin_id, one.currency)
            taken = take(self.marks.get(series), one, POLL)
            if taken is None:
                continue
            self.marks[series] = taken.mark
            for number, stored in self.rules.items():
                if stored.is_live and stored.rule.series == series:
                    self._put(number, evaluated(stored, taken.segments, now, lambda _: "evt"))
        self.tend(now)

    def tend(self, now: datetime) -> None:
        for number, stored in self.rules.items():
            if stored.is_live:
                self._put(number, evaluated(stored, (), now, lambda _: "evt"))

    def _put(self, number: int, result: Any) -> None:
        if result.transition is not None:
            stored = self.rules[number]
            self.rules[number] = StoredRule(
                stored.rule, result.transition.state, stored.seq + 1, stored.channels, stored.is_live, stored.change
            )
        self.told |= {(event.number, event.version, event.latch, event.episode, event.n) for event in result.events}


class AgainstSimple(RuleBasedStateMachine):
    """Two watches share a store: one of them holds the lease. Both see the same prices as the simple one."""

    def __init__(self) -> None:
        super().__init__()
        self.store, self.simple = MemoryStore(), Simple()
        self.at = NOW
        self.numbers = count()
        self.watcher = a_watcher(self.store)
        self.stale: Watcher | None = None
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self.watcher.begin())

    def teardown(self) -> None:
        self.loop.close()

    @rule(
        condition=CONDITIONS,
        coin=st.sampled_from(["bitcoin", "ethereum"]),
        cooldown=st.sampled_from([0, 120]),
        hold=st.sampled_from([0, 60]),
        repeat=st.sampled_from(["once", "rearm", "remind", "daily"]),
        detect=st.sampled_from(["last", "wick"]),
    )
    def add(self, condition: dict[str, Any], coin: str, cooldown: int, hold: int, repeat: str, detect: str) -> None:
        made = a_rule(
            next(self.numbers),
            condition,
            coin,
            cooldown_s=cooldown,
            hold_for_s=hold,
            repeat=repeat,
            detect=detect,
            remind_every_s=60,
        )
        self.store.add(made)
        self.simple.rules[made.number] = self.store.rules[made.number]

    @precondition(lambda self: self.store.rules)
    @rule(pick=st.integers(0, 1000), is_live=st.booleans())
    def change(self, pick: int, is_live: bool) -> None:
        number = pick % len(self.store.rules)
        self.store.change(number, is_live=is_live)
        self.simple.rules[number] = self.store.rules[number]

    @rule(
        values=st.lists(st.decimals("0.4", "1.6", places=2), min_size=1, max_size=4),
        coin=st.sampled_from(["bitcoin", "ethereum"]),
        high=st.sampled_from([None, "1.5", "1.8"]),
        fails=st.sampled_from(["", "", "", "before", "after"]),
    )
    def quote(self, values: list[Decimal], coin: str, high: str | None, fails: str) -> None:
        for value in values:
            self.at += POLL
            one = a_quote(value, self.at, coin, high)
            self.simple.take([one], self.at)
            self.store.fails = fails
            try:
                self._see(one)
            except StoreUnavailable:
                self._see(one)
            self.store.fails = fails = ""

    def _see(self, one: Quote) -> None:
        if self.stale is not None:
            with pytest.raises(LeaseLost):
                self.loop.run_until_complete(self.stale.take([one], POLL, self.at))
        self.loop.run_until_complete(self.watcher.take([one], POLL, self.at))
        self.loop.run_until_complete(self.watcher.tend(self.at))

    @rule()
    def restart(self) -> None:
        self.watcher = a_watcher(self.store)
        self.loop.run_until_complete(self.watcher.begin())

    @rule()
    def another_takes_over(self) -> None:
        self.stale = self.watcher
        self.store.epoch += 1
        self.restart()

    @invariant()
    def the_same_was_told(self) -> None:
        assert set(self.store.events) == self.simple.told


TestAgainstSimple = AgainstSimple.TestCase
TestAgainstSimple.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
