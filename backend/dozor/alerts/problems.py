"""What is wrong with a rule that somebody sent, each thing with its place in it and a code that never changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dozor.domain.errors import DozorError
from dozor.telemetry.phrases import Words


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. ``pointer`` is a JSON pointer (RFC 6901) into what was sent, empty for the whole of it."""

    pointer: str
    code: str
    message: Words

    def under(self, prefix: str) -> Problem:
        """The same mistake, seen from further out."""
        return replace(self, pointer=prefix + self.pointer)


class RuleRejected(DozorError):
    """A rule cannot be kept as it was sent; nothing of it was written. ``problems`` is never empty."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{problem.pointer or '/'}: {problem.message}" for problem in problems))
        self.problems = tuple(problems)
