"""JSON written piece by piece, because a number's text is part of the answer (``1.0`` is not ``1``).

Every function takes and gives finished JSON text; only ``text`` takes a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

NULL = "null"
TRUE = "true"
FALSE = "false"


def text(value: str | None) -> str:
    """Write a string, or null."""
    return msgspec.json.encode(value).decode()


def truth(value: object) -> str:
    """Write true or false."""
    return TRUE if value else FALSE


def array(items: Iterable[str]) -> str:
    """Write a list of finished values."""
    return f"[{','.join(items)}]"


def texts(values: Iterable[str]) -> str:
    """Write a list of strings."""
    return array(map(text, values))


def members(fields: Mapping[str, str]) -> str:
    """Write the inside of an object, without its braces; keys are names of ours, or quoted like any string."""
    return ",".join(f"{text(name)}:{value}" for name, value in fields.items())


def obj(fields: Mapping[str, str]) -> str:
    """Write an object, in the order given."""
    return f"{{{members(fields)}}}"
