"""Questions that upstream answers one URL at a time: the answer is the body as it was sent."""

from __future__ import annotations

from dozor.market.families.family import Unit
from dozor.market.ports import Call
from dozor.market.question import Question


def wanted(question: Question) -> Unit:
    """The answer to this very question."""
    return Unit(question.key, question, Call(question.path, question.params, question.endpoint.shape))
