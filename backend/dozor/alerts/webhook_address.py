"""Whether an address can be a webhook's, as far as its text tells; where its name leads is seen at each connection."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from dozor.alerts.problems import Problem
from dozor.domain.destinations import is_allowed
from dozor.telemetry.phrases import Words

LONGEST_URL = 2048
POINTER = "/url"


def url_problems(url: str, *, allow_private: bool) -> Iterator[Problem]:
    """Everything that is wrong with it, with pointers from the channel. ``allow_private`` is its owner's right."""
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url:
        yield Problem(
            POINTER,
            "not-an-address",
            Words(
                f"нужен адрес без пробелов, не длиннее {LONGEST_URL}", f"needs a URL of at most {LONGEST_URL} letters"
            ),
        )
        return
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if host is None or parts.scheme not in {"http", "https"}:
        yield Problem(
            POINTER, "not-an-address", Words("нужен адрес http:// или https://", "must begin with http:// or https://")
        )
        return
    if parts.username is not None or parts.password is not None:
        yield Problem(
            POINTER,
            "has-password",
            Words("в адресе не должно быть имени и пароля", "must have no name or password in it"),
        )
    if not _may_be_reached(host, allow_private=allow_private):
        yield Problem(
            POINTER,
            "address-not-allowed",
            Words("этот адрес внутренний, туда нельзя", "is an internal address, which is not allowed"),
        )


def _may_be_reached(host: str, *, allow_private: bool) -> bool:
    try:
        return is_allowed(host.rstrip("."), allow_private=allow_private)
    except ValueError:
        return True  # a name, or one of the old spellings of an address, which only a resolver understands
