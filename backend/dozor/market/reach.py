"""How far back a question reaches, read from the texts of its parameters; ``None`` where only upstream understands."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime

_DATE = re.compile(r"(\d{2})-(\d{2})-(\d{4})")  # of the public API; a paid plan writes it the other way round


def is_whole(text: str) -> bool:
    """Whether it is a whole number in plain digits; ``str.isdigit`` alone also takes a superscript two for one."""
    return text.isascii() and text.isdigit()


def days_of(text: str) -> float | None:
    """A number of days; ``max`` is infinite."""
    if text == "max":
        return math.inf
    return int(text) if is_whole(text) and len(text) <= 18 else None


def moment_of(text: str) -> datetime | None:
    """UNIX seconds, ``2025-12-31`` or ``2025-12-31T18:00`` (UTC)."""
    try:
        if is_whole(text):
            return datetime.fromtimestamp(int(text), UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def day_of(text: str) -> date | None:
    """``31-12-2025`` or ``2025-12-31``."""
    try:
        return date.fromisoformat(_DATE.sub(r"\3-\2-\1", text))
    except ValueError:
        return None
