"""The page about Redis, taken apart: its blocks of code, and who has run them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

NOT_RUN = {"en": "*Not run by us.*", "ru": "*Нами не проверено.*"}


@dataclass(frozen=True)
class Block:
    """One fenced block. ``kind`` is what stands behind the fence, e.g. ``sh run``; ``is_marked``: as not run by us."""

    kind: str
    text: str
    is_marked: bool

    @property
    def is_command(self) -> bool:
        return self.kind.split()[0] in {"sh", "powershell", "python"}


def page(language: str) -> str:
    return (ROOT / "docs" / language / "redis.md").read_text("utf-8")


def blocks(language: str) -> list[Block]:
    """The blocks of the page in its order."""
    found = re.finditer(
        r"(?P<before>[^\n]*)\n\n```(?P<kind>[^\n]+)\n(?P<text>.*?)\n```$", page(language), re.MULTILINE | re.DOTALL
    )
    return [Block(one["kind"], one["text"], one["before"] == NOT_RUN[language]) for one in found]


def rows(language: str, *, of_table: int) -> list[list[str]]:
    """The cells of each row of the page's table of this number, from 0, without its head."""
    tables = re.findall(r"(?:^\|[^\n]*\n)+", page(language), re.MULTILINE)
    lines = tables[of_table].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
