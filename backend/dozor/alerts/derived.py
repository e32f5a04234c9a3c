"""Every series that is derived from prices, by its name and by the pair that it is derived from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Protocol

from dozor.alerts.conditions.pct_window import Basis
from dozor.alerts.conditions.trailing import From
from dozor.alerts.extremes import Extremes
from dozor.alerts.segments import Segment
from dozor.alerts.views import View
from dozor.alerts.windows import Window

_BASES = {basis.value: basis for basis in Basis}
_SIDES = {side.value: side for side in From}


class Derived(Protocol):
    """A series that remembers something of the prices behind it. A pass of the watch asks in this order."""

    def tidy(self) -> None:
        """Forget what no rule needs any more. Every rule is in its place now."""

    def view(self, segment: Segment, poll: timedelta) -> View | None:
        """What the segment is to its rules; ``None`` when it says nothing to any of them."""

    def admit(self, segment: Segment) -> None:
        """Let the segment be a part of what is remembered."""

    def changed(self) -> Mapping[int, str | None]:
        """The pieces of its memory that are to be written, by slot; ``None`` for one that is to be deleted."""

    def emptied(self) -> Mapping[int, str | None]:
        """The pieces to be deleted once the series is not needed."""

    def restore(self, pieces: Mapping[int, str]) -> None:
        """Remember this, and nothing else."""


class DerivedSeries:
    """All that are watched, each made when it is first asked for."""

    def __init__(self) -> None:
        self._all: dict[str, Derived] = {}
        self._of_pair: dict[str, list[str]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __getitem__(self, name: str) -> Derived:
        return self._all[name]

    def get(self, name: str) -> Derived | None:
        """The series of this name; ``None`` when it is no derived one."""
        found = self._all.get(name)
        if found is None:
            found = _made(name)
            if found is not None:
                self._all[name] = found
                self._of_pair.setdefault(_pair(name), []).append(name)
        return found

    def beside(self, price_series: str) -> list[tuple[str, Derived]]:
        """All that are derived from this series of prices."""
        return [(name, self._all[name]) for name in self._of_pair.get(_pair(price_series), ())]

    def forget(self, name: str) -> Mapping[int, str | None]:
        """Drop a series that no rule needs; the pieces that are to be deleted."""
        self._of_pair[_pair(name)].remove(name)
        return self._all.pop(name).emptied()


def _pair(series: str) -> str:
    return series.partition("|")[2]


def _made(series: str) -> Derived | None:
    """From what conditions call their series: see ``PctWindow.series`` and ``Trailing.series``."""
    what, _, of = series.partition("|")[0].partition(":")
    if what in _BASES:
        return Window(_BASES[what], timedelta(seconds=int(of)))
    if what in _SIDES:
        return Extremes(_SIDES[what], is_pct=of == "pct")
    return None
