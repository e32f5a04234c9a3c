"""Moments and spans as people read them, by the clock on their wall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dozor.alerts.messages.figures import HARD_SPACE
from dozor.alerts.messages.plurals import DAYS
from dozor.telemetry.phrases import Language

_MONTHS = {
    Language.RU: ["янв.", "февр.", "марта", "апр.", "мая", "июня", "июля", "авг.", "сент.", "окт.", "нояб.", "дек."],
    Language.EN: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
}
_UNITS = {Language.RU: ("с", "мин", "ч"), Language.EN: ("s", "min", "h")}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: in which language, and in which IANA zone."""

    language: Language
    zone: str = "UTC"

    @property
    def is_russian(self) -> bool:
        """Whether it is the one language or the other."""
        return self.language is Language.RU

    def moment(self, at: datetime, now: datetime) -> str:
        """``12:03:10``, with the date on any other day than that of ``now``, and with the year in any other year."""
        here, today = at.astimezone(ZoneInfo(self.zone)), now.astimezone(ZoneInfo(self.zone))
        clock = f"{here:%H:%M:%S}"
        if here.date() == today.date():
            return clock
        year = "" if here.year == today.year else f" {here.year}"
        return f"{here.day}{HARD_SPACE}{_MONTHS[self.language][here.month - 1]}{year} {clock}"

    def span(self, length: timedelta) -> str:
        """``47 min``: the largest unit and the one below it, whole ones only. A span below zero is none."""
        seconds = max(0, int(length.total_seconds()))
        second, minute, hour = _UNITS[self.language]
        if seconds < 60:
            return f"{seconds}{HARD_SPACE}{second}"
        if seconds < 3600:
            return _two(seconds // 60, minute, seconds % 60 if seconds < 600 else 0, second)
        if seconds < 86_400:
            return _two(seconds // 3600, hour, seconds % 3600 // 60, minute)
        days = DAYS.many_of(seconds // 86_400, self.language)
        hours = seconds % 86_400 // 3600
        return f"{days} {hours}{HARD_SPACE}{hour}" if hours else days


def _two(larger: int, larger_unit: str, smaller: int, smaller_unit: str) -> str:
    rest = f" {smaller}{HARD_SPACE}{smaller_unit}" if smaller else ""
    return f"{larger}{HARD_SPACE}{larger_unit}{rest}"
