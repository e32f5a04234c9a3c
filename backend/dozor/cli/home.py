"""Where a user's settings and data lie: beside ``run.py`` in a checkout, else in the folder that Dozor runs in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

BACKEND = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Home:
    """The ``.env`` that is read, and the folder that data goes to when nothing else is said."""

    env_file: Path
    data_dir: Path


def find_home() -> Home:
    """The home of this installation. ``DOZOR_ENV_FILE`` in the environment names another file of settings."""
    folder = BACKEND if (BACKEND / "run.py").is_file() else Path.cwd()
    return Home(Path(os.environ.get("DOZOR_ENV_FILE") or folder / ".env"), folder / "data")
