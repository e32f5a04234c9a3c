"""What an upstream answer means for us."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.market.ports import BodyShape
from dozor.upstream.payloads import Failing, Good, Limited, Refusal, Rejected, read_answer

RECORDED = Path(__file__).parents[4] / "shared" / "coingecko" / "recorded" / "errors"


def read(status: int, body: bytes, shape: BodyShape = BodyShape.OBJECT, **headers: str) -> object:
    return read_answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, shape)


def envelope(code: object, message: str = "Some words.") -> bytes:
    return json.dumps({"status": {"error_code": code, "error_message": message}}).encode()


def wrapped(code: object) -> bytes:
    return json.dumps({"error": json.loads(envelope(code))}).encode()


HTML = b"<!DOCTYPE html><html><title>Some page</title></html>"
FIREWALL = b"<html><h1>Access denied</h1><span>Error code 1020</span></html>"

WHAT_IT_MEANS = [
    # Refusals of the question: another question, same key, is answered.
    (404, b'{"error":"coin not found"}', Refusal),
    (422, b'{"error":"Missing parameter ids"}', Refusal),
    (400, b'{"error":"bad request"}', Refusal),
    (400, envelope(1), Refusal),
    (401, envelope(10005), Refusal),  # an endpoint of paid plans
    (401, wrapped(10012), Refusal),  # a time range of paid plans, in the extra wrapper
    (401, envelope("10012"), Refusal),  # a code sent as text is the same code
    (200, envelope(10005), Refusal),
    # Limits, from upstream or from the CDN before it.
    (429, envelope(429), Limited),
    (429, HTML, Limited),
    (429, b"", Limited),
    (429, b"error code: 1015", Limited),
    (403, b"error code: 1015", Limited),
    (200, b"Throttled", Limited),
    (200, envelope(429), Limited),  # an error in disguise
    (200, wrapped(429), Limited),
    (503, envelope(429), Limited),
    # The key, or this machine.
    (401, envelope(10002), Rejected),
    (400, envelope(10010), Rejected),
    (400, envelope(10011), Rejected),
    (200, envelope(10002), Rejected),
    (401, b"", Rejected),
    (403, b"Please add a descriptive User-Agent to your request.", Rejected),
    (403, FIREWALL, Rejected),
    # No answer at all.
    (404, HTML, Failing),  # upstream refuses in JSON: this is a page of the CDN before it
    (400, HTML, Failing),
    (414, HTML, Refusal),  # whoever says so: a shorter URL may do better
    (422, HTML, Failing),
    (405, b"", Failing),
    (404, b"no such thing", Failing),
    (500, b'{"status":500,"error":"Internal Server Error"}', Failing),
    (500, HTML, Failing),
    (502, b"", Failing),
    (503, b'{"bitcoin":{"usd":1}}', Failing),  # a status is believed against a body that looks good
    (408, b"", Failing),
    (301, b"", Failing),
    (304, b"", Failing),
    (204, b"", Failing),
    (206, b'{"bitcoin":{"usd":1}}', Failing),
    (200, b"", Failing),
    (200, b"  \n", Failing),
    (200, HTML, Failing),
    (200, b"null", Failing),
    (200, b'{"bitcoin":{"usd":1}', Failing),  # cut off
    (200, b'{"bitcoin":{"usd":1}}}', Failing),
    (200, b'{"bitcoin":{"usd":NaN}}', Failing),
    (200, b'{"name":"\xff"}', Failing),  # not UTF-8
    (200, b"[" * 100_000, Failing),
    (200, b'{"error":"coin not found"}', Failing),
    (200, b'{"status":500,"error":"Internal Server Error"}', Failing),
    (200, envelope(31337), Failing),
    (200, envelope("some_word"), Failing),
    (200, b"[]", Failing),  # an object was asked for
    # Answers.
    (200, b"{}", Good),  # nobody known was asked for
    (200, b'{"bitcoin":{"usd":1.054e-05}}', Good),
    (200, b'{"status":{"usd":0.02}}', Good),  # a coin has the id "status"
    (200, b'{"error":{"usd":0.02}}', Good),  # and another may have the id "error"
    (200, b'{"error":null,"id":"bitcoin"}', Good),
    (200, b'{"status":{"error_code":null}}', Good),
    (200, b' \n{"a":1}\n ', Good),
    (200, b'{"note":"error code: 1015"}', Good),  # words of the CDN inside a real answer
]


@pytest.mark.parametrize(("status", "body", "kind"), WHAT_IT_MEANS)
def test_answer_becomes_what_the_caller_can_do_about_it(status: int, body: bytes, kind: type) -> None:
    assert type(read(status, body)) is kind


def test_good_body_is_kept_to_the_byte_with_the_headers_of_paging() -> None:
    body = b' [ {"price": 18710825.0} ]\n'
    answer = read(200, body, BodyShape.ARRAY, total="230", per_page="100", link="<…>", etag='W/"1"', age="3")
    assert answer == Good(body, (("link", "<…>"), ("per-page", "100"), ("total", "230")))


def test_object_where_a_list_was_asked_for_is_a_bad_answer() -> None:
    answer = read(200, b'{"bitcoin":1}', BodyShape.ARRAY)
    assert answer == Failing("its answer is not the array that was asked for")


def test_error_in_disguise_is_seen_where_a_list_was_asked_for() -> None:
    assert isinstance(read(200, envelope(429), BodyShape.ARRAY), Limited)


@pytest.mark.parametrize(
    ("status", "body", "kept"),
    [
        (404, b'{"error":"coin not found"}', b'{"error":"coin not found"}'),
        (401, wrapped(10012), wrapped(10012)),
        (401, b'"error_code": 10012, cut', b'{"error":"\\"error_code\\": 10012, cut"}'),
        # A page is nothing that a program can show.
        (401, b'<p>"error_code": 10012</p>', b'{"error":"Unauthorized"}'),
        (499, b'<p>"error_code": 10012</p>', b'{"error":"refused (499)"}'),  # a status without a name
    ],
)
def test_refusal_is_kept_as_sent_or_put_in_the_shape_that_clients_know(status: int, body: bytes, kept: bytes) -> None:
    assert read(status, body) == Refusal(status, kept)


def test_limit_carries_what_the_headers_say_about_the_pause() -> None:
    answer = read(429, b"", retry_after="119", date="Sun, 22 Nov 2026 12:00:00 GMT")
    assert answer == Limited("it answers 429", "119", "Sun, 22 Nov 2026 12:00:00 GMT")


@pytest.mark.parametrize(
    ("status", "headers", "again"),
    [
        (500, {}, True),
        (503, {}, True),
        (503, {"retry_after": "30"}, False),  # it says when; now is not when
        (408, {}, False),
        (301, {}, False),
    ],
)
def test_only_a_failing_server_is_worth_a_second_try(status: int, headers: dict[str, str], *, again: bool) -> None:
    answer = read(status, b"", **headers)
    assert isinstance(answer, Failing)
    assert answer.again_at_once is again


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, envelope(10002), "10002"),
        (400, envelope(10010), "pro key"),
        (400, envelope(10011), "demo key"),
        (403, FIREWALL, "firewall"),
        (403, b"Please add a descriptive User-Agent", "User-Agent"),
        (401, b"the key CG-secret is unknown", "401"),
    ],
)
def test_rejection_is_named_in_our_own_words_so_that_no_key_is_quoted(status: int, body: bytes, words: str) -> None:
    answer = read(status, body)
    assert isinstance(answer, Rejected)
    assert words in answer.detail
    assert "CG-secret" not in answer.detail


@given(st.integers(200, 599), st.binary(max_size=60), st.sampled_from(BodyShape))
def test_no_answer_however_odd_is_taken_for_good_unless_it_is(status: int, body: bytes, shape: BodyShape) -> None:
    answer = read_answer(status, {}, body, shape)
    if isinstance(answer, Good):
        assert status == 200
        assert isinstance(json.loads(body), dict if shape is BodyShape.OBJECT else list)


@pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recorded answers in {RECORDED}")
def test_every_recorded_error_is_read_as_what_it_was() -> None:
    meanings = {"404": Refusal, "422": Refusal, "10005": Refusal, "10012": Refusal}
    meanings |= {"429": Limited, "10002": Rejected, "403": Rejected, "500": Failing}
    files = sorted(RECORDED.iterdir())
    assert files
    for file in files:
        name = re.match(r"(?:quoted|recorded)_(\d+)(?:_(1\d{4}))?", file.name)
        assert name is not None, file.name
        status, code = name.groups()
        answer = read(int(status), file.read_bytes())
        assert type(answer) is meanings[code or status], file.name
