"""The head of a request: how long it may be, who refuses what is longer, and what is forgiven in it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator

import pytest
from starlette.types import Receive, Scope, Send

from dozor.web.protocol import LONGEST_READ_BYTES
from running_dozor import RunningDozor, ScriptedUpstream, serving

KIB = 1024
GATEWAY = "/api/v3/simple/price?vs_currencies=usd&ids="
OWN = "/api/v1/prices?ids="


@pytest.fixture
async def echo_url() -> AsyncIterator[str]:
    """A site that answers with the scope as it got it."""

    async def site(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        told = {"method": scope["method"], "path": scope["path"], "headers": headers, "state": scope["state"]}
        body = json.dumps(told | {"query": scope["query_string"].decode("ascii")}).encode()
        headers_sent = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers_sent})
        await send({"type": "http.response.body", "body": body})

    async with serving(site) as url:
        yield url


async def answered(url: str, *pieces: bytes) -> list[tuple[int, dict[str, str], bytes]]:
    """Send these bytes, each piece once the one before has been handed over, and read every reply until the close."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    replies, rest = [], await reader.read()
    writer.close()
    while rest:
        head, _, rest = rest.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        length = int(headers.get("content-length", 0))
        replies.append((int(status.split()[1]), headers, rest[:length]))
        rest = rest[length:]
    return replies


def head(path: str, *headers: str) -> bytes:
    lines = (f"GET {path} HTTP/1.1", "Host: localhost", "Origin: https://app.example", *headers, "Connection: close")
    return "\r\n".join((*lines, "", "")).encode()


@pytest.mark.parametrize("length", [16_385, 65_000, 66_000, 130_000, 200_000, 1_000_000, 3_000_000])
async def test_a_question_of_any_length_is_refused_in_the_shape_of_its_api(
    dozor: RunningDozor, upstream: ScriptedUpstream, length: int
) -> None:
    [(status, headers, body)] = await answered(dozor.url, head(GATEWAY + "a" * length))
    assert (status, body) == (414, b'{"error":"Request-URI Too Long"}')
    assert headers["access-control-allow-origin"] == "*"
    [(status, headers, body)] = await answered(dozor.url, head(OWN + "a" * length))
    assert (status, json.loads(body)["code"]) == (414, "uri-too-long")
    assert headers["content-type"] == "application/problem+json"
    assert upstream.calls == []


async def test_a_question_is_too_long_from_one_byte_on(dozor: RunningDozor) -> None:
    longest = "/api/v3/none?" + "a" * (16 * KIB - len("/api/v3/none"))  # the question mark is no part of it
    assert [reply[0] for reply in await answered(dozor.url, head(longest))] == [404]
    assert [reply[0] for reply in await answered(dozor.url, head(longest + "a"))] == [414]


@pytest.mark.parametrize("name_only", [True, False])
@pytest.mark.parametrize("length", [66_000, 130_000, 200_000, 1_000_000, 3_000_000])
async def test_headers_beyond_64_kib_are_refused_in_the_shape_of_their_api(
    dozor: RunningDozor, upstream: ScriptedUpstream, length: int, *, name_only: bool
) -> None:
    long = ["x: " + "a" * length] if name_only else [f"x{n}: {'a' * 993}" for n in range(length // 1000)]
    [(status, headers, body)] = await answered(dozor.url, head(GATEWAY + "bitcoin", *long))
    assert (status, body) == (431, b'{"error":"Request Header Fields Too Large"}')
    assert (headers["access-control-allow-origin"], headers["connection"]) == ("*", "close")
    [(status, _, body)] = await answered(dozor.url, head(OWN + "bitcoin", *long))
    assert (status, json.loads(body)["code"]) == (431, "headers-too-long")
    assert upstream.calls == []


async def test_headers_of_nearly_64_kib_are_read(echo_url: str) -> None:
    [(status, _, body)] = await answered(echo_url, head("/", "x: " + "a" * 65_000))
    assert status == 200
    assert ["x", "a" * 65_000] in json.loads(body)["headers"]


async def test_the_end_of_a_long_head_is_seen_however_it_arrives(dozor: RunningDozor) -> None:
    long = head(GATEWAY + "a" * 700_000)
    for cut in range(1, 5):
        host, port = dozor.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.transport.set_write_buffer_limits(0)
        for piece in (long[:-cut], long[-cut:]):
            writer.write(piece)
            await writer.drain()
        assert (await reader.read()).startswith(b"HTTP/1.1 414 ")
        writer.close()


@pytest.mark.parametrize(
    ("piece", "status"),
    [(b"a" * 65_536, b"414"), (b" HTTP/1.1\r\n" + b"x: y\r\n" * 20_000, b"431"), (b"\r\n" * 30_000, None)],
)
async def test_a_head_without_end_is_refused_before_it_fills_the_memory(
    dozor: RunningDozor, piece: bytes, status: bytes | None
) -> None:
    host, port = dozor.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    if status:
        writer.write(b"GET /api/v3/ping?")
    sent, reading = 0, asyncio.ensure_future(reader.read())
    try:
        while sent < 4 * LONGEST_READ_BYTES:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
    except ConnectionError:
        pass
    assert sent < 4 * LONGEST_READ_BYTES
    [got] = await asyncio.gather(reading, return_exceptions=True)  # who writes on may see the reset first
    writer.close()
    if status and isinstance(got, bytes) and got:
        assert got.split()[1] == status
    assert (await dozor.get("/livez")).status == 200


async def test_requests_one_after_another_each_have_their_own_bounds(echo_url: str) -> None:
    one = b"GET /?" + b"q" * 10_000 + b" HTTP/1.1\r\nHost: localhost\r\nx: " + b"y" * 40_000 + b"\r\n\r\n"
    replies = await answered(echo_url, *[one] * 8, head("/"))
    assert [status for status, _, _ in replies] == [200] * 9
    assert not any(json.loads(body)["state"] for _, _, body in replies)


async def test_letters_that_a_client_did_not_encode_are_read_as_if_it_had(echo_url: str) -> None:
    line = "GET /слово?q=биткоин&r=%D1%8F HTTP/1.1\r\n".encode()
    rest = "Host: localhost\r\nx: ы\r\nConnection: close\r\n\r\n".encode()
    letters = [line[at : at + 1] for at in range(len(line))]
    for pieces in ([line + rest], [line, rest], [*letters, rest]):
        [(status, _, body)] = await answered(echo_url, *pieces)
        told = json.loads(body)
        assert (status, told["path"]) == (200, "/слово")
        assert told["query"] == "q=%D0%B1%D0%B8%D1%82%D0%BA%D0%BE%D0%B8%D0%BD&r=%D1%8F"
        assert ["x", "ы".encode().decode("latin-1")] in told["headers"]  # a header stays as it came


async def test_a_search_typed_into_curl_finds_its_coin(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    upstream.answer('[{"id":"bitcoin","symbol":"btc","name":"Bitcoin","platforms":{}}]')
    [(status, _, body)] = await answered(dozor.url, head("/api/v1/search?q=биткоин"))
    assert (status, [hit["id"] for hit in json.loads(body)["items"]]) == (200, ["bitcoin"])


@pytest.mark.parametrize(
    "line",
    ["GÉT / HTTP/1.1", "GET / HTTP/1.1é", "GET /a b HTTP/1.1", "GET /é\rX: y HTTP/1.1"],
)
async def test_a_request_line_that_means_nothing_still_means_nothing(echo_url: str, line: str) -> None:
    [(status, _, _)] = await answered(echo_url, (line + "\r\nHost: localhost\r\n\r\n").encode())
    assert status == 400


async def test_bytes_of_a_body_are_not_touched_and_the_next_request_is_found(echo_url: str) -> None:
    body = "é\r\nGET /smuggled HTTP/1.1\r\n\r\n".encode()
    post = f"POST /é HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    replies = await answered(echo_url, post + body[:1], body[1:] + head("/next"))
    assert [(json.loads(told)["method"], json.loads(told)["path"]) for _, _, told in replies] == [
        ("POST", "/é"),
        ("GET", "/next"),
    ]


@pytest.mark.parametrize("blank", [" ", "\t", " \t "])
async def test_blanks_around_a_header_are_no_part_of_it(echo_url: str, blank: str) -> None:
    [(_, _, body)] = await answered(echo_url, head("/", f"x:{blank}a b{blank}"))
    assert ["x", "a b"] in json.loads(body)["headers"]


async def test_a_method_that_http_does_not_know_is_400(dozor: RunningDozor) -> None:
    [(status, headers, _)] = await answered(dozor.url, head("/api/v3/ping").replace(b"GET", b"FOO"))
    assert (status, re.sub(";.*", "", headers["content-type"])) == (400, "text/plain")
