"""A greedy planner of facts, on a simulated clock: what Dozor is to be as good as.

    .venv/bin/python -m bench.frugal.greedy

Whenever the minute allows (27 calls in 60 s) it makes the one call that most waiting people need, else refreshes the
stale unit in most demand. A unit is all prices, one 250-row page of a currency, one coin's detail, one coin's chart of
one granularity, one other URL. A person waits for 8 s at most. With ``days_apart`` charts of 7 and 30 days are two
units, as they are for a gateway that derives nothing approximate.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.frugal.workload import Asked, trace

SLOTS, SPAN, CALL_SECONDS, PATIENCE = 27, 60.0, 0.2, 8.0
GRANULARITY = {"1": "5-minute", "7": "hourly", "30": "hourly", "365": "daily"}
WINDOWS = ((0, 180), (600, 780), (1200, 1380))


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one request: when it was asked, and whether it was answered within its patience."""

    asked: Asked
    answered: bool
    waited: float
    age: float


@dataclass(eq=False, slots=True)
class _Person:
    asked: Asked
    missing: set[str]
    gave_up: bool = False


@dataclass
class Greedy:
    """The planner; ``run`` gives one result for each request, in no order."""

    days_apart: bool = False
    calls: int = 0
    _known: dict[str, float] = field(default_factory=dict)  # unit: when it was fetched
    _stale_asks: Counter[str] = field(default_factory=Counter)
    _waiting: dict[str, list[_Person]] = field(default_factory=dict)
    _in_flight: dict[str, float] = field(default_factory=dict)
    _slots: list[float] = field(default_factory=list)  # when each used slot is free again

    def run(self, requests: Iterable[Asked]) -> list[Result]:
        """Answer them all, in the order in which they come."""
        results: list[Result] = []
        for asked in requests:
            self._until(asked.at, results)
            units = {self._unit(need) for need in asked.needs}
            missing = {unit for unit in units if unit not in self._known}
            for unit in units - missing:
                if asked.at - self._known[unit] >= fresh_for(unit):
                    self._stale_asks[unit] += 1
            if missing:
                person = _Person(asked, missing)
                for unit in missing:
                    self._waiting.setdefault(unit, []).append(person)
            else:
                results.append(
                    Result(asked, answered=True, waited=0.0, age=max(asked.at - self._known[unit] for unit in units))
                )
            self._call(asked.at)
        calls = self.calls
        self._until(float("inf"), results)
        self.calls = calls  # what is refreshed after the last request is for nobody
        return results

    def _until(self, now: float, results: list[Result]) -> None:
        """Let everything happen that happens before ``now``: calls land, slots come free, people give up."""
        while True:
            lands = min(self._in_flight.values(), default=float("inf"))
            frees = self._slots[0] if len(self._slots) >= SLOTS else float("inf")
            at = min(lands, frees)
            if at > now or at == float("inf"):
                break
            self._give_up(at, results)
            if lands <= frees:
                self._land(at, results)
            else:
                heapq.heappop(self._slots)
            self._call(at)
        self._give_up(now, results)

    def _land(self, at: float, results: list[Result]) -> None:
        unit = next(unit for unit, lands in self._in_flight.items() if lands == at)
        del self._in_flight[unit]
        self._known[unit] = at - CALL_SECONDS
        self._stale_asks.pop(unit, None)
        for person in self._waiting.pop(unit, []):
            person.missing.discard(unit)
            if not person.missing and not person.gave_up:
                oldest = min(self._known[self._unit(need)] for need in person.asked.needs)
                results.append(Result(person.asked, answered=True, waited=at - person.asked.at, age=at - oldest))

    def _give_up(self, now: float, results: list[Result]) -> None:
        for unit, people in list(self._waiting.items()):
            stay = []
            for person in people:
                if now - person.asked.at <= PATIENCE:
                    stay.append(person)
                elif not person.gave_up and person.missing:
                    person.gave_up = True
                    results.append(Result(person.asked, answered=False, waited=PATIENCE, age=0.0))
            if stay:
                self._waiting[unit] = stay
            else:
                del self._waiting[unit]

    def _call(self, now: float) -> None:
        while self._slots and self._slots[0] <= now:
            heapq.heappop(self._slots)
        while len(self._slots) < SLOTS:
            wanted = {unit: len(people) for unit, people in self._waiting.items() if unit not in self._in_flight}
            unit = max(wanted, key=wanted.__getitem__, default=None)
            if unit is None:
                stale = {unit: asks for unit, asks in self._stale_asks.items() if unit not in self._in_flight}
                unit = max(stale, key=stale.__getitem__, default=None)
            if unit is None:
                return
            self.calls += 1
            self._in_flight[unit] = now + CALL_SECONDS
            heapq.heappush(self._slots, now + CALL_SECONDS + SPAN)

    def _unit(self, need: str) -> str:
        kind, _, rest = need.partition(" ")
        if kind == "chart" and not self.days_apart:
            coin, _, days = rest.rpartition(" ")
            return f"chart {coin} {GRANULARITY[days]}"
        return need


def fresh_for(unit: str) -> float:
    """Seconds, as the endpoint table has them."""
    kind, _, rest = unit.partition(" ")
    match kind:
        case "prices" | "page" | "details" | "/simple/supported_vs_currencies":
            return 60.0
        case "chart":
            return {"5-minute": 300.0, "1": 300.0, "daily": 43_200.0, "365": 43_200.0}.get(
                rest.rpartition(" ")[2], 1800.0
            )
        case "/coins/list":
            return 21_600.0
        case "/global" | "/search/trending":
            return 600.0
        case _:
            return 300.0 if kind == "/coins/categories/list" else 900.0


def success(results: Sequence[Result], begin: float, end: float) -> float:
    """The share of the requests between these seconds that were answered."""
    within = [result.answered for result in results if begin <= result.asked.at < end]
    return sum(within) / len(within)


def main() -> None:
    """Print the figures, and write them beside the results."""
    coins = [f"coin-{number}" for number in range(400)]
    rows = []
    for days_apart in (False, True):
        greedy = Greedy(days_apart)
        results = greedy.run(trace(WINDOWS[-1][1], coins))
        shares = {
            f"{begin // 60}-{end // 60} min": round(100 * success(results, begin, end), 2) for begin, end in WINDOWS
        }
        rows.append({"7 and 30 days apart": days_apart, "requests": len(results), "calls": greedy.calls, **shares})
        print(rows[-1])
    Path(__file__).parents[1].joinpath("results").mkdir(exist_ok=True)
    Path(__file__).parents[1].joinpath("results", "greedy.json").write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
