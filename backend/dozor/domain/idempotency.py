"""One request, one effect: what is remembered of requests that carry an ``Idempotency-Key``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fresh:
    """Nobody has asked this before: do it, then say what came of it."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The same request is being answered just now, or was broken off a moment ago."""


@dataclass(frozen=True, slots=True)
class Misused:
    """The key was used for another request."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The same request was answered so."""

    status: int
    body: bytes


Earlier = Fresh | UnderWay | Misused | Answered
