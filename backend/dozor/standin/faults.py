"""What can go wrong upstream, on demand.

A fault is a rule: ``path`` (a pattern like ``/coins/*``, below ``/api/v3``; pictures are ``/img/*``), ``kind``, and
optionally ``count`` (how many calls it hits; for ever without), ``skip`` (how many it lets pass first),
``probability``, ``seconds`` and ``retry_after``. The first rule that matches a call hits it.

======================  ==============================================================================================
kind                    what the caller gets
======================  ==============================================================================================
http_500                500 ``{"status":500,"error":"Internal Server Error"}``
http_500_html           500 with the HTML page "Uh Oh!"
http_502, http_503,     the status with the CDN's HTML page; ``http_503`` with ``retry_after`` if given
http_504, http_408
rate_limited            429 in JSON; ``retry_after`` in ``retry_after_form``, no such header without it
rate_limited_html       429 with an HTML page
rate_limited_text       429 ``Throttled``
error_1015              429 ``error code: 1015``: the CDN has banned the address
forbidden_html          403, the CDN's "Access denied" (1020)
user_agent_refused      403, the text about a descriptive User-Agent
key_missing             401 code 10002
paid_only               401 code 10005
paid_key_on_public      400 code 10010
demo_key_on_paid        400 code 10011
time_range              401 code 10012, the shape with ``error`` around ``status``
not_found               404 ``{"error":"coin not found"}``
garbage                 200, ``application/json``, but not JSON
html                    200 with an HTML page
empty                   200 without a byte
wrong_shape             200, JSON of another shape than asked for
null                    200 ``null``
error_in_200            200 whose body is the 429 error
cut_body                the true answer with its full ``Content-Length``, cut off halfway
reset                   the connection is reset (RST) before a byte is sent
nothing                 the connection is closed before a byte is sent
hang                    no answer, until the caller goes
slow                    the true answer, ``seconds`` later
drip                    the true answer, in ten pieces spread over ``seconds``
======================  ==============================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from enum import Enum
from fnmatch import fnmatchcase
from random import Random
from typing import Annotated

import msgspec

from dozor.standin.refusals import (
    HTML,
    JSON,
    TEXT,
    Refused,
    coin_not_found,
    demo_key_on_paid_host,
    key_missing,
    needs_user_agent,
    paid_key_on_public_host,
    paid_only,
    rate_limited,
    too_far_back,
)


class Kind(Enum):
    """See the table above."""

    HTTP_500 = "http_500"
    HTTP_500_HTML = "http_500_html"
    HTTP_502 = "http_502"
    HTTP_503 = "http_503"
    HTTP_504 = "http_504"
    HTTP_408 = "http_408"
    RATE_LIMITED = "rate_limited"
    RATE_LIMITED_HTML = "rate_limited_html"
    RATE_LIMITED_TEXT = "rate_limited_text"
    ERROR_1015 = "error_1015"
    FORBIDDEN_HTML = "forbidden_html"
    USER_AGENT_REFUSED = "user_agent_refused"
    KEY_MISSING = "key_missing"
    PAID_ONLY = "paid_only"
    PAID_KEY_ON_PUBLIC = "paid_key_on_public"
    DEMO_KEY_ON_PAID = "demo_key_on_paid"
    TIME_RANGE = "time_range"
    NOT_FOUND = "not_found"
    GARBAGE = "garbage"
    HTML = "html"
    EMPTY = "empty"
    WRONG_SHAPE = "wrong_shape"
    NULL = "null"
    ERROR_IN_200 = "error_in_200"
    CUT_BODY = "cut_body"
    RESET = "reset"
    NOTHING = "nothing"
    HANG = "hang"
    SLOW = "slow"
    DRIP = "drip"


UNANSWERED = frozenset({Kind.CUT_BODY, Kind.RESET, Kind.NOTHING, Kind.HANG})
"""The kinds after which the caller has no answer: they cost no credit."""


class RetryAfterForm(Enum):
    """How the wait is told."""

    SECONDS = "seconds"
    DATE = "date"
    MILLISECONDS = "milliseconds"
    """In ``retry-after-ms``, which CoinGecko's own SDK reads."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule. ``retry_after`` is seconds, or a text that is sent as it is (``"soon"``, ``"-1"``)."""

    kind: Kind
    path: str = "*"
    count: Annotated[int, msgspec.Meta(ge=1)] | None = None
    skip: Annotated[int, msgspec.Meta(ge=0)] = 0
    probability: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    retry_after: int | str | None = None
    retry_after_form: RetryAfterForm = RetryAfterForm.SECONDS


class _Armed:
    """A rule and how often it may still hit."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.skip = fault.skip
        self.left = fault.count


class Faults:
    """The rules in force, in the order they were added. Chances fall the same way after each reset."""

    def __init__(self, seed: int = 0) -> None:
        self._armed: list[_Armed] = []
        self._dice = Random(seed)  # noqa: S311  repeatable on purpose

    def add(self, fault: Fault) -> None:
        """Put one more rule behind the others."""
        self._armed.append(_Armed(fault))

    def in_force(self) -> list[Fault]:
        """Give the rules that may still hit, each with the ``count`` and ``skip`` it has left."""
        return [msgspec.structs.replace(a.fault, count=a.left, skip=a.skip) for a in self._armed]

    def hit(self, path: str) -> Fault | None:
        """Decide what goes wrong with a call of ``path``: the first rule that matches it; None when all is well."""
        for armed in self._armed:
            if not fnmatchcase(path, armed.fault.path):
                continue
            if armed.skip:
                armed.skip -= 1
                continue
            if armed.fault.probability < 1 and self._dice.random() >= armed.fault.probability:
                continue
            if armed.left is not None:
                armed.left -= 1
                if not armed.left:
                    self._armed.remove(armed)
            return armed.fault
        return None


def canned(fault: Fault, now: float) -> Refused | None:
    """Give the answer that a fault sends instead of the true one; None for faults of the connection.

    ``now`` is UNIX seconds.
    """
    make = _CANNED.get(fault.kind)
    return make(fault, now) if make else None


def _page(status: int, title: str) -> Callable[[Fault, float], Refused]:
    body = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return lambda fault, now: Refused(status, body, HTML, _wait(fault, now))


def _always(make: Callable[[], Refused]) -> Callable[[Fault, float], Refused]:
    return lambda *_: make()


def _body(status: int, body: str, content_type: str = JSON) -> Callable[[Fault, float], Refused]:
    return lambda *_: Refused(status, body, content_type)


def _wait(fault: Fault, now: float) -> dict[str, str]:
    match fault.retry_after, fault.retry_after_form:
        case None, _:
            return {}
        case int() as seconds, RetryAfterForm.DATE:
            return {"retry-after": formatdate(now + seconds, usegmt=True)}
        case int() as seconds, RetryAfterForm.MILLISECONDS:
            return {"retry-after-ms": str(seconds * 1_000)}
        case wait, _:
            return {"retry-after": str(wait)}


_CANNED: dict[Kind, Callable[[Fault, float], Refused]] = {
    Kind.HTTP_500: _body(500, '{"status":500,"error":"Internal Server Error"}'),
    Kind.HTTP_500_HTML: _page(500, "Uh Oh! Something went wrong (500)"),
    Kind.HTTP_502: _page(502, "502 Bad Gateway"),
    Kind.HTTP_503: _page(503, "503 Service Temporarily Unavailable"),
    Kind.HTTP_504: _page(504, "504 Gateway Time-out"),
    Kind.HTTP_408: _page(408, "408 Request Timeout"),
    Kind.RATE_LIMITED: lambda fault, now: rate_limited(_wait(fault, now)),
    Kind.RATE_LIMITED_HTML: _page(429, "Too Many Requests"),
    Kind.RATE_LIMITED_TEXT: lambda fault, now: Refused(429, "Throttled", TEXT, _wait(fault, now)),
    Kind.ERROR_1015: lambda fault, now: Refused(429, "error code: 1015", TEXT, _wait(fault, now)),
    Kind.FORBIDDEN_HTML: _page(403, "Access denied | error code 1020"),
    Kind.USER_AGENT_REFUSED: _always(needs_user_agent),
    Kind.KEY_MISSING: lambda _, now: key_missing(now),
    Kind.PAID_ONLY: _always(paid_only),
    Kind.PAID_KEY_ON_PUBLIC: _always(paid_key_on_public_host),
    Kind.DEMO_KEY_ON_PAID: _always(demo_key_on_paid_host),
    Kind.TIME_RANGE: lambda _, now: too_far_back(now),
    Kind.NOT_FOUND: _always(coin_not_found),
    Kind.GARBAGE: _body(200, '{"bitcoin":{"usd":8\x00\x17]]]'),
    Kind.HTML: _page(200, "CoinGecko"),
    Kind.EMPTY: _body(200, ""),
    Kind.WRONG_SHAPE: _body(200, '[{"surprise":[1,{"deep":"value"}]},"text",7]'),
    Kind.NULL: _body(200, "null"),
    Kind.ERROR_IN_200: _body(200, rate_limited({}).body),
}
