"""How far a Redis server's clock is ahead of ours, from asking it the time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

SAMPLES = 12  # a minute of probes
DRIFT = timedelta(milliseconds=2)  # between two samples, and what rounding adds


@dataclass(frozen=True, slots=True)
class _Sample:
    offset: timedelta
    doubt: timedelta  # half the round trip: the answer was made at some time during it


class ClockOffset:
    """The best of the last minute's measurements: that of the fastest round trip."""

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque(maxlen=SAMPLES)

    def measured(self, asked_at: datetime, server_time: datetime, round_trip: timedelta) -> None:
        """Take in one answer: ``asked_at`` by our clock, ``round_trip`` by one that does not jump."""
        doubt = round_trip / 2
        new = _Sample(server_time - (asked_at + doubt), doubt)
        if self._samples and abs(new.offset - self._best().offset) > new.doubt + self._best().doubt + DRIFT:
            self._samples.clear()  # one of the clocks has been set
        self._samples.append(new)

    @property
    def value(self) -> timedelta:
        """Redis time minus ours, in whole milliseconds; zero before the first measurement."""
        if not self._samples:
            return timedelta(0)
        return timedelta(milliseconds=round(self._best().offset / timedelta(milliseconds=1)))

    def _best(self) -> _Sample:
        return min(self._samples, key=lambda sample: sample.doubt)
