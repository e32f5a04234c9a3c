"""What a family of questions has to say."""

from __future__ import annotations

from typing import Protocol

from dozor.market.ports import Call
from dozor.market.question import Question


class Family(Protocol):
    """A set of questions that one upstream endpoint can answer together. Pure: a module of functions."""

    def unit_key(self, question: Question, /) -> str:
        """What the upstream answer that serves this question is stored under."""

    def call(self, question: Question, /) -> Call:
        """The upstream call that fetches that unit."""

    def assemble(self, question: Question, body: bytes, /) -> bytes:
        """The answer to this question out of the unit's body. Raises msgspec.DecodeError when it is not as expected."""
