"""How long somebody is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.backoff import INSTEAD_OF_NONSENSE, LONGEST_OBEYED, Doubling, requested_pause

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@pytest.mark.parametrize(
    ("failures", "pause"), [(1, 30), (2, 60), (3, 120), (4, 240), (5, 300), (6, 300), (100_000, 300)]
)
def test_pause_doubles_up_to_the_longest(failures: int, pause: int) -> None:
    assert Doubling(seconds(30), seconds(300)).pause(failures) == seconds(pause)


@pytest.mark.parametrize(
    ("retry_after", "pause"),
    [
        (None, None),  # no header at all
        ("119", seconds(119)),  # what CoinGecko was seen to send
        (" 7 ", seconds(7)),
        ("1.5", seconds(1.5)),  # not in the RFC, but there is only one thing it can mean
        ("0", None),  # a refusal that asks to come back at once: no demand at all
        ("86400", seconds(86_400)),  # the longest that is obeyed
        ("86401", HOUR),
        ("1000000000", HOUR),  # 31 years
        ("9" * 400, HOUR),  # more than a float holds
        ("-5", HOUR),
        ("", None),
        ("soon", None),
        ("12 parsecs", None),
        ("١٢", None),  # digits, but not the header's
        ("nan", None),
        ("inf", None),
        ("Sun, 22 Nov 2026 12:02:00 GMT", seconds(120)),
        ("Sunday, 22-Nov-26 12:02:00 GMT", seconds(120)),  # the obsolete form, still legal to send
        ("Sun, 22 Nov 2026 12:00:00 GMT", None),  # now
        ("Sun, 22 Nov 2026 11:59:00 GMT", HOUR),  # the past is a negative pause
        ("Wed, 22 Nov 2056 12:00:00 GMT", HOUR),
        ("Fri, 31 Dec 9999 23:59:59 -0100", HOUR),  # in UTC it is the year 10000
        ("Sun, 99 Nov 2026 12:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_the_table_says(retry_after: str | None, pause: timedelta | None) -> None:
    assert requested_pause(retry_after, NOW) == pause


def test_date_is_counted_from_the_answers_own_date_so_that_our_clock_may_be_wrong() -> None:
    hours_off = NOW + timedelta(hours=5)
    pause = requested_pause("Sun, 22 Nov 2026 12:02:00 GMT", hours_off, sent_at="Sun, 22 Nov 2026 12:00:30 GMT")
    assert pause == seconds(90)


def test_unreadable_date_header_leaves_our_own_clock() -> None:
    assert requested_pause("Sun, 22 Nov 2026 12:02:00 GMT", NOW, sent_at="yesterday") == seconds(120)


def test_absurd_date_header_never_raises() -> None:
    pause = requested_pause("Sun, 22 Nov 2026 12:02:00 GMT", NOW, sent_at="Fri, 31 Dec 9999 23:59:59 -0100")
    assert pause == HOUR


@given(st.one_of(st.text(max_size=40), st.integers().map(str), st.floats().map(str)))
def test_whatever_the_header_says_the_pause_is_positive_and_bounded(retry_after: str) -> None:
    pause = requested_pause(retry_after, NOW)
    assert pause is None or timedelta(0) < pause <= max(LONGEST_OBEYED, INSTEAD_OF_NONSENSE)
