"""What people say to the bot in Telegram, and its short answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeVar, assert_never

import msgspec

from dozor.alerts.chat_bot import BotFailing, Heard, Pressed, Said, Started
from dozor.alerts.messages.message import Message, cut
from dozor.alerts.sending import excerpt
from dozor.notify.bot_api import BotApi, Done, Refused, Unheard
from dozor.notify.telegram import CALL_SECONDS, in_html

T = TypeVar("T")

LONGEST_ANSWER = 200  # https://core.telegram.org/bots/api#answercallbackquery

# A code is what a link may carry: https://core.telegram.org/bots/features#deep-linking
_START = re.compile(r"/start(?:@(?P<bot>\w+))?(?:\s+(?P<code>[\w-]{1,64}))?\s*", re.ASCII)


class _Chat(msgspec.Struct):
    id: int
    title: str | None = None
    first_name: str | None = None
    username: str | None = None


class _User(msgspec.Struct):
    id: int
    language_code: str | None = None


class _Message(msgspec.Struct):
    message_id: int
    chat: _Chat
    text: str = ""
    sender: _User | None = msgspec.field(name="from", default=None)


class _Query(msgspec.Struct):
    id: str
    sender: _User = msgspec.field(name="from")
    data: str = ""
    message: _Message | None = None


class _Update(msgspec.Struct):
    message: _Message | None = None
    callback_query: _Query | None = None


class _Numbered(msgspec.Struct):
    update_id: int


class _Me(msgspec.Struct):
    username: str


class TelegramBot:
    """Implements ``alerts.chat_bot.ChatBot``."""

    def __init__(self, api: BotApi) -> None:
        self._api = api
        self._name: str | None = None

    async def name(self) -> str:
        """See ``ChatBot.name``. Asked of Telegram once."""
        if self._name is None:
            self._name = (await self._heard("getMe", {}, CALL_SECONDS, _Me)).username
        return self._name

    async def listen(self, offset: int, seconds: float) -> Heard:
        """See ``ChatBot.listen``."""
        name = await self.name()
        asked = {"offset": offset, "timeout": int(seconds), "allowed_updates": ["message", "callback_query"]}
        updates = await self._heard("getUpdates", asked, seconds + CALL_SECONDS, list[msgspec.Raw])
        said: list[Said] = []
        for update in updates:
            # One that we cannot read must not come again for ever, so its number is read apart.
            offset = max(offset, _read(update, _Numbered).update_id + 1)
            found = said_in(update, name)
            if found is not None:
                said.append(found)
        return Heard(said, offset)

    async def say(self, chat_id: int, message: Message) -> bool:
        """See ``ChatBot.say``."""
        return await self._done("sendMessage", {"chat_id": chat_id, **in_html(message)})

    async def answer(self, query_id: str, text: str) -> bool:
        """See ``ChatBot.answer``."""
        return await self._done(
            "answerCallbackQuery", {"callback_query_id": query_id, "text": cut(text, LONGEST_ANSWER)}
        )

    async def take_buttons_away(self, chat_id: int, message_id: int) -> bool:
        """See ``ChatBot.take_buttons_away``."""
        return await self._done("editMessageReplyMarkup", {"chat_id": chat_id, "message_id": message_id})

    async def _done(self, method: str, parameters: Mapping[str, Any]) -> bool:
        return isinstance(await self._api.call(method, parameters, CALL_SECONDS), Done)

    async def _heard(self, method: str, parameters: Mapping[str, Any], seconds: float, result: type[T]) -> T:
        reply = await self._api.call(method, parameters, seconds)
        match reply:
            case Done(answer):
                return _read(answer, result)
            case Refused(code=code, pause=pause):
                raise BotFailing(str(reply), pause, is_contended=code == HTTPStatus.CONFLICT)
            case Unheard(detail):
                raise BotFailing(detail)
        assert_never(reply)


def said_in(update: bytes, bot: str) -> Said | None:
    """What one update says to the bot of this name; ``None`` for anything else, and for what cannot be read."""
    try:
        read = msgspec.json.decode(update, type=_Update)
    except msgspec.DecodeError:
        return None
    query, message = read.callback_query, read.message
    if query is not None and query.message is not None:
        return Pressed(query.id, query.message.chat.id, query.message.message_id, query.sender.id, query.data)
    if message is None or message.sender is None:
        return None
    start = _START.fullmatch(message.text)
    if start is None or (start["bot"] or bot).lower() != bot.lower():
        return None
    chat = message.chat
    name = excerpt(chat.title or chat.first_name or chat.username or "")
    return Started(chat.id, message.sender.id, name, start["code"], message.sender.language_code)


def _read(answer: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(answer, type=kind)
    except msgspec.DecodeError as error:
        raise BotFailing("an answer that is not Telegram's") from error
