"""A copy of what cannot be fetched again: the database, and the secrets of the data folder, in one archive.

What can (the cache) is left out, and so is what must not come back: a count of calls that is out of date would spend
the month's quota twice, and a machine's name belongs to one machine.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import msgspec

from dozor.storage.sql.migrate import REVISIONS

MANIFEST = "manifest.json"
DATABASE = "dozor.db"
SECRETS = ("secrets.key", "session.secret")
FORMAT = 1
CHUNK_BYTES = 1024 * 1024


class NotABackup(Exception):
    """The file is no archive of ours, or it is damaged; the message says how."""


class NewerBackup(Exception):
    """It was made by a Dozor that is newer than this one."""


class Manifest(msgspec.Struct, frozen=True):
    """What an archive says of itself: ``files`` are SHA-256 by name, ``revision`` is that of the database."""

    format: int
    made_at: datetime
    made_by: str
    revision: str | None
    files: dict[str, str]


def write_backup(folder: Path, target: Path, now: datetime, made_by: str, *, with_database: bool) -> Manifest:
    """Copy what ``folder`` holds, while Dozor runs or not, to the new file ``target``, for this user alone.

    The copy is that of one moment. It has been read back when this returns. Raises FileExistsError, other OSErrors,
    sqlite3.Error for a database that cannot be read, and NotABackup when what was read back is not what was written.
    """
    if target.exists():
        raise FileExistsError(target)
    with _beside(target) as workshop:
        files = {name: folder / name for name in SECRETS if (folder / name).exists()}
        revision = None
        if with_database:
            files[DATABASE] = workshop / DATABASE
            _copy_database(folder / DATABASE, files[DATABASE])
            revision = _revision_of(files[DATABASE])
        sums = {name: _sum_of(file) for name, file in files.items()}
        manifest = Manifest(FORMAT, now, made_by, revision, sums)
        archive = workshop / "archive"
        with zipfile.ZipFile(archive, "x", zipfile.ZIP_DEFLATED, compresslevel=6) as writing:
            writing.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
            for name, file in files.items():
                writing.write(file, name)
        with archive.open("rb+") as written:
            os.fsync(written.fileno())
        _verify(archive)
        archive.chmod(0o600)
        archive.rename(target) if os.name == "nt" else os.link(archive, target)  # neither replaces another file
    return manifest


@contextmanager
def unpacked(archive: Path, folder: Path) -> Iterator[tuple[Manifest, Path]]:
    """The archive's files, verified, in a folder within ``folder`` that is removed at the end.

    Raises NotABackup, NewerBackup and OSError.
    """
    manifest = _verify(archive)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".restore-") as name:
        place = Path(name)
        with zipfile.ZipFile(archive) as reading:
            for file in manifest.files:
                with reading.open(file) as packed, (place / file).open("xb") as new:
                    (place / file).chmod(0o600)
                    for chunk in _chunks(packed):
                        new.write(chunk)
                    new.flush()
                    os.fsync(new.fileno())
        if DATABASE in manifest.files:
            try:
                revision = _revision_of(place / DATABASE)
            except sqlite3.Error as error:
                raise NotABackup(f"{DATABASE}: {error}") from error
            if revision not in REVISIONS:
                raise NewerBackup(str(revision))
        yield manifest, place


def put_in_place(new: Path, names: list[str], folder: Path, aside: Path) -> None:
    """Make the files of ``new`` those of ``folder``, where nobody works; what they replace goes to ``aside``.

    A kill in between leaves a whole database, the old one or the new one.
    """
    aside.mkdir(mode=0o700)
    for name in sorted(names, key=lambda name: name == DATABASE):  # the secrets first: both databases can wait for them
        if name == DATABASE:
            _gather_log(folder / DATABASE)
            for suffix in ("-wal", "-shm"):  # still there only when the old database is damaged
                _move(folder / f"{DATABASE}{suffix}", aside / f"{DATABASE}{suffix}")
        if (folder / name).exists():
            _keep(folder / name, aside / name)
        (new / name).replace(folder / name)


def _keep(file: Path, other: Path) -> None:
    """Give the file a second name, so that it has one whenever we are killed."""
    try:
        os.link(file, other)
    except OSError:  # a file system without links, as memory cards have
        other.write_bytes(file.read_bytes())


def _move(file: Path, to: Path) -> None:
    if file.exists():
        file.replace(to)


def _gather_log(file: Path) -> None:
    """Take what is in the log of a database into its file, so that the file alone is all of it."""
    if file.exists():
        try:
            with closing(sqlite3.connect(file)) as database:
                database.execute("PRAGMA journal_mode = DELETE").fetchall()
        except sqlite3.Error:
            return  # it is damaged: a reason to restore another


def _copy_database(file: Path, copy: Path) -> None:
    if not file.exists():
        raise FileNotFoundError(file)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE").fetchall()  # one file, without a log beside it


def _revision_of(file: Path) -> str | None:
    """Its migration, once it is found to be sound. Raises sqlite3.Error."""
    with closing(sqlite3.connect(file)) as database:
        [verdict] = database.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(str(verdict))
        row = database.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if row is None else str(row[0])


def _verify(archive: Path) -> Manifest:
    """Read all of it. Raises NotABackup and NewerBackup."""
    try:
        with zipfile.ZipFile(archive) as reading:
            manifest = msgspec.json.decode(reading.read(MANIFEST), type=Manifest)
            if manifest.format > FORMAT:
                raise NewerBackup(f"format {manifest.format}")
            if not manifest.files.keys() <= {DATABASE, *SECRETS}:
                raise NotABackup("it holds files that are not ours")
            for name, expected in manifest.files.items():
                with reading.open(name) as packed:
                    if _sum(packed) != expected:
                        raise NotABackup(f"{name} is not what it was")
    except (zipfile.BadZipFile, KeyError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise NotABackup(str(error)) from error
    return manifest


def _sum_of(file: Path) -> str:
    with file.open("rb") as opened:
        return _sum(opened)


def _sum(opened: IO[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(opened):
        digest.update(chunk)
    return digest.hexdigest()


def _chunks(opened: IO[bytes]) -> Iterator[bytes]:
    while chunk := opened.read(CHUNK_BYTES):
        yield chunk


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".dozor-backup-") as name:
        yield Path(name)
