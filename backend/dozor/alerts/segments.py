"""From quotes to segments: what two prices of a series, one after the other, say about the time between them.

A series of prices takes in each quote once: what is not later than the last one is passed over, so duplicates,
replays and answers out of order change nothing. Each source counts for itself, because the two are not of one moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

import msgspec

from dozor.alerts.zone import Reading
from dozor.domain.quotes import Quote, QuoteSource

IMPLAUSIBLE_MOVE = Decimal("0.4")  # from one poll to the next, while it trades
CONFIRMING = Decimal("0.2")  # a second value this near to a doubtful one confirms it
FEW_POLLS = 3
SHORTEST_GAP = timedelta(minutes=3)
SOME_VOLUME = Decimal(10_000)  # in the quote: a coin that hardly trades may well jump


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a series of prices has been taken in, from one source. Kept beside the rules' states.

    ``doubtful`` is a value that waits to be seen again, and ``doubtful_at`` when upstream saw it.
    """

    source: QuoteSource
    at: datetime
    value: Decimal
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    doubtful: Decimal | None = None
    doubtful_at: datetime | None = None


class Trust(Enum):
    """Which rules a segment is for: those that wait for an implausible value to be confirmed, the others, or all."""

    ALL = "all"
    SIDES = "sides"  # the series begins here: it sets the sides of rules that wait for that, and does nothing else
    ONLY_BOLD = "only_bold"  # the value is doubtful, and only rules that ask for it take it at once
    ONLY_CAREFUL = "only_careful"  # it has been confirmed since, and the others have taken it already


@dataclass(frozen=True, slots=True)
class Segment:
    """What is known of the time between two prices. ``reading`` has the extremes that upstream reported of it."""

    before_at: datetime
    before: Decimal
    at: datetime
    reading: Reading
    is_after_gap: bool
    trust: Trust = Trust.ALL


@dataclass(frozen=True, slots=True)
class Taken:
    """The series' new mark, and what may be evaluated, in order."""

    mark: Mark
    segments: tuple[Segment, ...] = ()


def longest_gap(poll: timedelta) -> timedelta:
    """How far apart two prices may be for anything between them to count as seen (``alerts.md`` section 5)."""
    return max(FEW_POLLS * poll, SHORTEST_GAP)


def take(mark: Mark | None, quote: Quote, poll: timedelta) -> Taken | None:
    """Take in one quote, polled every ``poll``; ``None`` when it says nothing new, or nothing that can be a price.

    The first quote of a series, or of another source than before, only says where the series is.
    """
    if not quote.value.is_finite() or quote.value <= 0:
        return None
    fresh = Mark(quote.source, quote.observed_at, quote.value, quote.high_24h, quote.low_24h)
    if mark is None or mark.source is not quote.source:
        return Taken(fresh, (_beginning(quote),))
    if quote.observed_at <= (mark.doubtful_at or mark.at):
        return None
    is_after_gap = quote.observed_at - mark.at > longest_gap(poll)
    segment = _segment(mark, quote, is_after_gap=is_after_gap)
    if mark.doubtful is not None and mark.doubtful_at is not None:
        if _is_near(quote.value, mark.doubtful):
            confirmed = Segment(
                mark.at, mark.value, mark.doubtful_at, Reading.at(mark.doubtful), is_after_gap, Trust.ONLY_CAREFUL
            )
            return Taken(fresh, (confirmed, _segment(mark, quote, is_after_gap=False)))
    elif not is_after_gap and _is_implausible(mark, quote):
        waiting = msgspec.structs.replace(mark, doubtful=quote.value, doubtful_at=quote.observed_at)
        bold = Segment(mark.at, mark.value, quote.observed_at, Reading.at(quote.value), is_after_gap, Trust.ONLY_BOLD)
        return Taken(waiting, (bold,))
    return Taken(fresh, (segment,))


def _beginning(quote: Quote) -> Segment:
    at = quote.observed_at
    return Segment(at, quote.value, at, Reading.at(quote.value), is_after_gap=False, trust=Trust.SIDES)


def _segment(mark: Mark, quote: Quote, *, is_after_gap: bool) -> Segment:
    """A rolling maximum grows only through new data, so where it has grown, its value was reached in the segment."""
    high = low = quote.value
    if mark.high_24h is not None and quote.high_24h is not None and quote.high_24h > mark.high_24h:
        high = max(high, quote.high_24h)
    if mark.low_24h is not None and quote.low_24h is not None and 0 < quote.low_24h < mark.low_24h:
        low = min(low, quote.low_24h)
    return Segment(mark.at, mark.value, quote.observed_at, Reading(quote.value, low, high), is_after_gap)


def _is_implausible(mark: Mark, quote: Quote) -> bool:
    trades = quote.volume_24h is not None and quote.volume_24h > SOME_VOLUME
    return trades and abs(quote.value - mark.value) > IMPLAUSIBLE_MOVE * mark.value


def _is_near(value: Decimal, other: Decimal) -> bool:
    return abs(value - other) <= CONFIRMING * other
