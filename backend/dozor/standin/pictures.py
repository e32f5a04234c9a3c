"""A picture for every coin: a round badge with a pattern of its own, drawn from the id alone."""

from __future__ import annotations

import math
import struct
import zlib
from functools import lru_cache
from hashlib import blake2b

SIZES = {"thumb": 25, "small": 50, "large": 250}
"""Pixels along each side."""

_CELLS = 5
_OUTSIDE, _FIELD, _MARK = b"\x00", b"\x01", b"\x02"


@lru_cache(maxsize=1_024)
def picture(id_: str, size: str) -> bytes:
    """Draw the PNG of coin ``id_``; ``size`` is a name of ``SIZES``."""
    side = SIZES[size]
    digest = blake2b(id_.encode(), digest_size=16).digest()
    field, mark = _colour(digest[0], 0.45), _colour(digest[0] + 100, 0.9)
    rows = b"".join(b"\x00" + _row(digest, y, side) for y in range(side))
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", b"\xff\xff\xff" + field + mark),
            _chunk(b"tRNS", b"\x00\xff\xff"),
            _chunk(b"IDAT", zlib.compress(rows)),
            _chunk(b"IEND", b""),
        )
    )


def _row(digest: bytes, y: int, side: int) -> bytes:
    """Draw one line: nothing outside the circle; inside, a pattern of 5 x 5 cells that is the same left and right."""
    radius = side / 2
    half = math.sqrt(max(0.0, radius**2 - (y + 0.5 - radius) ** 2))
    left, right = round(radius - half), round(radius + half)
    margin = side // 4
    line = bytearray(_OUTSIDE * left + _FIELD * (right - left) + _OUTSIDE * (side - right))
    if margin <= y < side - margin:
        inner = side - 2 * margin
        cell_y = (y - margin) * _CELLS // inner
        for x in range(inner):
            cell_x = x * _CELLS // inner
            if digest[1 + cell_y * 3 + min(cell_x, _CELLS - 1 - cell_x)] & 1:
                line[margin + x : margin + x + 1] = _MARK
    return bytes(line)


def _colour(hue: int, light: float) -> bytes:
    angle = hue / 256 * math.tau
    return bytes(round(255 * light * (0.65 + 0.35 * math.cos(angle - third * math.tau / 3))) for third in range(3))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
