"""A tiny project beside the real launcher, so that whole set-ups run in a second and without a network."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

BACKEND = Path(__file__).resolve().parents[2]
OWN_UV = BACKEND.parent / ".venv-uv" / "uv" / ("Scripts" if os.name == "nt" else "bin")

PYPROJECT = """
[project]
name = "dozor"
version = "0.1.0"
requires-python = ">=3.11"
[dependency-groups]
test = []
check = []
[tool.uv]
default-groups = []
[build-system]
requires = []
build-backend = "builder"
backend-path = ["builder"]
"""

LOCK = """
version = 1
requires-python = ">=3.11"
[[package]]
name = "dozor"
version = "0.1.0"
source = { editable = "." }
[package.dev-dependencies]
check = []
test = []
[package.metadata.requires-dev]
check = []
test = []
"""

BUILDER = '''
"""A build backend that needs nothing, tells that it ran, and fails or waits at a gate when it is told to."""
import os, socket, zipfile
from pathlib import Path

ROOT = Path.cwd()

def get_requires_for_build_editable(settings=None):
    return []

def build_editable(folder, settings=None, metadata=None):
    with (ROOT / "builds").open("a") as builds:
        builds.write("built\\n")
    if gate := os.environ.get("BUILD_GATE"):
        with socket.create_connection(("127.0.0.1", int(gate))) as waiting:
            waiting.recv(1)
    if reason := os.environ.get("BUILD_FAILS"):
        raise SystemExit(reason)
    page = ROOT / "backend/dozor/web/static/index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("page")
    name = "dozor-0.1.0-py3-none-any.whl"
    info = "dozor-0.1.0.dist-info/"
    with zipfile.ZipFile(Path(folder, name), "w") as wheel:
        wheel.writestr("dozor.pth", str(ROOT / "backend"))
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: dozor\\nVersion: 0.1.0\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
'''

PROGRAM = """
import sys
print("⚠️  Дозор:", *sys.argv[1:])
sys.exit(7 if "fail" in sys.argv else 0)
"""


class Gate:
    """Where builds wait until they are let through."""

    def __init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self._door.settimeout(60)
        self._waiting: socket.socket | None = None
        self.port = str(self._door.getsockname()[1])

    def await_build(self) -> None:
        """Return once a build stands at the gate."""
        self._waiting, _ = self._door.accept()

    def open(self) -> None:
        """Let the build through."""
        assert self._waiting is not None
        self._waiting.close()

    def close(self) -> None:
        self._door.close()
        if self._waiting is not None:
            self._waiting.close()


@dataclass
class Ended:
    """How one start ended."""

    code: int
    out: str
    err: str


def hear_ctrl_c() -> None:
    """A shell starts what it puts into the background deaf to it, and every child would inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass
class Project:
    """A checkout in a folder of its own, and the world its launcher sees."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)

    def command(self, *args: str, python: str | Path = sys.executable) -> list[str]:
        return [str(python), str(self.root / "backend" / "run.py"), *args]

    def start(self, *args: str, **more: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command(*args),
            env=self.environ | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=hear_ctrl_c if os.name == "posix" else None,
        )

    def run(self, *args: str, python: str | Path = sys.executable, encoding: str = "utf-8", **more: str) -> Ended:
        """One start to its end. ``more`` adds to the environment; an empty value takes a variable out."""
        environ = {name: value for name, value in (self.environ | more).items() if value}
        ended = subprocess.run(
            self.command(*args, python=python),
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=self.root,
            check=False,
            timeout=100,
        )
        return Ended(ended.returncode, ended.stdout.decode(encoding), ended.stderr.decode(encoding))

    def without_network(self) -> None:
        """Every way out leads to a closed port, and no tool has anything kept from before."""
        nowhere = "http://127.0.0.1:9"
        self.environ |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy"), nowhere)
        self.environ |= {"UV_HTTP_RETRIES": "0", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
        self.environ |= {"UV_CACHE_DIR": str(self.root / "cache"), "PIP_CACHE_DIR": str(self.root / "cache")}
        self.environ |= {"NO_PROXY": "", "no_proxy": "", "PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": ""}

    @property
    def builds(self) -> int:
        """How many times the project was built."""
        log = self.root / "builds"
        return len(log.read_text().splitlines()) if log.exists() else 0


def lay_out(root: Path) -> Project:
    """Write the project into ``root``."""
    package = root / "backend" / "dozor"
    for folder in (package, root / "builder", root / "frontend" / "src"):
        folder.mkdir(parents=True)
    shutil.copy(BACKEND / "run.py", root / "backend")
    shutil.copytree(BACKEND / "launcher", root / "backend" / "launcher", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "uv.lock").write_text(LOCK)
    (root / "builder" / "builder.py").write_text(BUILDER)
    (root / "frontend" / "src" / "main.ts").write_text("first")
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(PROGRAM, "utf-8")
    return Project(root, _plain_world())


def _plain_world() -> dict[str, str]:
    """This process's environment with a uv on PATH and nothing that steers the launcher."""
    steering = ("DOZOR_", "UV_", "PYTHON", "VIRTUAL_ENV", "COV_")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    if not shutil.which("uv"):
        assert OWN_UV.exists(), "no uv to test with: run `python backend/run.py test`, which brings one"
        environ["PATH"] = f"{OWN_UV}{os.pathsep}{environ['PATH']}"
    return environ | {"PYTHONUTF8": "1"}
