"""Coin pictures: fetched once, kept a week, outside the quota; a drawn letter where there is none."""

from __future__ import annotations

import html
import zlib

from dozor.caching.lru import ByteLru
from dozor.caching.singleflight import NotLanded, SingleFlight
from dozor.clock import Clock
from dozor.market.catalogue import Catalogue
from dozor.market.ports import Image, ImageSource

KEEP_S = 7 * 24 * 3600
TRY_AGAIN_S = 600
WAIT_S = 5.0
PICTURES_BYTES = 32 * 1024 * 1024


class Pictures:
    """The picture of each coin that an answer has named. One instance per loop."""

    def __init__(
        self, source: ImageSource, catalogue: Catalogue, flights: SingleFlight[Image | None], clock: Clock
    ) -> None:
        self._source = source
        self._catalogue = catalogue
        self._flights = flights
        self._clock = clock
        self._kept: ByteLru[str, tuple[Image | None, float]] = ByteLru(
            PICTURES_BYTES, lambda url, kept: 200 + len(url) + (len(kept[0].body) if kept[0] else 0)
        )

    async def of(self, coin_id: str) -> Image | None:
        """The coin's picture, or ``None`` when none can be had now: draw a letter instead.

        An id that no answer has named costs nothing: nobody can make us fetch what they invent.
        """
        known = self._catalogue.get(coin_id)
        if known is None or known.image_url is None:
            return None
        url = known.image_url
        kept = self._kept.get(url)
        if kept is not None and self._clock.monotonic() < kept[1]:
            return kept[0]
        try:
            return (await self._flights.run(url, lambda: self._fetch(url), WAIT_S)).value
        except NotLanded:
            return kept[0] if kept else None

    async def _fetch(self, url: str) -> Image | None:
        image = await self._source.fetch_image(url)
        kept = self._kept.get(url)
        best = image or (kept[0] if kept else None)  # a week-old picture is better than none
        self._kept.put(url, (best, self._clock.monotonic() + (KEEP_S if image else TRY_AGAIN_S)))
        return best


def drawn_letter(text: str) -> bytes:
    """An SVG disc with the first letter of ``text``, its colour the same for the same text everywhere."""
    letter = next((char for char in text if char.isalnum()), "?").upper()
    hue = zlib.crc32(text.encode()) % 360
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">'
        f'<circle cx="32" cy="32" r="32" fill="hsl({hue} 35% 42%)"/>'
        '<text x="32" y="33" fill="#fff" font-family="system-ui,sans-serif" font-size="30" font-weight="600"'
        f' text-anchor="middle" dominant-baseline="central">{html.escape(letter)}</text></svg>'
    ).encode()
