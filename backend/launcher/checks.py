"""The checks that do not run Dozor: every one is run, whatever the others say, and the summary names what failed."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from launcher.node import node_with_modules
from launcher.phrases import Exit, Stop, say, sentence
from launcher.surroundings import child_environment
from launcher.tools import run_openly

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from launcher.places import Places


class Check(NamedTuple):
    """One named step."""

    command: list[str]
    folder: Path


# Not the `lint-imports` script: scripts hold the absolute path of an environment that may have been moved since.
IMPORT_CONTRACT = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-logo'])"


def run_checks(places: Places, chosen: list[str]) -> int:
    """Run the ``chosen`` checks, or all of them; returns 0 only when every one passed."""
    names = chosen or list(NAMES)
    for name in names:
        if name not in NAMES:
            raise Stop(Exit.USAGE, "no-such-check", name=name, names=", ".join(NAMES))
    failed = [name for name in names if not _passes(places, name)]
    if failed:
        say(sentence("checks-failed", names=", ".join(failed)))
        return Exit.FAILED
    say(sentence("checks-ok", names=", ".join(names)))
    return Exit.OK


def _passes(places: Places, name: str) -> bool:
    started = time.monotonic()
    try:
        check = NAMES[name](places)
    except Stop as stop:  # no Node to be had: the other checks still have something to say
        say(f"{stop}\n{stop.detail}".rstrip())
        status: int = stop.code
    else:
        sys.stdout.flush()
        status = run_openly(check.command, child_environment(), check.folder)
    seconds = f"{time.monotonic() - started:.1f}"
    say(sentence("check-failed" if status else "check-ok", name=name, status=status, seconds=seconds))
    return status == 0


def _python(places: Places, *args: str) -> Check:
    return Check([str(places.python), *args], places.root)


def _page_types(places: Places) -> Check:
    compiler = places.frontend / "node_modules" / "typescript" / "bin" / "tsc"
    return Check([str(node_with_modules(places)), str(compiler), "--noEmit", "-p", "."], places.frontend)


NAMES: dict[str, Callable[[Places], Check]] = {
    "lint": lambda places: _python(places, "-m", "ruff", "check", "."),
    "format": lambda places: _python(places, "-m", "ruff", "format", "--check", "."),
    "types": lambda places: _python(places, "-m", "mypy", "-p", "dozor", "-p", "launcher"),
    "imports": lambda places: _python(places, "-c", IMPORT_CONTRACT),
    "page-types": _page_types,
    "settings": lambda places: _python(places, "-m", "pytest", "-q", "backend/tests/test_settings_documented.py"),
}
