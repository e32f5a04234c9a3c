"""One question to the stand-in, and how its parameters are read the way CoinGecko reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dozor.standin.catalogue import Coin
from dozor.standin.currencies import CURRENCIES, Currency
from dozor.standin.model import Market
from dozor.standin.numbers import NumberText, real, whole
from dozor.standin.paging import Made, counted
from dozor.standin.quirks import Quirks
from dozor.standin.refusals import Refused, coin_not_found, missing


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything an answer may depend on: the same ``Asked`` gets the same bytes."""

    market: Market
    quirks: Quirks
    numbers: NumberText
    now: float
    """UNIX seconds."""
    origin: str
    """``http://host:port`` of the stand-in, for the pictures."""
    query: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)
    """What stands in the braces of the path: ``{"id": "bitcoin"}``."""
    path: str = ""
    """Below the origin, as it was asked, without the query."""
    paid: bool = False
    """Whether a key of a paid plan came with it."""

    def required(self, name: str) -> str:
        """Give a parameter; refuse the question (422) when it is missing or empty."""
        if value := self.query.get(name, ""):
            return value
        raise missing(name)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Give a switch: only ``true`` is on; ``default`` when it is missing or empty."""
        value = self.query.get(name, "")
        return value == "true" if value else default

    def number(self, name: str, *, default: int, most: int) -> int:
        """Give a whole number from 1 to ``most``; what cannot be read as one is ``default``."""
        try:
            return min(max(int(self.query.get(name, "")), 1), most)
        except ValueError:
            return default

    def listed(self, name: str) -> list[str]:
        """Give a comma-separated list. A blank after a comma loses what follows, as recorded in 2021."""
        value = self.query.get(name, "")
        if self.quirks.blank_ends_list:
            value = value.split(", ", 1)[0]
        return [item for item in value.split(",") if item]

    def page(self) -> int:
        """Give the page that was asked for, counted from 1."""
        return self.number("page", default=1, most=10**6)

    def coin(self, name: str = "id") -> Coin:
        """Give the coin whose id stands in the path under ``name``, or refuse (404)."""
        if coin := self.market.catalogue.by_id.get(self.names.get(name, "")):
            return coin
        raise coin_not_found()

    def currency(self) -> Currency:
        """Give the ``vs_currency``, or refuse (422) a missing or unknown one."""
        if currency := CURRENCIES.get(self.required("vs_currency").lower()):
            return currency
        raise Refused(422, '{"error":"invalid vs_currency"}')

    def price_text(self, currency: Currency) -> Callable[[float | None], str]:
        """How prices in ``currency`` are written: rounded as ``precision`` says, or by their size."""
        precision = self.query.get("precision", "")
        if precision == "full":
            return real
        if precision.isdecimal() and int(precision) <= 18:
            return lambda value: self.numbers.rounded(value, int(precision))
        return lambda value: self.numbers.price(value, crypto=currency.crypto)

    def amount_text(self, otherwise: Callable[[float | None], str] = whole) -> Callable[[float | None], str]:
        """How caps and volumes are written; whether ``precision`` touches them is unknown."""
        precision = self.query.get("precision", "")
        if self.quirks.precision_rounds_amounts and precision.isdecimal() and int(precision) <= 18:
            return lambda value: self.numbers.rounded(value, int(precision))
        return otherwise

    def counted(self, text: str, *, total: int, per_page: int) -> Made:
        """Make one page of a list whose headers tell how long it is."""
        url, page = f"{self.origin}{self.path}", self.page()
        return Made(text, counted(url, self.query, total=total, page=page, per_page=per_page))

    def drawing(self, id_: str, size: str = "small") -> str:
        """Address of a picture of something that is no coin."""
        return f"{self.origin}/img/{id_}/{size}.png"

    def picture(self, coin: Coin, size: str) -> str:
        """Address of a picture of ``coin``: ``thumb``, ``small`` or ``large``."""
        return f"{self.origin}/img/{coin.id.replace(' ', '%20')}/{size}.png"
