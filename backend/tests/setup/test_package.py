"""Dozor as a package: built with its page, installed into an empty environment, started from anywhere; no Node."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tiny_project import OWN_UV

ROOT = Path(__file__).resolve().parents[3]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
PAGE = "dozor/web/static/index.html"
WITHOUT_A_HOME = """
import pwd
pwd.getpwuid = {}.__getitem__  # a user whom the system does not know, as containers are started with
from dozor.cli.home import find_home
print(find_home().data_dir)
"""


@dataclass(frozen=True)
class Installed:
    """An installed Dozor, the folder it is started from, and the home of the user who starts it."""

    program: Path
    folder: Path
    home: Path

    def environ(self, **more: str) -> dict[str, str]:
        """That of a machine with an empty PATH: what Dozor needs, it has brought along."""
        homes = {"HOME": self.home, "USERPROFILE": self.home, "WIN_PD_OVERRIDE_LOCAL_APPDATA": self.home / "AppData"}
        kept = {name: value for name, value in os.environ.items() if name in {"SYSTEMROOT", "TEMP", "TMP"}}
        return kept | {name: str(path) for name, path in homes.items()} | {"PATH": "", "PYTHONUTF8": "1"} | more

    def run(self, *arguments: str, **more: str) -> str:
        ended = subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            env=self.environ(**more),
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=True,
        )
        return ended.stdout

    @contextmanager
    def serving(self, *arguments: str) -> Iterator[str]:
        """``dozor serve`` with these arguments: where it listens. Killed at the end."""
        process = subprocess.Popen(
            [self.program, "serve", *arguments],
            cwd=self.folder,
            env=self.environ(),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert process.stderr is not None
        said = []
        try:
            for line in process.stderr:
                said.append(line)
                if found := re.search(r"http://localhost:\d+", line):
                    yield found[0]
                    return
            raise AssertionError("ended without saying where it listens:\n" + "".join(said))
        finally:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel that is built from it without a Node to build the page with."""
    folder = tmp_path_factory.mktemp("готовое к отправке")
    uv("build", "--sdist", "--python", sys.executable, "--out-dir", folder, ROOT, PATH=os.environ["PATH"])
    (sdist,) = folder.glob("*.tar.gz")
    uv("build", "--wheel", "--python", sys.executable, "--out-dir", folder, sdist)
    return folder


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an empty environment, with the very versions that the lock names, all from wheels."""
    base = tmp_path_factory.mktemp("новый компьютер")
    environment, folder, home = base / "среда", base / "мои монеты", base / "дом"
    folder.mkdir()
    home.mkdir()
    locked = base / "locked.txt"
    uv("export", "--project", ROOT, "--frozen", "--no-dev", "--no-emit-project", "--no-hashes", "-qo", locked)
    uv("venv", "--python", sys.executable, environment)
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    (wheel,) = dist.glob("*.whl")
    uv("pip", "install", "--python", python, "--only-binary", ":all:", "--constraints", locked, wheel)
    return Installed(python.with_name("dozor.exe" if os.name == "nt" else "dozor"), folder, home)


def uv(*arguments: str | Path, **more: str) -> None:
    """Run uv, with nothing on PATH unless it is given."""
    program = shutil.which("uv") or str(OWN_UV / ("uv.exe" if os.name == "nt" else "uv"))
    steering = ("DOZOR_", "VIRTUAL_ENV", "PYTHON", "UV_PROJECT")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    ended = subprocess.run(
        [program, *arguments],
        env=environ | {"PATH": ""} | more,
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_wheel_and_sdist_carry_the_page_and_the_types(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {PAGE, "dozor/py.typed", "dozor/storage/scripts/put.lua"} <= set(names)
    assert any(name.startswith("dozor/web/static/assets/") for name in names)
    assert not [name for name in names if "node_modules" in name or "/tests/" in name or "__pycache__" in name]
    assert wheel.name.endswith("-py3-none-any.whl")
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"backend/{PAGE}", "frontend/package-lock.json", "hatch_build.py"} <= inside
    assert not [name for name in inside if "node_modules" in name or name.startswith(("backend/data", "backend/.env"))]


def test_installed_command_says_its_version_and_completes_words(installed: Installed) -> None:
    assert installed.run("--version").strip() == VERSION
    words = installed.run(_DOZOR_COMPLETE="complete_bash", COMP_WORDS="dozor s", COMP_CWORD="1").split()
    assert {"serve", "simulate"} <= set(words)
    assert "--install-completion" in installed.run("--help")


def test_installed_package_serves_the_page_and_keeps_its_data_in_the_users_folder(installed: Installed) -> None:
    (installed.folder / ".env").write_text("PORT=0\nREDIS_URL=\nDOZOR_LANG=en\n", "utf-8")
    with installed.serving("--demo") as url:
        page = read(url)
        script = re.search(r'src="(/static/assets/[^"]+\.js)"', page)
        assert script is not None, page
        assert len(read(url + script[1])) > 10_000
        assert '"bitcoin"' in read(f"{url}/api/v1/coins?per_page=5")
    assert [path.name for path in installed.folder.iterdir()] == [".env"], "nothing is left where it was started"
    ledger = next(installed.home.rglob("ledger.db"))
    assert ledger.parent.relative_to(installed.home).parts[-2:] == ("dozor", "demo")


@pytest.mark.skipif(os.name == "nt", reason="Windows knows the folders of its users without a variable")
def test_user_without_a_home_has_the_data_where_dozor_is_started(installed: Installed) -> None:
    ended = subprocess.run(
        [installed.program.with_name("python"), "-c", WITHOUT_A_HOME],
        cwd=installed.folder,
        env=installed.environ(HOME=""),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert ended.stdout.strip() == str(installed.folder / "data")


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as reply:
        return reply.read().decode()
