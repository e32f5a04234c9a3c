"""Uvicorn's HTTP protocol with a bound on the head of a request, and three things that real clients need.

httptools collects a URL and headers of any length before anybody can look at them; without a bound one connection
could fill the memory and hold up the loop. What is too long is not kept, but read to its end where that is near:
a client that still writes when the connection closes would never see the refusal. The site then refuses it as it
refuses everything, in the shape and with the CORS headers of the path that was asked for.
"""

from __future__ import annotations

import re

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dozor.web.errors import LONGEST_QUESTION_BYTES
from dozor.web.requests import TOO_LONG

LONGEST_URL_BYTES = LONGEST_QUESTION_BYTES + len(b"?")
LONGEST_HEADERS_BYTES = 64 * 1024
LONGEST_PARSED_BYTES = 128 * 1024  # of a head that has not ended; one that long is surely refused
LONGEST_READ_BYTES = 4 * 1024 * 1024  # of a head that is refused anyway

BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
END_OF_HEAD = re.compile(rb"\n\r?\n")
HEADER_OVERHEAD = len(b": \r\n")


class BoundedHeadProtocol(HttpToolsProtocol):
    """Has the site refuse a question that is longer than 16 KiB (414) and headers that are longer than 64 KiB (431)."""

    _head_has_begun = False
    _head_is_done = False
    _head_bytes = 0
    _url_bytes = 0
    _headers_bytes = 0
    _line_is_open = False  # what was read last is a request line without its end
    _is_passing_over = False  # the head is refused; what is left of it is read and forgotten
    _last_bytes = b""  # of what was read, in case they begin the end of the head

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head that is not complete yet, then let uvicorn parse."""
        if not self._head_is_done:
            self._is_passing_over = self._head_bytes > LONGEST_PARSED_BYTES
            self._head_bytes += len(data)
            if not self._is_passing_over:
                data = self._with_plain_request_line(data)
                self._last_bytes = data[-3:]
        if self._is_passing_over:
            self._pass_over(data)
        else:
            super().data_received(data)

    def on_message_begin(self) -> None:
        """The first byte of a request has come."""
        self._head_has_begun = True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Keep no more of a question than one may have."""
        super().on_url(url[: max(0, LONGEST_URL_BYTES - self._url_bytes)])
        self._url_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header without the blanks behind its value, which are no part of it (RFC 9110 5.5)."""
        self._headers_bytes += len(name) + len(value) + HEADER_OVERHEAD
        if self._headers_bytes <= LONGEST_HEADERS_BYTES:
            super().on_header(name, value.rstrip(b" \t"))

    def on_headers_complete(self) -> None:
        """The head is whole; what comes now is a body, whose flow uvicorn controls."""
        self._head_is_done = True
        if self._url_bytes > LONGEST_URL_BYTES:
            self.scope["state"][TOO_LONG] = "uri-too-long"
        elif self._is_passing_over or self._headers_bytes > LONGEST_HEADERS_BYTES:
            self.scope["state"][TOO_LONG] = "headers-too-long"
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next byte begins another head."""
        self._head_has_begun = self._head_is_done = False
        self._head_bytes = self._url_bytes = self._headers_bytes = 0
        super().on_message_complete()

    def _with_plain_request_line(self, data: bytes) -> bytes:
        """Percent-encode what is no ASCII in a request line: curl sends ``?q=биткоин`` as it was typed.

        The parser would refuse it. No blank or line end appears or goes, so requests end where they did; only a line
        whose beginning was seen is touched, so no header or body ever is.
        """
        if self._head_has_begun and not self._line_is_open:
            return data
        end = data.find(b"\n")
        self._line_is_open = end < 0
        line, rest = (data, b"") if end < 0 else (data[:end], data[end:])
        return data if line.isascii() else BEYOND_ASCII.sub(lambda byte: b"%%%02X" % byte[0][0], line) + rest

    def _pass_over(self, data: bytes) -> None:
        if self._head_is_done:  # and being refused: the connection closes behind the reply
            return
        unseen = self._last_bytes + data
        self._last_bytes = unseen[-3:]
        if self._head_bytes < LONGEST_READ_BYTES and not END_OF_HEAD.search(unseen):
            return
        if not self._head_has_begun:  # nothing but empty lines
            self.transport.close()
            return
        try:
            self.on_headers_complete()
        except httptools.HttpParserError:  # what was kept of the question is no address
            self.send_400_response("Invalid HTTP request received.")
        else:
            self.cycle.keep_alive = False
