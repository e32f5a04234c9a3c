"""One set-up at a time per folder."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

POLL_S = 0.2


@contextmanager
def one_at_a_time(path: Path, on_wait: Callable[[], None]) -> Iterator[int]:
    """Hold the lock at ``path``; calls ``on_wait`` once when somebody else has it. Yields its descriptor.

    The system lets go of it however its holder ends, so a killed set-up blocks nobody. Raises OSError when
    the file cannot be opened.
    """
    with path.open("ab") as file:
        if not _try_lock(file):
            on_wait()
            while not _try_lock(file):
                time.sleep(POLL_S)
        yield file.fileno()


if sys.platform == "win32":  # spelled out for mypy, which then reads each branch on its own system
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True  # a file system without locks: as good as no second start
        return True
