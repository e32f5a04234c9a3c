"""JSON compared to the letter where it matters: the text of a number counts, blanks and escapes do not."""

from __future__ import annotations

import json
from typing import Any

import msgspec

Members = dict[str, msgspec.Raw]
"""Of an object, in their order, as they were written."""

_members = msgspec.json.Decoder(Members)
_items = msgspec.json.Decoder(list[msgspec.Raw])


class Unreadable(Exception):
    """This is no JSON of the kind that was expected."""


def members(text: bytes | msgspec.Raw) -> Members:
    """Take an object apart. Raises Unreadable."""
    try:
        return _members.decode(text)
    except msgspec.DecodeError as error:
        raise Unreadable(str(error)) from error


def items(text: bytes | msgspec.Raw) -> list[msgspec.Raw]:
    """Take an array apart. Raises Unreadable."""
    try:
        return _items.decode(text)
    except msgspec.DecodeError as error:
        raise Unreadable(str(error)) from error


def same(one: bytes | msgspec.Raw, other: bytes | msgspec.Raw) -> bool:
    """Whether both say the same, with the same digits and the same order of members."""
    first, second = bytes(one), bytes(other)
    return first == second or _read(first) == _read(second)


def same_members(one: Members, other: Members) -> bool:
    """The same for objects that were taken apart."""
    if list(one) != list(other):
        return False
    return all(bytes(one[name]) == bytes(other[name]) for name in one) or all(same(one[n], other[n]) for n in one)


def _read(text: bytes) -> Any:
    try:
        return json.loads(
            text,
            parse_float=lambda digits: ("number", digits),
            parse_int=lambda digits: ("number", digits),
            object_pairs_hook=tuple,
        )
    except ValueError as error:
        raise Unreadable(str(error)) from error
