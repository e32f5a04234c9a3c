"""Sends an answer, or breaks the connection in the way that was ordered."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from dozor.clock import Clock
from dozor.standin.faults import Fault, Kind

_DRIPS = 10
_NO_LINGER = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out: ``body`` is already in the coding that ``headers`` name."""

    status: int
    body: bytes
    headers: Mapping[str, str]


async def deliver(request: web.BaseRequest, answer: Answer, fault: Fault | None, clock: Clock) -> web.StreamResponse:
    """Send ``answer`` the way ``fault`` wants it sent.

    What is returned after the connection was broken on purpose goes nowhere: aiohttp finds the caller gone.
    """
    match fault:
        case None:
            return _response(answer)
        case Fault(kind=Kind.SLOW, seconds=seconds):
            await clock.sleep(seconds)
            return _response(answer)
        case Fault(kind=Kind.HANG):
            await asyncio.Event().wait()  # until the caller goes, or the stand-in is closed
            return _response(answer)
        case Fault(kind=Kind.RESET):
            _reset(request)
            return _response(answer)
        case Fault(kind=Kind.NOTHING):
            _break_off(request)
            return _response(answer)
        case Fault(kind=Kind.CUT_BODY):
            response = await _begin(request, answer, answer.body[: len(answer.body) // 2])
            _break_off(request)
            return response
        case Fault(kind=Kind.DRIP, seconds=seconds):
            return await _drip(request, answer, seconds, clock)
        case _:
            return _response(answer)


def _response(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


async def _begin(request: web.BaseRequest, answer: Answer, first: bytes) -> web.StreamResponse:
    """Promise the whole body and send the ``first`` of it."""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = len(answer.body)
    await response.prepare(request)
    await response.write(first)
    return response


async def _drip(request: web.BaseRequest, answer: Answer, seconds: float, clock: Clock) -> web.StreamResponse:
    piece = max(1, -(-len(answer.body) // _DRIPS))
    response = await _begin(request, answer, answer.body[:piece])
    for at in range(piece, len(answer.body), piece):
        await clock.sleep(seconds / _DRIPS)
        await response.write(answer.body[at : at + piece])
    await response.write_eof()
    return response


def _reset(request: web.BaseRequest) -> None:
    """Close with what was not sent thrown away, which the other side sees as a reset (RST)."""
    if request.transport is not None:
        connection: socket.socket | None = request.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        request.transport.abort()


def _break_off(request: web.BaseRequest) -> None:
    """Close after what was sent has gone out."""
    if request.transport is not None:
        request.transport.close()
