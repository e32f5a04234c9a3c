"""Is the environment ready? Decided from sizes and times alone, so that a warm start costs a few milliseconds."""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from launcher.places import Places


class Stamp(NamedTuple):
    """What an environment was made from, and the dependency groups in it."""

    fingerprint: str
    groups: frozenset[str]


def ready(places: Places, groups: frozenset[str]) -> bool:
    """Can commands that need ``groups`` run right now? More groups than asked for do no harm."""
    stamp = read_stamp(places)
    return (
        stamp is not None
        and groups <= stamp.groups
        and stamp.fingerprint == fingerprint(places)
        and places.python.exists()
        and (places.page.exists() or os.environ.get("DOZOR_SKIP_WEB") == "1")
    )


def read_stamp(places: Places) -> Stamp | None:
    """The stamp of a whole environment; None for one that is missing or was never finished."""
    try:
        first, second = places.stamp.read_text("ascii").splitlines()
    except (OSError, ValueError):
        return None
    return Stamp(first, frozenset(second.split()))


def write_stamp(places: Places, stamp: Stamp) -> None:
    """Say that the environment is whole; the very last step of a set-up."""
    half = places.stamp.with_suffix(".new")
    half.write_text(f"{stamp.fingerprint}\n{' '.join(sorted(stamp.groups))}\n", "ascii")
    half.replace(places.stamp)


def fingerprint(places: Places) -> str:
    """Changes with the interpreter, the place of the environment, and any file it is made from.

    The place is in it because the environment remembers it: after the folder was moved it must be made again.
    """
    digest = sha256()
    for fact in (sys.version, sys.base_prefix, str(places.environment), str(places.root)):
        digest.update(os.fsencode(f"{fact}\n"))
    for path in _inputs(places):
        try:
            status = os.stat(path)  # noqa: PTH116  # plain strings: a Path for every file would double the cost
            digest.update(os.fsencode(f"{path} {status.st_size} {status.st_mtime_ns}\n"))
        except OSError:
            digest.update(os.fsencode(f"{path} -\n"))
    return digest.hexdigest()


def _inputs(places: Places) -> Iterator[str]:
    for name in ("pyproject.toml", "uv.lock", "hatch_build.py"):
        yield str(places.root / name)
    for folder, folders, files in os.walk(places.frontend):
        folders[:] = sorted(name for name in folders if name not in ("node_modules", "dist") and name[0] != ".")
        for name in sorted(files):
            yield os.path.join(folder, name)  # noqa: PTH118
