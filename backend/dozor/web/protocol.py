"""Uvicorn's HTTP protocol with a bound on the head of a request.

httptools collects a URL and headers of any length before anybody can look at them; without a bound one connection
could fill the memory and hold up the loop.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD_BYTES = 64 * 1024


class BoundedHeadProtocol(HttpToolsProtocol):
    """Refuses a head longer than 64 KiB (plus what one read brings along) and closes the connection."""

    _head_is_done = False
    _head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head that is not complete yet, then let uvicorn parse."""
        if not self._head_is_done:
            self._head_bytes += len(data)
            if self._head_bytes > LONGEST_HEAD_BYTES + len(data):
                self._refuse()
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The head is whole; what comes now is a body, whose flow uvicorn controls."""
        self._head_is_done = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next byte begins another head."""
        self._head_is_done = False
        self._head_bytes = 0
        super().on_message_complete()

    def _refuse(self) -> None:
        reason = b"431 Request Header Fields Too Large" if self.headers else b"414 URI Too Long"
        self.transport.write(b"HTTP/1.1 %s\r\nconnection: close\r\ncontent-length: 0\r\n\r\n" % reason)
        self.transport.close()
