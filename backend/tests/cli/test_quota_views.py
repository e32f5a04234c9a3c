"""The lines of ``quota show``, for what a test cannot bring a real ledger to within its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from dozor.cli.quota_views import lines_of
from dozor.domain.projection import Projection
from dozor.market.ports import QuotaUsage, WindowUsage

RESET = datetime(2026, 12, 1, tzinfo=UTC)
USAGE = QuotaUsage(minute=WindowUsage(2, 27), month=WindowUsage(8000, 10_000, RESET))


def english(usage: QuotaUsage) -> list[str]:
    return [words.en for words in lines_of(usage)]


def russian(usage: QuotaUsage) -> list[str]:
    return [words.ru for words in lines_of(usage)]


def test_as_usual_there_are_four_lines() -> None:
    assert english(USAGE) == [
        "Calls this month: 8000 / 10000",
        "Remaining: 2000",
        "Starts again: 2026-12-01 00:00 UTC",
        "Minute in use: 2 / 27",
    ]


def test_a_month_that_will_not_last_says_until_when_it_does() -> None:
    usage = replace(USAGE, projection=Projection(10_909, datetime(2026, 11, 28, 11, 30, tzinfo=UTC)))
    assert english(usage)[3:5] == ["At this pace, by then: 10909", "The limit is reached: 2026-11-28 11:30 UTC"]
    assert russian(usage)[3:5] == [
        "Если так пойдёт и дальше, к новому счёту: 10909",
        "Предел будет исчерпан: 2026-11-28 11:30 UTC",
    ]
    assert english(replace(USAGE, projection=Projection(9000, None)))[3:4] == ["At this pace, by then: 9000"]


def test_a_pause_and_other_machines_are_named() -> None:
    usage = replace(USAGE, machines=3, paused_until=datetime(2026, 11, 28, 11, 30, 5, tzinfo=UTC), costs={"a": 7})
    assert english(usage)[4:] == [
        "No call goes out before 11:30:05 UTC",
        "Machines on this quota: 3",
        "What it went on at this machine:",
        "  7  a",
    ]


def test_costs_stand_in_a_column_and_corrections_have_a_name() -> None:
    usage = replace(USAGE, costs={"get_crypto_list": 120, "other": -3})
    assert russian(usage)[4:] == ["На что ушло:", "  120  get_crypto_list", "   -3  прочее"]


def test_without_a_limit_nothing_is_said_of_one() -> None:
    usage = replace(USAGE, minute=WindowUsage(2, None), month=WindowUsage(8000, None, RESET), month_is_known=False)
    assert english(usage) == [
        "Calls this month: 8000",
        "Remaining: ∞",
        "Starts again: 2026-12-01 00:00 UTC",
        "Minute in use: 2 / ∞",
        "What was counted before is lost",
    ]
