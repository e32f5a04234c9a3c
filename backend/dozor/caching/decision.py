"""What a read does next: decided here by values alone, done in ``readthrough``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from dozor.caching.entry import Entry
from dozor.caching.stats import Outcome
from dozor.domain.bounds import Bounds
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


@dataclass(frozen=True, slots=True)
class Abstain:
    """Raise NotCached: the asker wants no load, and accepts nothing of what is known."""


Decision: TypeAlias = Serve | ServeAndRefresh | Refuse | Wait | Abstain


def decide(entry: Entry | None, remembered: DozorError | None, now: datetime, bounds: Bounds) -> Decision:
    """What to do with what is known of a key: its entry, and the error that is held against loading it.

    Inside the fresh time there is no newer answer to be had, so what the asker would like makes no difference there:
    a thousand who insist on a new one cost no more than one call per fresh time.
    """
    if entry is not None and entry.freshness(now) is Freshness.FRESH:
        return Serve(entry, Outcome.HIT)
    if entry is not None and _may_stand(entry, remembered, now) and entry.is_accepted(now, bounds):
        may_refresh = remembered is None and not bounds.only_if_cached
        return ServeAndRefresh(entry) if may_refresh else Serve(entry, Outcome.STALE_HIT)
    if bounds.only_if_cached and (remembered is None or isinstance(remembered, TryLater)):
        return Abstain()
    if remembered is None:
        return Wait()
    return after_failure(entry, remembered, now)


def after_failure(entry: Entry | None, error: DozorError, now: datetime) -> Serve | Refuse:
    """What an asker gets instead of a load that brought ``error``, or that this error keeps from being made.

    A stale entry stands in for an answer that comes later, not for a refusal: to who waits, a coin that upstream says
    does not exist is not shown as if it did.
    """
    if entry is None or entry.freshness(now) is Freshness.EXPIRED or not isinstance(error, TryLater):
        return Refuse(error)
    return Serve(entry, Outcome.STALE_ON_ERROR, error)


def _may_stand(entry: Entry, remembered: DozorError | None, now: datetime) -> bool:
    """Whether this stale entry is still an answer at all, whoever asks: beyond grace it is none to what is refused."""
    if entry.freshness(now) is Freshness.EXPIRED:
        return False
    return remembered is None or isinstance(remembered, TryLater) or entry.within_grace(now)
