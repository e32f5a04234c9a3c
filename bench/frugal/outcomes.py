"""What became of each request, and the figures that are made of it: the same for a model and for a program."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

COLD = (0.0, 180.0)
LATER = (600.0, 780.0)
MUCH_LATER = (1_200.0, 1_380.0)
"""Seconds since the start: from cold, and after ten and twenty minutes."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request."""

    at: float
    """Seconds since the start."""
    kind: str
    waited: float
    """Seconds until the answer, or until there was to be none."""
    age: float
    """Seconds since upstream said the oldest part of the answer; NaN without an answer, or where nobody knows."""
    answered: bool
    """In time and with data."""


def summary(
    outcomes: Iterable[Outcome],
    calls: Sequence[float],
    span: tuple[float, float],
    *,
    refused: Sequence[float] = (),
    wrong: Sequence[float] = (),
) -> dict[str, Any]:
    """Give the figures of the requests that came within ``span``.

    ``calls`` is when each upstream call was made, ``refused`` when each of those that were refused, and ``wrong`` when
    each request came that was answered wrongly.
    """
    within = [outcome for outcome in outcomes if span[0] <= outcome.at < span[1]]
    answered = [outcome for outcome in within if outcome.answered]
    made, turned_down, false = (sum(span[0] <= at < span[1] for at in moments) for moments in (calls, refused, wrong))
    kinds: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in within:
        kinds[outcome.kind].append(outcome)
    return {
        "span_s": span,
        "requests": len(within),
        "answered": len(answered),
        "success": share(len(answered), len(within)),
        "latency_ms": percentiles([outcome.waited * 1_000 for outcome in answered]),
        "calls": made,
        "refused": turned_down,
        "wrong": false,
        "answers_per_call": share(len(answered), made),
        "answers_per_granted_call": share(len(answered), made - turned_down),
        "kinds": {kind: _of_kind(asked) for kind, asked in sorted(kinds.items())},
    }


def percentiles(values: Iterable[float]) -> dict[str, float] | None:
    """Give the median and the 99th percentile; None of nothing."""
    known = sorted(value for value in values if not math.isnan(value))
    if not known:
        return None
    return {
        name: round(known[min(len(known) - 1, int(len(known) * at))], 2) for name, at in (("p50", 0.5), ("p99", 0.99))
    }


def share(part: float, whole: float) -> float | None:
    """Give ``part`` of ``whole``; None of nothing."""
    return round(part / whole, 4) if whole else None


def _of_kind(asked: Sequence[Outcome]) -> dict[str, Any]:
    answered = [outcome for outcome in asked if outcome.answered]
    return {
        "requests": len(asked),
        "success": share(len(answered), len(asked)),
        "age_s": percentiles([outcome.age for outcome in answered]),
    }
