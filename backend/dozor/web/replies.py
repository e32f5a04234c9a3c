"""An HTTP reply as a value, its conditional form, and the headers that tell how old it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import Send

from dozor.caching.stats import Outcome
from dozor.market.service import Answer
from dozor.web.variants import Variant

STALE_ON_ERROR_S = 24 * 3600
EXPOSED = "total, per-page, link, age, cache-status, etag, retry-after, x-request-id, ratelimit, ratelimit-policy"
JSON = "application/json; charset=utf-8"

ENTITY_TAG = re.compile(r'(?:W/)?"([^"]*)"')  # RFC 9110 8.8.3; a comma may stand inside the quotes

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply. Header names are in lower case; ``content-length`` is added when it is sent."""

    status: int
    headers: Headers
    body: bytes = b""

    async def send(self, send: Send) -> None:
        """Send it; the server leaves the body out for HEAD, and 304 and 204 have none."""
        headers = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in self.headers]
        if self.status not in {204, 304}:
            headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})

    def with_headers(self, *more: tuple[str, str]) -> Reply:
        """The same reply with these headers behind its own."""
        return Reply(self.status, (*self.headers, *more), self.body)


def freshness_headers(answer: Answer, *, shared: bool) -> Headers:
    """``Cache-Status`` (RFC 9211), ``Age``, and a ``Cache-Control`` of the whole fresh time (RFC 5861 for the rest).

    ``shared``: caches between us and the asker may keep it for others too.
    """
    policy = answer.policy
    return (
        ("cache-status", cache_status(answer)),
        ("age", str(int(answer.age.total_seconds()))),
        (
            "cache-control",
            (
                f"{'public' if shared else 'private'}, max-age={max_age(answer)},"
                f" stale-while-revalidate={int(policy.grace_for.total_seconds())}, stale-if-error={STALE_ON_ERROR_S}"
            ),
        ),
    )


def max_age(answer: Answer) -> int:
    """The whole fresh time in seconds, stretched where nothing newer is to be had before."""
    stretched = answer.age + answer.stretched_for if answer.stretched_for else answer.policy.fresh_for
    return int(max(stretched, answer.policy.fresh_for).total_seconds())


def cache_status(answer: Answer) -> str:
    """How the answer came about, in RFC 9211's words; ``ttl`` is below zero for a stale one."""
    ttl = int((answer.policy.fresh_for - answer.age).total_seconds())
    detail = "; detail=approximate" if answer.approximate else "; detail=derived" if answer.derived else ""
    match answer.outcome:
        case Outcome.MISS:
            return f"dozor; fwd=miss; stored{detail}"
        case Outcome.JOINED:
            return f"dozor; fwd=miss; collapsed{detail}"
        case Outcome.HIT | Outcome.LOADED_ELSEWHERE:
            return f"dozor; hit; ttl={ttl}{detail}"
        case _ if answer.stretched_for:
            return f"dozor; hit; ttl={int(answer.stretched_for.total_seconds())}; detail=stretched"
        case _:
            return f"dozor; hit; ttl={min(ttl, 0)}; detail=stale"  # above 0 only when the clock stepped back


def conditional(status: int, headers: Headers, variant: Variant, if_none_match: str | None) -> Reply:
    """The reply with its validator, or 304 when the asker has it in any coding."""
    described = (*headers, ("etag", variant.etag), ("vary", "Accept-Encoding"))
    if if_none_match is not None and matches(if_none_match, variant.base_etag):
        return Reply(304, described)
    coded = (("content-encoding", variant.coding),) if variant.coding else ()
    return Reply(status, (*described, *coded), variant.body)


def matches(if_none_match: str, base_etag: str) -> bool:
    """Whether ``If-None-Match`` names this answer, in any of its codings (weak comparison, RFC 9110 13.1.2)."""
    tags = ENTITY_TAG.findall(if_none_match)
    return if_none_match.strip() == "*" or any(tag == base_etag or tag.startswith(f"{base_etag}-") for tag in tags)


def cors_headers(origin: str | None, allowed: Sequence[str]) -> Headers:
    """Who may read this in a browser: everybody for ``*``, else the asker's origin when it is on the list."""
    exposed = ("access-control-expose-headers", EXPOSED)
    if "*" in allowed:
        return (("access-control-allow-origin", "*"), exposed)
    if not allowed:
        return ()
    vary = ("vary", "Origin")
    if origin is not None and origin.rstrip("/").lower() in allowed:
        return (("access-control-allow-origin", origin), exposed, vary)
    return (vary,)


def preflight(origin: str | None, allowed: Sequence[str], requested_headers: str | None) -> Reply:
    """The answer to OPTIONS: a key header forces browsers to ask first."""
    headers = cors_headers(origin, allowed)
    if any(name == "access-control-allow-origin" for name, _ in headers):
        headers += (
            ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
            ("access-control-allow-headers", _header_names(requested_headers)),
            ("access-control-max-age", "86400"),
        )
    return Reply(204, (*headers, ("allow", "GET, HEAD, OPTIONS")))


def _header_names(requested: str | None) -> str:
    names = [name.strip() for name in (requested or "").split(",")]
    good = [name for name in names if name and all(char.isalnum() or char in "-_" for char in name) and name.isascii()]
    return ", ".join(good[:50]) or "x-cg-demo-api-key, x-cg-pro-api-key, authorization"
