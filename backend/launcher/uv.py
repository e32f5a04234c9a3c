"""uv, which installs the libraries: the user's when it is new enough, else one of our own."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from launcher.phrases import Exit, Stop, say, sentence
from launcher.places import WINDOWS, Places, interpreter, short
from launcher.surroundings import child_environment
from launcher.tools import failure, run_quietly, version_of

UV_VERSION = "0.13.9"
OLDEST_UV = (0, 8)


def find_uv(places: Places, lock: int) -> str:
    """Path of a uv that can read the lock file; raises Stop when there is none and none can be had.

    Ours has an environment to itself: ``uv sync`` would remove it from Dozor's, where it is not locked.
    """
    users = shutil.which("uv")
    if users and os.environ.get("DOZOR_UV") != "private" and version_of(users) >= OLDEST_UV:
        return users
    home = places.tools / "uv"
    executable = home / ("Scripts/uv.exe" if WINDOWS else "bin/uv")
    whole = home / UV_VERSION
    if executable.exists() and whole.exists():
        return str(executable)
    if find_spec("ensurepip") is None:  # Debian's python3 comes without it
        raise Stop(Exit.SET_UP_FAILED, "no-venv")
    say(sentence("get-uv", needed=".".join(map(str, OLDEST_UV)), version=UV_VERSION, folder=short(home)))
    environ = child_environment()
    made = run_quietly([base_python(), "-I", "-m", "venv", "--clear", str(home)], environ, held=lock)
    if made.code:
        raise failure("venv", made)
    pip = [str(interpreter(home)), "-m", "pip", "install", "-q", "--disable-pip-version-check", f"uv=={UV_VERSION}"]
    installed = run_quietly(pip, environ, held=lock)
    if installed.code:
        raise failure("pip", installed)
    whole.touch()
    return str(executable)


def base_python() -> str:
    """The interpreter behind the one that runs: the user's own environment may be deleted tomorrow."""
    base = getattr(sys, "_base_executable", None)
    return base if base and Path(base).exists() else sys.executable
