"""Sizes and spans as people read them."""

from __future__ import annotations

from datetime import timedelta

from dozor.telemetry.phrases import Words

_SIZES = ((1024**3, "ГиБ", "GiB"), (1024**2, "МиБ", "MiB"), (1024, "КиБ", "KiB"))
_SPANS = ((86_400, "д", "d"), (3600, "ч", "h"), (60, "мин", "min"))


def in_words(size_bytes: int) -> Words:
    """``1.5 MiB``: three digits at most, in the largest unit that is not below one."""
    for unit, russian, english in _SIZES:
        if size_bytes >= unit:
            number = f"{size_bytes / unit:.3g}" if size_bytes < 1000 * unit else str(round(size_bytes / unit))
            return Words(f"{number} {russian}", f"{number} {english}")
    return Words(f"{size_bytes} Б", f"{size_bytes} B")


def span_in_words(span: timedelta) -> Words:
    """``5 min``: whole units, rounded down, the largest that fits."""
    seconds = max(span, timedelta(0)).total_seconds()
    for unit, russian, english in _SPANS:
        if seconds >= unit:
            return Words(f"{int(seconds // unit)} {russian}", f"{int(seconds // unit)} {english}")
    return Words(f"{int(seconds)} с", f"{int(seconds)} s")
