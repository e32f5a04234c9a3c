"""What a warm start through ``run.py`` costs above starting Dozor itself: ``python3 bench/startup.py [command …]``.

Both are started in turn, so that a busy machine slows both alike. Prints a table and writes
``bench/results/startup.json``. The promise is less than 150 ms.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "startup.json"
ROUNDS = 15
PROMISED_MS = 150


def main() -> None:
    """Measure, print, write down."""
    command = sys.argv[1:] or ["--help"]
    environment = Path(os.environ.get("DOZOR_VENV") or ROOT / ".venv")
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    through = [sys.executable, str(ROOT / "backend" / "run.py"), *command]
    direct = [str(python), "-m", "dozor", *command]
    took_ms(through)  # sets up if that is due, and warms the disk for both
    took_ms(direct)
    pairs = [(took_ms(through), took_ms(direct)) for _ in range(ROUNDS)]
    result = {
        "command": command,
        "rounds": ROUNDS,
        "through_run_py_ms": round(statistics.median(pair[0] for pair in pairs), 1),
        "direct_ms": round(statistics.median(pair[1] for pair in pairs), 1),
        "overhead_ms": round(statistics.median(pair[0] - pair[1] for pair in pairs), 1),
        "overhead_worst_ms": round(max(pair[0] - pair[1] for pair in pairs), 1),
        "promised_ms": PROMISED_MS,
    }
    for name, value in result.items():
        print(f"{name:22} {' '.join(value) if isinstance(value, list) else value}")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


def took_ms(command: list[str]) -> float:
    """How long one run of ``command`` took; it must succeed."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
