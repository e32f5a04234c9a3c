"""What a start does to the environment: makes it once, keeps it right, repairs it."""

from __future__ import annotations

import subprocess
import sys
import venv
from typing import TYPE_CHECKING

import pytest

from launcher.main import groups_of

if TYPE_CHECKING:
    from tiny_project import Gate, Project


def test_first_start_sets_up_and_runs_and_the_second_only_runs(project: Project) -> None:
    first = project.run("serve", "--demo")
    assert (first.code, first.out.strip()) == (0, "⚠️  Дозор: serve --demo"), first.err
    assert "Первая настройка" in first.err
    second = project.run()
    assert (second.code, second.err, project.builds) == (0, "", 1)


def test_exit_code_of_the_program_is_the_exit_code_of_the_start(project: Project) -> None:
    assert project.run("fail").code == 7


def test_start_works_from_inside_the_backend_folder_with_a_virtual_environment_of_the_users_own(
    project: Project,
) -> None:
    own = project.root / "backend" / "venv"
    venv.create(own, with_pip=False, symlinks=sys.platform != "win32")
    python = own / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ended = project.run(python=python, VIRTUAL_ENV=str(own))
    assert ended.code == 0, ended.err
    assert not list(own.rglob("dozor*")), "the user's own environment must stay as it was"
    assert project.run().err == "", "the same environment serves both interpreters"


def test_isolated_interpreter_can_start_it(project: Project) -> None:
    command = project.command("ok")
    ended = subprocess.run([command[0], "-I", *command[1:]], env=project.environ, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr.decode()


def test_environment_is_put_where_the_setting_says(project: Project) -> None:
    elsewhere = project.root / "other place"
    assert project.run(DOZOR_VENV=str(elsewhere)).code == 0
    assert (elsewhere / "pyvenv.cfg").exists()
    assert not (project.root / ".venv").exists()


def test_folder_that_is_no_environment_is_never_emptied(project: Project) -> None:
    precious = project.root / "documents"
    precious.mkdir()
    (precious / "letter.txt").touch()
    ended = project.run(DOZOR_VENV=str(precious), DOZOR_LANG="en")
    assert ended.code == 3
    assert "is no virtual environment" in ended.err
    assert (precious / "letter.txt").exists()


def test_changed_page_source_is_built_at_the_next_start(project: Project) -> None:
    project.run()
    (project.root / "frontend" / "src" / "main.ts").write_text("second version")
    assert project.run().code == 0
    assert project.builds == 2


def test_deleted_page_is_built_again(project: Project) -> None:
    project.run()
    page = project.root / "backend" / "dozor" / "web" / "static" / "index.html"
    page.unlink()
    assert project.run().code == 0
    assert page.exists()


def test_groups_that_were_installed_stay_whatever_is_run_next(project: Project) -> None:
    """`test` then `check` then `serve` and round again sets up twice, not at every turn."""
    for args in ((), ("check", "lint"), (), ("check", "lint"), ()):
        project.run(*args)
    assert project.builds == 2
    (project.root / "uv.lock").write_text((project.root / "uv.lock").read_text() + "\n")
    project.run()
    project.run("check", "lint")
    assert project.builds == 3, "an update brings every group that was there along"


def test_moved_folder_is_set_up_for_its_new_place(project: Project) -> None:
    project.run()
    project.root = project.root.rename(project.root.parent / "moved")
    ended = project.run("ok")
    assert (ended.code, ended.out.strip()) == (0, "⚠️  Дозор: ok"), ended.err
    assert project.builds == 2


def test_killed_set_up_is_made_afresh_by_the_next_start(project: Project, gate: Gate) -> None:
    """Killed with half-unpacked packages in place, which the installer alone would take for whole."""
    killed = project.start(BUILD_GATE=gate.port)
    gate.await_build()
    killed.kill()
    killed.communicate()
    leftover = project.root / ".venv" / "half-unpacked"
    leftover.touch()
    gate.open()
    ended = project.run()
    assert ended.code == 0, ended.err
    assert "начинаю её заново" in ended.err
    assert not leftover.exists()


def test_second_start_waits_for_the_first_and_sets_nothing_up_again(project: Project, gate: Gate) -> None:
    first = project.start("first", BUILD_GATE=gate.port)
    gate.await_build()
    second = project.start("second", DOZOR_LANG="en")
    assert second.stderr is not None
    assert "Another start is setting up this folder" in second.stderr.readline().decode()
    gate.open()
    for start in (first, second):
        _, errors = start.communicate(timeout=60)
        assert start.returncode == 0, errors.decode()
    assert project.builds == 1


def test_failed_build_says_why_and_the_mended_one_goes_on_from_there(project: Project) -> None:
    project.run()
    source = project.root / "frontend" / "src" / "main.ts"
    source.write_text("a mistake")
    failed = project.run(BUILD_FAILS="the page has a mistake\n" + "    at frame (file:1:1)\n" * 50)
    assert failed.code == 4
    assert "    the page has a mistake" in failed.err
    source.write_text("no mistake any more")
    mended = project.run()
    assert mended.code == 0, mended.err
    assert "заново" not in mended.err


@pytest.mark.parametrize(
    ("args", "groups"),
    [
        (["plan", "--plot", "ages.PNG"], {"picture"}),
        (["plan", "--plot=ages.png"], {"picture"}),
        (["plan", "--plot", "ages.svg"], set()),
        (["serve"], set()),
        ([], set()),
    ],
)
def test_what_draws_a_png_is_installed_for_who_asks_for_one(args: list[str], groups: set[str]) -> None:
    assert groups_of(args) == groups
