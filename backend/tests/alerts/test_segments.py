"""What a series of prices takes in, and what it makes of the time between two of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dozor.alerts.segments import Mark, Segment, Trust, take
from dozor.domain.quotes import Quote, QuoteSource

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLL = timedelta(seconds=60)


def quote(value: str, after_s: float, high: str | None = None, low: str | None = None) -> Quote:
    at = START + timedelta(seconds=after_s)
    return Quote(
        "bitcoin",
        "usd",
        QuoteSource.MARKETS,
        Decimal(value),
        at,
        at,
        Decimal(high) if high else None,
        Decimal(low) if low else None,
        Decimal(10**9),
    )


def all_of(*quotes: Quote) -> list[Segment]:
    mark: Mark | None = None
    segments: list[Segment] = []
    for one in quotes:
        taken = take(mark, one, POLL)
        if taken is not None:
            mark = taken.mark
            segments += [segment for segment in taken.segments if segment.trust is not Trust.SIDES]
    return segments


def test_the_first_quote_only_says_where_the_series_is() -> None:
    taken = take(None, quote("1", 0), POLL)
    assert taken is not None
    assert [segment.trust for segment in taken.segments] == [Trust.SIDES]


def test_what_is_not_later_is_passed_over() -> None:
    assert len(all_of(quote("1", 0), quote("1.1", 60), quote("1.2", 60), quote("1.3", 30), quote("1.1", 60))) == 1


def test_a_change_of_source_only_sets_the_side() -> None:
    from_prices = replace(quote("1.2", 60), source=QuoteSource.PRICE)
    assert not all_of(quote("1", 0), from_prices)
    (segment,) = all_of(quote("1", 0), from_prices, replace(quote("1.3", 120), source=QuoteSource.PRICE))
    assert (segment.before, segment.reading.last) == (Decimal("1.2"), Decimal("1.3"))


def test_an_extreme_that_has_grown_was_reached_in_between() -> None:
    (segment,) = all_of(quote("69", 0, high="70", low="60"), quote("69", 60, high="71", low="60"))
    assert (segment.reading.low, segment.reading.high) == (Decimal(69), Decimal(71))


def test_an_extreme_that_was_there_before_says_nothing() -> None:
    (segment,) = all_of(quote("69", 0, high="75", low="60"), quote("69", 60, high="74", low="61"))
    assert (segment.reading.low, segment.reading.high) == (Decimal(69), Decimal(69))


def test_a_value_that_cannot_be_a_price_is_passed_over() -> None:
    assert not all_of(quote("1", 0), quote("0", 60), quote("-1", 120), quote("NaN", 180), quote("Infinity", 240))


def test_an_implausible_value_waits_until_it_is_seen_again() -> None:
    doubted, confirmed, next_one = all_of(quote("100", 0), quote("160", 60), quote("158", 120))
    assert (doubted.trust, doubted.reading.last) == (Trust.ONLY_BOLD, Decimal(160))
    assert (confirmed.trust, confirmed.at) == (Trust.ONLY_CAREFUL, START + timedelta(seconds=60))
    assert (next_one.trust, next_one.reading.last) == (Trust.ALL, Decimal(158))


def test_a_value_that_nothing_confirms_is_forgotten() -> None:
    doubted, next_one = all_of(quote("100", 0), quote("160", 60), quote("101", 120))
    assert doubted.trust is Trust.ONLY_BOLD
    assert (next_one.trust, next_one.before, next_one.reading.last) == (Trust.ALL, Decimal(100), Decimal(101))


def test_a_coin_that_hardly_trades_may_jump() -> None:
    (segment,) = all_of(quote("100", 0), replace(quote("160", 60), volume_24h=Decimal(5)))
    assert segment.trust is Trust.ALL


def test_a_large_move_after_a_gap_is_a_move() -> None:
    (segment,) = all_of(quote("100", 0), quote("160", 3600))
    assert (segment.trust, segment.is_after_gap) == (Trust.ALL, True)


QUOTES = st.lists(
    st.builds(quote, st.sampled_from(["1", "1.1", "2", "0.5", "0"]), st.integers(0, 1000)), min_size=1, max_size=20
)


@given(QUOTES)
def test_segments_go_forward_and_join(quotes: list[Quote]) -> None:
    segments = [segment for segment in all_of(*quotes) if segment.trust is not Trust.ONLY_BOLD]
    assert all(segment.before_at < segment.at for segment in segments)
    assert all(one.at <= other.at for one, other in pairwise(segments))


@given(QUOTES)
def test_taking_in_the_same_twice_changes_nothing(quotes: list[Quote]) -> None:
    once = all_of(*quotes)
    assert all_of(*(one for one in quotes for _ in range(2))) == once
