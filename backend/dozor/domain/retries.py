"""When a delivery that failed is tried again: soon at first, then ever more rarely, and never beyond its time."""

from __future__ import annotations

from datetime import datetime, timedelta

LONGEST_PAUSES = (
    timedelta(seconds=2),
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
)
"""The longest pause after the first failure, the second, and so on; after those that are named, the last again."""


def retry_at(
    attempts: int, now: datetime, deliver_by: datetime, draw: float, asked: timedelta | None = None
) -> datetime | None:
    """When to try again after so many attempts, the first being 1; ``None`` when it is to be given up.

    ``draw`` is a number from 0 to 1: the whole of each pause is a matter of chance ("full jitter",
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), so that those who failed together do
    not come back together. ``asked`` is the pause that the other side asked for; it wins. A pause of our own that
    would end after ``deliver_by`` ends then, for one last attempt; an asked one that would is a refusal.
    """
    if now >= deliver_by:
        return None
    if asked is not None:
        again_at = now + asked
        return again_at if again_at <= deliver_by else None
    longest = LONGEST_PAUSES[min(max(attempts, 1), len(LONGEST_PAUSES)) - 1]
    return min(now + longest * draw, deliver_by)
