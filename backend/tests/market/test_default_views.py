"""Which answers have a copy that people can look up, under which name, and what is in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from dozor.caching.entry import Entry
from dozor.domain.freshness import FreshnessPolicy
from dozor.market.default_views import Copies, chart_question, coins_question, name_and_view
from dozor.market.endpoints import match
from dozor.market.question import Question, canonical

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
POLICY = FreshnessPolicy(timedelta(seconds=60), timedelta(seconds=120))
ROW = b'{"id":"bitcoin","symbol":"btc","name":"Bitcoin","current_price":1.054e-05,"market_cap_rank":1}'


class RecordingKeeper:
    def __init__(self) -> None:
        self.copies: dict[str, tuple[bytes, datetime, timedelta]] = {}

    def copy(self, key: str, body: bytes, fetched_at: datetime, expires_in: timedelta) -> None:
        self.copies[key] = (body, fetched_at, expires_in)


def name_of(question: Question) -> str | None:
    named = name_and_view(question)
    return named[0] if named else None


def asked(path: str, **query: str) -> Question:
    found = match(path.strip("/").split("/"))
    assert found is not None
    return canonical(*found, query.items(), full_history=True)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        (coins_question("usd", 1, 100, "market_cap_desc"), "coins_list:100:1"),
        (coins_question("USD", 3, 250, "market_cap_desc"), "coins_list:250:3"),
        (chart_question("bitcoin", "usd", "7"), "coin_chart:bitcoin:7d"),
        (chart_question("bitcoin", "usd", "365"), "coin_chart:bitcoin:1y"),
        # What a client of the gateway asks in the same words is the same answer.
        (asked("/coins/bitcoin/market_chart", vs_currency="usd", days="1"), "coin_chart:bitcoin:1d"),
        # Anything but the default has no copy: one name can hold one answer.
        (coins_question("eur", 1, 100, "market_cap_desc"), None),
        (coins_question("usd", 1, 100, "volume_desc"), None),
        (asked("/coins/markets", vs_currency="usd"), None),
        (asked("/coins/markets", vs_currency="usd", page="x", per_page="y"), None),
        (chart_question("bitcoin", "eur", "7"), None),
        (asked("/coins/bitcoin/market_chart", vs_currency="usd", days="14"), None),
        (asked("/coins/bitcoin/market_chart", vs_currency="usd", days="7", interval="daily"), None),
        (asked("/coins/bitcoin"), None),
    ],
)
def test_only_the_default_answers_have_a_copy(question: Question, name: str | None) -> None:
    assert name_of(question) == name


def test_the_copy_is_the_answer_of_our_own_api() -> None:
    keeper = RecordingKeeper()
    question = coins_question("usd", 1, 100, "market_cap_desc")
    body = b"[" + ROW + b"]"
    Copies(keeper).write(question, body, Entry(question.key, body, NOON, POLICY))
    copy, fetched_at, expires_in = keeper.copies["coins_list:100:1"]
    answer = json.loads(copy)
    assert b'"price":1.054e-05' in copy, "upstream's own number text"
    assert [coin["id"] for coin in answer["items"]] == ["bitcoin"]
    assert answer["meta"] == {
        "observed_at": "2026-11-22T12:00:00.000Z",
        "age_s": 0,
        "state": "fresh",
        "source": "upstream",
        "approximate": False,
    }
    assert (fetched_at, expires_in) == (NOON, POLICY.usable_for)


def test_a_body_that_cannot_be_shown_leaves_no_copy() -> None:
    keeper = RecordingKeeper()
    question = chart_question("bitcoin", "usd", "7")
    body = b"[]"
    Copies(keeper).write(question, body, Entry(question.key, body, NOON, POLICY))
    assert not keeper.copies
