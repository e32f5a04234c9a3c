"""Keeps Dozor running: binds the port, owns every task, serves, and drains when told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import structlog
import uvicorn
from starlette.types import ASGIApp

from dozor.clock import Clock
from dozor.domain.errors import CannotRunHere
from dozor.settings import Settings
from dozor.storage.folder_use import FolderInUse, shared_use
from dozor.telemetry.phrases import Language, sentence
from dozor.web.protocol import BoundedHeadProtocol

DRAIN_S = 7  # requests end within their own deadline; with what follows a stop stays below 10 s
BACKLOG = 2048
if sys.platform == "win32":  # nobody can send SIGTERM there; Ctrl+Break is how a process group is asked to stop
    STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)
else:
    STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)

log = structlog.get_logger(__name__)


class _StopTasksError(Exception):
    """Leaves a task group at once: whatever still runs in it is cancelled."""


@contextlib.asynccontextmanager
async def tasks_until_exit() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group whose tasks are cancelled, and waited for, when its block ends.

    What the block raises comes out as it is, not wrapped in a group: a refusal to start has its own exit code.
    """
    raised: Exception | None = None
    try:
        async with asyncio.TaskGroup() as tasks:
            try:
                yield tasks
            except Exception as error:  # noqa: BLE001  # raised again below
                raised = error
            raise _StopTasksError
    except* _StopTasksError:
        pass
    if raised is not None:
        raise raised


async def serve(settings: Settings, clock: Clock) -> None:
    """Serve until a stop signal, then let requests under way end. A stop during the start ends it.

    Raises CannotRunHere when the port or the data folder cannot be used.
    """
    stop = _Stop()
    with stop_signals(stop):
        try:
            await _serve(settings, clock, stop)
        except asyncio.CancelledError:
            if not stop.is_asked:
                raise
    log.info("server.stopped")


class _Stop:
    """What a stop signal does: end the start, and once the server runs, drain it."""

    def __init__(self) -> None:
        starting = asyncio.current_task()
        assert starting is not None
        self._act: Callable[[], object] = starting.cancel
        self.is_asked = False

    def __call__(self) -> None:
        self.is_asked = True
        self._act()

    def does(self, act: Callable[[], object]) -> None:
        """From now on a signal does this."""
        self._act = act


async def _serve(settings: Settings, clock: Clock, stop: _Stop) -> None:
    from dozor.app import running, warm_up  # imported late: it takes most of a second, and no other command needs it

    prepare_data_dir(settings.data_dir, settings.language)
    sockets = bind(settings.host, settings.port, settings.language)
    port: int = sockets[0].getsockname()[1]
    url = f"http://{'localhost' if settings.on_loopback else _in_url(settings.host)}:{port}"
    try:
        with _used(settings):
            async with tasks_until_exit() as tasks, running(settings, tasks, clock) as app:
                server = Server(app.site)

                def drain() -> None:
                    app.end_streams()
                    server.stop()

                stop.does(drain)
                tasks.create_task(warm_up(app), name="warm up")
                tasks.create_task(_announce(server, url, app.login_link_path), name="announce")
                await server.serve(sockets=sockets)
    finally:
        for sock in sockets:
            sock.close()


@contextlib.contextmanager
def _used(settings: Settings) -> Iterator[None]:
    """Work with the data folder. Raises CannotRunHere while its files are replaced."""
    try:
        with shared_use(settings.data_dir):
            yield
    except FolderInUse as error:
        folder = str(settings.data_dir)
        raise CannotRunHere(sentence("start.data_folder_restored", settings.language, folder=folder)) from error


class Server(uvicorn.Server):
    """Uvicorn's server, whose signals are ours and which tells when it listens."""

    def __init__(self, site: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                site,
                http=BoundedHeadProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_graceful_shutdown=DRAIN_S,
            )
        )
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield  # ``stop_signals`` does it, so that a drained stop is exit code 0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        self.listening.set()

    def stop(self) -> None:
        """Drain; a second time: stop at once."""
        if self.should_exit:
            self.force_exit = True
        else:
            log.info("server.draining", seconds=DRAIN_S)
            self.should_exit = True


@contextlib.contextmanager
def stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` in the loop for every stop signal. Windows' loop knows no signal handlers, so there it is woken."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _announce(server: Server, url: str, login_link_path: str | None) -> None:
    await server.listening.wait()
    log.info("server.started", url=url)
    if login_link_path is not None:
        log.info("server.login_link", url=url + login_link_path)


def bind(host: str, port: int, language: Language) -> list[socket.socket]:
    """Listening sockets for every address of ``host``, on one port. Raises CannotRunHere."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that can be none, such as "a..b"
        raise CannotRunHere(sentence("start.no_such_host", language, host=host, reason=error)) from error
    sockets: list[socket.socket] = []
    for family, kind, protocol, _, address in addresses:
        sock = socket.socket(family, kind, protocol)
        try:
            if os.name == "posix":  # on Windows this option lets two servers share a port
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            chosen = sockets[0].getsockname()[1] if sockets else port
            sock.bind((address[0], chosen, *address[2:]))
            sock.listen(BACKLOG)
            sock.setblocking(False)  # noqa: FBT003  # the standard library has no name for it
        except OSError as error:
            sock.close()
            if error.errno == errno.EADDRNOTAVAIL and (sockets or len(addresses) > 1):
                continue  # ``localhost`` names ::1 on machines that have no IPv6
            for opened in sockets:
                opened.close()
            event = "start.port_in_use" if error.errno == errno.EADDRINUSE else "start.port_refused"
            raise CannotRunHere(sentence(event, language, host=host, port=port, reason=error.strerror)) from error
        sockets.append(sock)
    if not sockets:
        raise CannotRunHere(sentence("start.no_such_host", language, host=host, reason="no address"))
    return sockets


def prepare_data_dir(folder: Path, language: Language) -> None:
    """Make the folder, for this user alone, and try to write to it. Raises CannotRunHere."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"dozor")
    except OSError as error:
        raise CannotRunHere(
            sentence("start.data_folder_refused", language, folder=str(folder), reason=error.strerror or str(error))
        ) from error


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
