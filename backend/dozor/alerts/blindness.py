"""Which series of prices have stopped: upstream does not answer, or what it says does not get any newer.

Their rules are not evaluated, for want of anything to evaluate; after a while their makers are told, once, and again
when there is data (``alerts.md`` G4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dozor.alerts.segments import longest_gap

PENDING = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Sight:
    """What has changed: series that are blind from now on, and those that see again. ``since`` is the earliest."""

    lost: frozenset[str] = frozenset()
    regained: frozenset[str] = frozenset()
    since: datetime | None = None


class Blindness:
    """Remembers which series are blind. One instance per watch."""

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}

    @property
    def series(self) -> frozenset[str]:
        """The blind ones."""
        return frozenset(self._since)

    def look(self, seen_at: Iterable[tuple[str, datetime]], poll: timedelta, now: datetime) -> Sight:
        """Take in when upstream last said something new of each series that is watched."""
        ages = dict(seen_at)
        silent_since = now - longest_gap(poll) - PENDING
        lost = {series: at for series, at in ages.items() if at < silent_since and series not in self._since}
        regained = {
            series: since
            for series, since in self._since.items()
            if series not in ages or now - ages[series] <= longest_gap(poll)
        }
        self._since.update(lost)
        for series in regained:
            del self._since[series]
        earliest = min([*lost.values(), *regained.values()], default=None)
        return Sight(frozenset(lost), frozenset(regained) & ages.keys(), earliest)
