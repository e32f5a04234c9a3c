"""What a read does next: decided here by values alone, done in ``readthrough``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from dozor.caching.entry import Entry
from dozor.caching.stats import Outcome
from dozor.domain.errors import DozorError, TryLater
from dozor.domain.freshness import Freshness


@dataclass(frozen=True, slots=True)
class Serve:
    """Answer with this entry now; ``error`` is what a stale one stands in for."""

    entry: Entry
    outcome: Outcome
    error: DozorError | None = None


@dataclass(frozen=True, slots=True)
class ServeAndRefresh:
    """Answer with this stale entry now, and see that a refresh runs behind."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Refuse:
    """Raise this error."""

    error: DozorError


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for a load. What its failure means for the asker, ``after_failure`` says."""


Decision: TypeAlias = Serve | ServeAndRefresh | Refuse | Wait


def decide(entry: Entry | None, remembered: DozorError | None, now: datetime) -> Decision:
    """What to do with what is known of a key: its entry, and the error that is held against loading it."""
    if entry is not None and entry.freshness(now) is Freshness.FRESH:
        return Serve(entry, Outcome.HIT)
    if entry is not None and entry.within_grace(now):
        return ServeAndRefresh(entry) if remembered is None else Serve(entry, Outcome.STALE_HIT)
    if remembered is None:
        return Wait()
    return after_failure(entry, remembered, now)


def after_failure(entry: Entry | None, error: DozorError, now: datetime) -> Serve | Refuse:
    """What an asker gets instead of a load that brought ``error``, or that this error keeps from being made.

    A stale entry stands in for an answer that comes later, not for a refusal: past grace, a coin that upstream says
    does not exist is not shown as if it did.
    """
    if entry is None or entry.freshness(now) is Freshness.EXPIRED or not isinstance(error, TryLater):
        return Refuse(error)
    return Serve(entry, Outcome.STALE_ON_ERROR, error)
