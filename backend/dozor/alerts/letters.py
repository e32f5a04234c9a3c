"""Letters: what one attempt brings of one event or of several, to programs and to people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from dozor.alerts.deliveries import Claim, Event
from dozor.alerts.messages.times import Reader
from dozor.alerts.messages.told import Coin, Told, told_of
from dozor.alerts.messages.writing import of_outage, of_trial, written
from dozor.alerts.sending import Letter
from dozor.domain.people import User
from dozor.telemetry.phrases import Language


class Letters:
    """Writes letters. ``coin_of`` is what people call a coin, by its id."""

    def __init__(self, coin_of: Callable[[str], Coin]) -> None:
        self._coin_of = coin_of

    def of(self, claims: Sequence[Claim], user: User, now: datetime, *, is_summary: bool = False) -> Letter:
        """One letter for these, the oldest first. ``is_summary``: they come too late to ring for each of them."""
        events = [claim.event for claim in claims]
        told = [self._told(claim.event, is_repeat=claim.may_have_arrived) for claim in claims]
        reader = reader_for(user)
        if is_summary:
            began = min(
                (one.before.observed_at for one in told if one.before is not None), default=events[0].detected_at
            )
            message = of_outage(told, began, events[-1].detected_at, reader, now)
        else:
            message = written(told, reader, now)
        first = events[0]
        data = dict(first.body)
        if first.observed_at != first.detected_at or "after" in data:
            data["late_by_s"] = max(0, int((now - first.observed_at).total_seconds()))
        return Letter(first.id, f"alert.{first.kind}", first.detected_at, message, data, is_silent=is_summary)

    def text_of(self, event: Event, user: User, now: datetime, language: Language) -> str:
        """One event in words, for who looks at it."""
        return written([self._told(event)], reader_for(user, language), now).plain

    def _told(self, event: Event, *, is_repeat: bool = False) -> Told:
        return told_of(event, self._coin_of(str(event.body["coin_id"])), is_repeat=is_repeat)


def reader_for(user: User, language: Language | None = None) -> Reader:
    """Who reads: in the user's zone, and in their language unless another is asked for."""
    return Reader(language or Language(user.language), user.zone)


def trial(user: User, channel: str, letter_id: str, now: datetime) -> Letter:
    """A letter that says it is a test."""
    return Letter(letter_id, "channel.test", now, of_trial(reader_for(user), channel))
