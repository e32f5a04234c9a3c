"""What people ask for, and how often: a count for each name that fades, so that yesterday's rush is not today's."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from dozor.clock import Clock
from dozor.market.tuning import AHEAD_WITHIN_S

HALF_LIFE_S = 600.0  # long enough to bridge a fresh time of minutes, short enough to notice the hour's news
FORGOTTEN_AFTER_S = 24 * 3600.0  # what nobody has asked for since then costs nothing
SHORTEST_WATCH_S = 10.0  # one ask in the first second is no rate of one a second
MOST_NAMES = 20_000  # more than there are coins; clients invent names
_MOST_HALVINGS = 200.0
_LN2 = 0.6931471805599453


class Demand:
    """Counts that halve every ten minutes. One instance per loop.

    Forward decay (Cormode et al., 2009): each count is written as if at the start, growing by ``2^(t / half-life)``, so
    that counts compare as they stand and nothing need be touched as time passes.
    """

    def __init__(self, clock: Clock, *, most_names: int = MOST_NAMES) -> None:
        self._clock = clock
        self._most_names = most_names
        self._began_at = self._scaled_from = clock.monotonic()
        self._counts: dict[str, float] = {}
        self._asked_at: dict[str, float] = {}

    def count(self, *names: str) -> None:
        """Somebody asked for these just now."""
        now = self._clock.monotonic()
        one = self._one(now)
        counts, asked_at = self._counts, self._asked_at
        for name in names:
            counts[name] = counts.get(name, 0.0) + one
            asked_at[name] = now
        if len(counts) > self._most_names:
            self._forget_least()

    def rate(self, name: str) -> float:
        """How often it is asked for now, per second."""
        now = self._clock.monotonic()
        one = self._one(now)  # first: it may write the counts anew
        count = self._counts.get(name)
        if count is None:
            return 0.0
        # A count of steady asking tends to rate x half-life / ln 2; near the start it is that much lower.
        seen: float = 1.0 - 2.0 ** -((max(now - self._began_at, SHORTEST_WATCH_S)) / HALF_LIFE_S)
        per_second: float = count / one * _LN2 / HALF_LIFE_S
        return per_second / seen

    def likely(self) -> Sequence[str]:
        """What will probably be asked for again within a minute, the most wanted first."""
        names = self.names()
        return names[: bisect_right(names, -1 / AHEAD_WITHIN_S, key=lambda name: -self.rate(name))]

    def names(self) -> Sequence[str]:
        """All that was asked for within a day, the most wanted first."""
        oldest = self._clock.monotonic() - FORGOTTEN_AFTER_S
        for name in [name for name, at in self._asked_at.items() if at < oldest]:
            self._forget(name)
        return sorted(self._counts, key=self._counts.__getitem__, reverse=True)

    def __contains__(self, name: str) -> bool:
        """Whether anybody asked for it within a day."""
        at = self._asked_at.get(name)
        return at is not None and self._clock.monotonic() - at < FORGOTTEN_AFTER_S

    def _one(self, now: float) -> float:
        halvings = (now - self._scaled_from) / HALF_LIFE_S
        if halvings < _MOST_HALVINGS:
            one: float = 2.0**halvings
            return one
        fading = 2.0**-halvings  # after a week of silence 2^halvings is more than a float holds
        self._counts = {name: count * fading for name, count in self._counts.items()}
        self._scaled_from = now
        return 1.0

    def _forget_least(self) -> None:
        # A tenth at a time: whoever invents names makes this rare, not each time.
        for name in sorted(self._counts, key=self._counts.__getitem__)[: self._most_names // 10 + 1]:
            self._forget(name)

    def _forget(self, name: str) -> None:
        del self._counts[name]
        del self._asked_at[name]
