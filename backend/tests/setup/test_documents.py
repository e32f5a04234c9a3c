"""The documents say what the code does, the same in both languages, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dozor.market.endpoints import ENDPOINTS
from dozor.standin.faults import Kind

ROOT = Path(__file__).resolve().parents[3]
ENGLISH, RUSSIAN = ROOT / "docs" / "en", ROOT / "docs" / "ru"
PAGES = sorted(page.name for page in ENGLISH.glob("*.md"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_both_languages_have_the_same_pages() -> None:
    assert sorted(page.name for page in RUSSIAN.glob("*.md")) == PAGES


@pytest.mark.parametrize("name", [*PAGES, "README"])
def test_both_languages_say_the_same_things(name: str) -> None:
    """As far as a program can tell: the same sections, and the same rows in every table, naming the same code."""
    if name == "README":
        english, russian = ROOT / "README.md", ROOT / "README.ru.md"
    else:
        english, russian = ENGLISH / name, RUSSIAN / name
    assert outline(english) == outline(russian)


def outline(page: Path) -> list[str]:
    """Headings by their level, table rows by the code in their first cell, and blocks of code."""
    lines = []
    for line in page.read_text("utf-8").splitlines():
        if heading := re.match(r"#+ ", line):
            lines.append(heading[0])
        elif line.startswith("|"):
            lines.append("| " + " ".join(re.findall(r"`[^`]+`", line.split("|")[1])))
    return lines


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files_that_are_there(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8"))
    assert not [target for target in targets if not (document.parent / target).exists()]


@pytest.mark.parametrize("folder", [ENGLISH, RUSSIAN], ids=["en", "ru"])
def test_gateway_page_names_the_paths_that_are_served(folder: Path) -> None:
    rows = re.findall(r"^\| `(/[^`]*)` \|", (folder / "gateway.md").read_text("utf-8"), re.MULTILINE)
    assert rows == [endpoint.path for endpoint in ENDPOINTS]


@pytest.mark.parametrize("folder", [ENGLISH, RUSSIAN], ids=["en", "ru"])
def test_every_variable_of_the_launcher_is_documented(folder: Path) -> None:
    sources = [*(ROOT / "backend" / "launcher").glob("*.py"), ROOT / "backend" / "run.py", ROOT / "hatch_build.py"]
    read = {name for source in sources for name in re.findall(r"\"(DOZOR_[A-Z]+)\"", source.read_text("utf-8"))}
    page = (folder / "getting-started.md").read_text("utf-8")
    assert read == set(re.findall(r"^\| `(DOZOR_[A-Z]+)` \|", page, re.MULTILINE))


@pytest.mark.parametrize("folder", [ENGLISH, RUSSIAN], ids=["en", "ru"])
def test_every_fault_of_the_stand_in_is_documented(folder: Path) -> None:
    table = (folder / "standin.md").read_text("utf-8").split("| `kind` |")[1]
    first_cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", " ".join(first_cells))) == sorted(kind.value for kind in Kind)


@pytest.mark.parametrize("folder", [ENGLISH, RUSSIAN], ids=["en", "ru"])
def test_every_call_of_our_own_api_is_documented(folder: Path) -> None:
    described = re.findall(r"^\| `GET (/[^`?]*)", (folder / "api.md").read_text("utf-8"), re.MULTILINE)
    site = (ROOT / "backend" / "dozor" / "web" / "site.py").read_text("utf-8")
    routes = (ROOT / "backend" / "dozor" / "web" / "api" / "market.py").read_text("utf-8")
    served = re.findall(r"@router\.get\(\s*\"(/[^\"]+)\"", routes) + re.findall(r"\"/api/v1(/[^\"]+)\"", site)
    assert sorted(described) == sorted(served)
