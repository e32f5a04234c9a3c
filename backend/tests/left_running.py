"""End the servers that a broken-off test run left running, however it was broken off.

A process of its own that is told of every server that starts and ends. It reads a pipe, and the pipe closes when the
test run is gone, be it by SIGKILL, which no ``atexit`` and no ``finally`` survives.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys


class Watcher:
    """The other end of the pipe; one for the whole run (``watcher()``)."""

    def __init__(self) -> None:
        # A session of its own: Ctrl+C in the terminal is the test run's, and this one has yet to clean up after it.
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True
        )

    def started(self, pid: int) -> None:
        self._tell("kill", pid)

    def ended(self, pid: int) -> None:
        self._tell("spare", pid)

    def made(self, folder: str) -> None:
        self._tell("remove", folder)

    def removed(self, folder: str) -> None:
        self._tell("keep", folder)

    def _tell(self, what: str, which: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what} {which}\n")
        self._process.stdin.flush()


@functools.cache
def watcher() -> Watcher:
    return Watcher()


def main() -> None:
    if os.name == "nt":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    pids: set[int] = set()
    folders: set[str] = set()
    for line in sys.stdin:
        what, _, which = line.rstrip("\n").partition(" ")
        match what:
            case "kill":
                pids.add(int(which))
            case "spare":
                pids.discard(int(which))
            case "remove":
                folders.add(which)
            case "keep":
                folders.discard(which)
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
