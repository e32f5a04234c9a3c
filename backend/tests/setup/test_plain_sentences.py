"""What stops a start is said in one plain sentence, with an exit code, on any console."""

from __future__ import annotations

import ast
import os
import re
import signal
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tiny_project import Ended, Gate, Project


def another_python(tmp_path: Path, preparation: str) -> Path:
    """An interpreter that differs from this one by ``preparation``, done before the launcher begins."""
    if os.name == "nt":
        pytest.skip("the stand-in for another Python is a shell script")
    program = tmp_path / "another.py"
    program.write_text(
        f"import runpy, sys\n{preparation}\nsys.argv = sys.argv[1:]\nrunpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
    python.chmod(0o755)
    return python


def sentence(ended: Ended) -> str:
    """The only line that was written."""
    (line,) = ended.err.strip().splitlines()
    return line.removeprefix("[run] ")


def test_old_python_is_told_the_version_it_lacks(project: Project, tmp_path: Path) -> None:
    old = another_python(tmp_path, "sys.version_info = (3, 8, 10, 'final', 0); sys.version = '3.8.10 (default)'")
    ended = project.run("test", python=old)
    assert ended.code == 2
    assert re.match(r"Нужен Python 3\.11 или новее, а это 3\.8\.10 \(.+\)\. Возьмите его на https://", sentence(ended))
    in_english = project.run(python=old, DOZOR_LANG="en")
    assert sentence(in_english).startswith("Python 3.11 or newer is needed; this is 3.8.10 (")


def test_the_first_file_has_nothing_an_old_python_cannot_parse(project: Project) -> None:
    source = (project.root / "backend" / "run.py").read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 7))
    newer = (ast.AnnAssign, ast.AsyncFunctionDef, ast.JoinedStr, ast.Match, ast.NamedExpr, ast.Nonlocal, ast.YieldFrom)
    assert not [node for node in ast.walk(tree) if isinstance(node, newer)]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert not [f.name for f in functions if f.returns or f.args.kwonlyargs or any(a.annotation for a in f.args.args)]
    assert source.startswith("# -*- coding: utf-8 -*-\n"), "Python 2 needs it for the Russian sentence"


def test_python_without_the_venv_module_is_told_what_to_install(project: Project, tmp_path: Path) -> None:
    bare = another_python(tmp_path, "sys.modules['ensurepip'] = None")
    ended = project.run(python=bare, DOZOR_UV="private")
    assert ended.code == 4
    assert "python3-venv" in sentence(ended)


def test_no_network_at_the_first_set_up_is_said_so(project: Project) -> None:
    """The launcher has no uv either, so the first thing to fail is bringing one."""
    project.without_network()
    ended = project.run(DOZOR_UV="private", DOZOR_LANG="en")
    assert ended.code == 4
    getting, said = ended.err.strip().splitlines()
    assert "putting uv" in getting
    assert said.startswith("[run] The set-up failed: the first one needs the network")


def test_no_network_while_libraries_are_installed_is_said_so(project: Project) -> None:
    project.without_network()
    pyproject = project.root / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("requires = []", 'requires = ["hatchling"]'))
    ended = project.run()
    assert ended.code == 4
    assert "первой настройке нужна сеть" in ended.err.splitlines()[-1]
    assert "Traceback" not in ended.err


def test_folder_that_cannot_be_written_is_named(project: Project) -> None:
    (project.root / ".venv-uv").touch()  # root may write anywhere, but not make a folder where a file is
    ended = project.run()
    assert ended.code == 3
    assert sentence(ended).startswith(f"Не могу писать в {project.root} (")


def test_other_failures_end_with_the_last_words_of_the_tool(project: Project) -> None:
    (project.root / "uv.lock").write_text("not a lock")
    ended = project.run(DOZOR_LANG="en")
    assert ended.code == 4
    assert "The set-up failed (uv sync, exit 2); DOZOR_VERBOSE=1 shows everything. Its last lines:" in ended.err
    assert "uv.lock" in ended.err.splitlines()[-1] or "TOML" in ended.err


def test_unknown_check_is_answered_with_those_there_are(project: Project) -> None:
    ended = project.run("check", "spelling", DOZOR_LANG="en")
    assert ended.code == 2
    assert "There is no check “spelling”; there are: lint, format, types, imports, page-types, settings." in ended.err


def test_every_failing_check_is_run_and_named_at_the_end(project: Project) -> None:
    ended = project.run("check", "lint", "settings", DOZOR_LANG="en")
    assert ended.code == 1
    assert ended.err.splitlines()[-1] == "[run] Failed: lint, settings."


@pytest.mark.parametrize("console", ["utf-8", "cp1251", "ascii"])
def test_every_console_gets_what_it_can_print(project: Project, console: str) -> None:
    ended = project.run("fail", encoding=console, PYTHONUTF8="", PYTHONIOENCODING=console)
    assert ended.code == 7, "a letter that the console lacks must not end the program"
    assert "Traceback" not in ended.err
    assert ("Первая настройка" in ended.err) == (console != "ascii")
    assert ("Дозор" in ended.out) == (console != "ascii")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such locale")
def test_locale_that_knows_no_cyrillic_still_finds_a_folder_with_cyrillic_letters(project: Project) -> None:
    ended = project.run("ok", encoding="ascii", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert ended.code == 0, ended.err
    assert ended.out.endswith(": ok\n")
    again = project.run("ok")
    assert (again.code, again.err) == (0, ""), "what was set up under one locale serves under another"


@pytest.mark.parametrize(
    "line",
    [
        "DOZOR_LANG=en",
        "\ufeffDOZOR_LANG = 'en'  # log language",
        "export DOZOR_LANG=EN",
        "DOZOR_LANG=ru\nDOZOR_LANG=en",
    ],
)
def test_language_is_taken_from_the_settings_file(project: Project, line: str) -> None:
    (project.root / "backend" / ".env").write_text(f"{line}\n", "utf-8")
    assert "First set-up" in project.run().err


def test_language_in_the_environment_beats_the_settings_file(project: Project) -> None:
    (project.root / "backend" / ".env").write_bytes(b"\xff\xfe garbage\nDOZOR_LANG=en\n")
    assert "Первая настройка" in project.run(DOZOR_LANG="ru").err


def test_verbose_start_shows_what_the_tools_print(project: Project) -> None:
    (project.root / "uv.lock").write_text("not a lock")
    ended = project.run(DOZOR_VERBOSE="1")
    assert ended.code == 4
    assert "\nerror: " in ended.err


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send Ctrl+C to one process")
def test_ctrl_c_in_the_middle_of_a_set_up_ends_without_a_traceback(project: Project, gate: Gate) -> None:
    start = project.start(BUILD_GATE=gate.port)
    gate.await_build()
    start.send_signal(signal.SIGINT)
    _, errors = start.communicate(timeout=60)
    gate.open()
    assert start.returncode == 130
    assert errors.decode().splitlines()[-1] == "[run] Прервано."
    assert "Traceback" not in errors.decode()
    assert project.run().code == 0
