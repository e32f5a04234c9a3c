"""One thread with the cache file open: whatever waits for the disk waits there, and never the loop."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from dozor.clock import Clock
from dozor.storage.cache_file import CacheFile, CannotSetAside

T = TypeVar("T")


class DiskThread:
    """Does one piece of work after another with its own connection to the file ``path``. One instance per loop."""

    def __init__(self, name: str, path: Path, clock: Clock) -> None:
        self._file = CacheFile(path, clock)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._late = 0
        self._has_ended = False

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The result of ``work``, which is done even if the caller is cancelled.

        Raises sqlite3.Error and OSError when the disk refuses.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(self._file.use, work))

    @property
    def hangs(self) -> bool:
        """Whether something that was given up is still under way: whoever comes now would wait in vain."""
        return self._late > 0

    def is_late(self, doing: asyncio.Future[Any]) -> None:
        """Nobody waits for this any more. Until it ends, the thread hangs."""
        self._late += 1
        doing.add_done_callback(self._came)

    def let_go(self, error: Exception) -> None:
        """Close the file, behind what is under way, until it is next needed; ``error`` is why."""
        if self._has_ended:
            return
        if isinstance(error, CannotSetAside):
            self._thread.submit(self._file.condemn, error.reason, error.identity)
        else:
            self._thread.submit(self._file.close)

    async def end(self, within_seconds: float) -> None:
        """Do what is under way, close the file and end; whatever takes longer ends by itself."""
        closing = asyncio.get_running_loop().run_in_executor(self._thread, self._file.close)
        self._has_ended = True
        self._thread.shutdown(wait=False)
        await asyncio.wait((closing,), timeout=within_seconds)

    def _came(self, _: asyncio.Future[Any]) -> None:
        self._late -= 1
