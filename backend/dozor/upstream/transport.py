"""The socket to upstream: one attempt within its deadlines and bounds, and aiohttp's exceptions translated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import aiohttp
from yarl import URL

from dozor.upstream.payloads import Failing

if TYPE_CHECKING:
    from dozor.market.ports import Call

MAX_BODY_BYTES = 32 * 1024 * 1024
USER_AGENT = "Dozor (self-hosted market cache; CoinGecko client)"


@dataclass(frozen=True, slots=True)
class Reply:
    """What upstream sent, whatever it means. Header names are in lower case; of a repeated header the first counts."""

    status: int
    headers: dict[str, str]
    body: bytes


class _ConnectionLostError(aiohttp.ClientConnectionError):
    """The connection ended before an answer began."""


class Transport:
    """Sends attempts to ``base_url`` (``https://api.coingecko.com/api/v3``) over one session. Enter it before use.

    ``key_header`` is the name and the value of the header that carries the API key; the key goes nowhere else. An
    attempt takes at most ``total_seconds``, connecting included.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key_header: tuple[str, str] | None = None,
        user_agent: str = USER_AGENT,
        connect_seconds: float = 3.0,
        total_seconds: float = 10.0,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = {"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"}
        if key_header is not None:
            name, key = key_header
            self._headers[name] = key
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        self._max_body_bytes = max_body_bytes

    async def __aenter__(self) -> Transport:
        self._session = aiohttp.ClientSession(
            headers=self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_never_sent_twice,),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, call: Call, *, seconds: float) -> Reply | Failing:
        """Send this call once, and give up after ``seconds`` if that is sooner than usual."""
        timeout = aiohttp.ClientTimeout(
            total=max(min(self._total_seconds, seconds), 0.001), sock_connect=self._connect_seconds
        )
        try:
            async with self._session.get(self._url(call), allow_redirects=False, timeout=timeout) as response:
                body = await read_bounded(response, self._max_body_bytes)
                if body is None:
                    return Failing(f"its answer is larger than {self._max_body_bytes} bytes")
                headers: dict[str, str] = {}
                for name, value in response.headers.items():
                    headers.setdefault(name.lower(), value)
                return Reply(response.status, headers, body)
        except aiohttp.ConnectionTimeoutError:
            return Failing(f"no connection within {self._connect_seconds:g} s", timed_out=True, unsent=True)
        except TimeoutError:
            return Failing(f"no answer within {timeout.total:g} s", timed_out=True)
        except aiohttp.ClientConnectorError as error:
            return Failing(f"no connection: {error.strerror or error.os_error}", again_at_once=True, unsent=True)
        except (_ConnectionLostError, aiohttp.ClientOSError):
            return Failing("the connection was lost before an answer came", again_at_once=True)
        except aiohttp.ClientPayloadError:
            return Failing("its answer was cut off")
        except aiohttp.ClientError as error:
            return Failing(f"its answer is not HTTP ({type(error).__name__})")

    def _url(self, call: Call) -> URL:
        # Commas stay as they are: written %2C they would fill a URL, whose length is what bounds a list of ids.
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe=',')}" for name, value in call.params)
        return URL(f"{self._base_url}{call.path}{'?' if query else ''}{query}", encoded=True)


async def read_bounded(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """The body as sent, decompressed; ``None`` when it is larger than ``most`` bytes."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


async def _never_sent_twice(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a GET again by itself when a connection is lost: that call would not be charged.

    It does so for two exceptions alone, so they leave here as another one. A retry is ours to decide.
    """
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
        raise _ConnectionLostError(str(error)) from error
