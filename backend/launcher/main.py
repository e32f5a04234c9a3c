"""The commands of ``run.py``: ``test``, ``check``, and all of Dozor's own, each in an environment that is ready."""

from __future__ import annotations

import os
import sys

from launcher.environment import ready
from launcher.phrases import Stop, say, sentence
from launcher.places import WINDOWS, Places
from launcher.surroundings import child_environment


def main(args: list[str]) -> int:
    """Run one command; returns its exit code, or never returns where the process can be replaced."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a console that lacks a letter still gets the rest
    places = Places.here()
    try:
        match args:
            case ["test", *rest]:
                return _test(places, rest)
            case ["check", *rest]:
                return _check(places, rest)
            case _:
                _prepare(places, groups_of(args))
                return _become([str(places.python), "-m", "dozor", *args])
    except Stop as stop:
        say(str(stop))
        for line in stop.detail.splitlines():
            say(f"    {line}")
        return stop.code
    except KeyboardInterrupt:
        say(sentence("interrupted"))
        return 130


def groups_of(args: list[str]) -> frozenset[str]:
    """What a command of Dozor's own needs beside the application: only a plan that is to be drawn as .png does."""
    is_png = args[:1] == ["plan"] and any(argument.lower().endswith(".png") for argument in args)
    return frozenset({"picture"}) if is_png else frozenset()


def _test(places: Places, args: list[str]) -> int:
    from launcher.tests import run_tests

    _prepare(places, frozenset({"test"}))
    return run_tests(places, args)


def _check(places: Places, args: list[str]) -> int:
    from launcher.checks import run_checks

    _prepare(places, frozenset({"test", "check"}))
    return run_checks(places, args)


def _prepare(places: Places, groups: frozenset[str]) -> None:
    if not ready(places, groups):
        from launcher.setup import set_up  # late: most starts have nothing to set up and need not pay for it

        set_up(places, groups)


def _become(argv: list[str]) -> int:
    """Go on as ``argv``, so that signals and the exit code are its own."""
    environ = child_environment()
    if not WINDOWS:
        os.execve(argv[0], argv, environ)  # noqa: S606
    import subprocess

    child = subprocess.Popen(argv, env=environ)  # noqa: S603  # execve on Windows would give the console back too early
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue  # the child got Ctrl+C too and ends by itself
