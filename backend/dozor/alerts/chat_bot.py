"""What people say to a bot, as plain values, and what the alerts need of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from dozor.alerts.messages.message import Message
from dozor.domain.errors import DozorError


@dataclass(frozen=True, slots=True)
class Started:
    """Somebody began to talk to the bot, with the ``code`` of a link or without one.

    ``name`` is what the chat is called, ``language`` an IETF tag as their program says it.
    """

    chat_id: int
    user_id: int
    name: str
    code: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Pressed:
    """Somebody pressed a button, which waits to be answered. ``data`` came from them: it proves nothing."""

    query_id: str
    chat_id: int
    message_id: int
    user_id: int
    data: str


Said = Started | Pressed


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said, in order. Ask on from ``next_offset``; by asking, all before it is taken as done with."""

    said: Sequence[Said]
    next_offset: int


class BotFailing(DozorError):
    """Nothing was heard. ``pause`` is how long the bot was told to wait; ``is_contended``: another one listens."""

    def __init__(self, detail: str, pause: timedelta | None = None, *, is_contended: bool = False) -> None:
        super().__init__(detail)
        self.pause = pause
        self.is_contended = is_contended


class ChatBot(Protocol):
    """A bot that people talk to. Only one may listen at a time, which is the caller's to see to."""

    async def name(self) -> str:
        """By which name people find it. Raises BotFailing."""

    async def listen(self, offset: int, seconds: float) -> Heard:
        """What was said since ``offset``, 0 at the beginning; waits up to ``seconds`` for it. Raises BotFailing."""

    async def say(self, chat_id: int, message: Message) -> bool:
        """Answer in a chat; whether it arrived."""

    async def answer(self, query_id: str, text: str) -> bool:
        """Show whoever pressed a button what came of it; whether they still wait."""

    async def take_buttons_away(self, chat_id: int, message_id: int) -> bool:
        """Leave a message without its buttons; whether that was done."""
