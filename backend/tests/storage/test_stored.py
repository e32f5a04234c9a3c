"""The text under which an entry lies in Redis."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dozor.storage.stored import Stored, read_head, read_text, write_text

BODY = b'{"id":"bitcoin","price":1.054e-05}'
HASH = hashlib.sha256(BODY).hexdigest()
AT = 1795348800123
TEXT = f'{{"v":1,"fetched_at":{AT},"hash":"{HASH}","body":'.encode() + BODY + b"}"

names = some.text(some.characters(codec="utf-8"), max_size=20)


def stored(body: bytes = BODY, headers: tuple[tuple[str, str], ...] = ()) -> Stored:
    return Stored(body, AT, hashlib.sha256(body).hexdigest(), headers)


def test_the_text_is_the_one_that_is_documented() -> None:
    assert write_text(stored()) == TEXT
    assert json.loads(TEXT)["body"] == json.loads(BODY)


def test_headers_stand_before_the_body_if_there_are_any() -> None:
    text = write_text(stored(headers=(("etag", '"x"'),)))
    assert text == TEXT.replace(b'"body"', b'"headers":{"etag":"\\"x\\""},"body"')


@given(some.binary(max_size=300), some.lists(some.tuples(names, names), max_size=4))
def test_what_was_written_is_read_back(body: bytes, headers: list[tuple[str, str]]) -> None:
    whole = stored(body, tuple(headers))
    text = write_text(whole)
    assert read_text(text) == whole
    assert read_head(text[:128]) == AT


@given(some.binary(max_size=200))
def test_foreign_bytes_are_nothing_of_ours(text: bytes) -> None:
    assert read_text(text) is None


@given(some.data())
def test_a_damaged_text_is_nothing_of_ours(data: some.DataObject) -> None:
    text = bytearray(write_text(stored(headers=(("etag", "x"),))))
    at = data.draw(some.integers(0, len(text) - 1))
    text[at] ^= data.draw(some.integers(1, 255))
    read = read_text(bytes(text))
    assert read is None or read.body == BODY  # the age and the headers are not under the hash


@pytest.mark.parametrize(
    "text",
    [
        b"",
        TEXT.replace(b'"v":1', b'"v":2'),
        TEXT.replace(b"1.054", b"9.054"),
        TEXT[:-1],
        TEXT.replace(HASH.encode(), HASH.upper().encode()),
        TEXT.replace(str(AT).encode(), b"9" * 30),
        TEXT.replace(b'"body"', b'"headers":{"a":1},"body"'),
        TEXT.replace(b'"body"', b'"headers":{"a":"\\q"},"body"'),
        TEXT.replace(b'"body"', b'"headers":{"a":"\xff"},"body"'),
        b" " + TEXT,
        b"\x80\x04\x95pickle",
    ],
    ids=range(11),
)
def test_another_version_or_shape_is_nothing_of_ours(text: bytes) -> None:
    assert read_text(text) is None


def test_a_head_is_known_without_its_body() -> None:
    assert read_head(TEXT[: TEXT.index(b'"body":') + 7]) == AT
    assert read_head(b'{"v":2' + TEXT[6:]) is None
    assert read_head(b'{"fetched_at":1}') is None
