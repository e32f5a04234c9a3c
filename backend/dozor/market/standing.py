"""How the facts that a question wants stand: which are unknown, which are old, and how old the oldest is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dozor.caching.tier import PolicyOf
from dozor.domain.freshness import Freshness
from dozor.market.facts import Fact, Facts, Saying
from dozor.market.tuning import ABSENT_S

ABSENT_FOR = timedelta(seconds=ABSENT_S)


@dataclass(frozen=True, slots=True)
class Standing:
    """``missing`` facts are not known at all; ``due`` are these and those past their fresh time.

    ``oldest`` and ``newest`` are when what is known was fetched. Coins that upstream leaves out count only where there
    is nothing else: they have a time of their own.
    """

    missing: Sequence[Fact]
    due: Sequence[Fact]
    oldest: datetime | None
    newest: datetime | None
    all_absent: bool


def standing(
    facts: Facts, coins: Iterable[str], columns: Sequence[str], policy_of: PolicyOf, now: datetime
) -> Standing:
    """How these coins stand in these columns at ``now``."""
    missing: list[Fact] = []
    due: list[Fact] = []
    said: set[datetime] = set()
    absent: set[datetime] = set()
    fresh: dict[datetime, bool] = {}
    for fact, saying in facts.of(coins, columns):
        if saying is None or (saying.said is None and not _is_absent(saying, now)):
            missing.append(fact)
            due.append(fact)
        elif saying.said is None:
            absent.add(saying.fetched_at)
        else:
            at = saying.fetched_at
            if at not in fresh:
                said.add(at)
                fresh[at] = policy_of(at).classify(abs(now - at)) is Freshness.FRESH
            if not fresh[at]:
                due.append(fact)
    times = said or absent
    return Standing(missing, due, min(times, default=None), max(times, default=None), all_absent=not said)


def is_due(saying: Saying | None, policy_of: PolicyOf, now: datetime) -> bool:
    """Whether this has to be fetched, so far as it is wanted."""
    if saying is None:
        return True
    if saying.said is None:
        return not _is_absent(saying, now)
    return policy_of(saying.fetched_at).classify(abs(now - saying.fetched_at)) is not Freshness.FRESH


def _is_absent(saying: Saying, now: datetime) -> bool:
    return abs(now - saying.fetched_at) < ABSENT_FOR
