"""A watch beside a simple one that evaluates every rule at every price, through restarts and failures."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
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
from alerts.plain_series import plain_readings
from alerts.test_rule_decision import CONDITIONS
from dozor.alerts.conditions.registry import AnyCondition
from dozor.alerts.evaluation import evaluated
from dozor.alerts.ports import LeaseLost, StoredRule
from dozor.alerts.rule import Options, Rule
from dozor.alerts.segments import Mark, Segment, Trust, take
from dozor.alerts.views import Readings
from dozor.alerts.watcher import Watcher, price_series
from dozor.domain.errors import StoreUnavailable
from dozor.domain.quotes import Quote, QuoteSource

POLL = timedelta(seconds=60)
CROSS = {"type": "price_cross", "level": "70000", "direction": "up"}


PERCENTS = st.decimals("1", "40", places=0)
DERIVED = st.one_of(
    st.builds(
        lambda pct, window, way, basis: {
            "type": "pct_window",
            "pct": pct,
            "window": window,
            "direction": way,
            "basis": basis,
        },
        PERCENTS,
        st.sampled_from(["5m", "10m"]),
        st.sampled_from(["up", "down", "any"]),
        st.sampled_from(["extreme", "endpoint"]),
    ),
    st.builds(
        lambda side, unit, far: {"type": "trailing", "side": side, unit: far if unit == "pct" else far / 50},
        st.sampled_from(["falls", "rises"]),
        st.sampled_from(["pct", "amount"]),
        PERCENTS,
    ),
)


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


async def test_a_move_within_a_window_is_told_with_its_size() -> None:
    store = MemoryStore()
    store.add(a_rule(1, {"type": "pct_window", "pct": "5", "window": "1h"}))
    store.add(a_rule(2, {"type": "pct_window", "pct": "5", "window": "1h", "basis": "endpoint"}))
    await watched(store, "100", "98", "102.9")
    (event,) = store.events.values()
    assert (event.number, event.latch, event.body["change"]) == (1, "up", "5")
    assert event.body["before"]["value"] == "98"


async def test_a_window_begins_where_the_last_watch_left_it() -> None:
    store = MemoryStore()
    store.add(a_rule(1, {"type": "pct_window", "pct": "5", "window": "1h", "basis": "endpoint"}))
    await watched(store, *["100"] * 61)
    watcher = a_watcher(store)
    await watcher.begin()
    at = NOW + 61 * POLL
    await watcher.take([a_quote("94", at)], POLL, at)
    (event,) = store.events.values()
    assert (event.latch, event.body["change"]) == ("down", "-6")


async def test_a_trailing_rule_follows_the_highest_and_begins_anew_at_each_event() -> None:
    store = MemoryStore()
    store.add(a_rule(1, {"type": "trailing", "side": "falls", "pct": "10"}, cooldown_s=0))
    await watched(store, "100", "95", "200", "181", "180", "170", "163", "162", "162")
    assert [event.body["after"]["value"] for event in store.events.values()] == ["180", "162"]
    assert [event.body["change"] for event in store.events.values()] == ["-10", "-10"]


async def test_the_highest_since_a_rule_was_armed_outlives_the_watch() -> None:
    store = MemoryStore()
    for number in range(3):
        store.add(a_rule(number, {"type": "trailing", "side": "falls", "amount": str(10 + number)}))
    await watched(store, "100", "120", "115")
    written = dict(store.kept_pieces)
    watcher = a_watcher(store)
    await watcher.begin()
    at = NOW + 3 * POLL
    await watcher.take([a_quote("109", at)], POLL, at)
    assert [(event.number, event.body["change"]) for event in store.events.values()] == [(0, "-11"), (1, "-11")]
    assert len(written) == 2, "the highest and the latest, however many rules there are"


async def test_a_wick_counts_as_the_highest_but_fires_only_rules_that_ask_for_it() -> None:
    store = MemoryStore()
    for number, detect in enumerate(("wick", "last")):
        store.add(a_rule(number, {"type": "trailing", "side": "falls", "pct": "10"}, detect=detect))
    watcher = a_watcher(store)
    await watcher.begin()
    for place, (value, high, low) in enumerate(
        [("100", "100", "90"), ("100", "110", "90"), ("102", "110", "90"), ("102", "110", "85"), ("98", "110", "85")]
    ):
        at = NOW + place * POLL
        quote = a_quote(value, at, high=high)
        await watcher.take([replace(quote, low_24h=Decimal(low))], POLL, at)
    assert [(event.number, event.body["change"]) for event in store.events.values()] == [
        (0, "-22.7273"),
        (1, "-10.9091"),
    ]


async def test_a_price_that_nobody_confirms_is_no_extreme() -> None:
    store = MemoryStore()
    store.add(a_rule(1, {"type": "trailing", "side": "falls", "pct": "10"}))
    watcher = a_watcher(store)
    await watcher.begin()
    for place, value in enumerate(("100", "500", "100", "95")):
        at = NOW + place * POLL
        await watcher.take([replace(a_quote(value, at), volume_24h=Decimal(10**6))], POLL, at)
    assert not store.events


async def test_what_a_series_remembers_goes_with_its_last_rule() -> None:
    store = MemoryStore()
    store.add(a_rule(1, {"type": "trailing", "side": "rises", "pct": "10"}))
    store.add(a_rule(2, {"type": "pct_window", "pct": "5", "window": "1h"}))
    watcher = await watched(store, "100", "101")
    assert store.kept_pieces
    for number in (1, 2):
        store.change(number, is_live=False)
    await watcher.take([a_quote("100", NOW + 2 * POLL)], POLL, NOW)
    assert not store.kept_pieces


@dataclass
class PlainView:
    """See ``View``."""

    rule: Rule
    past: list[Segment]
    segment: Segment

    def readings(self, since: datetime | None) -> Readings | None:
        return plain_readings(self.rule, since, self.past, self.segment, POLL)


@dataclass
class Simple:
    """Every rule, evaluated at every price; nothing ever fails here."""

    rules: dict[int, StoredRule] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    past: dict[str, list[Segment]] = field(default_factory=dict)  # of each series, since it has had rules
    told: set[tuple[int, int, str, int, int]] = field(default_factory=set)

    def take(self, quotes: list[Quote], now: datetime) -> None:
        watched = {stored.rule.series for stored in self.rules.values() if stored.is_live}
        self.past = {series: past for series, past in self.past.items() if series in watched}
        for one in quotes:
            pair = price_series(one.coin_id, one.currency)
            taken = take(self.marks.get(pair), one, POLL)
            if taken is None:
                continue
            self.marks[pair] = taken.mark
            for segment in taken.segments:
                for number, stored in list(self.rules.items()):
                    if stored.is_live and (stored.rule.coin_id, stored.rule.quote) == (one.coin_id, one.currency):
                        past = self.past.get(stored.rule.series, [])
                        view = PlainView(stored.rule, past, segment)
                        self._put(number, evaluated(stored, [view], now, lambda _: "evt"))
                for series in watched:
                    if series.endswith(f"|{one.currency}|{one.coin_id}") and segment.trust is not Trust.ONLY_BOLD:
                        self.past.setdefault(series, []).append(segment)
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
        condition=st.one_of(CONDITIONS, DERIVED),
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
