"""How long the caches of URLs keep what: the provider's cadence by path, as long as Dozor and the greedy planner do."""

from __future__ import annotations

from bench.frugal.greedy import FRESH, FRESH_CHARTS, FRESH_LISTS

DEFAULT_S = 60
GRACE_S = 86_400
"""How long an answer may be served when there is no newer one."""

SECONDS = {"/market_chart": FRESH_CHARTS["hour"], "/search": FRESH["search"], **FRESH_LISTS}
"""Seconds by the end of the path. They cannot tell 1 day from 30: all charts get what suits most of them."""


def by_path() -> dict[str, int]:
    """Give seconds by a regular expression for the path."""
    return {f"{end}$": int(seconds) for end, seconds in SECONDS.items()}
