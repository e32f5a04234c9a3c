"""Make the environment: libraries by ``uv sync`` from the lock, and the page by the build hook that runs in it.

Runs under one lock per folder. The stamp in the environment says that a set-up ended well; a file beside the lock says
that one has begun and not ended at all. Half-unpacked packages look whole to uv, so without the stamp every package is
installed again, and what a killed set-up left is thrown away: it may not even be an environment.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from launcher.environment import Stamp, fingerprint, read_stamp, ready, write_stamp
from launcher.lock import one_at_a_time
from launcher.phrases import Exit, Stop, say, sentence
from launcher.places import WINDOWS, Places, short
from launcher.surroundings import child_environment
from launcher.tools import NO_NETWORK, failure, run_quietly, verbose
from launcher.uv import base_python, find_uv


def set_up(places: Places, groups: frozenset[str]) -> None:
    """Bring the environment to where ``groups`` can run; raises Stop with the reason when it cannot."""
    try:
        places.tools.mkdir(exist_ok=True)
        with one_at_a_time(places.tools / "lock", lambda: say(sentence("waiting"))) as lock:
            if not ready(places, groups):  # else the start we waited for has done it
                _make(places, groups, lock)
    except OSError as error:
        raise Stop(Exit.CANNOT_RUN, "cannot-write", folder=places.root, reason=error.strerror or error) from error


def _make(places: Places, groups: frozenset[str], lock: int) -> None:
    started = time.monotonic()
    begun = places.tools / f"begun-{sha256(os.fsencode(places.environment)).hexdigest()[:12]}"
    _check_writable(places.environment)
    if begun.exists():
        say(sentence("repair"))
        shutil.rmtree(places.environment, ignore_errors=True)
    elif places.environment.exists() and not _is_virtual(places.environment):
        raise Stop(Exit.CANNOT_RUN, "not-ours", folder=places.environment)
    before = read_stamp(places)
    phrase = "again" if places.environment.exists() else "first"
    groups |= before.groups if before else frozenset()  # or `test` and `check` would throw out each other's packages
    uv = find_uv(places, lock)
    say(sentence(phrase, folder=short(places.environment), groups="+".join(["app", *sorted(groups)])))

    fresh = fingerprint(places)  # taken before: a file that changes while we work makes the next start look again
    begun.write_bytes(os.fsencode(places.environment))
    places.stamp.unlink(missing_ok=True)
    _sync(places, groups, uv, begun, lock, mend=before is None)
    _name_sources_in_ascii(places)
    _compile_sources(places, lock)
    write_stamp(places, Stamp(fresh, groups))
    begun.unlink()
    say(sentence("done", seconds=round(time.monotonic() - started)))


def _sync(places: Places, groups: frozenset[str], uv: str, begun: Path, lock: int, *, mend: bool) -> None:
    command = [uv, "sync", "--quiet", "--project", str(places.root), "--frozen", "--python", base_python()]
    # Dozor itself always: uv, seeing old sources, would leave out a page that was deleted.
    command += ["--reinstall"] if mend else ["--reinstall-package", "dozor"]
    for group in sorted(groups):
        command += ["--group", group]
    environ = child_environment(UV_PROJECT_ENVIRONMENT=str(places.environment), UV_PYTHON_DOWNLOADS="never")
    online = run_quietly(command, environ, held=lock)
    if online.code == 0:
        return
    # Without a network all may still be in uv's cache: a folder that was moved, a group that was here before.
    no_network = verbose() or NO_NETWORK.search(online.output)
    if no_network and run_quietly([*command, "--offline"], environ, held=lock).code == 0:
        return
    begun.unlink()  # it ended by itself, so what is there can be mended, and need not be thrown away
    raise failure("uv sync", online)


def _name_sources_in_ascii(places: Places) -> None:
    """Name Dozor's folder to Python by its way from the environment, which seldom has a letter beyond ASCII.

    Python before 3.13 reads this file in the encoding of the locale, even in UTF-8 mode: under cp1251 it would not find
    a folder with Cyrillic letters in its name, and under an ASCII locale it would not start at all.
    """
    sources = places.root / "backend"
    for file in [path for packages in _site_packages(places.environment) for path in packages.glob("*dozor*.pth")]:
        with suppress(ValueError):  # another drive of Windows: there is no way from here to there
            file.write_bytes(os.fsencode(os.path.relpath(sources, file.parent)) + b"\n")


def _compile_sources(places: Places, lock: int) -> None:
    """Compile all that was installed, and Dozor: where PYTHONDONTWRITEBYTECODE is set, every start would do it again.

    Not by uv's own option: it waits a minute for an answer under a locale that cannot spell the folder's name. If this
    fails the starts are slower, not wrong, so nobody is told.
    """
    folders = [str(places.root / "backend" / "dozor"), *map(str, _site_packages(places.environment))]
    run_quietly([str(places.python), "-m", "compileall", "-q", "-j", "0", *folders], child_environment(), held=lock)


def _site_packages(environment: Path) -> list[Path]:
    return [environment / "Lib" / "site-packages"] if WINDOWS else [*environment.glob("lib/python*/site-packages")]


def _check_writable(environment: Path) -> None:
    nearest = next(folder for folder in (environment, *environment.parents) if folder.exists())
    if not os.access(nearest, os.W_OK):
        raise Stop(Exit.CANNOT_RUN, "cannot-write-environment", folder=nearest)


def _is_virtual(environment: Path) -> bool:
    return (environment / "pyvenv.cfg").exists() or (environment.is_dir() and not any(environment.iterdir()))
