"""Cutting JSON without touching a number: values are slices of the bytes that upstream sent.

Parsing and dumping would change the text (``1.054e-05``, ``18710825.0``), and the text is part of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

RawObject = dict[str, msgspec.Raw]

_object = msgspec.json.Decoder(RawObject)
_array = msgspec.json.Decoder(list[msgspec.Raw])
_rows = msgspec.json.Decoder(list[RawObject])
_encoder = msgspec.json.Encoder()

NULL = msgspec.Raw(b"null")


def split_object(body: bytes | msgspec.Raw) -> RawObject:
    """The members of a JSON object, in its order, values as raw text. Raises msgspec.DecodeError."""
    return _object.decode(bytes(body))


def split_array(body: bytes | msgspec.Raw) -> list[msgspec.Raw]:
    """The elements of a JSON array as raw text. Raises msgspec.DecodeError."""
    return _array.decode(bytes(body))


def split_rows(body: bytes | msgspec.Raw) -> list[RawObject]:
    """The rows of a JSON array of objects, each split into its members. Raises msgspec.DecodeError."""
    return _rows.decode(bytes(body))


def join_object(members: Mapping[str, msgspec.Raw]) -> bytes:
    """A compact JSON object of these members, in this order, their texts as they are."""
    return b"{" + b",".join(encode(name) + b":" + bytes(value) for name, value in members.items()) + b"}"


def join_array(values: Iterable[bytes | msgspec.Raw]) -> bytes:
    """A compact JSON array of these texts."""
    return b"[" + b",".join(bytes(value) for value in values) + b"]"


def encode(value: object) -> bytes:
    """A value of our own as JSON text. Never for a number that came from upstream."""
    return _encoder.encode(value)


def raw(value: object) -> msgspec.Raw:
    """A value of our own, to stand among slices."""
    return msgspec.Raw(_encoder.encode(value))


def is_null(value: msgspec.Raw | None) -> bool:
    """Whether a member is absent or ``null``."""
    return value is None or bytes(value) == b"null"


def is_object(value: msgspec.Raw | None) -> bool:
    """Whether a member is there and an object."""
    return value is not None and bytes(value).startswith(b"{")
