"""What is sent to the part of the API that changes things: bounded bodies, and one effect for each idempotency key."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dozor.alerts.problems import Problem, RuleRejected
from dozor.clock import Clock
from dozor.domain.idempotency import Answered, Earlier, Misused, UnderWay
from dozor.telemetry.phrases import Words
from dozor.web.errors import Refused

MOST_BYTES = 64 * 1024
LONGEST_KEY = 200
NO_STORE = {"cache-control": "no-store"}

T = TypeVar("T")


class Idempotency(Protocol):
    """See ``storage.sql.idempotency.SqlIdempotency``."""

    async def begin(self, user_id: str, key: str, fingerprint: str, now: datetime) -> Earlier:
        """What is known of this key. After Fresh say ``finish`` or ``abandon``."""

    async def finish(self, user_id: str, key: str, status: int, body: bytes, now: datetime) -> None:
        """Remember the answer."""

    async def abandon(self, user_id: str, key: str) -> None:
        """Forget the key: nothing was done."""


async def body_of(request: Request) -> bytes:
    """The body. Raises Refused for one that is too large, before all of it has come."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise Refused("too-large", f"a body may have {MOST_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


async def read(request: Request, shape: type[T]) -> T:
    """The body as ``shape``. Raises RuleRejected, and Refused for one that is too large."""
    body = await body_of(request)
    try:
        return msgspec.json.decode(body or b"{}", type=shape)
    except msgspec.DecodeError as error:
        raise RuleRejected([Problem("", "wrong-shape", Words(str(error), str(error)))]) from error


def said(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A reply that nobody keeps."""
    return Response(
        msgspec.json.encode(value), status, {"content-type": "application/json", **NO_STORE, **(headers or {})}
    )


class Once:
    """One effect for each ``Idempotency-Key`` of a user, for a day."""

    def __init__(self, keys: Idempotency, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    async def do(self, request: Request, user_id: str, body: bytes, act: Callable[[], Awaitable[Response]]) -> Response:
        """Do it, or answer what was answered the first time. Raises Refused, and what ``act`` raises.

        What was refused is not remembered, so a request may be mended under its key.
        """
        key = request.headers.get("idempotency-key")
        if key is None:
            return await act()
        if not 0 < len(key) <= LONGEST_KEY:
            raise Refused("invalid-request", f"an Idempotency-Key has 1 to {LONGEST_KEY} characters")
        sent = b"\n".join((request.method.encode(), request.url.path.encode(), body))
        earlier = await self._keys.begin(user_id, key, hashlib.sha256(sent).hexdigest(), self._clock.now())
        match earlier:
            case Answered():
                return Response(
                    earlier.body,
                    earlier.status,
                    {"content-type": "application/json", "idempotency-replayed": "true", **NO_STORE},
                )
            case UnderWay():
                raise Refused("under-way", "the same request is under way; ask again in a minute")
            case Misused():
                raise Refused("key-reused", "this Idempotency-Key was used for another request")
        try:
            response = await act()
        except BaseException:
            await self._keys.abandon(user_id, key)
            raise
        await self._keys.finish(user_id, key, response.status_code, bytes(response.body), self._clock.now())
        return response


def limit_and_cursor(limit: int, cursor: str | None) -> tuple[int, int]:
    """How many, and after which number. Raises Refused for a cursor that we never gave."""
    if cursor is None:
        return limit, 0
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise Refused("invalid-request", "a cursor is what `next` of the page before said")
    return limit, int(cursor)
