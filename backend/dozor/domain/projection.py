"""Where the month's calls lead to, if they go on as they have been."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

WATCHED_FOR = timedelta(days=1)  # less tells little: the month begins with a whole day's share at once


@dataclass(frozen=True, slots=True)
class Projection:
    """What an even pace comes to: ``used`` calls at the reset, which may be more than the limit allows.

    ``ends_at`` is the instant at which the limit is reached; ``None``: not before the reset.
    """

    used: int
    ends_at: datetime | None


def project(
    used: int, limit: int | None, *, since: datetime, now: datetime, resets_at: datetime, before: int = 0
) -> Projection | None:
    """The projection of ``used`` calls, all but ``before`` of them made since ``since``, at their average pace.

    ``None`` when there was less than a day to watch. ``limit`` is ``None`` where there is none.
    """
    watched = now - since
    if watched < WATCHED_FOR:
        return None
    per_second = max(0, used - before) / watched.total_seconds()
    at_reset = used + per_second * max(0.0, (resets_at - now).total_seconds())
    ends_at = None
    if limit is not None and at_reset > limit:
        ends_at = now + timedelta(seconds=max(0, limit - used) / per_second) if used < limit else now
    return Projection(round(at_reset), ends_at)
