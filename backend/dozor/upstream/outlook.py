"""When calls may go out again, as far as that is known without asking: why the last tries failed, and what went since.

What is known here is never the reason why a call goes out; at worst one is tried that cannot go yet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from dozor.domain.lanes import Lane

if TYPE_CHECKING:
    from dozor.domain.allowance import Shortage, Wait

BELIEVED_FOR = 1.0  # seconds: another process may give back a slot, or the operator correct the count


class Purse(Enum):
    """What a call is charged to."""

    RESERVE = "the alerts' own"
    REST = "what all share"
    SPARE = "what a warm-up may take of that"


@dataclass(slots=True)
class Shortfall:
    """Since when nothing could go out of a purse, and why; ``gone`` calls went out of it after all since."""

    wait: Wait
    since: float
    gone: int = 0

    @property
    def shortage(self) -> Shortage:
        """What there was none of."""
        return self.wait.shortage

    def chance(self, ahead: int = 0) -> float:
        """When at the earliest a call may go out that has ``ahead`` others before it."""
        return self.wait.chance(self.gone + ahead)


class Outlook:
    """See the module. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._shortfalls: dict[Purse, Shortfall] = {}

    def fell_short(self, purse: Purse, wait: Wait, now: float) -> None:
        """A try has failed."""
        self._shortfalls[purse] = Shortfall(wait, now)

    def went(self, purse: Purse, now: float) -> None:
        """A call goes out."""
        for one in {Purse.RESERVE} if purse is Purse.RESERVE else {Purse.REST, Purse.SPARE}:
            shortfall = self._shortfalls.get(one)
            if shortfall is None:
                continue
            # What is no chance of a warm-up may well be a person's.
            is_refuted = shortfall.chance() > now and (one is purse or one is Purse.REST)
            if is_refuted:
                del self._shortfalls[one]
            else:
                shortfall.gone += 1

    def forget(self) -> None:
        """Something was given back: all may be otherwise now."""
        self._shortfalls.clear()

    def sure(self, lane: Lane, now: float) -> Shortfall | None:
        """Why no call of this lane can go now, if that is certain. Of an alert it never is: somebody must try."""
        shortfall = self._shortfall(lane)
        if shortfall is None or lane is Lane.ALERT:
            return None
        return shortfall if now - shortfall.since < BELIEVED_FOR and shortfall.chance() > now else None

    def alerts_own_chance(self) -> float:
        """When an alert may go out of the alerts' own; long ago when nothing is known against it."""
        own = self._shortfalls.get(Purse.RESERVE)
        return -math.inf if own is None else own.chance()

    def likely_wait(self, lane: Lane, ahead: int, now: float) -> float:
        """In how many seconds a call of this lane may go out that has ``ahead`` others before it; 0 when not known."""
        shortfall = self._shortfall(lane)
        if shortfall is None:
            return 0.0
        chance = shortfall.chance(ahead)
        if lane is Lane.ALERT:
            chance = min(chance, self.alerts_own_chance())
        return max(0.0, chance - now)

    def _shortfall(self, lane: Lane) -> Shortfall | None:
        """Why no call of this lane went, the alerts' own left aside: a warm-up needs more to be there than others."""
        purses = (Purse.REST, Purse.SPARE) if lane is Lane.WARM_UP else (Purse.REST,)
        known = [self._shortfalls[purse] for purse in purses if purse in self._shortfalls]
        return max(known, key=Shortfall.chance, default=None)
