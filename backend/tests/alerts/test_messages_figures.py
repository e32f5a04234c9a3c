"""Numbers, spans and lengths as people and channels count them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.alerts.messages.figures import figure, money, percent, rounded
from dozor.alerts.messages.message import Message, cut, utf16_units
from dozor.alerts.messages.plurals import RULES
from dozor.alerts.messages.times import Reader
from dozor.telemetry.phrases import Language

RU, EN = Language.RU, Language.EN


@pytest.mark.parametrize(
    ("value", "russian", "english"),
    [
        ("0.0000125", "0,0000125", "0.0000125"),  # as in negative test 7
        ("1.25E-9", "0,00000000125", "0.00000000125"),
        ("7E+4", "70\u202f000", "70,000"),
        ("1234567.80", "1\u202f234\u202f567,80", "1,234,567.80"),  # decimals stay as they were said
        ("-1500", "−1\u202f500", "−1,500"),
        ("999", "999", "999"),
    ],
)
def test_a_figure_has_all_its_digits_and_no_exponent(value: str, russian: str, english: str) -> None:
    assert figure(Decimal(value), RU) == russian
    assert figure(Decimal(value), EN) == english


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e15"), max_value=Decimal("1e15")))
def test_a_figure_is_read_back_as_the_same_number(value: Decimal) -> None:
    assert Decimal(figure(value, EN).replace(",", "").replace("−", "-")) == value
    assert Decimal(figure(value, RU).replace("\u202f", "").replace(",", ".").replace("−", "-")) == value


def test_money_stands_as_its_language_has_it() -> None:
    assert money(Decimal(70000), "usd", RU) == "70\u202f000\u00a0$"
    assert money(Decimal(70000), "usd", EN) == "$70,000"
    assert money(Decimal("-0.5"), "rub", EN) == "−₽0.5"
    assert money(Decimal("0.05"), "btc", RU) == "0,05\u00a0BTC"


def test_percents_have_their_sign_where_it_is_wanted() -> None:
    assert percent(Decimal("5.2"), RU, signed=True) == "+5,2\u00a0%"
    assert percent(Decimal("-5.2"), EN, signed=True) == "−5.2%"
    assert percent(Decimal(5), EN) == "5%"


@pytest.mark.parametrize(
    ("value", "short"),
    [
        ("67961.1650485436893203883", "67961.165"),
        ("123456789.4", "123456789"),  # the whole part is never rounded away
        ("0.0000123456789", "0.000012345679"),
        ("5.10", "5.1"),
        ("0", "0"),
    ],
)
def test_what_we_computed_is_rounded_to_eight_digits(value: str, short: str) -> None:
    assert f"{rounded(Decimal(value)):f}" == short


@pytest.mark.parametrize(
    ("number", "word"),
    [
        *((number, "правило") for number in (1, 21, 101)),
        *((number, "правила") for number in (2, 4, 22, 1004)),
        *((number, "правил") for number in (0, 5, 11, 12, 14, 111)),
    ],
)
def test_russian_has_three_forms_of_what_is_counted(number: int, word: str) -> None:
    assert RULES.word(number, RU) == word
    assert RULES.word(number, EN) == ("rule" if number == 1 else "rules")


@pytest.mark.parametrize(
    ("length", "russian", "english"),
    [
        (timedelta(seconds=-5), "0 с", "0 s"),
        (timedelta(seconds=59.9), "59 с", "59 s"),
        (timedelta(minutes=2, seconds=5), "2 мин 5 с", "2 min 5 s"),
        (timedelta(minutes=47, seconds=59), "47 мин", "47 min"),
        (timedelta(hours=2, minutes=5), "2 ч 5 мин", "2 h 5 min"),
        (timedelta(days=1), "1 день", "1 day"),
        (timedelta(days=3, hours=4), "3 дня 4 ч", "3 days 4 h"),
    ],
)
def test_a_span_is_told_in_its_largest_units(length: timedelta, russian: str, english: str) -> None:
    assert Reader(RU).span(length).replace("\u00a0", " ") == russian
    assert Reader(EN).span(length).replace("\u00a0", " ") == english


def test_moments_go_by_the_readers_clock_and_calendar() -> None:
    at = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    berlin, tokyo = Reader(EN, "Europe/Berlin"), Reader(RU, "Asia/Tokyo")
    assert berlin.moment(at, at) == "00:30:00"
    # The hour that Berlin leaves out in that night.
    assert berlin.moment(at + timedelta(hours=2), at) == "03:30:00"
    assert tokyo.moment(at, at + timedelta(days=1)) == "29\u00a0марта 08:30:00"
    assert berlin.moment(at, at + timedelta(days=365)) == "29\u00a0Mar 2026 00:30:00"


def test_letters_beyond_the_basic_plane_count_twice_and_are_never_halved() -> None:
    assert utf16_units("🚀") == 2
    assert cut("🚀🚀🚀", 6) == "🚀🚀🚀"
    assert cut("🚀🚀🚀", 5) == "🚀🚀…"
    assert cut("🚀🚀🚀", 4) == "🚀…"
    assert cut("abc", 0) == ""


@given(st.text(), st.lists(st.text(max_size=20), max_size=8), st.integers(min_value=1, max_value=60))
def test_a_shortened_message_fits_and_keeps_its_beginning(title: str, lines: list[str], units: int) -> None:
    message = Message(title, tuple(lines))
    short = message.shortened(units)
    assert utf16_units(short.plain) <= units
    assert message.plain.startswith(short.plain.removesuffix("…"))
    if utf16_units(message.plain) <= units:
        assert short == message
