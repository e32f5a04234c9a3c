"""The name of this machine, or rather of its data folder, among those that share a Redis."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from pathlib import Path

from dozor.domain.errors import CannotRunHere

_ID = re.compile(r"[0-9a-f]{32}")


def machine_id(file: Path) -> str:
    """The random name in ``file``, made at the first start. Processes that start at once get the same one.

    What is no such name, as damage may leave it, is replaced. Raises CannotRunHere when the file cannot be used.
    """
    try:
        if not file.exists():
            _make(file, replace=False)
        if (known := _read(file)) is None:
            _make(file, replace=True)
            known = _read(file)
    except OSError as error:
        raise CannotRunHere(
            f"{file}: {error.strerror or error}. Mend or delete it: it names this machine in Redis, no data is lost"
        ) from error
    if known is None:
        raise CannotRunHere(f"{file}: another program writes to it. It names this machine in Redis; delete it")
    return known


def _read(file: Path) -> str | None:
    text = file.read_text("ascii", "replace").strip()
    return text if _ID.fullmatch(text) else None


def _make(file: Path, *, replace: bool) -> None:
    """Write it whole under another name, then give it its own: unless to ``replace`` one, the first process wins."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".machine-")
    new = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(secrets.token_hex(16))
            opened.flush()
            os.fsync(opened.fileno())
        if replace:
            new.replace(file)
        else:
            _link(file, new)
    finally:
        new.unlink(missing_ok=True)


def _link(file: Path, new: Path) -> None:
    try:
        file.hardlink_to(new)
    except FileExistsError:
        pass
    except OSError:
        new.replace(file)  # a file system without links, as memory cards have
