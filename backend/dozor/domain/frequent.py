"""Which names come most often, in memory that does not grow with the number of names.

This is "space saving" (Metwally, Agrawal, El Abbadi, 2005, https://doi.org/10.1007/978-3-540-30570-5_27): a newcomer
takes the place of the rarest name, and that name's count as what it may have been counted before.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often a name came: ``count`` times, or up to ``too_many`` times less."""

    name: str
    count: int
    too_many: int


class MostFrequent:
    """Counts ``capacity`` names. Whoever has more than one in ``capacity`` of all occurrences is surely among them.

    Counting is exact as long as no more names than that have come. A name that is not known costs a look at all.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._known: dict[str, Frequency] = {}

    def count(self, name: str) -> None:
        """The name came once more."""
        known = self._known.get(name)
        if known is None:
            known = Frequency(name, 0, 0)
            if len(self._known) >= self._capacity:
                rarest = self._known.pop(min(self._known.values(), key=lambda one: one.count).name)
                known = Frequency(name, rarest.count, rarest.count)
        self._known[name] = Frequency(name, known.count + 1, known.too_many)

    def top(self, most: int) -> list[Frequency]:
        """At most so many names, the most frequent first; of equals, in alphabetical order."""
        return sorted(self._known.values(), key=lambda one: (-one.count, one.name))[:most]

    def __len__(self) -> int:
        return len(self._known)
