"""Every error that Dozor raises on purpose, split by what the caller can do about it.

``TryLater``: wait until ``retry_at``. ``QuestionRejected``: ask something else. ``NotCached``: allow a call.
``NotThere``: name another. ``ChangedMeanwhile``: look again first. ``AlreadyThere``: use the one that is there.
``ConfigurationMistake`` and ``CannotRunHere``: the operator has to change something. Anything else that is raised is a
bug.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


class DozorError(Exception):
    """Base of every error this package raises on purpose."""


class TryLater(DozorError):
    """Nothing can be fetched now; the same question may succeed at ``retry_at`` (aware, UTC)."""

    def __init__(self, message: str, retry_at: datetime) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class BudgetExhausted(TryLater):
    """Our own budget, of the minute, the day or the month, lets no call out before ``retry_at``; none was sent."""

    def __init__(self, window: str, retry_at: datetime) -> None:
        super().__init__(f"the upstream budget of this {window} is spent until {retry_at:%d %b %H:%M:%S} UTC", retry_at)
        self.window = window


class UpstreamLimited(TryLater):
    """Upstream answered 429: it is left alone until ``retry_at``."""

    def __init__(self, retry_at: datetime) -> None:
        super().__init__(f"upstream limits us (429); it is asked again at {retry_at:%H:%M:%S} UTC", retry_at)


class UpstreamUnavailable(TryLater):
    """Upstream cannot be reached, fails, or sends what is no answer; it is asked again at ``retry_at``."""

    def __init__(self, reason: str, retry_at: datetime) -> None:
        super().__init__(f"upstream is unavailable: {reason}", retry_at)
        self.reason = reason


class UpstreamTimedOut(UpstreamUnavailable):
    """Upstream did not answer in time."""


class DeadlinePassed(TryLater):
    """The asker's time is over. The fetch goes on behind, so asking again soon is worth it."""

    def __init__(self, seconds: float, retry_at: datetime) -> None:
        super().__init__(f"no answer within {seconds:g} s; it is still being fetched", retry_at)


class StoreUnavailable(TryLater):
    """The database cannot be reached or used; what was to be done has not been done."""


class TooManyWaiting(TryLater):
    """So much is being fetched already that one more would only lengthen the queue. Nothing was sent."""

    def __init__(self, limit: int, retry_at: datetime) -> None:
        super().__init__(f"{limit} answers are being fetched already; ask again at {retry_at:%H:%M:%S} UTC", retry_at)
        self.limit = limit


class KeyRejected(TryLater):
    """Upstream refuses the operator's key or this machine; one probe is made at ``retry_at``."""

    def __init__(self, reason: str, retry_at: datetime) -> None:
        super().__init__(
            f"upstream rejects our API key: {reason}. Check COINGECKO_API_KEY and COINGECKO_PLAN", retry_at
        )
        self.reason = reason


class QuestionRejected(DozorError):
    """This question has no answer but a refusal: an unknown coin, a missing parameter, a limit of the plan.

    ``status`` and ``body`` are the refusal as upstream words it (its own bytes, or our copy of its wording when the
    refusal is local). Asking again unchanged cannot help.
    """

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"upstream refuses the question ({status})")
        self.status = status
        self.body = body


class NotThere(DozorError):
    """There is nothing of this name, or it is somebody else's, which nobody is told apart."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no {name}")
        self.name = name


class ChangedMeanwhile(DozorError):
    """It was changed since the asker looked at it; nothing was done. ``change`` is how it stands now."""

    def __init__(self, name: str, change: int) -> None:
        super().__init__(f"{name} was changed meanwhile; look at it again")
        self.name = name
        self.change = change


class AlreadyThere(DozorError):
    """The asker has one like it already: ``name``. Nothing was made."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is like it already")
        self.name = name


class NotCached(DozorError):
    """Nothing is kept that the asker accepts, and the asker wants no call to be made for it."""

    def __init__(self) -> None:
        super().__init__("nothing is cached that the request accepts; without only-if-cached it would be fetched")


class ConfigurationMistake(DozorError):
    """Settings that cannot be used: ``mistakes`` is one sentence for each, all of them."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class CannotRunHere(DozorError):
    """This machine refuses something that Dozor needs (a port, a folder); the message says what to do."""
