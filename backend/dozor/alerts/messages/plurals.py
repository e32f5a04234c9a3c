"""Counted things in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from dozor.alerts.messages.figures import HARD_SPACE, figure
from dozor.telemetry.phrases import Language


@dataclass(frozen=True, slots=True)
class Counted:
    """A thing that is counted: Russian for 1, 2 and 5 of it, English for 1 and more."""

    one: str
    few: str
    many: str
    english: str
    english_many: str

    def many_of(self, number: int, language: Language) -> str:
        """The number with its word: «4 пересечения»."""
        return f"{figure(Decimal(number), language)}{HARD_SPACE}{self.word(number, language)}"

    def word(self, number: int, language: Language) -> str:
        """The form that goes with the number (CLDR's cardinal rules for whole numbers)."""
        if language is Language.EN:
            return self.english if number == 1 else self.english_many
        last, last_two = number % 10, number % 100
        if last == 1 and last_two != 11:
            return self.one
        return self.few if 2 <= last <= 4 and not 12 <= last_two <= 14 else self.many


ALERTS = Counted("оповещение", "оповещения", "оповещений", "alert", "alerts")
CROSSINGS = Counted("пересечение", "пересечения", "пересечений", "crossing", "crossings")
DAYS = Counted("день", "дня", "дней", "day", "days")
GRID_LINES = Counted("линия сетки", "линии сетки", "линий сетки", "line of the grid", "lines of the grid")
RULES = Counted("правило", "правила", "правил", "rule", "rules")
