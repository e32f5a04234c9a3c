"""What failed lately, so that the next asker is told so without spending another call on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from dozor.caching.lru import ByteLru
from dozor.clock import Clock
from dozor.domain.errors import DozorError, QuestionRejected, UpstreamUnavailable

REJECTED_SECONDS = 600.0
FIRST_ERROR_SECONDS = 5.0
LONGEST_ERROR_SECONDS = 60.0

OVERHEAD_BYTES = 900  # of one remembered failure beyond its texts, as measured


@dataclass(frozen=True, slots=True)
class _Failure:
    """The facts of an error, without the error: its traceback would keep every frame it passed through alive."""

    again: Callable[[datetime], DozorError]
    held_until: float
    retry_from: float
    error_seconds: float
    size_bytes: int


class Negatives:
    """Remember failed loads by key, for at most ``max_keys`` keys in at most ``max_bytes``. One instance per loop.

    A refusal of the question holds for 10 minutes, an upstream that fails for 5 s, doubling with each further failure
    of the key up to 60 s. No other error is remembered: those are raised before a call goes out, and cost nothing.
    What was asked about longest ago is forgotten first, so a flood of invented keys takes no more room than this.
    """

    def __init__(self, clock: Clock, max_keys: int = 10_000, max_bytes: int = 16 * 1024 * 1024) -> None:
        self._clock = clock
        self._failures: ByteLru[str, _Failure] = ByteLru(
            max_bytes, lambda key, failure: len(key) + failure.size_bytes, max_entries=max_keys
        )

    def remember(self, key: str, error: DozorError) -> None:
        """Hold this failure of a load against its key, if it is of a kind that is remembered."""
        match error:
            case QuestionRejected():
                self._reject(key, error)
            case UpstreamUnavailable():
                self._hold_off(key, error)

    def recall(self, key: str) -> DozorError | None:
        """The error that holds now, built anew for each asker and with a true ``retry_at``; ``None`` to try a load."""
        failure = self._failures.get(key)
        now = self._clock.monotonic()
        if failure is None or now >= failure.held_until:
            return None
        return failure.again(self._clock.now() + timedelta(seconds=failure.retry_from - now))

    def forget(self, key: str) -> None:
        """This key has just been loaded well."""
        self._failures.drop(key)

    def __len__(self) -> int:
        return len(self._failures)

    def _reject(self, key: str, error: QuestionRejected) -> None:
        until = self._clock.monotonic() + REJECTED_SECONDS
        refusal = partial(type(error), error.status, error.body)
        weight = OVERHEAD_BYTES + len(error.body)
        self._failures.put(key, _Failure(lambda _retry_at: refusal(), until, until, 0.0, weight))

    def _hold_off(self, key: str, error: UpstreamUnavailable) -> None:
        # A failure stays here after its time is over: that is how the next one knows that it is not the first.
        previous = self._failures.get(key)
        doubled = 2 * previous.error_seconds if previous is not None else 0.0
        seconds = min(max(doubled, FIRST_ERROR_SECONDS), LONGEST_ERROR_SECONDS)
        # Upstream's own time to try again, as a span: the wall clock may step before somebody reads it.
        named = (error.retry_at - self._clock.now()).total_seconds()
        now = self._clock.monotonic()
        again = partial(type(error), error.reason)
        weight = OVERHEAD_BYTES + len(error.reason)
        self._failures.put(key, _Failure(again, now + seconds, now + max(seconds, named), seconds, weight))
