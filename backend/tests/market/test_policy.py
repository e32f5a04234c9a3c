from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.freshness import MAX_JITTER
from dozor.market.endpoints import BY_PATH, ENDPOINTS
from dozor.market.policy import Pacing, chart_fresh_for, policy_for
from dozor.market.question import Question, canonical

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def question(path: str, **query: str) -> Question:
    names = dict.fromkeys(re.findall(r"{(\w+)}", path), "bitcoin")
    return canonical(BY_PATH[path], names, query.items(), full_history=True)


@pytest.mark.parametrize(
    ("path", "query", "keyless_s", "pro_s", "grace_s"),
    [
        # grace is for the keyless figure: 2 x fresh; details 300 s in all; charts and lists 1 x fresh
        ("/simple/price", {"ids": "a", "vs_currencies": "usd"}, 60, 20, 120),
        ("/coins/markets", {"vs_currency": "usd"}, 60, 45, 120),
        ("/coins/{id}", {}, 60, 60, 240),
        ("/coins/list", {}, 21600, 21600, 21600),  # longer than upstream's own 30 min: a new id has it fetched again
        ("/simple/supported_vs_currencies", {}, 60, 30, 60),
        ("/coins/{id}/market_chart", {"vs_currency": "usd", "days": "1"}, 300, 300, 300),
        ("/coins/{id}/market_chart", {"vs_currency": "usd", "days": "90"}, 1800, 1800, 1800),
        ("/coins/{id}/market_chart", {"vs_currency": "usd", "days": "365"}, 43200, 43200, 43200),
        ("/coins/{id}/ohlc", {"vs_currency": "usd", "days": "7"}, 900, 900, 900),
        ("/search", {"query": "x"}, 900, 900, 1800),
        ("/search/trending", {}, 600, 600, 1200),
        ("/global", {}, 600, 600, 1200),
        ("/ping", {}, 300, 300, 600),
        ("/simple/token_price/{id}", {"contract_addresses": "0x1", "vs_currencies": "usd"}, 60, 20, 120),
        ("/coins/{id}/contract/{contract_address}", {}, 60, 60, 240),
        ("/coins/{id}/tickers", {}, 120, 120, 240),
        ("/global/decentralized_finance_defi", {}, 3600, 3600, 7200),
        ("/exchange_rates", {}, 300, 300, 600),
        ("/exchanges/list", {}, 300, 300, 300),
        ("/derivatives", {}, 30, 30, 60),  # published for every plan, the keyless one too
        ("/asset_platforms", {}, 300, 300, 300),  # not published
        ("/onchain/networks/{network}/pools/{address}", {}, 60, 10, 120),
        ("/onchain/networks/{network}/pools/{pool_address}/ohlcv/{timeframe}", {}, 60, 10, 60),
        ("/coins/{id}/history", {"date": "22-11-2026"}, 1800, 1800, 1800),  # today: it may still change
        ("/coins/{id}/history", {"date": "21-11-2026"}, 86400, 86400, 86400),
        ("/coins/{id}/history", {"date": "2026-11-21"}, 86400, 86400, 86400),  # as a paid plan writes it
        ("/coins/{id}/history", {"date": "31-02-2026"}, 1800, 1800, 1800),
    ],
)
def test_fresh_and_grace_times_are_the_providers_cadence(
    path: str, query: dict[str, str], keyless_s: int, pro_s: int, grace_s: int
) -> None:
    asked = question(path, **query)
    for paid, seconds in ((False, keyless_s), (True, pro_s)):
        policy = policy_for(asked, NOON, Pacing(paid))
        assert seconds <= policy.fresh_for.total_seconds() <= seconds * (1 + MAX_JITTER)
        kept_for_search = path == "/coins/list"
        assert policy.stale_for > timedelta(days=3000) if kept_for_search else policy.stale_for == timedelta(hours=24)
    assert policy_for(asked, NOON, Pacing(paid=False)).grace_for.total_seconds() == grace_s


def test_the_operator_may_set_the_fresh_time_of_prices_only() -> None:
    price = policy_for(
        question("/simple/price", ids="a", vs_currencies="usd"), NOON, Pacing(paid=False, price_fresh_s=5)
    )
    assert 5 <= price.fresh_for.total_seconds() <= 5.5
    assert price.grace_for.total_seconds() == 10
    token = question("/simple/token_price/{id}", contract_addresses="0x1", vs_currencies="usd")
    assert policy_for(token, NOON, Pacing(paid=False, price_fresh_s=5)).fresh_for < timedelta(seconds=6)
    assert policy_for(question("/global"), NOON, Pacing(paid=False, price_fresh_s=5)).fresh_for >= timedelta(
        seconds=600
    )


@given(st.sampled_from(ENDPOINTS), instants, st.booleans())
def test_no_answer_is_asked_for_sooner_than_its_provider_updates(endpoint, fetched_at: datetime, paid: bool) -> None:
    query = {parameter.name: "7" for parameter in endpoint.parameters if parameter.required} | {"ids": "a"}
    asked = question(endpoint.path, **query)
    cadence = endpoint.cadence.pro_s if paid else endpoint.cadence.keyless_or_demo_s
    assert policy_for(asked, fetched_at, Pacing(paid)).fresh_for >= timedelta(seconds=cadence)


@given(instants, st.sampled_from([91, 365, math.inf]), st.sampled_from([10, 40]))
def test_a_daily_chart_is_renewed_when_the_new_day_appears(fetched_at: datetime, days: float, minutes: int) -> None:
    until = fetched_at + chart_fresh_for(days, fetched_at, timedelta(minutes=minutes))
    assert fetched_at < until <= fetched_at + timedelta(hours=12)
    new_day = until.replace(hour=0, minute=minutes, second=0, microsecond=0)
    assert not fetched_at < new_day < until


HOUR = 3600
DAY = 24 * HOUR
NOW_S = int(NOON.timestamp())


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        (NOW_S - DAY, NOW_S, 300),  # five-minute points up to now
        (NOW_S - 2 * DAY, NOW_S, 1800),
        (NOW_S - 90 * DAY, NOW_S, 1800),
        (NOW_S - 91 * DAY, NOW_S, 43200),
        (NOW_S - DAY, NOW_S + 365 * DAY, 300),  # nothing lies behind now
        (NOW_S - 9 * DAY, NOW_S - 8 * DAY, 43200),  # it is over
        ("2026-11-10", "2026-11-19", 43200),
        ("2026-11-10", "2026-11-22T11:59", 1800),
        (NOW_S, NOW_S - DAY, 300),
        ("soon", NOW_S, 300),
        (NOW_S * 1000, NOW_S * 1000, 300),  # milliseconds are no moment of ours
    ],
)
@pytest.mark.parametrize("path", ["/coins/{id}", "/coins/{id}/contract/{contract_address}"])
def test_a_chart_between_two_moments_is_as_fresh_as_its_points_are_dense(
    path: str, start: object, end: object, seconds: int
) -> None:
    query = {"vs_currency": "usd", "from": str(start), "to": str(end)}
    policy = policy_for(question(f"{path}/market_chart/range", **query), NOON, Pacing(paid=True))
    assert seconds <= policy.fresh_for.total_seconds() <= seconds * (1 + MAX_JITTER)


@given(st.text(max_size=25), st.text(max_size=25), instants)
def test_no_text_of_a_moment_or_a_date_breaks_the_policy(start: str, end: str, fetched_at: datetime) -> None:
    for last in (end, "9999-12-31T23:59", "0001-01-01T00:00+23:59", "9" * 18, "31-12-9999"):
        texts = {
            "from": start.strip() or "x",
            "to": last.strip() or "x",
            "date": last.strip() or "x",
            "vs_currency": "a",
        }
        for path in ("/coins/{id}/market_chart/range", "/coins/{id}/history"):
            policy_for(question(path, **texts), fetched_at, Pacing(paid=False))
