"""How reads end, counted so that the sum is always right.

``reads`` is the sum of all outcomes: a read counts once, under one of them, in the moment it ends. An asker who left
before that (cancelled) is no read. ``loads`` are counted apart, because a load serves many reads, or none:
``load_failures`` is the part of them that failed.

A call is saved by a read that got its answer without one of its own: neither did it begin a load, not even behind a
stale answer, unless another process made the call for it. Misses and failures save nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """How one read ended. The last three raised an error; all others brought an entry."""

    HIT = "hit"  # a fresh entry
    STALE_HIT = "stale_hit"  # a stale entry within grace, or within what its asker accepts, at once
    JOINED = "joined"  # waited for a load that was under way already
    LOADED_ELSEWHERE = "loaded_elsewhere"  # waited for a load that another process was making
    MISS = "miss"  # waited for a load that this read began
    STALE_ON_ERROR = "stale_on_error"  # a stale entry, because nothing newer could be had
    NEGATIVE_HIT = "negative_hit"  # a remembered error, at once
    REFUSED = "refused"  # what upstream would surely refuse, without looking for an answer
    FAILURE = "failure"  # the error of a load, or no time, room or leave to wait for one


SAVING = (
    Outcome.HIT,
    Outcome.STALE_HIT,
    Outcome.JOINED,
    Outcome.LOADED_ELSEWHERE,
    Outcome.STALE_ON_ERROR,
    Outcome.NEGATIVE_HIT,
    Outcome.REFUSED,
)


@dataclass(frozen=True, slots=True)
class Counts:
    """Counters since the start of the process."""

    hits: int
    stale_hits: int
    joined: int
    loaded_elsewhere: int
    misses: int
    stale_on_error: int
    negative_hits: int
    refused: int
    failures: int
    loads: int
    load_failures: int

    @property
    def reads(self) -> int:
        """Every read that ended."""
        at_once = self.hits + self.stale_hits + self.negative_hits + self.refused
        waited = self.joined + self.loaded_elsewhere + self.misses
        return at_once + waited + self.stale_on_error + self.failures


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All counters in one moment; ``saved`` has the calls saved by each outcome of SAVING."""

    total: Counts
    by_family: Mapping[str, Counts]
    saved: Mapping[Outcome, int]


class ReadStats:
    """Count reads and loads per family: a label with few values, never a coin id or a key. One instance per loop."""

    def __init__(self) -> None:
        self._reads: dict[str, Counter[Outcome]] = {}
        self._loads: Counter[str] = Counter()
        self._load_failures: Counter[str] = Counter()
        self._saved: Counter[Outcome] = Counter()

    def count_read(self, family: str, outcome: Outcome, *, began_load: bool = False) -> None:
        """One read of this family ended so; ``began_load``: not without a load of its own."""
        self._reads.setdefault(family, Counter())[outcome] += 1
        if outcome in SAVING and not began_load:
            self._saved[outcome] += 1

    def count_load(self, family: str) -> None:
        """One load of this family began."""
        self._loads[family] += 1

    def count_load_failure(self, family: str) -> None:
        """A load that was counted has failed."""
        self._load_failures[family] += 1

    def snapshot(self) -> Snapshot:
        """All counters as they are now; families in alphabetical order."""
        families = sorted(self._reads.keys() | self._loads.keys())
        return Snapshot(
            total=_counts(sum(self._reads.values(), Counter()), self._loads.total(), self._load_failures.total()),
            by_family={
                family: _counts(self._reads.get(family, Counter()), self._loads[family], self._load_failures[family])
                for family in families
            },
            saved={outcome: self._saved[outcome] for outcome in SAVING},
        )


def _counts(reads: Counter[Outcome], loads: int, load_failures: int) -> Counts:
    return Counts(
        hits=reads[Outcome.HIT],
        stale_hits=reads[Outcome.STALE_HIT],
        joined=reads[Outcome.JOINED],
        loaded_elsewhere=reads[Outcome.LOADED_ELSEWHERE],
        misses=reads[Outcome.MISS],
        stale_on_error=reads[Outcome.STALE_ON_ERROR],
        negative_hits=reads[Outcome.NEGATIVE_HIT],
        refused=reads[Outcome.REFUSED],
        failures=reads[Outcome.FAILURE],
        loads=loads,
        load_failures=load_failures,
    )
