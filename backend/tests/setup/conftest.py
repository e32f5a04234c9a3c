"""Set-ups are tried on a tiny project beside the real launcher."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tiny_project import Gate, Project, lay_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return lay_out(tmp_path / "папка с пробелом")


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.close()
