"""How long a tick of 5,000 coins takes over many rules: Dozor's index beside a naive loop and three databases.

    .venv/bin/python -m bench.alerts                 # from 10^3 to 10^7 rules; some 20 minutes
    .venv/bin/python -m bench.alerts --most 1000000
    .venv/bin/python -m bench.alerts --only "Dozor: levels" "naive loop"

Each engine and size has a process of its own, one after the other. An engine that would take more than the allowed time
or memory at a size is not asked for it, which is said. Writes bench/results/alerts.json and two plots.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "backend"), str(ROOT / "backend" / "tests")]

from bench.alerts import measuring  # noqa: E402
from bench.alerts.databases import Missing  # noqa: E402
from bench.alerts.plotted import plot  # noqa: E402

RESULTS = ROOT / "bench" / "results"
SIZES = [10**power for power in range(3, 8)]
LONGEST_S = 240
LARGEST_MB = 3_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.alerts")
    parser.add_argument("--most", type=int, default=SIZES[-1], help="the largest number of rules")
    parser.add_argument("--only", nargs="+", metavar="ENGINE", help="these engines alone")
    parser.add_argument("--one", nargs=2, metavar=("ENGINE", "RULES"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        try:
            print(json.dumps(measuring.measured(arguments.one[0], int(arguments.one[1]))))
        except Missing as missing:
            print(json.dumps({"missing": str(missing)}))
        return
    sizes = [size for size in SIZES if size <= arguments.most]
    found = {}
    for kind, engines in (("levels", measuring.ON_LEVELS), ("stateful", measuring.STATEFUL)):
        chosen = [name for name in engines if not arguments.only or name in arguments.only]
        found[kind] = [one for name in chosen for one in run(name, sizes)]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "alerts.json").write_text(json.dumps(found, indent=1))
    for kind, ones in found.items():
        expect_the_same(ones)
        if ones:
            plot(ones, f"A tick of 5,000 coins: rules on {kind}" if kind == "levels" else "Rules that remember",
                 RESULTS / f"alerts-{kind}.svg")  # fmt: skip
            print(table(ones))


def run(name: str, sizes: list[int]) -> list[dict[str, Any]]:
    """All sizes that it can do within bounds, in figures."""
    found: list[dict[str, Any]] = []
    for rules in sizes:
        if found and max(one["memory_mb"] for one in found) * 10 > LARGEST_MB:
            print(f"{name}: {rules:,} rules would take more than {LARGEST_MB} MB", file=sys.stderr)
            break
        command = [sys.executable, "-m", "bench.alerts", "--one", name, str(rules)]
        try:
            said = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=LONGEST_S, check=True)
        except subprocess.TimeoutExpired:
            print(f"{name}: {rules:,} rules took more than {LONGEST_S} s", file=sys.stderr)
            break
        one = json.loads(said.stdout)
        if "missing" in one:
            print(f"{name}: skipped, {one['missing']}", file=sys.stderr)
            break
        print(f"{name}: {rules:,} rules, {one['tick_ms']:.2f} ms", file=sys.stderr)
        found.append(one)
    return found


def expect_the_same(found: list[dict[str, Any]]) -> None:
    """Engines that do the same work fire the same rules in each tick."""
    first: dict[tuple[str, int], list[int]] = {}
    for one in found:
        work = one["engine"].split()[-1] if one["engine"].split()[-1] in {"trailing", "windows"} else "levels"
        known = first.setdefault((work, one["rules"]), one["fired"])
        if any(mine != theirs for mine, theirs in zip(one["fired"], known, strict=False)):
            sys.exit(f"{one['engine']} fired others at {one['rules']:,} rules: {one['fired']} and {known}")


def table(found: list[dict[str, Any]]) -> str:
    """As Markdown."""
    lines = [
        "| engine | rules | tick ms | slowest | fired in ticks | MB | insert µs | delete µs | load s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in sorted(found, key=lambda one: one["rules"]):
        changes = [f"{one[name]:.1f}" if name in one else "" for name in ("insert_us", "delete_us")]
        fired = f"{sum(one['fired']):,} in {one['ticks']}"
        lines.append(
            f"| {one['engine']} | {one['rules']:,} | {one['tick_ms']:.2f} | {one['slowest_ms']:.2f} | {fired}"
            f" | {one['memory_mb']:.1f} | {changes[0]} | {changes[1]} | {one['build_s']:.2f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
