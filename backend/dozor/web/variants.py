"""Compressed forms of a body: made once, kept while they are asked for."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass

from dozor.caching.lru import ByteLru

WORTH_IT_BYTES = 256  # below, the gzip frame eats what it saves
OFF_LOOP_BYTES = 64 * 1024  # above, compressing would hold up everybody else
LEVEL = 6
VARIANTS_BYTES = 64 * 1024 * 1024
ETAG_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Variant:
    """A body in one coding. ``base_etag`` names the answer in any coding, ``etag`` these very bytes."""

    body: bytes
    coding: str | None
    base_etag: str
    etag: str


class Variants:
    """Makes the variant that an asker takes. One instance per loop."""

    def __init__(self, max_bytes: int = VARIANTS_BYTES) -> None:
        # An empty value marks a body that was asked for once and not compressed yet.
        self._gzipped: ByteLru[str, bytes] = ByteLru(max_bytes, lambda digest, body: 200 + len(digest) + len(body))

    async def of(self, body: bytes, digest: str, accept_encoding: str, *, at_once: bool = False) -> Variant:
        """The variant of ``body`` (named by ``digest``: its SHA-256, or as good a name) for this ``Accept-Encoding``.

        Compressed from the second ask on, because most answers are asked for once; ``at_once``: from the first.
        """
        base = digest[:ETAG_DIGITS]
        if len(body) < WORTH_IT_BYTES or not accepts_gzip(accept_encoding):
            return Variant(body, None, base, f'"{base}"')
        kept = self._gzipped.get(digest)
        if kept is None and not at_once:
            self._gzipped.put(digest, b"")
            return Variant(body, None, base, f'"{base}"')
        if not kept:
            # mtime 0: the same bytes, and so the same ETag, in every process and at every time.
            if len(body) > OFF_LOOP_BYTES:
                kept = await asyncio.to_thread(gzip.compress, body, LEVEL, mtime=0)
            else:
                kept = gzip.compress(body, LEVEL, mtime=0)
            self._gzipped.put(digest, kept)
        return Variant(kept, "gzip", base, f'"{base}-gzip"')


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether gzip is acceptable (RFC 9110 12.5.3): named, or meant by ``*``, with a weight above zero."""
    weights: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        coding, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        try:
            weights[coding] = float(weight)
        except ValueError:
            weights[coding] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0
