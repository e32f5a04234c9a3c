"""The way to one Redis server: its name, a connection, TLS, and being let in."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

from redis.exceptions import RedisError, ResponseError

from dozor.cli.checks.finding import Finding, failed, ok, warning
from dozor.cli.checks.reach import DNS_SECONDS, addresses_of, try_all, why
from dozor.storage.redis_address import Node, RedisAddress
from dozor.storage.redis_dial import DIAL_SECONDS, NO_CONNECTION, Dialer
from dozor.storage.redis_errors import code_of
from dozor.storage.redis_reasons import HAS_NO_TLS, NO_ANSWER, NO_SOCKET, NO_SUCH_HOST, REFUSED, reason_for
from dozor.storage.redis_wire import Wire
from dozor.telemetry.phrases import Words

NOT_YET = frozenset({"LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN"})
TOO_MANY = "max number of clients"
PLAIN_ANSWER_SECONDS = 2.0
NO_SUCH_DATABASE = "index is out of range"


async def look_for(address: RedisAddress, node: Node | None) -> AsyncIterator[Finding]:
    """Findings up to a connection: to the Unix socket, or to ``node`` by each of its addresses."""
    if node is None:
        yield _socket(Path(address.path or ""))
        return
    try:
        addresses = await addresses_of(node.host, node.port)
    except OSError as error:
        reason = why(error, DNS_SECONDS)
        yield warning("dns", Words(f"{node.host}: {reason.ru}", f"{node.host}: {reason.en}"), optional(NO_SUCH_HOST))
        return
    named = node.host if addresses == [node.host] else f"{node.host}: {', '.join(addresses)}"
    yield ok("dns", Words(named, named))
    tried = await try_all(addresses, node.port)
    yield ok("tcp", tried.seen) if tried.open else warning("tcp", tried.seen, optional(REFUSED))


async def let_in(address: RedisAddress, dialer: Dialer, node: Node) -> Wire | Finding:
    """A connection that is ready for questions, or why there is none; its ``step`` is the one that failed."""
    try:
        return await dialer.dial(node)
    except TimeoutError:
        if address.tls is not None and await _answers_in_plain(node):
            return failed("tls", Words("отвечает без TLS", "it answers without TLS"), HAS_NO_TLS)
        return warning("ping", why(TimeoutError(), DIAL_SECONDS), optional(NO_ANSWER))
    except NO_CONNECTION as error:
        return _not_let_in(error, address)


async def _answers_in_plain(node: Node) -> bool:
    # Redis takes the beginning of TLS for a command that has not come to its end yet, and waits for the rest.
    with suppress(OSError):
        async with asyncio.timeout(PLAIN_ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(node.host, node.port)
            try:
                writer.write(b"PING\r\n")
                return await reader.read(1) in {b"+", b"-"}
            finally:
                writer.transport.abort()
    return False


def passed(address: RedisAddress, until: str | None = None) -> Iterator[Finding]:
    """The steps of being let in that went well: all of them, or those before the step ``until``."""
    for finding in _steps(address):
        if finding.step == until:
            return
        yield finding


def optional(reason: Words) -> Words:
    """The reason, and that Redis may as well stay away."""
    return Words(
        f"{reason.ru}. Без Redis Dozor работает: кэш в памяти и на диске",
        f"{reason.en}. Dozor works without Redis, with its cache in memory and on disk",
    )


def _steps(address: RedisAddress) -> Iterator[Finding]:
    if address.tls is not None and address.tls.verify:
        yield ok("tls", Words("сертификат годится", "the certificate is good"))
    elif address.tls is not None:
        yield ok("tls", Words("шифрует; чей сертификат, не проверяем", "it encrypts; whose certificate is not checked"))
    if address.password is None:
        yield ok("auth", Words("пароль не нужен", "no password is needed"))
    else:
        yield ok("auth", Words("пароль принят", "the password is accepted"))
    if address.database:
        yield ok("database", Words(f"база {address.database}", f"database {address.database}"))


def _socket(path: Path) -> Finding:
    if path.is_socket():
        return ok("socket", Words(str(path), str(path)))
    return warning("socket", Words(f"{path}: такого сокета нет", f"{path}: no such socket"), optional(NO_SOCKET))


def _not_let_in(error: OSError | RedisError, address: RedisAddress) -> Finding:
    """The step that this failed in. The server's own words are not shown: they may repeat the password."""
    reason = reason_for(error, address)
    if isinstance(error, OSError):
        is_tls = isinstance(error, ssl.SSLError) or address.tls is not None
        step = "tls" if is_tls else "socket" if address.path else "ping"
        return failed(step, why(error, DIAL_SECONDS), reason)
    code = code_of(error)
    if code in NOT_YET or TOO_MANY in str(error):
        return warning("ping", Words(f"ещё не готов ({code})", f"not ready ({code})"), optional(reason))
    if NO_SUCH_DATABASE in str(error):
        return failed("database", Words(f"базы {address.database} нет", f"no database {address.database}"), reason)
    if isinstance(error, ResponseError) or code:
        return failed("auth", Words(f"не пускает ({code})", f"it does not let us in ({code})"), reason)
    return failed("ping", Words("отвечает не как Redis", "it does not answer as Redis does"), reason)
