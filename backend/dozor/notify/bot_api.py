"""Telegram's Bot API: one call over HTTP, and what it came to. The token is in the address, so no address is ever told.

https://core.telegram.org/bots/api#making-requests
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from dozor.alerts.sending import excerpt
from dozor.clock import Clock
from dozor.domain.backoff import requested_pause

USER_AGENT = "Dozor (Telegram bot)"
CONNECT_SECONDS = 5.0
MOST_READ_BYTES = 8 * 1024 * 1024  # a hundred updates are far less


@dataclass(frozen=True, slots=True)
class Done:
    """Telegram did it; ``result`` is JSON."""

    result: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """Telegram did not do it, and says why in its own words."""

    code: int
    description: str
    pause: timedelta | None = None
    moved_to: int | None = None

    def __str__(self) -> str:
        return f"Telegram {self.code}: {self.description}"


@dataclass(frozen=True, slots=True)
class Unheard:
    """Nobody said what became of it. ``may_have_arrived``: it was sent."""

    detail: str
    may_have_arrived: bool = False


Reply = Done | Refused | Unheard


class _Parameters(msgspec.Struct, frozen=True):
    retry_after: int | None = None
    migrate_to_chat_id: int | None = None


class _Answer(msgspec.Struct):
    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"null")
    error_code: int = 0
    description: str = ""
    parameters: _Parameters = _Parameters()


class BotApi:
    """Calls methods of the Bot API at ``base_url`` for the bot with this ``token``. Enter it before use."""

    def __init__(self, base_url: str, token: str, clock: Clock) -> None:
        self._base_url = base_url.rstrip("/")
        self._token = token
        self._clock = clock

    def __repr__(self) -> str:
        return f"BotApi({self._base_url})"

    async def __aenter__(self) -> BotApi:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),  # callers are bounded: by pacing, and by whoever dispatches
            headers={"User-Agent": USER_AGENT},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def call(self, method: str, parameters: Mapping[str, Any], seconds: float) -> Reply:
        """Call a method, and give up after ``seconds``. Whatever the network does is a reply."""
        url = URL(f"{self._base_url}/bot{self._token}/{method}", encoded=True)
        timeout = aiohttp.ClientTimeout(total=seconds, connect=min(CONNECT_SECONDS, seconds))
        headers = {"Content-Type": "application/json"}
        body = msgspec.json.encode(parameters)
        try:
            async with self._session.post(
                url, data=body, headers=headers, allow_redirects=False, timeout=timeout
            ) as response:
                answered = await _read(response)
                return self._reply(response.status, answered)
        except aiohttp.ConnectionTimeoutError:
            return Unheard("no connection to Telegram in time")
        except TimeoutError:
            return Unheard(f"Telegram did not answer within {seconds:g} s", may_have_arrived=True)
        except aiohttp.ClientConnectorError as error:
            return Unheard(excerpt(f"no connection to Telegram: {error.os_error.strerror or type(error).__name__}"))
        except aiohttp.ClientError as error:
            return Unheard(
                f"the connection to Telegram was lost before it answered ({type(error).__name__})",
                may_have_arrived=True,
            )

    def _reply(self, status: int, body: bytes) -> Reply:
        try:
            answer = msgspec.json.decode(body, type=_Answer)
        except (
            msgspec.DecodeError
        ):  # of whoever stands between us and Telegram; a 403 of theirs is no word about a chat
            is_gateways = status >= HTTPStatus.INTERNAL_SERVER_ERROR
            return Unheard(f"HTTP {status}, in an answer that is not Telegram's", may_have_arrived=is_gateways)
        if answer.ok:
            return Done(bytes(answer.result))
        asked = answer.parameters.retry_after
        return Refused(
            answer.error_code or status,
            excerpt(answer.description, (self._token,)),
            None if asked is None else requested_pause(str(asked), self._clock.now()),
            answer.parameters.migrate_to_chat_id,
        )


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The answer, or nothing that could be one when it is too large."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MOST_READ_BYTES:
            return b""
    return bytes(body)
