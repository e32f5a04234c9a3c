"""The gateway's page in the documents and the endpoint table say the same of every path.

A failure shows the rows as they should be: copy them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from dozor.market.endpoints import ENDPOINTS, Endpoint, FamilyName, History

DOCUMENTS = Path(__file__).resolve().parents[3] / "docs"


@dataclass(frozen=True)
class Words:
    """How one language says what a row says."""

    second: str
    minute: str
    hour: str
    families: dict[FamilyName, str]
    one_of: str
    limit: str
    chart: str
    day: str


LANGUAGES = {
    "en": Words(
        second="s",
        minute="min",
        hour="h",
        families={
            FamilyName.PLAIN: "plain",
            FamilyName.PRICES: "composite",
            FamilyName.MARKETS: "composite",
            FamilyName.DETAILS: "exact",
            FamilyName.COIN_LIST: "exact",
        },
        one_of="one of",
        limit="365 days",
        chart="by length",
        day="by day",
    ),
    "ru": Words(
        second="с",
        minute="мин",
        hour="ч",
        families={
            FamilyName.PLAIN: "как есть",
            FamilyName.PRICES: "составной",
            FamilyName.MARKETS: "составной",
            FamilyName.DETAILS: "точная часть",
            FamilyName.COIN_LIST: "точная часть",
        },
        one_of="одно из",
        limit="365 дней",
        chart="по длине",
        day="по дню",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_of_every_path_what_the_table_does(language: str) -> None:
    page = (DOCUMENTS / language / "gateway.md").read_text("utf-8")
    assert re.findall(r"^\| `/.*$", page, re.MULTILINE) == [row(each, LANGUAGES[language]) for each in ENDPOINTS]


def row(endpoint: Endpoint, words: Words) -> str:
    cells = [
        f"`{endpoint.path}`",
        words.families[endpoint.family],
        *cadences(endpoint, words),
        required(endpoint, words),
    ]
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def cadences(endpoint: Endpoint, words: Words) -> list[str]:
    """On a public plan and on a paid one; of a paid path, there is the latter only."""
    if endpoint.is_chart:
        return [words.chart, words.chart]
    if endpoint.history is History.DATE:
        return [words.day, words.day]
    paid = spelled(endpoint.cadence.pro_s, words)
    return [paid] if endpoint.is_paid else [spelled(endpoint.cadence.keyless_or_demo_s, words), paid]


def spelled(seconds: int, words: Words) -> str:
    if seconds > 3600 and seconds % 3600 == 0:
        return f"{seconds // 3600} {words.hour}"
    return f"{seconds} {words.second}" if seconds < 120 else f"{seconds // 60} {words.minute}"


def required(endpoint: Endpoint, words: Words) -> str:
    parts = [f"`{parameter.name}`" for parameter in endpoint.parameters if parameter.required]
    if endpoint.one_of:
        parts.append(f"{words.one_of} {', '.join(f'`{name}`' for name in endpoint.one_of)}")
    return "; ".join(part for part in (", ".join(parts), words.limit if endpoint.history else "") if part)
