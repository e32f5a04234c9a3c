"""Secrets at rest: what channels hold of others' is encrypted with a key that lies beside the database, not in it.

A copy of the database alone gives away nobody's tokens. The key is ``secrets.key`` in the data folder; who loses it has
to enter the secrets again.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from dozor.domain.errors import CannotRunHere, DozorError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

KEY_FILE = "secrets.key"


class SecretUnreadable(DozorError):
    """A secret in the database was encrypted with another key than that of this data folder."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"a secret cannot be read with {file}: put back the file that belongs to this database (each machine that"
            " shares it needs the same), or enter the secret again"
        )


class Vault:
    """Encrypts and decrypts. One for a data folder; made by ``open_vault``."""

    def __init__(self, file: Path, fernet: Fernet) -> None:
        self._file = file
        self._fernet = fernet

    def locked(self, secret: bytes) -> bytes:
        """The secret as it may be kept: authenticated, and different each time."""
        return self._fernet.encrypt(secret)

    def unlocked(self, kept: bytes) -> bytes:
        """The secret from what ``locked`` gave. Raises SecretUnreadable."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(kept)
        except InvalidToken as error:
            raise SecretUnreadable(self._file) from error


def open_vault(file: Path) -> Vault:
    """The vault with the key in ``file``, which is made at the first start for this user alone.

    Processes that start at once get the same one. A damaged key is not replaced: that would lose every secret. Raises
    CannotRunHere when the file cannot be used.
    """
    from cryptography.fernet import Fernet  # late: it takes some tens of milliseconds

    try:
        if not file.exists():
            _make(file, Fernet.generate_key())
        return Vault(file, Fernet(file.read_bytes().strip()))
    except OSError as error:
        raise CannotRunHere(
            f"{file}: {error.strerror or error}. It is the key of the secrets in the database: make it readable"
        ) from error
    except ValueError as error:
        raise CannotRunHere(
            f"{file} is damaged: put back a copy of it. Without it the secrets of channels are lost: then move it away"
            " and enter them again"
        ) from error


def _make(file: Path, key: bytes) -> None:
    """Write it whole under another name, then give it its own, unless another process was first."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".key-")  # mode 0600
    new = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(key)
            opened.flush()
            os.fsync(opened.fileno())
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
