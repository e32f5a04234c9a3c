"""How figures are written."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dozor.standin.numbers import NumberText, percent, real, reals, whole
from dozor.standin.quirks import Halves, Quirks

NUMBERS = NumberText(Quirks())


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (87869.41, "87869"),  # no decimals from 20,000 on
        (19999.994, "19999.99"),
        (2980.7712, "2980.77"),
        (20.0, "20.0"),  # a float stays one
        (1.0999, "1.1"),
        (1.00123, "1.001"),
        (0.99984612, "0.999846"),
        (0.01774571, "0.01774571"),
        (0.000687651234, "0.00068765"),
        (5.97123e-06, "5.97e-06"),
        (1.234567e-08, "1.2346e-08"),
        (2.5e-11, "2.5e-11"),
        (None, "null"),
    ],
)
def test_a_dollar_price_has_as_many_decimals_as_its_size_allows(price, text):
    assert NUMBERS.price(price) == text


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (53561.2, "53561"),
        (427.60123, "427.601"),
        (31.9060461, "31.906046"),
        (0.2138707412, "0.21387074"),
        (1.0, "1.0"),
        (2.426e-05, "2.426e-05"),
    ],
)
def test_a_price_in_coins_has_up_to_eight_digits(price, text):
    assert NUMBERS.price(price, crypto=True) == text


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(77671.4, 0, "77671"), (1.005, 4, "1.005"), (0.1 + 0.2, 18, "0.30000000000000004"), (1e-9, 2, "0.0")],
)
def test_a_precision_is_a_number_of_decimals(value, decimals, text):
    assert NUMBERS.rounded(value, decimals) == text


def test_halves_go_where_the_quirk_says():
    up = NumberText(Quirks(halves=Halves.UP))
    assert (up.rounded(0.125, 2), NUMBERS.rounded(0.125, 2)) == ("0.13", "0.12")
    assert up.rounded(3.4e20, 18) == "3.4e+20"  # more digits than a default Decimal has


def test_other_figures_keep_their_texts():
    assert (real(1.054e-05), real(3.065741191040524e16), real(18710825.0)) == (
        "1.054e-05",
        "3.065741191040524e+16",
        "18710825.0",
    )
    assert (whole(1555886872303.4), percent(-0.953021)) == ("1555886872303", "-0.95302")
    assert real(None) == whole(None) == percent(None) == "null"


@settings(deadline=None)
@given(st.lists(st.floats(1e-14, 1e18)))
def test_a_list_is_written_as_each_figure_would_be(values):
    assert reals(values) == f"[{','.join(map(real, values))}]"
    assert msgspec.json.decode(reals(values)) == values
