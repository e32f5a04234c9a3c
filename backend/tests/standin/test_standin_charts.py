"""/coins/{id}/market_chart and /ohlc."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standin_caller import Caller

from dozor.standin.answers.charts import market_chart, ohlc
from dozor.standin.asked import Asked
from dozor.standin.catalogue import catalogue
from dozor.standin.model import DAY, HOUR, Market
from dozor.standin.numbers import NumberText
from dozor.standin.quirks import Quirks

NOON = 1_795_348_800
MARKETS = {seed: Market(catalogue(300), seed) for seed in range(4)}
KINDS = ("prices", "market_caps", "total_volumes")

moments = st.integers(NOON - 60 * DAY, NOON + 60 * DAY)
delays = st.integers(0, 3 * DAY)
seeds = st.sampled_from(sorted(MARKETS))
ids = st.sampled_from(["bitcoin", "pepe", "tether", "1move token"])


def asked(coin_id: str, now: float, seed: int = 0, **query: str) -> Asked:
    quirks = Quirks.of(seed)
    return Asked(MARKETS[seed], quirks, NumberText(quirks), now, "", {"vs_currency": "usd", **query}, {"id": coin_id})


def chart(coin_id: str, now: float, days: int, seed: int = 0, **query: str) -> dict[str, dict[int, float]]:
    answer = msgspec.json.decode(market_chart(asked(coin_id, now, seed, days=str(days), **query)))
    assert [[stamp for stamp, _ in answer[kind]] for kind in KINDS] == [[s for s, _ in answer["prices"]]] * 3
    return {kind: dict(answer[kind]) for kind in KINDS}


@settings(max_examples=40, deadline=None)
@given(ids, moments, delays, st.sampled_from([(1, 1), (7, 7), (7, 30), (30, 90), (180, 365)]), seeds)
def test_a_closed_point_is_the_same_for_whoever_asks_whenever(coin_id, now, delay, days, seed):
    """Every point of the earlier answer but its last is in the later one, as far as that one reaches back."""
    earlier = chart(coin_id, now, days[0], seed)
    later = chart(coin_id, now + delay, days[1], seed)
    for kind in KINDS:
        closed = list(earlier[kind].items())[:-1]
        reach = min(later[kind])
        shared = {stamp: value for stamp, value in closed if stamp >= reach}
        assert shared == {stamp: later[kind].get(stamp) for stamp in shared}


@settings(max_examples=30, deadline=None)
@given(ids, moments, st.sampled_from([1, 2, 7, 90, 91, 365]), seeds)
def test_a_chart_goes_forward_and_ends_with_the_last_update(coin_id, now, days, seed):
    stamps = list(chart(coin_id, now, days, seed)["prices"])
    assert stamps == sorted(set(stamps))
    assert 0 <= now * 1_000 - stamps[-1] <= 30_000
    assert stamps[-1] - stamps[0] <= days * DAY * 1_000


def test_five_minute_hourly_and_daily_points_are_three_samples():
    day, week, year = (list(chart("bitcoin", NOON, days)["prices"]) for days in (1, 7, 365))
    assert 286 <= len(day) <= 290
    assert 167 <= len(week) <= 170
    assert 365 <= len(year) <= 367
    assert not set(day[:-1]) & set(week[:-1])
    assert all(stamp % (DAY * 1_000) == 0 for stamp in year[:-1])
    gaps = {b - a for a, b in pairwise(week)}
    assert len(gaps) > 100  # never exactly an hour
    assert any(stamp % (HOUR * 1_000) for stamp in week)


def test_ninety_days_are_hourly_and_ninety_one_daily():
    assert len(chart("bitcoin", NOON, 90)["prices"]) > 2_000
    assert len(chart("bitcoin", NOON, 91)["prices"]) == 92
    assert len(chart("bitcoin", NOON, 30, interval="daily")["prices"]) == 31


def test_a_new_day_is_there_from_ten_past_midnight():
    midnight = NOON // DAY * DAY
    bitcoin = MARKETS[0].catalogue.by_id["bitcoin"]
    assert midnight * 1_000 not in list(chart("bitcoin", midnight + 590, 180)["prices"])[:-1]
    after = midnight + 640
    assert MARKETS[0].updated_at(bitcoin, after) >= midnight + 600
    assert midnight * 1_000 in chart("bitcoin", after, 180)["prices"]


def test_a_coin_has_no_points_from_before_it_was_listed():
    young = max((c for c in MARKETS[0].catalogue.coins if c.priced), key=lambda coin: coin.listed_at)
    now = young.listed_at + 10 * DAY
    stamps = list(chart(young.id, now, 30)["prices"])
    assert min(stamps) >= young.listed_at * 1_000
    assert 200 < len(stamps) < 250


@settings(max_examples=40, deadline=None)
@given(ids, moments, delays, st.sampled_from([(1, 1), (7, 14), (14, 30), (90, 90)]))
def test_a_closed_candle_never_changes(coin_id, now, delay, days):
    def candles(at: int, days: int) -> dict[int, list[float]]:
        answer = msgspec.json.decode(ohlc(asked(coin_id, at, days=str(days))))
        return {stamp: values for stamp, *values in answer if stamp <= at * 1_000 - 30_000}

    earlier, later = candles(now, days[0]), candles(now + delay, days[1])
    shared = {stamp: values for stamp, values in earlier.items() if later and stamp >= min(later)}
    assert shared == {stamp: later.get(stamp) for stamp in shared}


@pytest.mark.parametrize(
    ("days", "step", "count"), [(1, 1_800, 49), (7, 14_400, 43), (30, 14_400, 181), (365, 345_600, 92)]
)
def test_candles_are_stamped_with_the_end_of_their_step(days, step, count):
    candles = msgspec.json.decode(ohlc(asked("bitcoin", NOON, days=str(days))))
    assert abs(len(candles) - count) <= 1
    assert all(candle[0] % (step * 1_000) == 0 for candle in candles)
    assert candles[-1][0] >= NOON * 1_000
    assert all(low <= min(o, c) and max(o, c) <= high for _, o, high, low, c in candles)


def test_whether_the_open_candle_is_shown_is_a_quirk():
    shown = {
        Quirks.of(seed).shows_open_candle: msgspec.json.decode(ohlc(asked("bitcoin", NOON + 60, seed, days="1")))[-1][0]
        for seed in MARKETS
    }
    assert shown[True] > (NOON + 60) * 1_000
    if False in shown:
        assert shown[False] <= (NOON + 60) * 1_000


async def test_more_than_a_year_needs_a_paid_key(caller: Caller):
    for days in ("366", "max"):
        path = f"/coins/bitcoin/market_chart?vs_currency=usd&days={days}"
        reply = await caller.get(path)
        assert reply.status == 401
        assert reply.json()["error"]["status"]["error_code"] == 10012
        assert (await caller.get(path, **{"x-cg-demo-api-key": "demo"})).status == 401
        paid = await caller.get(path, **{"x-cg-pro-api-key": "paid"})
        assert len(paid.json()["prices"]) > 365


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", '{"error":"Missing parameter vs_currency"}'),
        ("?vs_currency=usd", '{"error":"Missing parameter days"}'),
        ("?vs_currency=usd&days=soon", '{"error":"Invalid days"}'),
        ("?vs_currency=usd&days=0", '{"error":"Invalid days"}'),
    ],
)
async def test_a_chart_needs_a_currency_and_days(caller: Caller, query: str, body: str):
    for kind in ("market_chart", "ohlc"):
        reply = await caller.get(f"/coins/bitcoin/{kind}{query}")
        assert (reply.status, reply.text) == (422, body)
