"""The workload of ``bench/frugal``, and the planner that it is simulated with."""

from __future__ import annotations

import pytest

from bench.frugal import by_url, greedy
from bench.frugal.questions import Chart, Columns, Detail, Other, Page, Prices, Question, Watchlist
from bench.frugal.workload import KINDS, Request, largest_coins, trace

RANKING = [f"coin-{place}" for place in range(600)]
UNITS = greedy.Units(RANKING)


def asked(*questions: tuple[float, Question]) -> list[Request]:
    return [Request(at, question) for at, question in questions]


def test_the_same_seed_gives_the_same_requests_and_another_one_does_not() -> None:
    requests = list(trace(20, seed=1))
    assert list(trace(20, seed=1)) == requests
    assert list(trace(20, seed=2)) != requests


def test_a_longer_trace_begins_with_the_shorter_one() -> None:
    short = list(trace(10))
    assert list(trace(30))[: len(short)] == short


def test_twenty_questions_a_second_come_in_the_shares_of_the_table() -> None:
    requests = list(trace(180))
    assert len(requests) == pytest.approx(3_600, rel=0.05)
    for kind, share in KINDS.items():
        assert sum(r.question.kind == kind for r in requests) / len(requests) == pytest.approx(share, rel=0.25)


def test_questions_are_about_three_hundred_coins() -> None:
    coins = largest_coins()
    assert len(coins) == len(set(coins)) == 300
    opened = {r.question.id for r in trace(60) if isinstance(r.question, Detail | Chart)}
    assert opened <= set(coins)


def test_a_question_is_written_as_clients_write_it() -> None:
    assert Prices(("b", "a"), ("usd",), ("include_market_cap",), "2").target == (
        "/api/v3/simple/price?ids=b,a&vs_currencies=usd&include_market_cap=true&precision=2"
    )
    assert Watchlist("usd", ("a",), Columns(sparkline=True, changes=("1h", "7d"))).target == (
        "/api/v3/coins/markets?vs_currency=usd&ids=a&sparkline=true&price_change_percentage=1h,7d"
    )
    assert Other("lists", "/global").target == "/api/v3/global"


def test_one_call_of_the_planner_answers_all_prices() -> None:
    planner = greedy.simulate(asked((0, Prices(("a",), ("usd",))), (0.1, Prices(("b", "c"), ("eur", "btc")))), UNITS)
    assert len(planner.calls) == 1
    assert [(o.answered, round(o.waited, 2)) for o in planner.outcomes] == [(True, 0.15), (True, 0.05)]


def test_a_page_inside_the_250_rows_is_a_slice_of_them_and_one_across_is_not() -> None:
    assert UNITS.of(Page("usd", 100, 2)) == UNITS.of(Page("usd", 250, 1)) == UNITS.of(Watchlist("usd", ("coin-249",)))
    assert UNITS.of(Page("usd", 100, 3)) not in (UNITS.of(Page("usd", 250, 1)), UNITS.of(Page("usd", 250, 2)))
    assert UNITS.of(Page("usd", 250, 1)) != UNITS.of(Page("eur", 250, 1))
    assert len(UNITS.of(Watchlist("usd", ("coin-0", "coin-250")))) == 2


def test_charts_of_7_and_30_days_are_one_unit_only_where_that_is_allowed() -> None:
    week, month, day = (Chart("coin-0", "usd", days) for days in (7, 30, 1))
    strict = greedy.Units(RANKING, hours_are_one=False)
    assert UNITS.of(week) == UNITS.of(month) != UNITS.of(day)
    assert strict.of(week) != strict.of(month)


def test_the_planner_makes_27_calls_a_minute_and_calls_for_most_people_first() -> None:
    many = [(0.0, Detail(f"coin-{place}")) for place in range(40)]
    wanted_by_two = [(1.0, Detail("coin-50")), (58.0, Detail("coin-51")), (58.1, Detail("coin-52"))]
    planner = greedy.simulate(asked(*many, *wanted_by_two, (58.2, Detail("coin-52"))), UNITS)
    first, later = [at for at, _ in planner.calls[:27]], planner.calls[27:]
    assert first == [0.0] * 27
    assert [(at, unit.name) for at, unit in later[:2]] == [(60.0, "detail coin-52"), (60.0, "detail coin-51")]


def test_who_waits_for_more_than_eight_seconds_has_failed() -> None:
    many = [(0.0, Detail(f"coin-{place}")) for place in range(28)]
    planner = greedy.simulate(asked(*many), UNITS)
    assert [o.answered for o in planner.outcomes].count(False) == 1
    assert max(o.waited for o in planner.outcomes) == pytest.approx(8.0)


def test_with_nobody_waiting_the_planner_refreshes_the_stale_unit_in_most_demand() -> None:
    questions = [(0.0, Detail("coin-0")), (0.0, Detail("coin-1")), (1.0, Detail("coin-1"))]
    planner = greedy.simulate(asked(*questions, (70.0, Detail("coin-1"))), UNITS)
    assert [unit.name for _, unit in planner.calls] == [
        "detail coin-0",
        "detail coin-1",
        "detail coin-1",
        "detail coin-0",
    ]
    assert planner.calls[2][0] == pytest.approx(60.15)
    assert planner.outcomes[-1].age == pytest.approx(70 - 60.30)


def test_a_cache_of_urls_pays_for_every_spelling() -> None:
    spelt = asked(
        (0, Prices(("a", "b"), ("usd",))), (1, Prices(("b", "a"), ("usd",))), (2, Prices(("a", "b"), ("usd",)))
    )
    assert by_url.simulate(spelt, 60).calls == 2
    assert by_url.simulate(spelt, None).calls == 3


def test_a_cache_of_urls_fails_whoever_asks_first_when_the_minute_is_spent() -> None:
    questions = asked(*((0.1 * n, Detail(f"coin-{n}")) for n in range(31)), (4.0, Detail("coin-0")))
    tally = by_url.simulate(questions, 60)
    assert (tally.requests, tally.answered, tally.refused) == (32, 31, 1)
