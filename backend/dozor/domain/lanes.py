"""Who wants a call, how urgently and how much: what the order of calls is decided by when not all may go out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Lane(Enum):
    """Why a call is made, the most urgent first."""

    ALERT = "alert"  # an armed alert's watcher asks
    PERSON = "person"  # somebody waits for the answer
    REFRESH = "refresh"  # somebody was served a stale answer, which is refreshed behind
    WARM_UP = "warm_up"  # nobody has asked yet

    def precedes(self, other: Lane) -> bool:
        """Whether it is the more urgent of two different lanes."""
        return _URGENCY[self] < _URGENCY[other]


_URGENCY = {lane: rank for rank, lane in enumerate(Lane)}


@dataclass(slots=True, eq=False)
class Asker:
    """On whose behalf one load runs. It changes when others come to want the same load, or cease to.

    Whoever orders calls must therefore read it when choosing, not when the call comes. ``client`` is the name of a
    gateway key, ``owner`` or an address; empty for Dozor itself. ``waiting`` is how many people wait for the load now,
    and ``expected`` how many more are expected to ask for what it brings, by whoever knows the demand.
    """

    lane: Lane
    client: str
    waiting: int = 0
    expected: float = 0.0

    @property
    def urgency(self) -> Lane:
        """The lane that it goes in now: a person's load that everybody has ceased to wait for is a refresh."""
        return Lane.REFRESH if self.lane is Lane.PERSON and not self.waiting else self.lane

    @property
    def need(self) -> float:
        """How many the load is for."""
        return self.waiting + self.expected

    def raise_to(self, lane: Lane, client: str) -> None:
        """Become a load for this client in this lane, unless the present one is as urgent; it never sinks."""
        if lane.precedes(self.lane):
            self.lane = lane
            self.client = client

    def behind(self) -> Asker:
        """Another, for a load that this one does not wait for."""
        lane = Lane.REFRESH if self.lane.precedes(Lane.REFRESH) else self.lane
        return Asker(lane, self.client)
