"""Who wants a call, how urgently and how much: what the order of calls is decided by when not all may go out."""

from __future__ import annotations

from collections.abc import Callable
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


PRESSING = 0.25  # of the grace: half of it is as old as prices should get, and a turn may take long

_URGENCY = {lane: rank for rank, lane in enumerate(Lane)}


@dataclass(slots=True, eq=False)
class Asker:
    """On whose behalf one load runs. It changes when others come to want the same load, or cease to.

    Whoever orders calls must therefore read it when choosing, not when the call comes. ``client`` is the name of a
    gateway key, ``owner`` or an address; empty for Dozor itself. ``waiting`` is how many people wait for the load now,
    and ``expected`` how many more are expected to ask for what it brings, by whoever knows the demand. ``is_pressing``:
    people are served what is so old that they might as well wait. ``when_raised`` is called after it has become more
    urgent, for whoever must know at once.
    """

    lane: Lane
    client: str
    waiting: int = 0
    expected: float = 0.0
    is_pressing: bool = False
    when_raised: Callable[[], None] | None = None

    @property
    def urgency(self) -> Lane:
        """The lane that it goes in now: a person's load that everybody has ceased to wait for is a refresh."""
        is_idle = not self.waiting and not self.is_pressing
        return Lane.REFRESH if self.lane is Lane.PERSON and is_idle else self.lane

    @property
    def need(self) -> float:
        """How many the load is for."""
        return self.waiting + self.expected

    def raise_to(self, lane: Lane, client: str) -> None:
        """Become a load for this client in this lane, unless the present one is as urgent; it never sinks."""
        if lane.precedes(self.lane):
            self.lane = lane
            self.client = client
            if self.when_raised is not None:
                self.when_raised()

    def join(self, other: Asker) -> None:
        """Become a load for this other asker too."""
        self.expected = max(self.expected, other.expected)
        self.is_pressing = self.is_pressing or other.is_pressing
        self.raise_to(other.lane, other.client)

    def behind(self, staleness: float = 0.0) -> Asker:
        """Another, for a load that this one does not wait for, because it is served what is known.

        ``staleness`` is how far that is on its way from the end of its fresh time, 0, to the end of its grace, 1: the
        further, the more the load is needed. Early enough for the line to move before the end, it presses: then it
        goes among the loads that people wait for, by its need.
        """
        expected = self.expected * min(max(staleness, 0.0), 1.0)
        if staleness >= PRESSING and self.lane.precedes(Lane.REFRESH):
            return Asker(Lane.PERSON, self.client, expected=expected, is_pressing=True)
        lane = Lane.REFRESH if self.lane.precedes(Lane.REFRESH) else self.lane
        return Asker(lane, self.client, expected=expected)
