"""Questions that upstream answers one URL at a time: the answer is the body as it was sent."""

from __future__ import annotations

from dozor.market.ports import Call
from dozor.market.question import Question


def unit_key(question: Question) -> str:
    """What the answer is stored under: the question's own name."""
    return question.key


def call(question: Question) -> Call:
    """The upstream call that answers this question."""
    return Call(question.path, question.params, question.endpoint.shape)


def assemble(_: Question, body: bytes) -> bytes:
    """The answer: the body itself."""
    return body
