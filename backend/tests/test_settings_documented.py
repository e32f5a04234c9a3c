"""Every setting stands, with its true default, in the example file and in both languages' documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dozor.setting_values import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "docs" / language / "settings.md" for language in ("en", "ru")]


def documented_defaults(page: Path) -> dict[str, str]:
    rows = re.findall(
        r"^\| `([A-Z_]+)` \| (`([^`]*)`|\w+) \| .{10,} \|$", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {name: default for name, _, default in rows}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_the_settings_page_lists_exactly_the_settings_with_their_defaults(page: Path) -> None:
    assert documented_defaults(page) == {name: setting.default for name, setting in SETTINGS.items()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_the_settings_page_names_the_file_form_of_every_secret(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [name for name, setting in SETTINGS.items() if setting.secret and f"{name}_FILE" not in text] == []


def test_the_example_file_holds_exactly_the_settings_with_their_defaults() -> None:
    text = (ROOT / "backend" / "env.example.txt").read_text(encoding="utf-8")
    lines = dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))
    assert lines == {name: setting.default for name, setting in SETTINGS.items()}
