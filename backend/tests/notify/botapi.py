"""A Bot API on this machine that answers as Telegram does, in Telegram's words.

What it knows of them: https://core.telegram.org/bots/api and the source of https://github.com/tdlib/telegram-bot-api.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

TOKEN = "123456789:AAE-very-secret_token"
LONGEST_TEXT = 4096
TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "a", "blockquote", "tg-spoiler"}
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
_TAG = re.compile(r"<(/?)([a-z-]*)([^<>]*)>")


class Refusal(Exception):
    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.parameters = code, parameters


def bad(description: str, **parameters: int) -> Refusal:
    return Refusal(400, f"Bad Request: {description}", **parameters)


@dataclass
class Sent:
    """A message as its reader sees it."""

    message_id: int
    chat_id: int
    text: str
    bold: list[str]
    asked: dict[str, Any]

    @property
    def buttons(self) -> list[dict[str, str]]:
        return [button for row in self.asked.get("reply_markup", {}).get("inline_keyboard", []) for button in row]


@dataclass
class BotApiServer:
    """Enter it. ``chats`` are the ids that it knows; what a test adds to ``refusals`` of a chat is said once each."""

    chats: set[int] = field(default_factory=lambda: {42})
    refusals: dict[int, deque[Refusal]] = field(default_factory=lambda: defaultdict(deque))
    faults: deque[Callable[[web.Request], Awaitable[web.StreamResponse]]] = field(default_factory=deque)
    sent: list[Sent] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answered: dict[str, str] = field(default_factory=dict)

    async def __aenter__(self) -> BotApiServer:
        self._updates: list[dict[str, Any]] = []
        self._last_update = 700
        self._last_message = 100
        self._queries: set[str] = set()
        self._poll: asyncio.Future[str] | None = None
        self.is_polled = asyncio.Event()
        self.is_called = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._wake("shutdown")
        await self._runner.cleanup()

    # What people do.

    def says(self, text: str, chat: int = 42, user: int = 7, title: str | None = None) -> None:
        """Somebody writes to the bot, in a group where there is a title."""
        place = {"id": chat, "type": "private", "first_name": "Аня"}
        if title is not None:
            place = {"id": chat, "type": "supergroup", "title": title}
        person = {"id": user, "is_bot": False, "first_name": "Аня", "language_code": "ru"}
        self._last_message += 1
        self.happens(message={"message_id": self._last_message, "date": 0, "chat": place, "from": person, "text": text})

    def presses(self, message: Sent, data: str, user: int = 7) -> str:
        """Somebody presses a button; the id of the query that this makes."""
        query = f"query-{self._last_update + 1}"
        self._queries.add(query)
        person = {"id": user, "is_bot": False, "first_name": "Аня"}
        place = {"message_id": message.message_id, "date": 0, "chat": {"id": message.chat_id, "type": "private"}}
        self.happens(callback_query={"id": query, "from": person, "chat_instance": "1", "data": data, "message": place})
        return query

    def happens(self, **update: Any) -> None:
        """Any update."""
        self._last_update += 1
        self._updates.append({"update_id": self._last_update, **update})
        self._wake("updates")

    # What the bot asks.

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        token, method = request.match_info["token"], request.match_info["method"]
        asked = await request.json() if request.can_read_body else {}
        self.calls.append((method, asked))
        self.is_called.set()
        if self.faults:
            return await self.faults.popleft()(request)
        try:
            if not re.fullmatch(r"\d+:[\w-]+", token):
                raise Refusal(404, "Not Found")
            if token != TOKEN:
                raise Refusal(401, "Unauthorized")
            result = await self._method(method)(asked)
        except Refusal as refusal:
            body: dict[str, Any] = {"ok": False, "error_code": refusal.code, "description": str(refusal)}
            if refusal.parameters:
                body["parameters"] = refusal.parameters
            return web.json_response(body, status=refusal.code)
        return web.json_response({"ok": True, "result": result})

    def _method(self, name: str) -> Callable[[dict[str, Any]], Awaitable[Any]]:
        methods = {
            "getMe": self._get_me,
            "sendMessage": self._send_message,
            "getUpdates": self._get_updates,
            "answerCallbackQuery": self._answer_query,
            "editMessageReplyMarkup": self._edit_markup,
        }
        if name not in methods:
            raise Refusal(404, "Not Found: method not found")
        return methods[name]

    async def _get_me(self, _: dict[str, Any]) -> Any:
        return {"id": 123456789, "is_bot": True, "first_name": "Dozor", "username": "DozorTestBot"}

    async def _send_message(self, asked: dict[str, Any]) -> Any:
        chat = asked["chat_id"]
        if self.refusals[chat]:
            raise self.refusals[chat].popleft()
        if chat not in self.chats:
            raise bad("chat not found")
        text, bold = parsed(asked["text"]) if asked.get("parse_mode") == "HTML" else (asked["text"], [])
        if not text.strip():
            raise bad("message text is empty")
        if len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
            raise bad("message is too long")
        self._last_message += 1
        sent = Sent(self._last_message, chat, text, bold, asked)
        for button in sent.buttons:
            check_button(button)
        self.sent.append(sent)
        return {"message_id": sent.message_id, "date": 0, "chat": {"id": chat, "type": "private"}, "text": text}

    async def _get_updates(self, asked: dict[str, Any]) -> Any:
        self._wake("conflict")  # whoever asks anew ends the poll of whoever asked before
        self._updates = [update for update in self._updates if update["update_id"] >= asked.get("offset", 0)]
        if not self._updates and asked.get("timeout", 0):
            poll = self._poll = asyncio.get_running_loop().create_future()
            self.is_polled.set()
            try:
                async with asyncio.timeout(asked["timeout"]):
                    if await poll == "conflict":
                        raise Refusal(
                            409,
                            "Conflict: terminated by other getUpdates request; "
                            "make sure that only one bot instance is running",
                        )
            except TimeoutError:
                pass
        return self._updates[:100]

    async def _answer_query(self, asked: dict[str, Any]) -> Any:
        query = asked["callback_query_id"]
        if query not in self._queries:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        self._queries.remove(query)
        self.answered[query] = asked["text"]
        return True

    async def _edit_markup(self, asked: dict[str, Any]) -> Any:
        for sent in self.sent:
            if (sent.chat_id, sent.message_id) == (asked["chat_id"], asked["message_id"]):
                if not sent.buttons and not asked.get("reply_markup"):
                    raise bad(
                        "message is not modified: specified new message content and reply markup are exactly the same "
                        "as a current content and reply markup of the message"
                    )
                sent.asked["reply_markup"] = asked.get("reply_markup", {})
                return {"message_id": sent.message_id, "date": 0, "chat": {"id": sent.chat_id, "type": "private"}}
        raise bad("message to edit not found")

    def _wake(self, why: str) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(why)
        self._poll = None


def parsed(source: str) -> tuple[str, list[str]]:
    """The text without its markup, and what of it is bold. Raises what Telegram says of anything wrong."""
    text, bold, opened = "", [], list[tuple[str, int]]()
    place = 0
    while place < len(source):
        if entity := _ENTITY.match(source, place):
            text += html.unescape(entity[0])
            place = entity.end()
        elif source[place] != "<":
            text += source[place]
            place += 1
        else:
            offset = len(source[:place].encode())
            tag = _TAG.match(source, place)
            if tag is None:
                raise bad(f"can't parse entities: Unclosed start tag at byte offset {offset}")
            is_end, name, _ = tag.groups()
            if name not in TAGS:
                raise bad(f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {offset}')
            if not is_end:
                opened.append((name, len(text)))
            elif not opened or opened[-1][0] != name:
                raise bad(f"can't parse entities: Unexpected end tag at byte offset {offset}")
            else:
                _, begin = opened.pop()
                if name in {"b", "strong"}:
                    bold.append(text[begin:])
            place = tag.end()
    if opened:
        raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{opened[-1][0]}\"")
    return text, bold


def check_button(button: dict[str, str]) -> None:
    if len(button.get("callback_data", "").encode()) > 64:
        raise bad("BUTTON_DATA_INVALID")
    url = button.get("url")
    if url is not None and "." not in (urlsplit(url).hostname or ""):
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def too_many(seconds: int) -> Refusal:
    return Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def upgraded(chat: int) -> Refusal:
    return bad("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat)


def blocked() -> Refusal:
    return Refusal(403, "Forbidden: bot was blocked by the user")


def not_telegram(status: int) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """What a gateway between us and Telegram says."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text="<html>Bad Gateway</html>", content_type="text/html")

    return answer


async def hang_up(request: web.Request) -> web.StreamResponse:
    """End the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def odd(result: Any) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A success with this result."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=json.dumps({"ok": True, "result": result}), content_type="application/json")

    return answer
