"""``backup`` and ``restore``: people, rules and secrets come back as they were, and nothing is lost on the way."""

from __future__ import annotations

import json
import sqlite3
import stat
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from cli.finished import finish
from cli.process import dozor_process


def users_in(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "data" / "dozor.db")) as database:
        return [name for (name,) in database.execute("SELECT name FROM users ORDER BY id")]


async def made(folder: Path) -> None:
    """A data folder as a first start leaves it, with one user."""
    async with dozor_process(folder, "serve", COINGECKO_BASE_URL="http://127.0.0.1:9", DOZOR_LANG="en") as dozor:
        await dozor.url()
    add_user(folder, "anna")


def add_user(folder: Path, name: str) -> None:
    with closing(sqlite3.connect(folder / "data" / "dozor.db")) as database, database:
        database.execute(
            "INSERT INTO users (id, name, language, zone, is_owner, settings, created_at)"
            " SELECT ?, ?, 'en', 'UTC', 0, '{}', 0",
            (f"usr_{name}", name),
        )


async def test_what_was_backed_up_comes_back_and_what_was_there_is_kept(tmp_path: Path) -> None:
    await made(tmp_path)
    backup = tmp_path / "copy.zip"
    done = await finish(tmp_path, "backup", str(backup), "--json")
    assert done.code == 0, done
    told = json.loads(done.text)
    assert {"dozor.db", "secrets.key", "session.secret"} == set(told["files"])
    if hasattr(stat, "S_IMODE"):
        assert stat.S_IMODE(backup.stat().st_mode) & 0o077 == 0
    key = (tmp_path / "data" / "secrets.key").read_bytes()
    (tmp_path / "data" / "secrets.key").write_bytes(b"another")
    add_user(tmp_path, "boris")
    restored = await finish(tmp_path, "restore", str(backup))
    assert restored.code == 0, restored
    assert "anna" in users_in(tmp_path)
    assert "boris" not in users_in(tmp_path)
    assert (tmp_path / "data" / "secrets.key").read_bytes() == key
    (aside,) = (tmp_path / "data").glob("replaced-*")
    assert (aside / "secrets.key").read_bytes() == b"another"
    assert (aside / "dozor.db").exists()


async def test_a_backup_is_made_while_dozor_runs_and_restored_only_when_none_does(tmp_path: Path) -> None:
    await made(tmp_path)
    backup = tmp_path / "copy.zip"
    async with dozor_process(tmp_path, "serve", COINGECKO_BASE_URL="http://127.0.0.1:9", DOZOR_LANG="en") as dozor:
        await dozor.url()
        assert (await finish(tmp_path, "backup", str(backup))).code == 0
        refused = await finish(tmp_path, "restore", str(backup))
        assert refused.code == 1
        assert "stop it first" in refused.err
    assert (await finish(tmp_path, "restore", str(backup))).code == 0


@pytest.mark.parametrize("damage", ["cut", "changed", "other", "none"])
async def test_a_file_that_is_no_sound_backup_changes_nothing(tmp_path: Path, damage: str) -> None:
    await made(tmp_path)
    backup = tmp_path / "copy.zip"
    assert (await finish(tmp_path, "backup", str(backup))).code == 0
    match damage:
        case "cut":
            backup.write_bytes(backup.read_bytes()[:-200])
        case "changed":
            with zipfile.ZipFile(backup) as old:
                parts = {name: old.read(name) for name in old.namelist()}
            with zipfile.ZipFile(backup, "w") as new:
                for name, content in parts.items():
                    new.writestr(name, content + b"x" if name == "secrets.key" else content)
        case "other":
            with zipfile.ZipFile(backup, "w") as new:
                new.writestr("letter.txt", "hello")
        case "none":
            backup.unlink()
    before = users_in(tmp_path)
    refused = await finish(tmp_path, "restore", str(backup))
    assert refused.code in {1, 3}
    assert "Traceback" not in refused.err
    assert users_in(tmp_path) == before
    assert list((tmp_path / "data").glob("replaced-*")) == []


async def test_a_backup_replaces_no_file(tmp_path: Path) -> None:
    await made(tmp_path)
    target = tmp_path / "copy.zip"
    target.write_text("precious")
    refused = await finish(tmp_path, "backup", str(target))
    assert refused.code == 1
    assert "is there already" in refused.err
    assert target.read_text() == "precious"
