"""The environment variables that every program we start gets: the user's, without what would lead it astray."""

from __future__ import annotations

import os
import sys

# What the user set for other projects, or for another Python.
_ASTRAY = frozenset(
    {"VIRTUAL_ENV", "PYTHONHOME", "UV_LOCKED", "UV_SYSTEM_PYTHON", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"}
)


def child_environment(**more: str) -> dict[str, str]:
    """The user's environment made safe, plus ``more``.

    UTF-8 mode, because libraries read text files in the encoding of the locale, and ours are UTF-8. The console's
    encoding stays what it is for us, and a letter that it lacks must not end a program.
    """
    environ = {name: value for name, value in os.environ.items() if name not in _ASTRAY} | {"PYTHONUTF8": "1"}
    console = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    if console != "utf-8":  # which lacks nothing; and some programs read the variable and know no ":replace"
        environ["PYTHONIOENCODING"] = f"{console}:replace"
    return environ | more
