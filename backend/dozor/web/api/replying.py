"""From an answer of the market service to a reply of ``/api/v1``: a view of its body, ``meta``, and the headers."""

from __future__ import annotations

import hashlib

from starlette.responses import Response

from dozor.caching.lru import ByteLru
from dozor.domain.errors import UpstreamUnavailable
from dozor.market.meta import meta, with_meta
from dozor.market.rawjson import join_object
from dozor.market.service import Answer
from dozor.market.views import UNREADABLE, View
from dozor.web.replies import JSON, freshness_headers, matches
from dozor.web.variants import ETAG_DIGITS, Variants

VIEWS_BYTES = 32 * 1024 * 1024


class Replying:
    """Builds replies, keeping the views that are asked for again. One instance per loop."""

    def __init__(self, variants: Variants) -> None:
        self._variants = variants
        self._views: ByteLru[tuple[str, str], bytes] = ByteLru(
            VIEWS_BYTES, lambda place, view: len(place[0]) + len(view) + 200
        )

    async def reply(
        self,
        name: str,
        answer: Answer,
        view: View,
        *,
        accept_encoding: str,
        if_none_match: str | None,
        shared: bool,
    ) -> Response:
        """The reply that shows ``view`` of the answer. ``name`` tells views of one body apart.

        The ETag is weak and leaves ``meta`` out: the age grows, the data does not change. Raises
        UpstreamUnavailable when the answer cannot be shown.
        """
        shown = self.view(name, answer, view)
        etag = hashlib.sha256(shown).hexdigest()[:ETAG_DIGITS]
        headers = [
            *freshness_headers(answer, shared=shared),
            ("etag", f'W/"{etag}"'),
            ("vary", "Accept-Encoding"),
        ]
        if if_none_match is not None and matches(if_none_match, etag):
            return _response(304, b"", headers)
        about = meta_of(answer)
        body = with_meta(shown, about)
        # The view and the meta name the body: hashing all of it again would cost more than the rest of the reply.
        variant = await self._variants.of(body, f"{etag} {about}", accept_encoding, at_once=True)
        if variant.coding:
            headers.append(("content-encoding", variant.coding))
        return _response(200, variant.body, [("content-type", JSON), *headers])

    def view(self, name: str, answer: Answer, view: View) -> bytes:
        """The body without ``meta``, as a JSON object.

        Raises UpstreamUnavailable when the answer cannot be shown; its successor may be.
        """
        place = (name, answer.hash)
        shown = self._views.get(place)
        if shown is None:
            try:
                shown = join_object(view(answer.body))
            except UNREADABLE as error:
                retry_at = answer.fetched_at + max(answer.age, answer.policy.fresh_for)
                raise UpstreamUnavailable(f"its answer cannot be shown ({type(error).__name__})", retry_at) from error
            self._views.put(place, shown)
        return shown


def meta_of(answer: Answer) -> dict[str, object]:
    """The member ``meta`` of a reply with this answer."""
    return meta(answer.fetched_at, answer.age, answer.source, is_fresh=answer.is_fresh, approximate=answer.approximate)


def _response(status: int, body: bytes, headers: list[tuple[str, str]]) -> Response:
    response = Response(body, status)
    response.raw_headers = [
        *((name.encode(), value.encode("latin-1")) for name, value in headers),
        *([(b"content-length", str(len(body)).encode())] if status != 304 else []),
    ]
    return response
