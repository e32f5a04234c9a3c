"""Coins' pictures, fetched for the image proxy: small, from CoinGecko's own hosts, never with code in them."""

from __future__ import annotations

import asyncio
from typing import Final

import aiohttp
from yarl import URL

from dozor.market.ports import Image
from dozor.upstream.transport import USER_AGENT, read_bounded

TRUSTED_DOMAIN: Final = "coingecko.com"
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})  # no SVG: it can carry scripts
MAX_IMAGE_BYTES: Final = 512 * 1024
MAX_REDIRECTS: Final = 2


class ImageClient:
    """Implements ``market.ports.ImageSource``. Enter it before use; one instance per loop.

    Only https to ``coingecko.com`` and the hosts below it is asked, and the host of ``base_url`` as it stands there,
    which is how a stand-in serves pictures. The certificate is what keeps a lying name server from pointing us at a
    private address. ``seconds`` is for everything, the wait for one of the ``at_once`` places included. The API key is
    never sent.
    """

    def __init__(self, base_url: str, *, user_agent: str = USER_AGENT, seconds: float = 5.0, at_once: int = 4) -> None:
        self._origin = URL(base_url).origin()
        self._headers = {"User-Agent": user_agent, "Accept": ", ".join(sorted(PICTURES))}
        self._seconds = seconds
        self._places = asyncio.Semaphore(at_once)

    async def __aenter__(self) -> ImageClient:
        self._session = aiohttp.ClientSession(headers=self._headers, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def fetch_image(self, url: str) -> Image | None:
        """See ``market.ports.ImageSource.fetch_image``."""
        try:
            async with asyncio.timeout(self._seconds), self._places:
                return await self._fetch(URL(url))
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None

    async def _fetch(self, url: URL) -> Image | None:
        for _ in range(1 + MAX_REDIRECTS):
            if not may_be_asked(url, self._origin):
                return None
            async with self._session.get(url, allow_redirects=False) as response:
                target = response.headers.get("Location")
                if 300 <= response.status < 400 and target is not None:
                    url = url.join(URL(target))
                    continue
                return await _picture(response)
        return None


def may_be_asked(url: URL, stand_in: URL) -> bool:
    """Whether a picture may be fetched from ``url``: CoinGecko's hosts over https, or the origin ``stand_in``."""
    if url.scheme not in ("http", "https") or not url.host or url.user is not None or url.password is not None:
        return False
    if url.origin() == stand_in:
        return True
    is_coingecko = url.host == TRUSTED_DOMAIN or url.host.endswith(f".{TRUSTED_DOMAIN}")
    return url.scheme == "https" and url.port == 443 and is_coingecko


async def _picture(response: aiohttp.ClientResponse) -> Image | None:
    content_type = response.content_type.lower()
    if response.status != 200 or content_type not in PICTURES:
        return None
    body = await read_bounded(response, MAX_IMAGE_BYTES)
    return Image(body, content_type) if body else None
