"""Closed points of charts: joined across answers and cut, and never a point that upstream has not said."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.market.series import DAY_MS, KINDS, Chart, Series, body_over, merged, read_chart

START = 1_795_000_000_000
LENGTHS = (7, 14, 30, 90)


@dataclass(frozen=True)
class Sampled:
    """What upstream has of a coin: an instant and a value for each step, for ever the same."""

    gaps: tuple[int, ...]
    marks: str

    def instants(self) -> list[int]:
        at, found = START, []
        for gap in self.gaps:
            at += gap
            found.append(at)
        return found

    def value(self, at: int, kind: str) -> str:
        return f"{at % 997}.{len(kind)}0{self.marks}"

    def body(self, now: int, days: int) -> bytes:
        """The answer at ``now``: closed points, and one of the moment that no other answer has."""
        closed = [at for at in self.instants() if now - days * DAY_MS <= at < now]
        points = {
            kind: [*(f"[{at},{self.value(at, kind)}]" for at in closed), f"[{now},0.{now}{days}]"] for kind in KINDS
        }
        return ("{" + ",".join(f'"{kind}":[{",".join(texts)}]' for kind, texts in points.items()) + "}").encode()


gaps = st.integers(60_000, DAY_MS)
samplings = st.builds(Sampled, st.lists(gaps, min_size=40, max_size=200).map(tuple), st.just(""))
asks = st.lists(st.tuples(st.integers(0, 150 * DAY_MS), st.sampled_from(LENGTHS)), min_size=1, max_size=6)


def points(body: bytes, kind: str) -> dict[int, str]:
    """Instants and texts of one kind, which go forward."""
    text = body.decode()
    lane = text.partition(f'"{kind}":[')[2].partition("]]")[0]
    pairs = [point.strip("[]").split(",") for point in lane.split("],[")]
    instants = [int(at) for at, _ in pairs]
    assert all(one < other for one, other in pairwise(instants)), "out of order"
    return {int(at): value for at, value in pairs}


def all_merged(charts: list[Chart]) -> Series:
    kept = charts[0].closed
    for chart in charts[1:]:
        kept = merged(kept, chart.closed)
    return kept


@given(samplings, asks, st.sampled_from(LENGTHS))
def test_whatever_is_served_was_said_and_nothing_known_between_its_ends_is_missing(
    sampled: Sampled, fetches: list[tuple[int, int]], days: int
) -> None:
    bodies = [(sampled.body(START + after, length), length) for after, length in fetches]
    charts = [read_chart(body, length) for body, length in bodies]
    for (body, _), chart in zip(bodies, charts, strict=True):
        served = body_over(days, chart, all_merged(charts))
        if served is None:
            continue
        closed = [at for at in sampled.instants() if chart.ends_at - days * DAY_MS <= at < chart.ends_at]
        for kind in KINDS:
            found = points(served, kind)
            assert list(found) == [*closed, chart.ends_at]
            assert all(found[at] == sampled.value(at, kind) for at in closed)
            assert found[chart.ends_at] == points(body, kind)[chart.ends_at]


@given(samplings, samplings, asks, asks, st.sampled_from(LENGTHS), st.randoms(use_true_random=False))
def test_answers_that_disagree_are_never_mixed_into_what_neither_said(
    one: Sampled, other: Sampled, of_one: list[tuple[int, int]], of_other: list[tuple[int, int]], days: int, dice
) -> None:
    """An upstream that samples otherwise for another length, or changed its past: points are still its own."""
    other = Sampled(other.gaps, "7")
    bodies = [(one, one.body(START + after, length), length) for after, length in of_one]
    bodies += [(other, other.body(START + after, length), length) for after, length in of_other]
    dice.shuffle(bodies)
    charts = [read_chart(body, length) for _, body, length in bodies]
    for (sampled, body, _), chart in zip(bodies, charts, strict=True):
        served = body_over(days, chart, all_merged(charts))
        if served is None:
            continue
        begins = chart.ends_at - days * DAY_MS
        for kind in KINDS:
            said = {pair for its, text, _ in bodies if its is sampled for pair in points(text, kind).items()}
            assert points(served, kind).items() <= said
            assert points(served, kind).items() >= {pair for pair in points(body, kind).items() if pair[0] >= begins}


def test_a_shorter_chart_continues_what_is_known_of_a_longer_one() -> None:
    sampled = Sampled((DAY_MS // 2,) * 300, "")
    long = read_chart(sampled.body(START + 95 * DAY_MS, 90), 90)
    later = START + 100 * DAY_MS
    short = read_chart(sampled.body(later, 7), 7)
    assert body_over(90, short, short.closed) is None, "seven days alone do not reach back"
    served = body_over(90, short, merged(long.closed, short.closed))
    assert served is not None
    own = sampled.body(later, 90)
    assert points(served, "prices").keys() == points(own, "prices").keys()


def test_what_lies_in_a_gap_between_two_charts_is_not_made_up() -> None:
    sampled = Sampled((DAY_MS // 2,) * 300, "")
    long = read_chart(sampled.body(START + 95 * DAY_MS, 90), 90)
    short = read_chart(sampled.body(START + 110 * DAY_MS, 7), 7)
    kept = merged(long.closed, short.closed)
    assert kept == short.closed
    assert body_over(30, short, kept) is None
    assert body_over(7, short, kept) is not None


def test_number_texts_survive() -> None:
    body = (
        b'{"prices":[[86400000,1.054e-05],[172800000,18710825.0],[172900000,2.50]],'
        b'"market_caps":[[86400000,null],[172800000,0.0],[172900000,1]],'
        b'"total_volumes":[[86400000,-1.0E+3],[172800000,1],[172900000,null]]}'
    )
    chart = read_chart(body, 90)
    assert body_over(90, chart, chart.closed) == body
    assert body_over(1, chart, chart.closed) == (
        b'{"prices":[[172800000,18710825.0],[172900000,2.50]],'
        b'"market_caps":[[172800000,0.0],[172900000,1]],'
        b'"total_volumes":[[172800000,1],[172900000,null]]}'
    )


def of_prices(*instants: object) -> bytes:
    return json.dumps({kind: [[at, 1] for at in instants] for kind in KINDS}).encode()


@pytest.mark.parametrize(
    ("body", "closed", "ends_at"),
    [
        (of_prices(10, 20, 30), [10, 20], 30),
        (of_prices(10), [], 10),
        # Recorded: the end comes twice, or goes back. Both ends may be of the moment, so neither is closed.
        (of_prices(10, 20, 30, 30), [10, 20], 30),
        (of_prices(10, 20, 30, 25), [10, 20], 30),
    ],
)
def test_the_point_of_the_moment_is_never_a_closed_one(body: bytes, closed: list[int], ends_at: int) -> None:
    chart = read_chart(body, 7)
    assert (list(chart.closed.instants), chart.ends_at) == (closed, ends_at)


@pytest.mark.parametrize(
    "body",
    [
        of_prices(),
        of_prices(10, 10, 20, 30),
        of_prices(10, 30, 20, 40),
        of_prices(10.5, 20),
        of_prices("10", 20),
        b'{"prices":[[1,1]],"market_caps":[[2,1]],"total_volumes":[[1,1]]}',
        b'{"prices":[[1,1]],"market_caps":[],"total_volumes":[[1,1]]}',
        b'{"prices":[[1,1]]}',
        b"[]",
    ],
)
def test_nothing_is_made_of_a_chart_that_is_not_as_every_recorded_one(body: bytes) -> None:
    with pytest.raises(ValueError):  # msgspec.DecodeError is one
        read_chart(body, 7)


def test_points_too_old_for_any_question_are_let_go() -> None:
    sampled = Sampled((DAY_MS,) * 200, "")
    kept = read_chart(sampled.body(START + 150 * DAY_MS, 90), 90).closed
    shorter = kept.last_days(30)
    assert list(shorter.instants) == list(kept.instants)[-31:]
    assert shorter.last_days(30) == shorter == kept.last_days(60).last_days(30)
    assert shorter.size_bytes < kept.size_bytes
