"""Where the parts of a set-up Dozor lie."""

from __future__ import annotations

import os
from pathlib import Path

WINDOWS = os.name == "nt"


class Places:
    """The folders of one checkout; nothing here is created.

    A plain class, not a dataclass: this is read on every start, and importing
    ``dataclasses`` would cost more than the start has to spend.
    """

    __slots__ = ("environment", "root", "tools")

    def __init__(self, root: Path, environment: Path | None = None) -> None:
        self.root = root
        self.environment = environment or root / ".venv"
        self.tools = root / ".venv-uv"

    @classmethod
    def here(cls) -> Places:
        """The checkout this file belongs to, with ``DOZOR_VENV`` honoured."""
        chosen = os.environ.get("DOZOR_VENV")
        return cls(Path(__file__).resolve().parents[2], Path(chosen).expanduser().absolute() if chosen else None)

    @property
    def python(self) -> Path:
        """The interpreter of the environment."""
        return interpreter(self.environment)

    @property
    def stamp(self) -> Path:
        """What the environment was made from; there only when it is whole."""
        return self.environment / ".dozor-stamp"

    @property
    def page(self) -> Path:
        """The built page."""
        return self.root / "backend" / "dozor" / "web" / "static" / "index.html"

    @property
    def frontend(self) -> Path:
        """The page's sources."""
        return self.root / "frontend"


def interpreter(environment: Path) -> Path:
    """Where a virtual environment keeps its Python."""
    return environment / ("Scripts/python.exe" if WINDOWS else "bin/python")


def short(path: Path) -> str:
    """As the user would write it from where they are."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
