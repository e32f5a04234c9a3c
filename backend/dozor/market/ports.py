"""What the market service needs from the edges of the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol


class BodyShape(Enum):
    """What the outermost value of an upstream answer is; another shape is a bad answer, whatever its status."""

    OBJECT = "object"
    ARRAY = "array"


class Purpose(Enum):
    """Why a call is made, the most urgent first."""

    PERSON = "person"  # somebody waits for it
    REFRESH = "refresh"  # somebody was served a stale answer
    WARM_UP = "warm_up"  # nobody has asked yet


@dataclass(frozen=True, slots=True)
class Call:
    """One upstream request: ``path`` below the base URL, starting with ``/`` and already percent-encoded, and its parameters."""

    path: str
    params: tuple[tuple[str, str], ...]
    shape: BodyShape
    purpose: Purpose = Purpose.PERSON


@dataclass(frozen=True, slots=True)
class Fetched:
    """A good upstream answer (status 200): its body as sent, and the headers worth keeping, names in lower case."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    fetched_at: datetime


class Upstream(Protocol):
    """The rate-limited API."""

    async def fetch(self, call: Call) -> Fetched:
        """Make this call, within the budget.

        Raises BudgetExhausted, UpstreamLimited, UpstreamUnavailable, UpstreamTimedOut, KeyRejected or QuestionRejected
        (``domain/errors.py``). Ends by itself within 25 s. Being cancelled leaves the budget charged.
        """


@dataclass(frozen=True, slots=True)
class Image:
    """A coin's picture."""

    body: bytes
    content_type: str


class ImageSource(Protocol):
    """Where pictures are fetched from; no part of the quota."""

    async def fetch_image(self, url: str) -> Image | None:
        """The picture at ``url``, or ``None`` when there is none to be had now. Never raises for what the other side does."""
