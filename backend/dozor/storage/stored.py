"""The form in which an entry lies in Redis: text that a person can read and that no program need parse.

    {"v":1,"fetched_at":1795348800000,"hash":"<SHA-256 of the body, hex>","body":<the upstream's bytes>}

``"headers":{…},`` stands before the body if there are any. The body comes last, so it is cut out as it is.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Final

VERSION: Final = 1

_TEXT = rb'"(?:[^"\\]|\\.)*"'
_PAIR = _TEXT + rb":" + _TEXT
_HEAD = re.compile(
    rb'\{"v":1,"fetched_at":(\d{1,14}),"hash":"([0-9a-f]{64})",'
    rb'(?:"headers":(\{' + _PAIR + rb"(?:," + _PAIR + rb')*\}),)?"body":'
)
_BEGINNING = re.compile(rb'\{"v":1,"fetched_at":(\d{1,14}),"hash":"[0-9a-f]{64}","(?:headers|body)":')


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored: ``fetched_at`` in milliseconds since 1970, UTC, by the clock of Redis."""

    body: bytes
    fetched_at: int
    hash: str
    headers: tuple[tuple[str, str], ...] = ()


def write_text(stored: Stored) -> bytes:
    """The text to store."""
    pairs = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in stored.headers)
    headers = f'"headers":{{{pairs}}},' if pairs else ""
    head = f'{{"v":{VERSION},"fetched_at":{stored.fetched_at},"hash":"{stored.hash}",{headers}"body":'
    return b"".join((head.encode("ascii"), stored.body, b"}"))


def read_text(text: bytes) -> Stored | None:
    """What this text stores; ``None`` for another version's, a damaged or a foreign one. Never fails."""
    head = _HEAD.match(text)
    if head is None or not text.endswith(b"}"):
        return None
    body = text[head.end() : -1]
    if hashlib.sha256(body).hexdigest().encode("ascii") != head[2]:
        return None
    headers = _headers(head[3])
    return None if headers is None else Stored(body, int(head[1]), head[2].decode("ascii"), headers)


def read_head(text: bytes) -> int | None:
    """``fetched_at`` of a text that begins as ours do, ``None`` for another. Its first 128 bytes are enough."""
    began = _BEGINNING.match(text)
    return None if began is None else int(began[1])


def _headers(text: bytes | None) -> tuple[tuple[str, str], ...] | None:
    if text is None:
        return ()
    try:
        return tuple(json.loads(text, object_pairs_hook=tuple))  # not a mapping: a name may come twice
    except ValueError:
        return None
