"""What can be said to ``python -m bench.frugal``."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.frugal import greedy
from bench.frugal.beside import side_by_side, while_wanted
from bench.frugal.outcomes import COLD, LATER, MUCH_LATER, summary
from bench.frugal.peers.dozor import PER_MONTH
from bench.frugal.peers.subject import CannotRun
from bench.frugal.stage import BY_THE_MONTH, SUBJECTS, perform
from bench.frugal.tables import greedy_table, kinds_table, minutes, subjects_table, table
from bench.frugal.targets import targets
from bench.frugal.workload import LARGEST_AT, trace
from dozor.standin.catalogue import catalogue
from dozor.standin.model import Market, Ordered

RESULTS = Path(__file__).resolve().parents[1] / "results"
RANKED = 1_000
SPANS = (COLD, LATER, MUCH_LATER)
STRICT = "one chart for each length"
READINGS = {"one chart for 7 and 30 days": True, STRICT: False}


def add_to(which: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    everything = which.add_parser("run", help="run the subjects on the workload, beside each other")
    everything.add_argument(
        "--only", action="append", choices=SUBJECTS, help="this subject; may be given several times"
    )
    _add_choices(everything)
    everything.set_defaults(run=run)
    one = which.add_parser("stage", help="the stage of one subject, as `run` starts it")
    one.add_argument("subject", choices=SUBJECTS)
    one.add_argument("out", type=Path)
    _add_choices(one)
    one.set_defaults(run=perform_one)
    planner = which.add_parser("greedy", help="simulate the greedy planner on the workload")
    planner.set_defaults(run=show_greedy)
    printed = which.add_parser("workload", help="print the workload as JSON lines")
    printed.add_argument("--seconds", type=float, default=COLD[1])
    printed.set_defaults(run=show_workload)


def _add_choices(command: argparse.ArgumentParser) -> None:
    command.add_argument("--short", action="store_true", help="the first 3 minutes only")
    command.add_argument(
        "--upstream-seed", type=int, default=0, help="what is unknown of upstream: the stand-in's seed"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the subjects beside each other, print the tables, write everything down; 1 when one cannot run here."""
    choices = [*(["--short"] if arguments.short else []), "--upstream-seed", str(arguments.upstream_seed)]
    results: dict[str, Any] = {}
    try:
        results = asyncio.run(side_by_side(arguments.only or list(SUBJECTS), choices))
    except* CannotRun:  # its stage has said why
        pass
    if not results:
        return 1
    planned = greedy_figures()
    write_down("frugal.json", {"subjects": results, "greedy": planned})
    for place, _ in enumerate(_spans(arguments)):
        print_span(place, results, planned)
    return 0


def print_span(place: int, results: Mapping[str, Any], planned: Mapping[str, Sequence[Any]]) -> None:
    """Print the tables of one span."""
    reached = {name: result["spans"][place] for name, result in results.items()}
    by_the_month = {name: reached.pop(name) for name in BY_THE_MONTH if name in reached}
    rows = {**reached, **{f"greedy, {reading}": spans[place] for reading, spans in planned.items()}}
    print(f"\nMinutes {minutes(planned[STRICT][place])}\n\n{subjects_table(rows)}")
    if by_the_month:
        print(f"\nWith {PER_MONTH:,} calls a month\n\n{subjects_table(by_the_month)}")
    if dozor := reached.get("dozor"):
        print(f"\nDozor by kind of question\n\n{kinds_table(dozor)}")
        aims = targets(dozor, planned[STRICT][place], reached.get("nginx"))
        lines = [[target.what, target.reached, "yes" if target.met else "NO"] for target in aims]
        print("\n" + table(["Dozor's target", "reached", "met"], lines))


def perform_one(arguments: argparse.Namespace) -> int:
    """Be the stage of one subject."""
    try:
        performance = perform(arguments.subject, _spans(arguments), arguments.upstream_seed)
        performed = asyncio.run(while_wanted(performance))
    except asyncio.CancelledError:
        return 1
    except CannotRun as error:
        print(f"{arguments.subject}: {error}", file=sys.stderr)
        return 1
    arguments.out.write_text(json.dumps(performed), encoding="utf-8")
    return 0


def show_workload(arguments: argparse.Namespace) -> int:
    """Print when each question is asked, of what kind it is, and its URL."""
    for request in trace(arguments.seconds):
        question = request.question
        print(json.dumps({"at": round(request.at, 6), "kind": question.kind, "url": question.target}))
    return 0


def show_greedy(_: argparse.Namespace) -> int:
    """Print what the greedy planner reaches, and write it down."""
    reached = greedy_figures()
    print(greedy_table(reached))
    write_down("frugal-greedy.json", reached)
    return 0


def greedy_figures() -> dict[str, list[dict[str, Any]]]:
    """Let the planner answer 23 minutes of the workload, in both readings of what a chart's unit is."""
    requests = list(trace(MUCH_LATER[1]))
    ranking = [coin.id for coin in Market(catalogue(18_000)).ranking(Ordered.CAP, LARGEST_AT)[:RANKED]]
    figures = {}
    for name, hours_are_one in READINGS.items():
        planner = greedy.simulate(requests, greedy.Units(ranking, hours_are_one=hours_are_one))
        calls = [at for at, _ in planner.calls]
        figures[name] = [summary(planner.outcomes, calls, span) for span in SPANS]
    return figures


def write_down(name: str, figures: object) -> None:
    """Keep figures as JSON in ``bench/results``."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(json.dumps(figures, indent=1), encoding="utf-8")


def _spans(arguments: argparse.Namespace) -> Sequence[tuple[float, float]]:
    return (COLD,) if arguments.short else (COLD, LATER)
