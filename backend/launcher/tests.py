"""All the tests: Dozor's in its environment, then the page's in Node.js."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from launcher.node import node_with_modules
from launcher.phrases import Exit, say, sentence
from launcher.surroundings import child_environment
from launcher.tools import run_openly

if TYPE_CHECKING:
    from launcher.places import Places


IN_PARALLEL = ("-n", "3", "--dist", "loadfile")  # much of their time the tests wait for servers and browsers


def run_tests(places: Places, args: list[str]) -> int:
    """Run every test, or what ``args`` tell pytest; returns 0 only when all that ran passed."""
    environ = child_environment()
    # Never fatal: what is still missing, a browser or Redis, the tests that need it fail for, and say.
    run_openly([str(places.python), str(places.root / "backend" / "tests" / "get_real_parts.py")], environ)
    chosen = map(_absolute, args) if args else IN_PARALLEL
    pytest = run_openly([str(places.python), "-m", "pytest", *chosen], environ, places.root)
    if args:
        return pytest
    runner = places.frontend / "node_modules" / "vitest" / "vitest.mjs"
    page = run_openly([str(node_with_modules(places)), str(runner), "run"], environ, places.frontend)
    if pytest or page:
        failed = [name for name, code in (("backend", pytest), ("frontend", page)) if code]
        say(sentence("tests-failed", names=", ".join(failed)))
        return Exit.FAILED
    say(sentence("tests-ok"))
    return Exit.OK


def _absolute(arg: str) -> str:
    # A path is meant from where the user stands; pytest is started where its configuration lies.
    return str(Path(arg).absolute()) if not arg.startswith("-") and Path(arg.split("::")[0]).exists() else arg
