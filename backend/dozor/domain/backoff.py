"""How long to leave somebody alone who fails or who asked us to wait."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# What Retry-After may ask for. A longer pause, or one that lies in the past, is taken for a mistake of the sender:
# we neither stay silent for years nor call at once, but ask again in an hour.
LONGEST_OBEYED = timedelta(hours=24)
INSTEAD_OF_NONSENSE = timedelta(hours=1)

_SECONDS = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Doubling:
    """A pause that doubles with each failure in a row, from ``first`` up to ``longest``."""

    first: timedelta
    longest: timedelta

    def pause(self, failures: int) -> timedelta:
        """The pause after this many failures in a row, the first being 1."""
        # Bounded before the power is taken: an outage of a week must not compute 2 ** 20000.
        doublings = min(max(failures, 1) - 1, 32)
        return min(self.first * (1 << doublings), self.longest)


def requested_pause(retry_after: str | None, now: datetime, sent_at: str | None = None) -> timedelta | None:
    """The pause that a ``Retry-After`` header asks for; ``None`` when it asks for none that can be read.

    Both forms are understood: seconds and an HTTP date (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after). A
    date is counted from ``sent_at``, the answer's own ``Date`` header, where there is one, so that our clock may be
    wrong. Zero asks for nothing: it came with a refusal, so asking again at once cannot be meant.
    """
    if retry_after is None:
        return None
    text = retry_after.strip()
    if _SECONDS.fullmatch(text):
        return _sensible(float(text))
    until = _http_date(text)
    if until is None:
        return None
    return _sensible((until - (_http_date(sent_at) or now)).total_seconds())


def _sensible(seconds: float) -> timedelta | None:
    if seconds == 0:
        return None
    if seconds < 0 or seconds > LONGEST_OBEYED.total_seconds():
        return INSTEAD_OF_NONSENSE
    return timedelta(seconds=seconds)


def _http_date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        instant = parsedate_to_datetime(text.strip())
    except (ValueError, OverflowError):
        return None
    # Left in its own zone: in UTC the first and the last hours that can be written would lie outside the calendar.
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
