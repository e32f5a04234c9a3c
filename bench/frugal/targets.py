"""What Dozor is to reach on this workload, beside the planner and nginx in the same run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BELOW_GREEDY = 0.01
TIMES_NGINX = 5.0
OLDEST_S = {"prices": 120.0, "markets": 120.0, "watchlists": 120.0, "details": 300.0}


@dataclass(frozen=True, slots=True)
class Target:
    """One of them."""

    what: str
    reached: str
    met: bool


def targets(dozor: Mapping[str, Any], greedy: Mapping[str, Any], nginx: Mapping[str, Any] | None) -> Iterator[Target]:
    """Give the targets of one span, by the figures of each in it. Without nginx, without the one about it."""
    success, bound = dozor["success"], greedy["success"] - BELOW_GREEDY
    yield Target(f"success, % >= {bound * 100:.1f}", f"{success * 100:.1f}", success >= bound)
    if nginx is not None:
        times = dozor["answers_per_call"] / nginx["answers_per_call"]
        yield Target(f"answers per call, times nginx's >= {TIMES_NGINX:.0f}", f"{times:.1f}", times >= TIMES_NGINX)
    for kind, oldest in OLDEST_S.items():
        age = ((dozor["kinds"].get(kind) or {}).get("age_s") or {}).get("p99", math.inf)
        yield Target(f"age of {kind}, s at p99 <= {oldest:.0f}", f"{age:.0f}", age <= oldest)
    yield Target("wrong answers, 0", str(dozor["wrong"]), dozor["wrong"] == 0)
    yield Target("refused calls, 0", str(dozor["refused"]), dozor["refused"] == 0)
