"""What one step of ``dozor doctor`` has found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dozor.telemetry.phrases import Words


class Part(Enum):
    """What is looked at, in the order in which it is."""

    SETTINGS = "settings"
    DISK = "disk"
    DATABASE = "database"
    REDIS = "redis"
    UPSTREAM = "upstream"
    PORT = "port"


class State(Enum):
    """How a step ended. A warning is what Dozor can live with; a skipped step was not made, and ``seen`` says why."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One step and how it ended. ``step`` is its name for programs; ``fix`` is there for whatever is not well."""

    step: str
    state: State
    seen: Words
    fix: Words | None = None


def ok(step: str, seen: Words) -> Finding:
    """All is well."""
    return Finding(step, State.OK, seen)


def warning(step: str, seen: Words, fix: Words) -> Finding:
    """Dozor works, and not as well as it could."""
    return Finding(step, State.WARNING, seen, fix)


def failed(step: str, seen: Words, fix: Words) -> Finding:
    """Dozor cannot work, or not as the settings ask it to."""
    return Finding(step, State.FAILED, seen, fix)


def skipped(step: str, seen: Words, fix: Words | None = None) -> Finding:
    """The step was not made."""
    return Finding(step, State.SKIPPED, seen, fix)
