"""What peers get wrong (``alerts.md`` section 11), with a real server, a real database and a real receiver."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.watched_market import WatchedMarket, watched_market
from running_dozor import until

UP_TO_110 = {"type": "price_cross", "level": "110", "direction": "up"}


@pytest.fixture
async def market(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WatchedMarket]:
    async with watched_market(tmp_path, monkeypatch) as watched:
        yield watched


async def test_reminders_come_every_hour_while_it_stays_true_and_nothing_else_does(market: WatchedMarket) -> None:
    await market.armed(
        {"type": "price_state", "level": "110", "op": ">="},
        repeat="remind",
        cooldown_s=3600,
        remind_every_s=3600,
        remind_at_most=5,
    )
    await market.pass_by(30, bitcoin=120.0)
    for _ in range(53):  # two and a half hours, without a gap
        await market.pass_by(170, bitcoin=121.0)
    kinds = [event["kind"] for event in await market.events()]
    assert kinds == ["fired", "reminder", "reminder"]
    got = await market.until_delivered(3)
    assert [one["type"] for one in got] == ["alert.fired", "alert.reminder", "alert.reminder"]
    assert len(set(market.receiver.ids)) == 3


async def test_what_a_provider_that_was_down_missed_is_delivered_and_labelled_late(market: WatchedMarket) -> None:
    await market.armed(UP_TO_110)
    market.receiver.says(503)
    await market.pass_by(30, bitcoin=120.0)
    await until(lambda: _has_tried(market), 20)
    for _ in range(20):  # ten minutes
        await market.pass_by(30)
    tried = len(market.receiver.ids)
    market.receiver.answer = None
    for _ in range(30):
        await market.pass_by(30)
        if (await market.owner.ok("GET", "/status"))["outbox"]["waiting"] == 0:
            break
    assert tried > 1
    (event,) = await market.events()
    assert set(market.receiver.ids) == {event["id"]}
    assert market.receiver.got[-1]["data"]["late_by_s"] > 600
    (delivery,) = (await market.owner.ok("GET", "/deliveries"))["items"]
    assert delivery["status"] == "delivered"


async def _has_tried(market: WatchedMarket) -> bool:
    return bool(market.receiver.ids)


async def test_a_price_that_trembles_round_its_level_is_one_event(market: WatchedMarket) -> None:
    await market.armed({"type": "price_cross", "level": "70", "direction": "any"}, coin_id="bitcoin")
    for price in (69.9, 70.1, 69.95, 70.05):
        await market.pass_by(60, bitcoin=price)
    # From 100 the price comes down through the level once; what trembles round it afterwards is within the band.
    assert [event["kind"] for event in await market.events()] == ["fired"]


async def test_a_wick_is_one_event_and_not_one_for_each_cooldown(market: WatchedMarket) -> None:
    market.upstream.high_24h["bitcoin"] = 101.0
    rule = await market.armed(UP_TO_110, cooldown_s=60)
    market.upstream.high_24h["bitcoin"] = 115.0  # it was there, and is back
    await market.pass_by(30)
    for _ in range(10):
        await market.pass_by(60)
    (event,) = await market.events()
    assert (event["alert_id"], event["data"]["via"], event["data"]["extreme"]) == (rule, "high_24h", "115.0")
    assert event["data"]["after"]["value"] == "100.0"


async def test_a_coin_of_tiny_price_fires_when_it_jumps_over_its_level(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched_market(tmp_path, monkeypatch, shiba=0.000012) as market:
        await market.armed({"type": "price_cross", "level": "0.0000125", "direction": "any"}, coin_id="shiba")
        await market.pass_by(30, shiba=0.000014)
        (told,) = await market.until_delivered(1)
        assert (told["data"]["before"]["value"], told["data"]["after"]["value"]) == ("0.000012", "0.000014")


async def test_two_processes_on_one_database_make_one_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        watched_market(tmp_path, monkeypatch) as first,
        watched_market(tmp_path, monkeypatch) as second,
    ):
        held = [(await one.owner.ok("GET", "/status"))["watch"]["is_held_here"] for one in (first, second)]
        assert sorted(held) == [False, True]
        watching = first if held[0] else second
        await watching.armed(UP_TO_110)
        await watching.pass_by(30, bitcoin=120.0)
        (told,) = await watching.until_delivered(1)
        (event,) = await second.events()
        assert told["data"]["event_id"] == event["id"]


async def test_markup_in_a_name_is_delivered_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with watched_market(tmp_path, monkeypatch, **{"<b>_*[": 100.0}) as market:
        await market.armed(UP_TO_110, coin_id="<b>_*[")
        await market.pass_by(30, **{"<b>_*[": 120.0})
        (told,) = await market.until_delivered(1)
        assert "<b>_*[" in told["data"]["text"].lower()


async def test_what_passed_while_dozor_was_down_is_one_event_from_the_chart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched_market(tmp_path, monkeypatch) as market:
        await market.armed(UP_TO_110, cooldown_s=0, rearm_band_pct="0")
        down_at = market.dozor.clock.now()
    async with watched_market(tmp_path, monkeypatch) as market:
        # Twice over the level while nobody watched, and below it again: no price that is seen tells.
        walk = [100.0, 115.0, 105.0, 116.0, 104.0, 103.0]
        market.upstream.chart = [(down_at + timedelta(minutes=5 * n), price) for n, price in enumerate(walk, 1)]
        await market.pass_by(3600, bitcoin=102.0)
        (event,) = await market.events()
        assert event["data"]["after"]["value"] == "115.0"
        assert event["data"]["crossings"] == 2
        assert event["data"]["late_by_s"] > 2900
        await market.pass_by(30, bitcoin=120.0)
        assert len(await market.events()) == 2


async def test_without_a_chart_the_extremes_of_the_day_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with watched_market(tmp_path, monkeypatch) as market:
        market.upstream.high_24h["bitcoin"] = 101.0
        await market.armed(UP_TO_110)
    async with watched_market(tmp_path, monkeypatch) as market:
        market.upstream.high_24h["bitcoin"] = 115.0
        await market.pass_by(8 * 3600)
        (event,) = await market.events()
        assert (event["data"]["via"], event["data"]["extreme"]) == ("high_24h", "115.0")


async def test_who_has_no_data_is_told_once_and_again_when_there_is(market: WatchedMarket) -> None:
    rule = await market.armed(UP_TO_110)
    stopped_at = market.dozor.clock.now()
    for _ in range(40):  # twenty minutes in which upstream says the same old price
        await market.look_again(30, seen_at=stopped_at)
    assert await market.owner.state_of(rule) == "no_data"
    assert [told["type"] for told in market.receiver.got] == ["system.blind"]
    assert "1\N{NO-BREAK SPACE}rule without data" in market.receiver.got[0]["data"]["text"]
    await market.pass_by(30, bitcoin=120.0)
    await market.until_delivered(3)
    assert sorted(told["type"] for told in market.receiver.got) == ["alert.fired", "system.blind", "system.sees_again"]
    assert await market.owner.state_of(rule) != "no_data"
