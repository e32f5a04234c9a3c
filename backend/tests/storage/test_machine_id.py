"""The name of a machine."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from dozor.domain.errors import CannotRunHere
from dozor.storage.machine_id import machine_id


def test_machine_keeps_its_name_and_another_has_another(tmp_path: Path) -> None:
    name = machine_id(tmp_path / "machine.id")
    assert len(name) == 32
    assert machine_id(tmp_path / "machine.id") == name
    assert machine_id(tmp_path / "other.id") != name
    assert sorted(file.name for file in tmp_path.iterdir()) == ["machine.id", "other.id"]


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff" * 32])
def test_file_that_holds_no_name_gets_a_new_one(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "machine.id"
    file.write_bytes(content)
    name = machine_id(file)
    assert len(name) == 32
    assert machine_id(file) == name


def test_file_that_cannot_be_used_stops_the_start_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "machine.id").mkdir()
    with pytest.raises(CannotRunHere, match="Mend or delete it"):
        machine_id(tmp_path / "machine.id")


async def test_processes_that_start_at_once_get_the_same_name(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom dozor.storage.machine_id import machine_id\n"
        "print('ready', flush=True)\nsys.stdin.readline()\nprint(machine_id(Path(sys.argv[1])))"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, str(tmp_path / "machine.id"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    named = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert len({out for out, _ in named}) == 1
    assert len(named[0][0].strip()) == 32
