"""``Window``: how far a price has moved within the last hour, or any other span: the series of ``pct_window``.

All rules of one coin, quote, span and basis share one window, and are fixed levels on what it derives. A window is as
sharp as a 288th of its span: prices nearer to each other than that are one bar. With a price a minute that is every
price for spans up to 4.8 hours, and a bar in five minutes for a day. So no window ever holds more than 290 bars.

A price counts with the extremes that upstream reported before it. Within one segment nobody knows what came first, so
a rise is told only where the low surely was before the high: from earlier segments' lowest to this one's high, or from
this one's low to its last price. Falls are told likewise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from dozor.alerts.conditions.pct_window import Basis
from dozor.alerts.segments import Segment
from dozor.alerts.views import Readings, SameForAll, percent_from
from dozor.alerts.zone import Reading

BARS = 288
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_REFERENCE = 1.1  # spans, and two polls: an older price says nothing of the window's beginning


class Bar(msgspec.Struct, frozen=True, array_like=True):
    """What is known of a short time: the last price of it, when upstream saw that, and the extremes."""

    at: datetime
    last: Decimal
    low: Decimal
    high: Decimal

    def then(self, later: Bar) -> Bar:
        """Both together."""
        return Bar(later.at, later.last, min(self.low, later.low), max(self.high, later.high))


_bars = msgspec.json.Decoder(Bar)


class Window:
    """One rolling window. One instance per loop; nothing here waits."""

    def __init__(self, basis: Basis, span: timedelta) -> None:
        self._basis = basis
        self._span = span
        self._width = span / BARS
        self._bars: deque[Bar] = deque()
        self._highs = _Highest(self._width)
        self._lows = _Highest(self._width)  # of the prices negated
        self._changed: dict[int, Bar | None] = {}

    def __len__(self) -> int:
        return len(self._bars)

    def view(self, segment: Segment, poll: timedelta) -> SameForAll | None:
        """The change that this segment is, polled every ``poll``; ``None`` while there is nothing to compare it with.

        The window stands at the segment's end afterwards, and what is older has left it.
        """
        self._leave_behind(segment.at - self._span)
        is_endpoint = self._basis is Basis.ENDPOINT
        shown = self._from_beginning(segment, poll) if is_endpoint else self._from_extremes(segment)
        return None if shown is None else SameForAll(segment, shown)

    def admit(self, segment: Segment) -> None:
        """Let the segment be a part of the window. One that is not later than the last changes nothing."""
        if self._bars and segment.at <= self._bars[-1].at:
            return
        reading = segment.reading
        bar = Bar(segment.at, reading.last, reading.low, reading.high)
        slot = self._slot(bar)
        if self._bars and self._slot(self._bars[-1]) == slot:
            bar = self._bars.pop().then(bar)
        self._bars.append(bar)
        self._highs.put(segment.at, reading.high)
        self._lows.put(segment.at, -reading.low)
        self._changed[slot] = bar

    def tidy(self) -> None:
        """Nothing to do between two passes."""

    def changed(self) -> Mapping[int, str | None]:
        """What is to be kept of it since this was last asked, by slot; ``None`` for what is not needed any more."""
        changed, self._changed = self._changed, {}
        return {slot: None if bar is None else msgspec.json.encode(bar).decode() for slot, bar in changed.items()}

    def emptied(self) -> Mapping[int, str | None]:
        """What is to be kept once nobody needs the window: nothing of all it has."""
        return {**dict.fromkeys(self._changed), **{self._slot(bar): None for bar in self._bars}}

    def restore(self, pieces: Mapping[int, str]) -> None:
        """Begin with what was kept, in place of what is here."""
        for part in (self._bars, self._highs, self._lows, self._changed):
            part.clear()
        for _, piece in sorted(pieces.items()):
            bar = _bars.decode(piece)
            self._bars.append(bar)
            self._highs.put(bar.at, bar.high)
            self._lows.put(bar.at, -bar.low)

    def _from_beginning(self, segment: Segment, poll: timedelta) -> Readings | None:
        beginning = segment.at - self._span
        oldest = beginning - self._span * (LATEST_REFERENCE - 1) - 2 * poll
        if not self._bars or not oldest <= self._bars[0].at <= beginning:
            return None
        reference, reading = self._bars[0].last, segment.reading
        last = percent_from(reference, reading.last)
        low, high = percent_from(reference, reading.low), percent_from(reference, reading.high)
        return Readings(Reading(last, low, high), Reading.at(last))

    def _from_extremes(self, segment: Segment) -> Readings:
        """Falls from the highest as ``low``, rises from the lowest as ``high``; ``last`` is the greater of them."""
        reading = segment.reading
        highest, negated = self._highs.first, self._lows.first
        lowest = None if negated is None else -negated
        fall = percent_from(max(reading.high, highest or reading.high), reading.last)
        rise = percent_from(min(reading.low, lowest or reading.low), reading.last)
        deepest = fall if highest is None else min(fall, percent_from(highest, reading.low))
        steepest = rise if lowest is None else max(rise, percent_from(lowest, reading.high))
        last = rise if rise >= -fall else fall
        return Readings(Reading(last, deepest, steepest), Reading(last, fall, rise))

    def _leave_behind(self, beginning: datetime) -> None:
        """Forget what was before the window; of a window that is measured from its beginning all but the last."""
        bars = self._bars
        if self._basis is Basis.ENDPOINT:
            while len(bars) > 1 and bars[1].at <= beginning:
                self._changed[self._slot(bars.popleft())] = None
        else:
            while bars and bars[0].at < beginning:
                self._changed[self._slot(bars.popleft())] = None
        self._highs.leave_behind(beginning)
        self._lows.leave_behind(beginning)

    def _slot(self, bar: Bar) -> int:
        return (bar.at - EPOCH) // self._width


class _Highest:
    """The highest of what has been put in and not left behind: values of which none outlives a higher one."""

    __slots__ = ("_found", "_width")

    def __init__(self, width: timedelta) -> None:
        self._width = width
        self._found: deque[tuple[datetime, Decimal]] = deque()

    @property
    def first(self) -> Decimal | None:
        return self._found[0][1] if self._found else None

    def put(self, at: datetime, value: Decimal) -> None:
        found = self._found
        while found and found[-1][1] <= value:
            found.pop()
        # A lower value so soon after a higher one would be the highest for a bar's width at most: the bound on memory.
        if not found or at - found[-1][0] >= self._width:
            found.append((at, value))

    def clear(self) -> None:
        self._found.clear()

    def leave_behind(self, beginning: datetime) -> None:
        found = self._found
        while found and found[0][0] < beginning:
            found.popleft()
