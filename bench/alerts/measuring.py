"""One engine at one size, measured in a process of its own, so that its memory is its own too."""

from __future__ import annotations

import gc
import os
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.alerts import databases, engines, stateful
from bench.alerts.workload import COINS, PRICE, Workload, prices

ON_LEVELS: dict[str, Callable[[], Any]] = {
    "Dozor: levels": engines.OfLevels,
    "Dozor: index": engines.OfIndex,
    "naive loop": engines.Naive,
    "SQLite": databases.Sqlite,
    "PostgreSQL": databases.Postgresql,
    "Redis": databases.Redis,
}
STATEFUL: dict[str, Callable[[], Any]] = {
    "Dozor: trailing": stateful.Trailing,
    "naive trailing": stateful.NaiveTrailing,
    "Dozor: windows": stateful.Windows,
    "naive windows": stateful.NaiveWindows,
}
TICKS = 20
FEW_TICKS = 3  # where one takes seconds
CHANGES = 2_000
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0


def measured(name: str, rules: int) -> dict[str, Any]:
    """All figures of it. Raises databases.Missing."""
    workload = Workload(rules)
    return _on_levels(name, workload) if name in ON_LEVELS else _stateful(name, workload)


def _on_levels(name: str, workload: Workload) -> dict[str, Any]:
    engine = ON_LEVELS[name]()
    try:
        before, start = _resident(), time.perf_counter()
        engine.load(workload)
        build_s = time.perf_counter() - start
        gc.collect()
        gc.freeze()  # or the collector walks what the bench itself has made
        size = engine.memory() if engine.is_server else _resident() - before
        taken, fired = [], []
        for tick in prices(TICKS):
            start = time.perf_counter()
            woken = engine.tick(tick)
            taken.append(time.perf_counter() - start)
            fired.append(len(woken))
            if len(taken) >= FEW_TICKS and sum(taken) > 20:
                break
        insert_us, delete_us = _changes(engine, len(workload))
    finally:
        engine.close()
    return _figures(name, workload, taken, fired) | {
        "build_s": build_s,
        "memory_mb": size / 1e6,
        "insert_us": insert_us,
        "delete_us": delete_us,
    }


def _stateful(name: str, workload: Workload) -> dict[str, Any]:
    everything = list(stateful.ticks(stateful.PAST + TICKS))
    gc.collect()
    engine = STATEFUL[name]()
    before, start = _resident(), time.perf_counter()
    engine.load(workload, everything[: stateful.PAST])
    build_s = time.perf_counter() - start
    gc.collect()
    gc.freeze()
    size = _resident() - before
    taken, fired = [], []
    for tick in everything[stateful.PAST :]:
        start = time.perf_counter()
        fired.append(engine.tick(tick))
        taken.append(time.perf_counter() - start)
        if len(taken) >= FEW_TICKS and sum(taken) > 20:
            break
    return _figures(name, workload, taken, fired) | {"build_s": build_s, "memory_mb": size / 1e6}


def _figures(name: str, workload: Workload, taken: list[float], fired: list[int]) -> dict[str, Any]:
    return {
        "engine": name,
        "rules": len(workload),
        "ticks": len(taken),
        "tick_ms": statistics.median(taken) * 1e3,
        "slowest_ms": max(taken) * 1e3,
        "fired": fired,
    }


def _changes(engine: Any, rules: int) -> tuple[float, float]:
    dice = random.Random(3)
    made = [
        (rules + place, int(COINS ** dice.random()) - 1, PRICE * dice.uniform(2, 3), True) for place in range(CHANGES)
    ]
    spent = []
    for change in (engine.insert, engine.delete):
        start = time.perf_counter()
        for number, coin, level, above in made:
            change(number, coin, level, above=above)
        spent.append((time.perf_counter() - start) / CHANGES * 1e6)
    return spent[0], spent[1]


def _resident() -> int:
    """What this process holds, in bytes; 0 where the system does not tell it like Linux."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * PAGE if statm.exists() else 0
