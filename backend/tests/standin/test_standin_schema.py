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


@pytest.mark.parametrize("endpoint", PAID, ids=lambda endpoint: endpoint.path)
async def test_a_paid_path_is_refused(endpoint, caller: Caller):
    reply = await caller.get(endpoint.path.replace("{", "").replace("}", ""))
    assert reply.status == 401
    assert reply.json()["status"]["error_code"] == 10005
