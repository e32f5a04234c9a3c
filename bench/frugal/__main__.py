"""``python -m bench.frugal``: the bench, its workload, and the planner it is measured against."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "backend"), str(ROOT / "backend" / "tests")]

from bench.frugal import commands  # noqa: E402  # after the path that it is found by


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.frugal", description=__doc__)
    which = parser.add_subparsers(required=True)
    commands.add_to(which)
    arguments = parser.parse_args()
    sys.exit(arguments.run(arguments))


if __name__ == "__main__":
    main()
