"""Which events go to a channel that people read in one message, and when (``alerts.md`` section 9).

What happens within a few seconds comes in one message, and messages of one chat keep their distance. Critical events
wait for nothing. Events that are too late to ring come together, without a sound: they are the summary of an outage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dozor.alerts.deliveries import Claim

GROUP_WAIT = timedelta(seconds=5)
APART = timedelta(seconds=30)
MOST_CHANNELS_KNOWN = 100_000


@dataclass(frozen=True, slots=True)
class Parcels:
    """What goes out now, each inner sequence in one message, and until when the others wait."""

    ready: Sequence[Sequence[Claim]]
    held: Sequence[tuple[Claim, datetime]]


class Groups:
    """Remembers when each channel was written to. One instance per process; a restart forgets, and may write sooner."""

    def __init__(self) -> None:
        self._written_at: dict[str, datetime] = {}

    def parcels(self, channel_id: str, claims: Sequence[Claim], now: datetime) -> Parcels:
        """Put these claims of one channel together."""
        critical = [(claim,) for claim in claims if is_critical(claim)]
        calm = [claim for claim in claims if not is_critical(claim)]
        if not calm:
            return Parcels(critical, ())
        begins = min(claim.created_at for claim in calm) + GROUP_WAIT
        written_at = self._written_at.get(channel_id)
        if written_at is not None:
            begins = max(begins, written_at + APART)
        if begins > now:
            return Parcels(critical, [(claim, begins) for claim in calm])
        late = [claim for claim in calm if is_late(claim)]
        timely = [claim for claim in calm if not is_late(claim)]
        if len(self._written_at) >= MOST_CHANNELS_KNOWN:
            self._written_at = {name: at for name, at in self._written_at.items() if at + APART > now}
        self._written_at[channel_id] = now
        return Parcels([*critical, *(group for group in (late, timely) if group)], ())


def is_critical(claim: Claim) -> bool:
    """Whether its rule is never to be held back."""
    return bool(claim.event.body.get("critical"))


def is_late(claim: Claim) -> bool:
    """Whether it comes later than its rule allows a sound for."""
    return bool(claim.event.body.get("is_late"))
