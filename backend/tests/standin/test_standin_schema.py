"""Every path of the public API answers, and as its published document says."""

from __future__ import annotations

import pytest
from published_schema import document, needs_document, problems
from questions import PATHS, question
from standin_caller import Caller

from dozor.standin.endpoints import PAID
from fakes import FakeClock


@needs_document
def test_the_standin_has_every_path_of_the_published_document_and_no_other():
    assert set(PATHS) == set(document()["paths"])
    assert len(PATHS) == len(set(PATHS)) == 61


@needs_document
@pytest.mark.parametrize("path", PATHS)
async def test_an_answer_is_as_published(path: str, caller: Caller, clock: FakeClock):
    answer = await caller.json(question(path, clock.now()))
    assert answer, "an empty answer shows nothing"
    assert problems(path, answer) == []


@needs_document
@pytest.mark.parametrize("path", PATHS)
async def test_an_answer_is_as_published_whatever_is_asked_for(path: str, caller: Caller, clock: FakeClock):
    """Everything switched on that can be; then each choice that the document names, one at a time."""
    for more in choices(path):
        reply = await caller.get(question(path, clock.now(), **more))
        assert reply.status == 200, (more, reply.text)
        assert problems(path, reply.json()) == [], more


def choices(path: str) -> list[dict[str, str]]:
    parameters = [p for p in document()["paths"][path]["get"].get("parameters", []) if p["in"] == "query"]
    switched_on = {p["name"]: "true" for p in parameters if p["schema"]["type"] == "boolean"}
    if any(p["name"] == "include" for p in parameters):
        switched_on["include"] = "base_token,quote_token,dex,network,pool,top_pools"
    one_by_one = [
        {p["name"]: value}
        for p in parameters
        for value in p["schema"].get("enum", ())
        if p["name"] not in {"precision", "locale"} or value in {"full", "0", "18", "ru"}
    ]
    return [switched_on, *one_by_one]


@pytest.mark.parametrize("endpoint", PAID, ids=lambda endpoint: endpoint.path)
async def test_a_paid_path_is_refused(endpoint, caller: Caller):
    reply = await caller.get(endpoint.path.replace("{", "").replace("}", ""))
    assert reply.status == 401
    assert reply.json()["status"]["error_code"] == 10005
