"""In which ways an answer can be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum


class Wrong(Enum):
    """What is wrong with it."""

    UNREADABLE = "not the JSON that such a question is answered with"
    MISSING = "something that was asked for, and that upstream knows, is not there"
    UNASKED = "something is there that was not asked for"
    ORDER = "not in upstream's order"
    NEVER_SAID = "upstream never said so"
    TOO_OLD = "upstream said so before the answer claims"


class WrongAnswer(Exception):
    """An answer that is wrong; ``where`` is for the person who looks for the reason."""

    def __init__(self, wrong: Wrong, where: str) -> None:
        super().__init__(f"{wrong.value}: {where}")
        self.wrong = wrong
        self.where = where


def expect_names(found: Sequence[str], expected: Sequence[str], where: str) -> None:
    """Raise WrongAnswer unless ``found`` are the names ``expected``, in this order."""
    if list(found) == list(expected):
        return
    if missing := [name for name in expected if name not in found]:
        raise WrongAnswer(Wrong.MISSING, f"{where}: {missing[0]}")
    if unasked := [name for name in found if name not in expected]:
        raise WrongAnswer(Wrong.UNASKED, f"{where}: {unasked[0]}")
    raise WrongAnswer(Wrong.ORDER, where)
