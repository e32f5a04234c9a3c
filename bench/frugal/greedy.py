"""The greedy planner of facts, which Dozor is measured against: a model on a simulated clock, without any network.

Whenever the minute allows (27 calls in 60 s) it makes the one call that most waiting people need, else it refreshes the
stale unit in most demand. A unit is what one call can fetch and what may be served from it without guessing (gateway
classes): all prices of one precision, one 250-row page of a currency, one coin's details, one coin's chart in one
currency and of one granularity, any other URL. A page of ``/coins/markets`` that straddles two of those 250-row pages
is a URL of its own; coins by id are put together from the pages they are on.

What was fetched once is served, however old: it is what the planner does with its calls that is compared.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.frugal.outcomes import Outcome
from bench.frugal.questions import MOST_ROWS, Chart, Detail, Other, Page, Prices, Question, Watchlist
from bench.frugal.workload import Request

CALLS = 27
WINDOW = 60.0
LATENCY = 0.15
PATIENCE = 8.0
DEMAND_HALVES_IN = 300.0
FRESH = {"prices": 60.0, "rows": 60.0, "details": 60.0, "search": 900.0}
FRESH_CHARTS = {"5 minutes": 300.0, "hour": 1_800.0, "day": 43_200.0}
FRESH_LISTS = {
    "/global": 600.0,
    "/search/trending": 600.0,
    "/coins/list": 21_600.0,
    "/exchange_rates": 300.0,
    "/simple/supported_vs_currencies": 60.0,
    "/coins/categories/list": 300.0,
    "/asset_platforms": 300.0,
}
"""Seconds: the provider's cadence on a public plan, and six hours for the coin list, as Dozor has it."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What one call fetches."""

    name: str
    fresh: float = field(compare=False)


class Units:
    """Which units a question needs. ``ranking`` are ids by market cap, from the first on."""

    def __init__(self, ranking: Sequence[str], *, hours_are_one: bool = True) -> None:
        self._page_of = {id_: place // MOST_ROWS + 1 for place, id_ in enumerate(ranking)}
        self._hours_are_one = hours_are_one

    def of(self, question: Question) -> tuple[Unit, ...]:
        """Give them."""
        match question:
            case Prices():
                return (Unit(f"prices {question.precision}", FRESH["prices"]),)
            case Page():
                first, last = question.first // MOST_ROWS, (question.last - 1) // MOST_ROWS
                if first == last:
                    return (self._rows(question.currency, first + 1),)
                window = f"{question.per_page}/{question.page}"
                return (Unit(f"rows {question.currency} {window}", FRESH["rows"]),)
            case Watchlist():
                return tuple(dict.fromkeys(self._rows(question.currency, self._page_of[id_]) for id_ in question.ids))
            case Detail():
                return (Unit(f"detail {question.id}", FRESH["details"]),)
            case Chart():
                step = question.granularity
                length = step if self._hours_are_one else f"{question.days} days"
                return (Unit(f"chart {question.id} {question.currency} {length}", FRESH_CHARTS[step]),)
            case Other():
                fresh = FRESH["search"] if question.kind == "search" else FRESH_LISTS[question.path]
                return (Unit(question.target, fresh),)

    def _rows(self, currency: str, page: int) -> Unit:
        return Unit(f"rows {currency} {page}", FRESH["rows"])


@dataclass(eq=False, slots=True)
class _Person:
    at: float
    kind: str
    needs: tuple[Unit, ...]
    missing: list[Unit]


def simulate(requests: Iterable[Request], units: Units) -> Planner:
    """Let the planner answer these requests."""
    planner, last = Planner(), 0.0
    for request in requests:
        planner.run_until(request.at)
        planner.ask(request.at, request.question.kind, units.of(request.question))
        last = request.at
    planner.run_until(last + PATIENCE + LATENCY)
    return planner


class Planner:
    """The planner and its clock. Times are seconds since the start, and only grow."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        """Of every request, in the order in which it became known."""
        self.calls: list[tuple[float, Unit]] = []
        """Every call, with when it was made."""
        self._now = 0.0
        self._minute: deque[float] = deque()
        self._in_flight: dict[Unit, float] = {}  # when each arrives, in this order
        self._known_at: dict[Unit, float] = {}
        self._demand = _Demand()
        self._waiting: dict[_Person, None] = {}  # in the order in which they came, and so in that of leaving
        self._waiting_for: defaultdict[Unit, dict[_Person, None]] = defaultdict(dict)

    def ask(self, now: float, kind: str, needs: tuple[Unit, ...]) -> None:
        """Somebody comes, and is answered at once or waits."""
        for unit in needs:
            self._demand.add(unit, now)
        person = _Person(now, kind, needs, [unit for unit in needs if unit not in self._known_at])
        if not person.missing:
            self._goes(person, now, answered=True)
            return
        self._waiting[person] = None
        for unit in person.missing:
            self._waiting_for[unit][person] = None
        self._call(now)

    def run_until(self, end: float) -> None:
        """Let happen what happens before ``end``."""
        self._call(self._now)
        while (now := self._next_event()) < end:
            self._now = now
            for unit in [unit for unit, arrives in self._in_flight.items() if arrives <= now]:
                self._arrived(unit, now)
            for person in [person for person in self._waiting if person.at + PATIENCE <= now]:
                self._goes(person, now, answered=False)
            self._call(now)
        self._now = max(self._now, end)

    def _next_event(self) -> float:
        arrives = next(iter(self._in_flight.values()), math.inf)
        leaves = next((person.at + PATIENCE for person in self._waiting), math.inf)
        return min(arrives, leaves, self._may_call_at())

    def _may_call_at(self) -> float:
        """When the next call may be made and there is something to refresh; people are called for when they come."""
        if len(self._minute) >= CALLS:
            return self._minute[0] + WINDOW
        dues = (at + unit.fresh for unit, at in self._known_at.items() if unit not in self._in_flight)
        return min(dues, default=math.inf)

    def _call(self, now: float) -> None:
        """Make every call that may be made."""
        while self._minute and self._minute[0] + WINDOW <= now:
            self._minute.popleft()
        while len(self._minute) < CALLS and (unit := self._most_wanted(now)) is not None:
            self._minute.append(now)
            self._in_flight[unit] = now + LATENCY
            self.calls.append((now, unit))

    def _most_wanted(self, now: float) -> Unit | None:
        wanted = [unit for unit, people in self._waiting_for.items() if people and unit not in self._in_flight]
        if wanted:
            return max(wanted, key=lambda unit: len(self._waiting_for[unit]))
        stale = [u for u, at in self._known_at.items() if at + u.fresh <= now and u not in self._in_flight]
        return max(stale, key=lambda unit: self._demand.of(unit, now), default=None)

    def _arrived(self, unit: Unit, now: float) -> None:
        del self._in_flight[unit]
        self._known_at[unit] = now
        for person in self._waiting_for.pop(unit, ()):
            person.missing.remove(unit)
            if not person.missing:
                self._goes(person, now, answered=True)

    def _goes(self, person: _Person, now: float, *, answered: bool) -> None:
        for unit in person.missing:
            self._waiting_for[unit].pop(person, None)
        self._waiting.pop(person, None)
        age = max(now - self._known_at[unit] for unit in person.needs) if answered else math.nan
        self.outcomes.append(Outcome(person.at, person.kind, now - person.at, age, answered))


class _Demand:
    """How often each unit was asked for; what lies ``DEMAND_HALVES_IN`` back counts half."""

    def __init__(self) -> None:
        self._counts: dict[Unit, tuple[float, float]] = {}

    def add(self, unit: Unit, now: float) -> None:
        self._counts[unit] = (self.of(unit, now) + 1, now)

    def of(self, unit: Unit, now: float) -> float:
        count, at = self._counts.get(unit, (0.0, now))
        return count * math.exp2((at - now) / DEMAND_HALVES_IN)
