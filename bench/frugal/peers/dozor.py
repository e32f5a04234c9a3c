"""Dozor as it is started from an empty data folder: the demo plan's 30 calls a minute, and no Redis."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.frugal.peers.subject import Started, free_port, process
from bench.frugal.questions import ROOT

BACKEND = Path(__file__).resolve().parents[3] / "backend"
PER_MINUTE = 30
PER_MONTH = 10_000


def dozor(upstream: str, folder: Path) -> Started:
    """Start Dozor without a limit of the month."""
    return _started(upstream, folder, 0)


def dozor_by_the_month(upstream: str, folder: Path) -> Started:
    """Start Dozor with the demo plan's 10,000 calls a month."""
    return _started(upstream, folder, PER_MONTH)


def _started(upstream: str, folder: Path, per_month: int) -> Started:
    port = free_port()
    environment = {
        "COINGECKO_BASE_URL": upstream + ROOT,
        "COINGECKO_API_KEY": "CG-bench",
        "COINGECKO_PLAN": "demo",
        "COINGECKO_CALLS_PER_MINUTE": str(PER_MINUTE),
        "COINGECKO_CALLS_PER_MONTH": str(per_month),
        "DOZOR_DATA_DIR": str(folder / "data"),
        "DOZOR_LANG": "en",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PYTHONPATH": str(BACKEND),
        "REDIS_URL": "",
    }
    return process([sys.executable, "-m", "dozor", "serve"], folder, port, environment)
