"""Letters for people in Telegram: one message each, with buttons, at a pace that Telegram bears."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any, assert_never

from dozor.alerts.channels import Channel
from dozor.alerts.messages.message import Button, Message, Open, Press
from dozor.alerts.sending import Accepted, ChannelDead, Letter, MessageRefused, Moved, Outcome, Postponed, Temporary
from dozor.clock import Clock
from dozor.notify.bot_api import BotApi, Done, Refused, Reply, Unheard
from dozor.notify.pacing import Pacing
from dozor.notify.turns import NoTurn, Turns

CALL_SECONDS = 10.0
PATIENCE_SECONDS = 10.0
LONGEST_TEXT = 4096  # UTF-16 units after entities were parsed: https://core.telegram.org/bots/api#sendmessage
LONGEST_PLAIN_TEXT = 2048  # well below, for what was refused once already
BUTTONS_IN_A_ROW = 2

# What Telegram says of chats that no message can ever reach. It has no codes for them beside 400.
_DEAD = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "group chat was deactivated",
    "chat_write_forbidden",
    "not enough rights to send",
    "have no rights to send",
    "bot is not a member",
    "message thread not found",
    "topic_closed",
)


class TelegramSender:
    """Implements ``alerts.sending.Sender`` for channels with ``{"chat_id": …}``, and ``"thread_id"`` in a forum.

    Messages to one chat go one after another. A letter that would wait longer than ``patience_seconds`` for its turn
    is postponed.
    """

    def __init__(
        self, api: BotApi, clock: Clock, *, pacing: Pacing | None = None, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._api = api
        self._clock = clock
        self._pacing = pacing or Pacing()
        self._patience_seconds = patience_seconds
        self._chats = Turns(1)

    @property
    def longest_seconds(self) -> float:
        """See ``Sender.longest_seconds``: all waiting, and a second call for what was refused as HTML."""
        return 2 * self._patience_seconds + 2 * CALL_SECONDS

    async def send(self, channel: Channel, letter: Letter) -> Outcome:
        """See ``Sender.send``."""
        chat_id = int(channel.address["chat_id"])
        try:
            async with self._chats.at(str(chat_id), self._patience_seconds):
                return await self._send(chat_id, channel, letter)
        except NoTurn:
            return Postponed(timedelta(seconds=self._patience_seconds), "others are on their way to this chat")

    async def _send(self, chat_id: int, channel: Channel, letter: Letter) -> Outcome:
        gives_up_at = self._clock.monotonic() + self._patience_seconds
        too_long = await self._turn(chat_id, gives_up_at)
        if too_long is not None:
            return Postponed(too_long, "as fast as Telegram lets us")
        outcome = self._outcome(channel, chat_id, await self._call(channel, letter, in_html(letter.message)))
        if not isinstance(outcome, MessageRefused):
            return outcome
        too_long = await self._turn(chat_id, gives_up_at)
        if too_long is not None:
            return Temporary(outcome.detail, too_long)
        return self._outcome(channel, chat_id, await self._call(channel, letter, in_plain_text(letter.message)))

    async def _turn(self, chat_id: int, gives_up_at: float) -> timedelta | None:
        """Wait until a message may go to this chat. How long that would take, when it is too long to wait for."""
        now = self._clock.monotonic()
        wait = self._pacing.chats_wait(chat_id, now)
        if now + wait > gives_up_at:
            return timedelta(seconds=wait)
        if wait:
            await self._clock.sleep(wait)
            now = self._clock.monotonic()
        wait = self._pacing.bots_wait(now)
        if now + wait > gives_up_at:
            return timedelta(seconds=wait)
        # Taken before it is waited for: those who come meanwhile queue up behind.
        self._pacing.take(chat_id, now)
        if wait:
            await self._clock.sleep(wait)
        return None

    async def _call(self, channel: Channel, letter: Letter, content: dict[str, Any]) -> Reply:
        parameters: dict[str, Any] = {"chat_id": channel.address["chat_id"], **content}
        parameters["link_preview_options"] = {"is_disabled": True}
        if letter.is_silent:
            parameters["disable_notification"] = True
        if channel.address.get("thread_id") is not None:
            parameters["message_thread_id"] = channel.address["thread_id"]
        return await self._api.call("sendMessage", parameters, CALL_SECONDS)

    def _outcome(self, channel: Channel, chat_id: int, reply: Reply) -> Outcome:
        now = self._clock.monotonic()
        match reply:
            case Done():
                self._pacing.accepted(chat_id, now)
                return Accepted()
            case Unheard(detail, may_have_arrived):
                return Temporary(detail, may_have_arrived=may_have_arrived)
            case Refused(code=HTTPStatus.TOO_MANY_REQUESTS, pause=pause):
                self._pacing.refused(chat_id, 0.0 if pause is None else pause.total_seconds(), now)
                return Temporary(str(reply), pause)
            case Refused():
                return outcome_of(reply, channel)
        assert_never(reply)


def outcome_of(refused: Refused, channel: Channel) -> Outcome:
    """What a refusal comes to, other than for being too fast."""
    if refused.moved_to is not None:
        return Moved({**channel.address, "chat_id": refused.moved_to}, str(refused))
    if refused.code == HTTPStatus.FORBIDDEN:
        return ChannelDead(str(refused))
    if refused.code != HTTPStatus.BAD_REQUEST:
        return Temporary(str(refused), refused.pause)
    said = refused.description.lower()
    if any(reason in said for reason in _DEAD):
        return ChannelDead(str(refused))
    return MessageRefused(str(refused))


def in_html(message: Message) -> dict[str, Any]:
    """The message as it should look."""
    content: dict[str, Any] = {"text": message.shortened(LONGEST_TEXT).html, "parse_mode": "HTML"}
    if message.buttons:
        content["reply_markup"] = {"inline_keyboard": _keyboard(message.buttons)}
    return content


def in_plain_text(message: Message) -> dict[str, Any]:
    """The message with nothing in it that could be refused: no markup, no buttons, not long."""
    return {"text": message.shortened(LONGEST_PLAIN_TEXT).plain}


def _keyboard(buttons: tuple[Button, ...]) -> list[list[dict[str, str]]]:
    made = [_button(button) for button in buttons]
    return [made[start : start + BUTTONS_IN_A_ROW] for start in range(0, len(made), BUTTONS_IN_A_ROW)]


def _button(button: Button) -> dict[str, str]:
    match button:
        case Press():
            return {"text": button.label, "callback_data": button.code}
        case Open():
            return {"text": button.label, "url": button.url}
    assert_never(button)
