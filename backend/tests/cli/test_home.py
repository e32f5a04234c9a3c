"""Where settings and data lie. For an installed package: ``tests/setup/test_package.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

from dozor.cli.home import find_home

BACKEND = Path(__file__).resolve().parents[2]


def test_checkout_keeps_settings_and_data_beside_run_py_wherever_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DOZOR_ENV_FILE", raising=False)
    monkeypatch.chdir(tmp_path)
    assert find_home().env_file == BACKEND / ".env"
    assert find_home().data_dir == BACKEND / "data"


def test_environment_names_another_file_of_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOZOR_ENV_FILE", str(tmp_path / "mine.env"))
    assert find_home().env_file == tmp_path / "mine.env"
    assert find_home().data_dir == BACKEND / "data"
