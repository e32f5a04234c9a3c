"""What every market reply of Dozor's own API says of its data."""

from __future__ import annotations

from datetime import datetime, timedelta

from dozor.market.rawjson import encode


def meta(
    fetched_at: datetime, age: timedelta, source: str, *, is_fresh: bool, approximate: bool = False
) -> dict[str, object]:
    """The member ``meta`` of a reply."""
    return {
        "observed_at": rfc3339(fetched_at),
        "age_s": int(age.total_seconds()),
        "state": "fresh" if is_fresh else "stale",
        "source": source,
        "approximate": approximate,
    }


def with_meta(shown: bytes, about: dict[str, object]) -> bytes:
    """The JSON object ``shown`` with the member ``meta`` behind its own."""
    return b'%s,"meta":%s}' % (shown[:-1], encode(about))


def rfc3339(at: datetime) -> str:
    """An instant as the API writes it: UTC, milliseconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
