"""Whether a Redis server is asked: decisions only, about what readers and the keeper's probes met.

After one failure nobody asks until a probe was answered. Failures in a row open the breaker: then the server is taken
for lost, which is what users are told, and only probes at their usual pace can close it.
"""

from __future__ import annotations

from dozor.storage.redis_errors import SlowReads

FAILURES_TO_OPEN = 3


class Breaker:
    """Begins open, for nothing is known yet."""

    def __init__(self) -> None:
        self._closed = False
        self._in_doubt = True
        self._failed_reads = 0
        self._failed_probes = 0
        self._trouble: BaseException | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the server counts as there."""
        return self._closed

    @property
    def is_passing(self) -> bool:
        """Whether it may be asked now."""
        return self._closed and not self._in_doubt

    @property
    def trouble(self) -> BaseException | None:
        """What opened it; ``None`` while it is closed."""
        return None if self._closed else self._trouble

    def read_answered(self) -> None:
        """A reader was answered in time."""
        self._failed_reads = 0

    def read_failed(self, error: BaseException) -> None:
        """A reader was not.

        Those who had asked already when the first one failed meet the same failure: together they count once. A probe
        that is answered does not make up for it, or a server that is too slow for readers would cost them for ever.
        """
        if self._in_doubt:
            return
        self._in_doubt = True
        self._failed_reads += 1
        too_slow = isinstance(error, TimeoutError) and self._failed_reads >= FAILURES_TO_OPEN
        self._judge(SlowReads() if too_slow else error)

    def doubt(self) -> None:
        """Something else went wrong with a connection: only a probe can tell what it means."""
        self._in_doubt = True

    def probe_answered(self) -> None:
        """The keeper was answered."""
        if not self._closed:
            self._failed_reads = 0
        self._failed_probes = 0
        self._closed = True
        self._in_doubt = False

    def probe_failed(self, error: BaseException) -> None:
        """The keeper was not, or found a server that is of no use."""
        self._in_doubt = True
        self._failed_probes += 1
        self._judge(error)

    def _judge(self, error: BaseException) -> None:
        if not self._closed or self._failed_reads + self._failed_probes >= FAILURES_TO_OPEN:
            self._closed = False
            self._trouble = error
