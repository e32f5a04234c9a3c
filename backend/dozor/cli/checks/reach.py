"""Reaching another machine step by step: its name, a connection to each of its addresses, TLS on one of them."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from dozor.telemetry.phrases import Words

DNS_SECONDS = 4.0
CONNECT_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of all addresses of one name: those that let us in, and an account of each."""

    open: tuple[str, ...]
    seen: Words


async def addresses_of(host: str, port: int) -> list[str]:
    """The addresses of this name, IPv4 and IPv6, each once. Raises OSError; a TimeoutError is one."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def tell(addresses: list[str], error: OSError | None) -> None:
        if not found.done():
            if error is None:
                found.set_result(addresses)
            else:
                found.set_exception(error)

    def look_up() -> None:
        addresses: list[str] = []
        failure: OSError | None = None
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(info[4][0]) for info in infos))
        except OSError as error:
            failure = error
        except UnicodeError:  # what can be no name, such as "a..b"
            failure = socket.gaierror(socket.EAI_NONAME, "it cannot be a host name")
        with suppress(RuntimeError):  # the command has ended meanwhile
            loop.call_soon_threadsafe(tell, addresses, failure)

    # A daemon, because a resolver may take half a minute to give up, and the command would wait for the loop's own.
    threading.Thread(target=look_up, name=f"look up {host}", daemon=True).start()
    async with asyncio.timeout(DNS_SECONDS):
        return await found


async def try_all(addresses: Sequence[str], port: int) -> Tried:
    """Open a connection to every address, all at once, and close them. Never fails."""
    outcomes = await asyncio.gather(*(_try(address, port) for address in addresses))
    said = [(f"{in_brackets(address)}:{port}", outcome) for address, outcome in zip(addresses, outcomes, strict=True)]
    return Tried(
        tuple(address for address, outcome in zip(addresses, outcomes, strict=True) if outcome is None),
        Words(
            "; ".join(f"{where} открыт" if outcome is None else f"{where}: {outcome.ru}" for where, outcome in said),
            "; ".join(f"{where} is open" if outcome is None else f"{where}: {outcome.en}" for where, outcome in said),
        ),
    )


async def agree_on_tls(address: str, port: int, context: ssl.SSLContext, name: str) -> str:
    """What TLS with the server that calls itself ``name`` comes to, such as ``TLSv1.3``. Raises OSError.

    An ssl.SSLError and a TimeoutError are such errors.
    """
    async with asyncio.timeout(CONNECT_SECONDS):
        _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=name)
    version: str = writer.get_extra_info("ssl_object").version()
    writer.transport.abort()
    return version


def why(error: OSError, seconds: float) -> Words:
    """Why this failed, in words; ``seconds`` is how long it might take."""
    match error:
        case TimeoutError():
            return Words(f"нет ответа за {seconds:g} с", f"no answer within {seconds:g} s")
        case ConnectionRefusedError():
            return Words("соединение отвергнуто: там никто не слушает", "connection refused: nobody listens there")
        case ssl.SSLCertVerificationError():
            return Words(f"сертификат не годится: {error.verify_message}", f"bad certificate: {error.verify_message}")
        case ssl.SSLError():
            return Words(f"не TLS: {error.reason}", f"no TLS: {error.reason}")
        case ConnectionResetError() | ConnectionAbortedError():
            return Words("соединение оборвано", "the connection was cut off")
        case socket.gaierror():
            return Words(f"имя не найдено: {error.strerror}", f"the name is not found: {error.strerror}")
        case _:
            reason = error.strerror or errno.errorcode.get(error.errno or 0, type(error).__name__)
            return Words(str(reason), str(reason))


def in_brackets(address: str) -> str:
    """The address as a URL has it before the colon of the port."""
    return f"[{address}]" if ":" in address else address


async def _try(address: str, port: int) -> Words | None:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(address, port)
    except OSError as error:
        return why(error, CONNECT_SECONDS)
    writer.transport.abort()
    return None
