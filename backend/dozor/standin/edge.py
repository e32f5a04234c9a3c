"""The CDN in front of the API: one URL has one snapshot, and everybody gets it until it is too old.

So two spellings of one question can differ by a minute, which is what makes a gateway's life interesting. Only
answers of status 200 are kept.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

from dozor.standin.paging import Made

_KEPT_BYTES = 64 * 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_FASTEST = 1
_ALSO_RECORDED = {
    "vary": "Accept-Encoding, Origin",
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "POST, PUT, DELETE, GET, OPTIONS",
    "access-control-allow-headers": "Origin, X-Requested-With, Content-Type, Accept, Authorization",
    "access-control-expose-headers": "link, per-page, total",
}


class Snapshot:
    """One answer as the edge keeps it."""

    def __init__(self, made: Made, made_at: float, edge_seconds: int) -> None:
        self.body = made.text.encode()
        self.headers = made.headers
        self.made_at = made_at
        self.edge_seconds = edge_seconds

    @cached_property
    def gzipped(self) -> bytes:
        """The body compressed, once for everybody who takes gzip."""
        packer = zlib.compressobj(_FASTEST, zlib.DEFLATED, _GZIP)
        return packer.compress(self.body) + packer.flush()

    @cached_property
    def etag(self) -> str:
        """A weak validator, as recorded."""
        return f'W/"{blake2b(self.body, digest_size=16).hexdigest()}"'


@dataclass(frozen=True, slots=True)
class Served:
    """A snapshot on its way to one caller."""

    snapshot: Snapshot
    cache_status: str
    """``MISS`` for a URL never seen, ``EXPIRED`` for one whose snapshot was too old, else ``HIT``."""
    age: int
    """Whole seconds; 0 unless it was a hit."""

    def headers(self) -> dict[str, str]:
        """Give what only successes carry: caching and CORS."""
        headers = {
            "cache-control": f"max-age=30, public, must-revalidate, s-maxage={self.snapshot.edge_seconds}",
            "etag": self.snapshot.etag,
            "cf-cache-status": self.cache_status,
            **_ALSO_RECORDED,
            **self.snapshot.headers,
        }
        if self.cache_status == "HIT":
            headers["age"] = str(self.age)
        return headers


class Edge:
    """Snapshots by URL; the ones not asked for longest go when they take more than 64 MB together."""

    def __init__(self) -> None:
        self._snapshots: OrderedDict[str, Snapshot] = OrderedDict()
        self._kept_bytes = 0

    def serve(self, url: str, now: float, edge_seconds: int, make: Callable[[], Made]) -> Served:
        """Give the snapshot of ``url``, made anew when there is none or it is ``edge_seconds`` old.

        ``now`` is monotonic. What ``make`` raises is passed on, and the old snapshot is then not served either.
        """
        known = self._snapshots.get(url)
        if known is not None and now - known.made_at < known.edge_seconds:
            self._snapshots.move_to_end(url)
            return Served(known, "HIT", int(now - known.made_at))
        fresh = Snapshot(make(), now, edge_seconds)
        self._keep(url, fresh)
        return Served(fresh, "MISS" if known is None else "EXPIRED", 0)

    def clear(self) -> None:
        """Forget everything."""
        self._snapshots.clear()
        self._kept_bytes = 0

    def _keep(self, url: str, snapshot: Snapshot) -> None:
        if replaced := self._snapshots.pop(url, None):
            self._kept_bytes -= len(replaced.body)
        self._snapshots[url] = snapshot
        self._kept_bytes += len(snapshot.body)
        while self._kept_bytes > _KEPT_BYTES:
            _, dropped = self._snapshots.popitem(last=False)
            self._kept_bytes -= len(dropped.body)
