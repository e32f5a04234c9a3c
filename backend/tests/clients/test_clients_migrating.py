"""The migration pages say what works: their Python, curl and JavaScript examples are run as they stand.

Not the one for Google Sheets, which only Google can run; the pages say so.
"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
from sides import Sides

from run_examples import output_of, output_of_tool

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = ROOT / "docs"
FRONTEND = ROOT / "frontend"  # among its development dependencies is the TypeScript SDK
ADDRESS = "http://localhost:8000/api/v3"
PAGES = {language: (DOCUMENTS / language / "migrating.md").read_text("utf-8") for language in ("en", "ru")}


def blocks(kind: str) -> list[pytest.param]:
    """All blocks of code of this kind that ask the address of Dozor on this machine."""
    return [
        pytest.param(block, id=f"{language}-{number}")
        for language, page in PAGES.items()
        for number, block in enumerate(re.findall(rf"^```{kind}\n(.*?)^```", page, re.MULTILINE | re.DOTALL))
        if ADDRESS in block
    ]


def test_both_pages_have_the_same_examples() -> None:
    for kind, count in (("python", 4), ("sh", 2), ("js", 1), ("ts", 1)):
        assert len(blocks(kind)) == 2 * count, kind
    assert without_comments(PAGES["en"]) == without_comments(PAGES["ru"])


@pytest.mark.parametrize("block", blocks("python"))
async def test_a_python_example_runs_as_it_stands(block: str, sides: Sides) -> None:
    printed = await output_of(sys.executable, "-W", "error", "-c", block.replace(ADDRESS, sides.dozor))
    assert re.match(r"\d+(\.\d+)?$|\['bitcoin', 'ethereum', ", printed)


@pytest.mark.parametrize("block", blocks("sh"))
async def test_a_curl_example_runs_as_it_stands(block: str, sides: Sides) -> None:
    name, *arguments = shlex.split(block.replace(ADDRESS, sides.dozor))
    printed = await output_of_tool(name, *arguments)
    assert re.match(r'\{"bitcoin":\{"usd":\d+|\[\{"id":"', printed)


@pytest.mark.parametrize("block", blocks("js"))
async def test_a_fetch_example_runs_as_it_stands(block: str, sides: Sides) -> None:
    printed = await output_of_tool("node", "--input-type=module", "--eval", block.replace(ADDRESS, sides.dozor))
    assert re.match(r"\d+(\.\d+)?$", printed)


@pytest.mark.parametrize("block", blocks("ts"))
async def test_an_example_of_the_typescript_sdk_runs_as_it_stands(block: str, sides: Sides) -> None:
    """It has no types of its own to strip, so Node.js takes it as JavaScript."""
    example = block.replace(ADDRESS, sides.dozor)
    printed = await output_of_tool("node", "--input-type=module", "--eval", example, folder=FRONTEND)
    assert re.match(r"\d+(\.\d+)?$", printed)


@pytest.mark.parametrize(("language", "words"), [("en", "*Not run by us.*"), ("ru", "*Нами не проверено.*")])
def test_the_example_that_only_google_can_run_is_marked_as_not_run(language: str, words: str) -> None:
    [before] = re.findall(r"([^\n]*)\n\n```js\n[^`]*https://dozor\.example\.org", PAGES[language])
    assert before.endswith(words)


def without_comments(page: str) -> list[str]:
    """The lines of all examples, without what is said in either language."""
    code = "".join(re.findall(r"^```\w+\n(.*?)^```", page, re.MULTILINE | re.DOTALL))
    spoken = re.compile(r"\s+(#|//) .*|/\*\*.*|\"(one of yours|один из ваших)\"")
    return [spoken.sub("", line) for line in code.splitlines()]
