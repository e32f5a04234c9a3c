"""How ``bench/frugal`` runs a subject, and what it makes of what happened."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.frugal.outcomes import Outcome, summary
from bench.frugal.peers.subject import CannotRun, find_program, free_port, process
from bench.frugal.stage import perform
from bench.frugal.targets import targets


def outcome(
    at: float, *, kind: str = "prices", waited: float = 0.1, age: float = 10.0, answered: bool = True
) -> Outcome:
    return Outcome(at, kind, waited, age, answered)


async def test_without_a_cache_the_plan_serves_its_thirty_calls_and_no_more() -> None:
    performed = await perform("direct", [(0.0, 2.0)], upstream_seed=0)
    (span,) = performed["spans"]
    assert span["requests"] > 30
    assert (span["answered"], span["wrong"]) == (30, 0)
    assert span["refused"] <= span["requests"] - 30, "on a busy machine a connection may break instead"
    assert performed["upstream"]["calls"] == len(performed["calls"]) == span["calls"] == span["requests"]
    assert span["latency_ms"]["p50"] >= 150


def test_a_summary_is_about_the_requests_that_came_within_its_span() -> None:
    outcomes = [outcome(9), outcome(10), outcome(15, answered=False, age=math.nan), outcome(20)]
    figures = summary(outcomes, [1, 10, 11, 12], (10, 20), refused=[11, 25], wrong=[9, 10])
    assert (figures["requests"], figures["answered"], figures["success"]) == (2, 1, 0.5)
    assert (figures["calls"], figures["refused"], figures["wrong"]) == (3, 1, 1)
    assert figures["answers_per_call"] == pytest.approx(1 / 3, abs=0.001)
    assert figures["answers_per_granted_call"] == 0.5
    assert figures["kinds"]["prices"]["age_s"] == {"p50": 10.0, "p99": 10.0}


def test_targets_are_missed_by_a_hair() -> None:
    nginx_reached, greedy = {"answers_per_call": 5.0}, {"success": 0.92}
    reached = _dozor(success=0.91, answers_per_call=25.0, age=120.0, wrong=0, refused=0)
    assert all(target.met for target in targets(reached, greedy, nginx_reached))
    missed = _dozor(success=0.9099, answers_per_call=24.9, age=120.1, wrong=1, refused=1)
    unmet = [target for target in targets(missed, greedy, nginx_reached) if not target.met]
    assert len(unmet) == 7  # all but the age of details
    assert not all(target.met for target in targets({**reached, "kinds": {}}, greedy, None))


def test_a_program_that_is_not_there_is_said_with_the_remedy() -> None:
    with pytest.raises(CannotRun, match="no no-such-cache here: apt-get install cache-of-debian"):
        find_program("no-such-cache", "cache-of-debian")


async def test_a_program_that_ends_at_once_is_said_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="cannot find my feet"):
        async with process([sys.executable, "-c", "raise SystemExit('cannot find my feet')"], tmp_path, free_port()):
            pass


def _dozor(*, success: float, answers_per_call: float, age: float, wrong: int, refused: int) -> dict[str, Any]:
    kinds = {kind: {"age_s": {"p99": age}} for kind in ("prices", "markets", "watchlists", "details")}
    return {
        "success": success,
        "answers_per_call": answers_per_call,
        "kinds": kinds,
        "wrong": wrong,
        "refused": refused,
    }
