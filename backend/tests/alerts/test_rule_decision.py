"""What one rule does, reading by reading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.alerts.conditions.registry import AnyCondition
from dozor.alerts.decision import Firing, Kind, Seen, as_one, due_at, on_reading, on_time, sleep_of, snoozed
from dozor.alerts.rule import Options, Rule
from dozor.alerts.state import NEW, Phase, State, decoded, encoded
from dozor.alerts.zone import Reading

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def rule(condition: dict[str, Any], zone: str = "UTC", **options: Any) -> Rule:
    return Rule(
        number=1,
        id="alr_1",
        user_id="usr_1",
        version=1,
        coin_id="bitcoin",
        quote="usd",
        condition=msgspec.convert(condition, AnyCondition, strict=False),
        options=msgspec.convert(options, Options, strict=False),
        zone=zone,
    )


def seen(
    value: str | Decimal, after_s: float, low: str | None = None, high: str | None = None, *, gap: bool = False
) -> Seen:
    at = START + timedelta(seconds=after_s)
    last = Decimal(value)
    return Seen(Reading(last, Decimal(low or last), Decimal(high or last)), at, at, is_after_gap=gap)


class Watched:
    """A rule that is told of readings and of time, and what came of it."""

    def __init__(self, watched: Rule, state: State = NEW) -> None:
        self.rule, self.state = watched, state
        self.firings: list[tuple[float, Firing]] = []

    def see(self, *readings: Seen) -> list[Firing]:
        fired: list[Firing] = []
        for reading in readings:
            self._until(reading.now - timedelta(microseconds=1))  # a reading goes before what is due with it
            fired += self._take(on_reading(self.rule, self.state, reading), reading.now)
        return fired

    def wait_until(self, after_s: float) -> None:
        self._until(START + timedelta(seconds=after_s))

    def _until(self, now: datetime) -> None:
        while (due := due_at(self.rule, self.state)) is not None and due <= now:
            self._take(on_time(self.rule, self.state, due), due)

    def _take(self, decision: Any, now: datetime) -> list[Firing]:
        self.state = decoded(encoded(decision.state))
        assert self.state == decision.state
        self.firings += [((now - START).total_seconds(), firing) for firing in decision.firings]
        return list(decision.firings)

    @property
    def told_at(self) -> list[float]:
        return [at for at, _ in self.firings]


def prices(*values: str, every_s: float = 60) -> Sequence[Seen]:
    return [seen(value, place * every_s) for place, value in enumerate(values)]


UP = {"type": "price_cross", "level": "70000", "direction": "up"}


def test_the_first_reading_only_sets_the_side() -> None:
    watched = Watched(rule(UP))
    assert watched.state.phase(START) is Phase.ARMING
    assert not watched.see(*prices("71000", "72000"))
    assert watched.state.phase(START) is Phase.WAITING_REARM


def test_a_jump_over_the_level_fires_at_the_new_reading() -> None:
    watched = Watched(rule(UP))
    (firing,) = watched.see(*prices("69812", "70344"))
    assert (firing.kind, firing.latch, firing.episode, firing.n) == (Kind.FIRED, "up", 1, 0)
    assert firing.is_up


def test_trembling_round_the_level_is_one_event() -> None:
    watched = Watched(rule({**UP, "direction": "any"}, cooldown_s=0))
    assert len(watched.see(*prices("69900", "70100", "69950", "70050"))) == 1


def test_resting_on_the_level_fires_once_even_without_a_band() -> None:
    watched = Watched(rule({**UP, "direction": "any"}, cooldown_s=0, rearm_band_pct="0"))
    fired = watched.see(*prices("69999", "70000", "70000", "70000"))
    assert [firing.latch for firing in fired] == ["up"]


def test_a_level_of_a_tiny_coin_is_crossed_by_a_jump_in_any_direction() -> None:
    watched = Watched(rule({"type": "price_cross", "level": "0.0000125"}))
    (firing,) = watched.see(*prices("0.000012", "0.000014"))
    assert firing.latch == "up"


def test_it_fires_again_after_leaving_by_the_band_and_not_before_the_cooldown() -> None:
    watched = Watched(rule(UP, cooldown_s=900))
    watched.see(*prices("69000", "70000", "69700", "69640", "70001"))
    assert watched.told_at == [60]
    assert watched.state.muted == 1
    watched.wait_until(3600)
    assert watched.told_at == [60, 960]
    _, summary = watched.firings[1]
    assert (summary.kind, summary.episode, summary.n, summary.crossings) == (Kind.MUTED, 2, 1, 1)


def test_a_cooldown_in_which_nothing_crossed_ends_silently_and_is_not_prolonged() -> None:
    watched = Watched(rule(UP, cooldown_s=900))
    watched.see(*prices("69000", "70000", "69600", "69600", every_s=300))
    watched.see(seen("70001", 1300))
    assert watched.told_at == [300, 1300]


def test_reminders_come_while_it_is_true_and_no_longer() -> None:
    watched = Watched(rule({"type": "price_state", "level": "70000", "op": ">="}, repeat="remind", cooldown_s=3600))
    watched.see(seen("69000", -30))
    for place in range(360):  # three hours, every 30 s
        watched.see(seen("70500", place * 30))
    watched.see(seen("69000", 3 * 3600))
    watched.wait_until(6 * 3600)
    assert watched.told_at == [0, 3600, 7200]
    assert [firing.n for _, firing in watched.firings] == [0, 1, 2]


def test_reminders_end_after_their_number() -> None:
    watched = Watched(
        rule({"type": "price_state", "level": "70000", "op": ">="}, repeat="remind", cooldown_s=0, remind_at_most=2)
    )
    watched.see(*prices("69000", "70500"))
    watched.wait_until(24 * 3600)
    assert len(watched.firings) == 3


def test_once_is_once() -> None:
    watched = Watched(rule(UP, repeat="once", cooldown_s=0))
    watched.see(*prices("69000", "70000", "60000", "70000"))
    assert watched.told_at == [60]
    assert watched.state.phase(START) is Phase.FIRED
    assert due_at(watched.rule, watched.state) is None


def test_daily_goes_by_the_day_of_its_maker() -> None:
    watched = Watched(rule(UP, zone="Asia/Tokyo", repeat="daily", cooldown_s=0))  # 09:00 UTC is 18:00 there
    hour = 3600.0
    crossing = [seen("60000", -60), seen("70000", 0), seen("60000", hour), seen("70000", 2 * hour)]
    watched.see(*crossing, seen("60000", 5 * hour), seen("70000", 6 * hour))  # 00:00 there
    assert watched.told_at == [0, 6 * hour]
    assert watched.firings[1][1].muted == 1


def test_a_condition_has_to_last_as_long_as_it_says_and_a_gap_begins_anew() -> None:
    watched = Watched(rule(UP, hold_for_s=120))
    assert not watched.see(seen("69000", 0), seen("70000", 60), seen("70010", 120))
    assert watched.state.phase(START) is Phase.HOLDING
    assert not watched.see(seen("70010", 600, gap=True), seen("70010", 660))
    assert watched.see(seen("70010", 720))


def test_leaving_the_zone_within_the_band_ends_a_hold() -> None:
    watched = Watched(rule(UP, hold_for_s=120))
    assert not watched.see(*prices("69000", "70000", "69990", "70000", "70000"))
    assert watched.see(seen("70000", 300))


def test_a_reading_that_must_be_confirmed_is_seen_so_often() -> None:
    watched = Watched(rule(UP, confirm=3))
    assert not watched.see(*prices("69000", "70000", "70000"))
    assert watched.see(seen("70000", 180))


def test_a_wick_is_one_event_and_its_own_reading_arms_nothing() -> None:
    watched = Watched(rule(UP, cooldown_s=0))
    (firing,) = watched.see(seen("69000", 0), seen("69000", 60, high="71000"))
    assert firing.is_wick
    assert not watched.see(seen("69000", 120), seen("69000", 180))
    assert watched.see(seen("70000", 240))


def test_a_rule_on_last_prices_sees_no_wick() -> None:
    watched = Watched(rule(UP, detect="last"))
    assert not watched.see(seen("69000", 0), seen("69000", 60, high="71000"))


def test_a_state_that_is_true_from_the_start_fires_at_once_only_where_asked() -> None:
    condition = {"type": "price_state", "level": "70000", "op": ">="}
    assert not Watched(rule(condition)).see(*prices("70500", "70600"))
    assert len(Watched(rule({**condition, "if_true": "now"})).see(*prices("70500", "70600"))) == 1


def test_a_range_is_left_both_ways_and_entered_from_both_sides() -> None:
    left = Watched(rule({"type": "range", "low": "100", "high": "200", "mode": "exit"}, cooldown_s=0))
    assert len(left.see(*prices("150", "201", "150", "99", "150"))) == 2
    entered = Watched(rule({"type": "range", "low": "100", "high": "200", "mode": "enter"}, cooldown_s=0))
    assert len(entered.see(*prices("50", "150", "250", "50", "100"))) == 2


def test_a_jump_across_a_range_enters_nothing() -> None:
    entered = Watched(rule({"type": "range", "low": "100", "high": "200", "mode": "enter"}, detect="last"))
    assert not entered.see(*prices("50", "250", "50"))


def test_a_reference_moves_with_each_event() -> None:
    watched = Watched(rule({"type": "pct_reference", "pct": "10"}, cooldown_s=0))
    fired = watched.see(*prices("100", "109", "110", "115", "121", "108.8"))
    assert [firing.latch for firing in fired] == ["up", "up", "down"]


def test_a_typed_reference_that_was_passed_already_waits_for_the_other_side() -> None:
    watched = Watched(rule({"type": "pct_reference", "pct": "10", "reference": "100", "direction": "up"}, cooldown_s=0))
    assert not watched.see(*prices("120", "130"))
    assert watched.see(seen("105", 180), seen("110", 240))


def test_a_fixed_reference_is_armed_again_below_a_fifth() -> None:
    watched = Watched(
        rule(
            {"type": "pct_reference", "pct": "5", "reference": "100", "direction": "up", "reanchor": "never"},
            cooldown_s=0,
        )
    )
    assert len(watched.see(*prices("100", "105", "104.1", "105", "103.9", "105"))) == 2


def test_a_step_tells_how_many_lines_were_crossed_and_does_not_tremble() -> None:
    watched = Watched(rule({"type": "step", "step": "1000", "anchor": "60000"}, cooldown_s=0))
    fired = watched.see(*prices("60500", "63100", "62990", "63010", "62000", "61999"))
    assert [(firing.latch, firing.crossings) for firing in fired] == [("up", 3), ("down", 1)]


def test_a_step_in_percent_is_a_grid_of_percents() -> None:
    watched = Watched(rule({"type": "step", "step_pct": "10"}, cooldown_s=0))
    fired = watched.see(*prices("100", "109", "110", "121", "133.2", "100"))
    assert [firing.crossings for firing in fired] == [1, 1, 1, 3]


def test_a_window_moves_both_ways_on_one_series() -> None:
    watched = Watched(rule({"type": "pct_window", "pct": "5", "window": "1h"}, cooldown_s=0))
    assert watched.rule.series == "extreme:3600|usd|bitcoin"
    fired = watched.see(
        seen("0", 0, low="0", high="1"), seen("0", 60, low="-1", high="5"), seen("0", 120, low="-5", high="4.5")
    )
    assert [firing.latch for firing in fired] == ["up", "down"]


def test_an_outage_is_one_event_that_counts() -> None:
    watched = Watched(rule(UP, cooldown_s=0))
    watched.see(seen("69000", 0))
    before, firings = watched.state, watched.see(*prices("70000", "69000", "70100", "69000", "70200", "69000"))
    decision = as_one(before, watched.state, firings)
    (firing,) = decision.firings
    assert firing.crossings == 3
    assert decision.state.muted == 0
    assert not as_one(before, watched.state, []).firings


def test_an_expiry_is_told_a_day_before_and_then() -> None:
    watched = Watched(rule(UP, expires_at=(START + timedelta(days=3)).isoformat()))
    watched.see(seen("69000", 0))
    watched.wait_until(10 * 24 * 3600)
    assert [(at / 86400, firing.kind) for at, firing in watched.firings] == [(2, Kind.EXPIRING), (3, Kind.EXPIRED)]
    assert not watched.see(seen("71000", 11 * 24 * 3600))


def test_a_snoozed_rule_counts_and_tells_at_the_end() -> None:
    watched = Watched(rule(UP, cooldown_s=0))
    watched.see(seen("69000", 0))
    watched.state = snoozed(watched.state, START + timedelta(hours=1))
    watched.see(*[seen(value, 60 * place) for place, value in enumerate(("70000", "69000", "70000"), start=1)])
    watched.wait_until(7200)
    assert [(at, firing.kind, firing.crossings) for at, firing in watched.firings] == [(3600, Kind.MUTED, 2)]


def test_arming_by_hand_never_uses_an_identity_again() -> None:
    watched = Watched(rule(UP, cooldown_s=0, repeat="once"))
    watched.see(*prices("69000", "70000"))
    watched.state = watched.state.armed_anew()
    watched.see(*[seen(value, 600 + place) for place, value in enumerate(("69000", "70000"))])
    identities = [(firing.latch, firing.episode, firing.n) for _, firing in watched.firings]
    assert identities == [("up", 1, 0), ("up", 2, 0)]


LEVELS = st.decimals("0.5", "1.5", places=2)
CONDITIONS = st.one_of(
    st.builds(
        lambda level, way: {"type": "price_cross", "level": level, "direction": way},
        LEVELS,
        st.sampled_from(["up", "down", "any"]),
    ),
    st.builds(
        lambda level, op: {"type": "price_state", "level": level, "op": op}, LEVELS, st.sampled_from([">=", "<="])
    ),
    st.builds(
        lambda low, width, mode: {"type": "range", "low": low, "high": low + width, "mode": mode},
        LEVELS,
        st.decimals("0.01", "0.3", places=2),
        st.sampled_from(["exit", "enter", "inside", "outside"]),
    ),
    st.builds(lambda pct: {"type": "pct_reference", "pct": pct}, st.decimals("1", "30", places=0)),
    st.builds(lambda pct: {"type": "pct_reference", "pct": pct, "reanchor": "never"}, st.decimals("1", "30", places=0)),
    st.builds(lambda step: {"type": "step", "step": step}, st.decimals("0.01", "0.3", places=2)),
    st.builds(lambda pct: {"type": "step", "step_pct": pct}, st.decimals("1", "30", places=0)),
)
VALUES = st.lists(st.decimals("0.4", "1.6", places=3), min_size=1, max_size=30)


@given(CONDITIONS, VALUES, st.sampled_from([0, 120]), st.sampled_from(["0", "0.5", "5"]))
def test_nothing_happens_to_a_rule_within_its_sleep(
    condition: dict[str, Any], values: list[Decimal], hold_s: int, band: str
) -> None:
    """A rule that is woken only when its series leaves its sleep does what one does that sees every reading."""
    always = Watched(rule(condition, cooldown_s=0, hold_for_s=hold_s, rearm_band_pct=band))
    woken = Watched(always.rule)
    for place, value in enumerate(values):
        reading = seen(value, place * 60)
        sleep = sleep_of(woken.rule, woken.state)
        is_left = sleep is None or (
            (sleep.below is not None and value <= sleep.below) or (sleep.above is not None and value >= sleep.above)
        )
        told = always.see(reading)
        if is_left:
            assert woken.see(reading) == told
        else:
            assert not told
            assert always.state.latches == woken.state.latches


@given(CONDITIONS, VALUES)
def test_no_two_events_of_a_rule_have_one_identity(condition: dict[str, Any], values: list[Decimal]) -> None:
    watched = Watched(rule(condition, cooldown_s=90, repeat="remind", remind_every_s=60))
    watched.see(*[seen(value, place * 60) for place, value in enumerate(values)])
    watched.wait_until(24 * 3600)
    identities = [(firing.latch, firing.episode, firing.n) for _, firing in watched.firings]
    assert len(set(identities)) == len(identities)


@pytest.mark.parametrize(
    ("condition", "pointers"),
    [
        ({"type": "price_cross", "level": "0"}, ["/level"]),
        ({"type": "price_cross", "level": "-1"}, ["/level"]),
        ({"type": "price_cross", "level": "NaN"}, ["/level"]),
        ({"type": "price_cross", "level": "Infinity"}, ["/level"]),
        ({"type": "price_cross", "level": "1e30"}, ["/level"]),
        ({"type": "price_cross", "level": "1." + "1" * 40}, ["/level"]),
        ({"type": "range", "low": "2", "high": "1", "mode": "exit"}, ["/high"]),
        ({"type": "pct_window", "pct": "5", "window": "1m"}, ["/window"]),
        ({"type": "pct_window", "pct": "5", "window": "31d"}, ["/window"]),
        ({"type": "pct_window", "pct": "0", "window": "soon"}, ["/pct", "/window"]),
        ({"type": "pct_reference", "pct": "100", "direction": "down"}, ["/pct"]),
        ({"type": "step"}, ["/step"]),
        ({"type": "step", "step": "1", "step_pct": "1"}, ["/step"]),
        ({"type": "step", "step_pct": "0.05"}, ["/step_pct"]),
        ({"type": "trailing", "side": "falls"}, ["/pct"]),
        ({"type": "trailing", "side": "falls", "pct": "100"}, ["/pct"]),
    ],
)
def test_what_cannot_be_watched_is_named(condition: dict[str, Any], pointers: list[str]) -> None:
    found = msgspec.convert(condition, AnyCondition, strict=False).problems()
    assert [problem.pointer for problem in found] == pointers
