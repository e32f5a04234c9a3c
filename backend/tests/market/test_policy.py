from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.freshness import MAX_JITTER
from dozor.market.endpoints import BY_PATH, ENDPOINTS
from dozor.market.policy import chart_fresh_for, policy_for
from dozor.market.question import Question, canonical

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def question(path: str, **query: str) -> Question:
    names = {"id": "bitcoin"} if "{id}" in path else {}
    return canonical(BY_PATH[path], names, query.items(), full_history=True)


@pytest.mark.parametrize(
    ("path", "query", "keyless_s", "pro_s", "grace_s"),
    [
        # grace is for the keyless figure: 2 x fresh; details 300 s in all; charts and lists 1 x fresh
        ("/simple/price", {"ids": "a", "vs_currencies": "usd"}, 60, 20, 120),
        ("/coins/markets", {"vs_currency": "usd"}, 60, 45, 120),
        ("/coins/{id}", {}, 60, 60, 240),
        ("/coins/list", {}, 1800, 1800, 1800),
        ("/simple/supported_vs_currencies", {}, 60, 30, 60),
        ("/coins/{id}/market_chart", {"vs_currency": "usd", "days": "1"}, 300, 300, 300),
        ("/coins/{id}/market_chart", {"vs_currency": "usd", "days": "90"}, 1800, 1800, 1800),
        ("/coins/{id}/market_chart", {"vs_currency": "usd", "days": "365"}, 43200, 43200, 43200),
        ("/coins/{id}/ohlc", {"vs_currency": "usd", "days": "7"}, 900, 900, 900),
        ("/search", {"query": "x"}, 900, 900, 1800),
        ("/search/trending", {}, 600, 600, 1200),
        ("/global", {}, 600, 600, 1200),
        ("/ping", {}, 300, 300, 600),
    ],
)
def test_fresh_and_grace_times_are_the_providers_cadence(
    path: str, query: dict[str, str], keyless_s: int, pro_s: int, grace_s: int
) -> None:
    asked = question(path, **query)
    for paid, seconds in ((False, keyless_s), (True, pro_s)):
        policy = policy_for(asked, NOON, paid=paid, price_fresh_s=None)
        assert seconds <= policy.fresh_for.total_seconds() <= seconds * (1 + MAX_JITTER)
        assert policy.stale_for == timedelta(hours=24)
    assert policy_for(asked, NOON, paid=False, price_fresh_s=None).grace_for.total_seconds() == grace_s


def test_the_operator_may_set_the_fresh_time_of_prices_only() -> None:
    price = policy_for(question("/simple/price", ids="a", vs_currencies="usd"), NOON, paid=False, price_fresh_s=5)
    assert 5 <= price.fresh_for.total_seconds() <= 5.5
    assert price.grace_for.total_seconds() == 10
    assert policy_for(question("/global"), NOON, paid=False, price_fresh_s=5).fresh_for >= timedelta(seconds=600)


@given(st.sampled_from(ENDPOINTS), instants, st.booleans())
def test_no_answer_is_asked_for_sooner_than_its_provider_updates(endpoint, fetched_at: datetime, paid: bool) -> None:
    query = {parameter.name: "7" for parameter in endpoint.parameters if parameter.required} | {"ids": "a"}
    asked = question(endpoint.path, **query)
    cadence = endpoint.cadence.pro_s if paid else endpoint.cadence.keyless_or_demo_s
    assert policy_for(asked, fetched_at, paid=paid, price_fresh_s=None).fresh_for >= timedelta(seconds=cadence)


@given(instants, st.sampled_from(["91", "365", "max"]))
def test_a_daily_chart_is_renewed_when_the_new_day_appears(fetched_at: datetime, days: str) -> None:
    until = fetched_at + chart_fresh_for(days, fetched_at)
    assert fetched_at < until <= fetched_at + timedelta(hours=12)
    new_day = until.replace(hour=0, minute=10, second=0, microsecond=0)
    assert not fetched_at < new_day < until
