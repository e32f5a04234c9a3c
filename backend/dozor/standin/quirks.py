"""What the public sources leave open about CoinGecko: each open question is answered by the seed.

A gateway that is right with every seed depends on nothing that is unknown. Seed 0 is the likeliest upstream.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import Enum
from random import Random


class CurrencyOrder(Enum):
    """In which order a coin's currencies come in ``/simple/price``."""

    AS_ASKED = "as asked"
    ALPHABETICAL = "alphabetical"


class ColumnOrder(Enum):
    """In which order the ``price_change_percentage`` columns come in ``/coins/markets``."""

    BY_LENGTH = "1h before 24h before 7d"
    AS_ASKED = "as asked"
    ALPHABETICAL = "alphabetical"


class Edge(Enum):
    """Where a series that goes back N days begins."""

    TO_THE_SECOND = "at now - N days"
    NEXT_STEP = "at the first whole step after now - N days"


class Halves(Enum):
    """Where a price exactly between two roundings goes."""

    EVEN = "even"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Quirks:
    """One answer to each open question."""

    currency_order: CurrencyOrder = CurrencyOrder.AS_ASKED
    column_order: ColumnOrder = ColumnOrder.BY_LENGTH
    edge: Edge = Edge.TO_THE_SECOND
    halves: Halves = Halves.EVEN
    whole_from: int = 20_000
    """From this price on there are no decimals; recorded prices put it between 16,731 and 27,887."""
    later_ties_first: bool = False
    """Of two coins with the same market cap, whether the one whose id sorts later comes first."""
    nulls_first_when_ascending: bool = False
    shows_open_candle: bool = True
    """Whether the candle that is still open is there, stamped with its coming end; else the last boundary ends it."""
    candles_from_epoch: bool = True
    """Whether 4-day candles keep to one grid for ever, or to one that moves with the day of the request."""
    blank_ends_list: bool = True
    """Whether ``a, b,c`` loses both b and c, or only b (which is then the unknown id " b")."""
    precision_rounds_amounts: bool = False
    """Whether ``precision`` rounds caps and volumes too."""
    answers_304: bool = False
    """Whether ``If-None-Match`` with a current ETag is answered 304."""

    @classmethod
    def of(cls, seed: int) -> Quirks:
        """Answer every question at random, the same way for the same ``seed``; the likeliest way for 0."""
        if seed == 0:
            return cls()
        dice = Random(f"quirks of {seed}")  # noqa: S311  repeatable on purpose
        drawn: dict[str, object] = {"whole_from": dice.randrange(16_732, 27_888)}
        for field in fields(cls):
            match field.default:
                case bool():
                    drawn[field.name] = dice.random() < 0.5
                case Enum() as likeliest:
                    drawn[field.name] = dice.choice(list(type(likeliest)))
        return replace(cls(), **drawn)  # type: ignore[arg-type]  # drawn from each field's own type
