"""Where a user's settings and data lie: beside ``run.py`` in a checkout, else as an installed program has them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

BACKEND = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Home:
    """The ``.env`` that is read, and the folder that data goes to when nothing else is said."""

    env_file: Path
    data_dir: Path


def find_home() -> Home:
    """The home of this installation. ``DOZOR_ENV_FILE`` in the environment names another file of settings.

    An installed package reads the ``.env`` of the folder it was started in, but its data is the same wherever that is:
    the month's count of calls must not begin anew with every folder.
    """
    folder, data = (BACKEND, BACKEND / "data") if _is_checkout() else (Path.cwd(), _users_data())
    return Home(Path(os.environ.get("DOZOR_ENV_FILE") or folder / ".env"), data)


def _is_checkout() -> bool:
    # Two files, because site-packages may hold somebody's run.py.
    return (BACKEND / "run.py").is_file() and (BACKEND / "env.example.txt").is_file()


def _users_data() -> Path:
    """``~/.local/share/dozor`` on Linux and its like on other systems."""
    try:
        return user_data_path("dozor", appauthor=False)
    except RuntimeError:  # a user without a home, as in some containers
        return Path.cwd() / "data"
