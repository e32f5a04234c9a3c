"""CoinGecko's number texts: how many decimals a price has, and which figures are whole.

The bands were read off 1,741 recorded rows (usd) and a few dozen crypto-quoted prices; the rest is a quirk.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

import msgspec

from dozor.standin.jsontext import NULL
from dozor.standin.quirks import Halves, Quirks

_FIAT_BANDS = ((1.1, 2), (1.0, 3), (0.05, 6), (1e-6, 8), (1e-9, 12))
_CRYPTO_BANDS = ((100.0, 3), (1.0, 6), (1e-6, 8), (1e-9, 12))
_CRYPTO_WHOLE_FROM = 1_000
_SMALLEST_DECIMALS = 15
_PLAIN_FROM, _PLAIN_TO = 1e-4, 1e15
_WIDE = Context(prec=60)


class NumberText:
    """Writes figures the way one upstream (one set of quirks) writes them. ``None`` is null everywhere."""

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks

    def price(self, value: float | None, *, crypto: bool = False) -> str:
        """Write a price that nobody asked a precision for: rounded by its size, ``20.0``, ``87869``, ``5.97e-06``."""
        if value is None:
            return NULL
        size = abs(value)
        if size >= (_CRYPTO_WHOLE_FROM if crypto else self._quirks.whole_from):
            return self.rounded(value, 0)
        for start, decimals in _CRYPTO_BANDS if crypto else _FIAT_BANDS:
            if size >= start:
                return self.rounded(value, decimals)
        return self.rounded(value, _SMALLEST_DECIMALS)

    def rounded(self, value: float | None, decimals: int) -> str:
        """Write ``value`` with at most ``decimals`` decimals, trailing zeros dropped; a whole number when 0."""
        if value is None:
            return NULL
        if self._quirks.halves is Halves.UP:
            step = Decimal(1).scaleb(-decimals)
            value = float(Decimal(repr(value)).quantize(step, ROUND_HALF_UP, _WIDE))
        return str(round(value)) if decimals == 0 else repr(round(value, decimals))


def real(value: float | None) -> str:
    """Write a figure as it is: shortest digits that give it back, ``1.054e-05`` below 1e-4, ``3e+16`` above 1e16."""
    return NULL if value is None else repr(value)


def whole(value: float | None) -> str:
    """Write a figure without decimals."""
    return NULL if value is None else str(round(value))


def percent(value: float | None) -> str:
    """Write a percentage with five decimals, as the plain (not ``_in_currency``) columns have it."""
    return NULL if value is None else repr(round(value, 5))


def reals(values: Sequence[float]) -> str:
    """Write a list of figures as they are.

    A page with sparklines has 42,000 of them: msgspec writes those fifteen times faster than ``repr`` and to the
    same digits; only the exponents look otherwise.
    """
    if not values or (min(values) >= _PLAIN_FROM and max(values) < _PLAIN_TO):
        return msgspec.json.encode(values).decode()
    return f"[{','.join(map(repr, values))}]"
