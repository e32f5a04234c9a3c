"""What sends a letter to a channel, and what one attempt to do so can come to.

A sender decides nothing about later attempts: it says what happened, in a form that whoever dispatches can act on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

from dozor.alerts.channels import Channel
from dozor.alerts.messages.message import Message

LONGEST_DETAIL = 300
SHORTEST_SECRET = 6  # what is shorter, such as the path "/", would tear holes into any text
HIDDEN = "[…]"


@dataclass(frozen=True, slots=True)
class Letter:
    """What one attempt has to bring: the same for programs, who read ``data``, and for people, who read ``message``.

    ``id`` is the event's, the same at every attempt; that of the first where people get several events in one letter.
    ``type`` says what happened (``alert.fired``) and ``at`` when. ``is_silent``: it shall not ring.
    """

    id: str
    type: str
    at: datetime
    message: Message
    data: Mapping[str, Any] = field(default_factory=dict)
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """The other side has it."""

    word: ClassVar[str] = "accepted"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Postponed:
    """Nothing was sent, because we may not before ``pause`` is over. It is no attempt."""

    word: ClassVar[str] = "postponed"
    pause: timedelta
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Temporary:
    """It failed in a way that may pass. ``pause`` is what the other side asked for.

    ``may_have_arrived``: it was sent, and nobody said what became of it.
    """

    word: ClassVar[str] = "temporary"
    detail: str
    pause: timedelta | None = None
    may_have_arrived: bool = False


@dataclass(frozen=True, slots=True)
class MessageRefused:
    """The other side does not take this very letter, not even shortened and without markup. Others may arrive."""

    word: ClassVar[str] = "message_refused"
    detail: str


@dataclass(frozen=True, slots=True)
class ChannelDead:
    """The other side wants nothing from us any more, until the channel's owner does something about it."""

    word: ClassVar[str] = "channel_dead"
    detail: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The channel has a new ``address``, which is to be kept; nothing has arrived yet, so send it there at once."""

    word: ClassVar[str] = "moved"
    address: Mapping[str, Any]
    detail: str = ""


Outcome = Accepted | Postponed | Temporary | MessageRefused | ChannelDead | Moved
"""What an attempt came to. ``word`` is what is kept of it, ``detail`` the other side's own words."""


class Sender(Protocol):
    """Brings letters to channels of one kind. Safe to share between all tasks of a loop."""

    async def send(self, channel: Channel, letter: Letter) -> Outcome:
        """Make one attempt, and say what came of it.

        It ends by itself within ``longest_seconds``, waiting for its turn included. Whatever the network does is an
        outcome; what is raised is a bug. Details never hold a secret, a token or a whole address.
        """

    @property
    def longest_seconds(self) -> float:
        """How long an attempt takes at most; a claim must last longer."""


def excerpt(words: str, secrets: Iterable[str] = ()) -> str:
    """Another's words as one printable line of a bounded length, without these secrets."""
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            words = words.replace(secret, HIDDEN)
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())
    return line if len(line) <= LONGEST_DETAIL else f"{line[: LONGEST_DETAIL - 1]}…"
