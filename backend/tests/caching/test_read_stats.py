"""Counters that add up."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from dozor.caching.stats import SAVING, Counts, Outcome, ReadStats

families = st.sampled_from(["prices", "charts", "details"])


@given(st.lists(st.tuples(families, st.sampled_from(Outcome))), st.lists(st.tuples(families, st.booleans())))
def test_reads_are_the_sum_of_their_outcomes_and_the_total_is_the_sum_of_the_families(
    reads: list[tuple[str, Outcome]], loads: list[tuple[str, bool]]
) -> None:
    stats = ReadStats()
    for family, outcome in reads:
        stats.count_read(family, outcome)
    for family, failed in loads:
        stats.count_load(family)
        if failed:
            stats.count_load_failure(family)
    snapshot = stats.snapshot()
    assert snapshot.total.reads == len(reads)
    assert snapshot.total.loads == len(loads)
    assert snapshot.total.load_failures == sum(failed for _, failed in loads)
    for counter in fields(Counts):
        parts = [getattr(counts, counter.name) for counts in snapshot.by_family.values()]
        assert getattr(snapshot.total, counter.name) == sum(parts)
    assert list(snapshot.by_family) == sorted({family for family, _ in [*reads, *loads]})


def test_each_outcome_has_its_own_counter() -> None:
    for outcome, counter in {
        Outcome.HIT: "hits",
        Outcome.STALE_HIT: "stale_hits",
        Outcome.JOINED: "joined",
        Outcome.LOADED_ELSEWHERE: "loaded_elsewhere",
        Outcome.MISS: "misses",
        Outcome.STALE_ON_ERROR: "stale_on_error",
        Outcome.NEGATIVE_HIT: "negative_hits",
        Outcome.REFUSED: "refused",
        Outcome.FAILURE: "failures",
    }.items():
        stats = ReadStats()
        stats.count_read("prices", outcome)
        assert getattr(stats.snapshot().total, counter) == 1
        assert stats.snapshot().total.reads == 1


@given(st.lists(st.tuples(st.sampled_from(Outcome), st.booleans())))
def test_a_read_saves_a_call_unless_it_missed_or_failed_or_began_a_load(reads: list[tuple[Outcome, bool]]) -> None:
    stats = ReadStats()
    for outcome, began_load in reads:
        stats.count_read("prices", outcome, began_load=began_load)
    saving = [outcome for outcome, began in reads if outcome not in {Outcome.MISS, Outcome.FAILURE} and not began]
    saved = stats.snapshot().saved
    assert saved == {outcome: saving.count(outcome) for outcome in SAVING}
    assert sum(saved.values()) == len(saving)


def test_a_snapshot_does_not_move_afterwards() -> None:
    stats = ReadStats()
    snapshot = stats.snapshot()
    stats.count_read("prices", Outcome.HIT)
    assert (snapshot.total.reads, dict(snapshot.by_family)) == (0, {})
