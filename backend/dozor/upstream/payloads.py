"""What an upstream answer means for us, decided from its status, headers and body alone.

CoinGecko words its refusals in at least four shapes, some of them not JSON (an HTML page or plain text of the CDN in
front of it), and a status of 200 may carry an error. What counts here is only what the caller can do about it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import msgspec

from dozor.market.ports import BodyShape

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT_HEADERS = ("link", "per-page", "total")

# Error codes: https://docs.coingecko.com/docs/errors-and-rate-limits. 10005 and 10012 came with status 401, but they
# are about the question (a paid endpoint, a time range of paid plans): another question with the same key is answered.
LIMIT_CODE = 429
QUESTION_CODES = frozenset({10005, 10012})
KEY_CODES = {
    10002: "it is missing or unknown (10002)",
    10010: "a pro key is used on the host of the public API (10010)",
    10011: "a demo key is used on the host of the pro API (10011)",
}
KEY_STATUSES = frozenset({401, 402, 403})
TRANSIENT_4XX = frozenset({408, 425})

_PRINTED_CODE = re.compile(rb'"error_code"\s*:\s*"?([0-9]{1,9})\b')
_CDN_LIMIT = re.compile(rb"error code: 1015|^\s*throttled\s*$", re.IGNORECASE)
_CDN_FIREWALL = re.compile(rb"error (code:? )?1020|access denied", re.IGNORECASE)
_LOOKED_AT_BYTES = 65_536  # of a body that is no JSON


@dataclass(frozen=True, slots=True)
class Good:
    """An answer to the question, and the headers worth keeping, names in lower case."""

    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The question has no other answer than this one, in upstream's own words: a page of the CDN before it is none."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Limited:
    """We are asked to pause: for how long, the headers ``Retry-After`` and ``Date`` say, as sent."""

    detail: str
    retry_after: str | None = None
    sent_at: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The key, or this machine, is refused."""

    detail: str


@dataclass(frozen=True, slots=True)
class Failing:
    """No answer at all. ``again_at_once``: a second try now may succeed and does no harm. ``unsent``: no connection."""

    detail: str
    timed_out: bool = False
    again_at_once: bool = False
    unsent: bool = False


Answer: TypeAlias = Good | Refusal | Limited | Rejected | Failing


def read_answer(status: int, headers: Mapping[str, str], body: bytes, shape: BodyShape) -> Answer:
    """What this answer means to somebody who asked for ``shape``. ``headers`` are looked up by names in lower case."""
    is_json = _is_json(body)
    code = _error_code(body) if is_json else _printed_code(body)
    if status == LIMIT_CODE or code == LIMIT_CODE:
        return _limited("it answers 429", headers)
    if not is_json and _CDN_LIMIT.search(body, 0, _LOOKED_AT_BYTES):
        return _limited("its CDN limits this address (1015)", headers)
    if status == HTTPStatus.OK or 400 <= status < 500:
        if code in KEY_CODES:
            return Rejected(KEY_CODES[code])
        if code in QUESTION_CODES:
            return _refusal(HTTPStatus.UNAUTHORIZED if status == HTTPStatus.OK else status, body, is_json=is_json)
    if status == HTTPStatus.OK:
        return _read_ok(headers, body, shape, is_json=is_json, code=code)
    if status in KEY_STATUSES:
        return Rejected(_why_rejected(status, body))
    if status == HTTPStatus.REQUEST_URI_TOO_LONG:
        # Whoever says so, and in whatever words: the same URL will not do better, and a shorter one may.
        return _refusal(status, body if is_json else _TOO_LONG, is_json=True)
    if 400 <= status < 500 and status not in TRANSIENT_4XX:
        if not is_json:
            # Not upstream's word but that of something before it: remembered, it would hide the answer we have.
            return Failing(f"it answers {status} with what is not JSON")
        return _refusal(status, body, is_json=is_json)
    # A server that names a time to come back is not asked again at once.
    return Failing(f"it answers {status}", again_at_once=status >= 500 and "retry-after" not in headers)


def _limited(detail: str, headers: Mapping[str, str]) -> Limited:
    return Limited(detail, headers.get("retry-after"), headers.get("date"))


def _read_ok(headers: Mapping[str, str], body: bytes, shape: BodyShape, *, is_json: bool, code: int | None) -> Answer:
    if not body.strip():
        return Failing("its answer is empty")
    if not is_json:
        return Failing("its answer is not JSON")
    if code is not None or _has_error_text(body):
        return Failing(f"its answer is an error with status 200{f' ({code})' if code is not None else ''}")
    if body.lstrip()[:1] != (b"{" if shape is BodyShape.OBJECT else b"["):
        return Failing(f"its answer is not the {shape.value} that was asked for")
    return Good(body, tuple((name, headers[name]) for name in KEPT_HEADERS if name in headers))


_TOO_LONG = b'{"error":"Request-URI Too Long"}'

_ABSENT = msgspec.Raw()


class _Status(msgspec.Struct):
    error_code: msgspec.Raw = _ABSENT


class _Envelope(msgspec.Struct):
    status: msgspec.Raw = _ABSENT
    error: msgspec.Raw = _ABSENT


_Shape = TypeVar("_Shape", bound=msgspec.Struct)


def _is_json(body: bytes) -> bool:
    try:
        # Raw checks the syntax to the last byte without building values, but takes any bytes within a string.
        msgspec.json.decode(body, type=msgspec.Raw)
        body.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _error_code(body: bytes) -> int | None:
    """The code of an error envelope: ``{"status": {"error_code": …}}``, or that within ``{"error": …}``.

    ``{"status": {"usd": 0.02}}`` is none: a coin has the id ``status``, and another may have the id ``error``. A code
    that is no number reads as 0.
    """
    envelope = _object(body, _Envelope)
    wrapped = _object(envelope.error, _Envelope)
    for raw in (envelope.status, wrapped.status):
        code = bytes(_object(raw, _Status).error_code).strip(b'"')
        if code and code != b"null":
            return int(code) if code.isdigit() and len(code) < 10 else 0
    return None


def _printed_code(body: bytes) -> int | None:
    """The code in an error envelope that is no JSON any more, cut off or wrapped on its way."""
    found = _PRINTED_CODE.search(body, 0, _LOOKED_AT_BYTES)
    return int(found[1]) if found else None


def _has_error_text(body: bytes) -> bool:
    return bytes(_object(body, _Envelope).error).startswith(b'"')


def _object(raw: bytes | msgspec.Raw, shape: type[_Shape]) -> _Shape:
    """``raw`` as far as ``shape`` knows it; with nothing in it when ``raw`` is no object."""
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, RecursionError):
        return shape()


def _why_rejected(status: int, body: bytes) -> str:
    if _CDN_FIREWALL.search(body, 0, _LOOKED_AT_BYTES):
        return f"its firewall refuses this machine ({status})"
    if b"user-agent" in body[:_LOOKED_AT_BYTES].lower():
        return f"it demands another User-Agent ({status})"
    return f"it answers {status}"


def _refusal(status: int, body: bytes, *, is_json: bool) -> Refusal:
    """The refusal as sent; one that is no JSON, in the shape that clients know, in its own words if they are few."""
    if is_json:
        return Refusal(status, body)
    text = body.decode(errors="replace").strip()
    if not text or len(text) > 200 or "<" in text:
        text = HTTPStatus(status).phrase if status in set(HTTPStatus) else f"refused ({status})"
    return Refusal(status, msgspec.json.encode({"error": text}))
