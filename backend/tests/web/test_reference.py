"""The API reference says what the OpenAPI document does, in both languages, and its examples are true."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dozor.standin import server as standin
from dozor.web.examples import EXAMPLES
from reference_page import ADDRESS, COMMAND, described, file, laid_out_here, text
from reference_words import PAGES, RUSSIAN
from run_examples import output_of_tool
from running_dozor import RunningDozor, running_dozor

ANSWER = r"\n\n```(?P<kind>json|text)\n(?P<answer>(?:.*\n)+?)```"
EXAMPLE = re.compile(rf"^```sh\n(?P<command>.*)\n```(?:{ANSWER})?$", re.MULTILINE)


@pytest.fixture(scope="module")
async def dozor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningDozor]:
    """On the stand-in's market, asked for its table once: so it is ready, and has something to count."""
    stand_in = await standin.start(coins=600)
    async with running_dozor(stand_in.base_url, tmp_path_factory.mktemp("dozor")) as running:
        assert (await running.get("/api/v1/coins")).status == 200
        yield running
    await stand_in.close()


@pytest.mark.parametrize("language", PAGES)
async def test_the_page_is_what_the_document_says(language: str) -> None:
    written = file(language).read_text("utf-8")
    assert written == text(await described(), PAGES[language]), f"out of date; `{COMMAND}` writes it anew"


def test_nothing_is_translated_that_the_document_does_not_say() -> None:
    page = file("en").read_text("utf-8").lower()
    unused = [english for english in RUSSIAN if english.replace("``", "`").removesuffix(".").lower() not in page]
    assert unused == []


@pytest.mark.parametrize("model", EXAMPLES, ids=lambda model: model.__name__)
def test_an_example_has_every_member_of_its_schema(model: Any) -> None:
    model.model_validate(EXAMPLES[model])


def examples() -> list[Any]:
    """Each command of both pages, the kind of its answer, and what is shown of that."""
    return [
        pytest.param(*found.groups(), id=f"{language} {found['command'].partition(ADDRESS)[2].partition('?')[0]}")
        for language in PAGES
        for found in EXAMPLE.finditer(file(language).read_text("utf-8"))
    ]


async def test_every_operation_has_an_example() -> None:
    operations = laid_out_here(await described(), PAGES["en"])
    assert len(examples()) == len(PAGES) * len(operations)


@pytest.mark.parametrize(("command", "kind", "answer"), examples())
async def test_an_example_is_answered_with_what_the_page_shows(
    dozor: RunningDozor, tmp_path: Path, command: str, kind: str | None, answer: str | None
) -> None:
    name, *arguments = shlex.split(command.replace(ADDRESS, dozor.url))
    printed = await output_of_tool(name, *arguments, "--silent", "--write-out", "%{http_code}", folder=tmp_path)
    body, status = printed[:-3], printed[-3:]
    assert status == "200"
    match kind:
        case "json":
            assert_holds(json.loads(body), json.loads(answer or ""))
        case "text":
            figures = re.compile(r" [\d.]+$", re.MULTILINE)
            assert set(figures.sub("", answer or "").splitlines()) <= set(figures.sub("", body).splitlines())
        case _:
            assert (tmp_path / "picture").stat().st_size > 0


def assert_holds(whole: Any, shown: Any, at: str = "") -> None:
    """Everything that is shown is there, of its kind; how much it is differs from moment to moment."""
    match shown:
        case dict():
            assert shown.keys() <= whole.keys(), at
            for name, member in shown.items():
                assert_holds(whole[name], member, f"{at}/{name}")
        case list():
            assert len(shown) <= len(whole), at
            for index, member in enumerate(shown):
                assert_holds(whole[index], member, f"{at}/{index}")
        case bool() | str():
            assert whole is None or isinstance(whole, type(shown)), at
        case int() | float():
            assert whole is None or (isinstance(whole, (int, float)) and not isinstance(whole, bool)), at
