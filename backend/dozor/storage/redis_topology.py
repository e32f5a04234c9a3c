"""Which servers there are behind an address, and which of them has a key: one server, or what is found by asking.

``OneServer`` is here; what asks first is in ``redis_sentinel`` and ``redis_cluster``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from dozor.clock import Clock
from dozor.storage.redis_address import Node
from dozor.storage.redis_dial import Dialer
from dozor.storage.redis_server import RedisServer


class RedisTopology(Protocol):
    """The servers of an address. One instance per loop; ``keep`` must run meanwhile."""

    @property
    def servers(self) -> Sequence[RedisServer]:
        """Those that have data and may be written to, as far as known."""

    @property
    def trouble(self) -> BaseException | None:
        """What keeps us from knowing them; ``None`` when nothing does."""

    @property
    def tried(self) -> asyncio.Event:
        """Set once each of them was tried, or could not be found."""

    def server_of(self, key: str) -> RedisServer | None:
        """Who has this key, whether it exists or not."""

    def server_at(self, node: Node) -> RedisServer | None:
        """The one at this place."""

    def look_again(self) -> None:
        """Something hints that this has changed: find out soon."""

    async def keep(self, looked: Callable[[], None]) -> None:
        """Keep the connections, and what is known, up to date, until cancelled; call ``looked`` after each look."""


@dataclass(frozen=True, slots=True)
class ServerMaker:
    """What all servers of one address have in common. ``tasks`` owns their keepers."""

    dialer: Dialer
    clock: Clock
    tasks: asyncio.TaskGroup
    on_change: Callable[[], None]
    draw: Callable[[], float]

    def make(
        self, node: Node, probe_key: str, *, must_be_master: bool = False, in_cluster: bool = False
    ) -> RunningServer:
        """A server, and the task that keeps it."""
        server = RedisServer(
            node,
            self.dialer,
            self.clock,
            probe_key=probe_key,
            on_change=self.on_change,
            draw=self.draw,
            must_be_master=must_be_master,
            in_cluster=in_cluster,
        )
        task = self.tasks.create_task(server.keep(), name=f"keep redis {node.host}:{node.port}")
        return RunningServer(server, task)


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server and its keeper; ``stop`` ends both."""

    server: RedisServer
    task: asyncio.Task[None]

    def stop(self) -> None:
        """Close its connections; who is asking by one gets no answer."""
        self.task.cancel()


class OneServer:
    """An address that is a server's own."""

    def __init__(self, node: Node, probe_key: str, maker: ServerMaker) -> None:
        self._node = node
        self._probe_key = probe_key
        self._maker = maker
        self._running: RunningServer | None = None
        self.tried = asyncio.Event()
        self.trouble: BaseException | None = None

    @property
    def servers(self) -> Sequence[RedisServer]:
        """See ``RedisTopology.servers``."""
        return () if self._running is None else (self._running.server,)

    def server_of(self, key: str) -> RedisServer | None:  # it has all of them
        """See ``RedisTopology.server_of``."""
        return None if self._running is None else self._running.server

    def server_at(self, node: Node) -> RedisServer | None:
        """See ``RedisTopology.server_at``."""
        return self.server_of("") if node == self._node else None

    def look_again(self) -> None:
        """See ``RedisTopology.look_again``: there is nothing to look for."""

    async def keep(self, looked: Callable[[], None]) -> None:
        """See ``RedisTopology.keep``."""
        self._running = self._maker.make(self._node, self._probe_key)
        try:
            await self._running.server.tried.wait()
            self.tried.set()
            looked()
            await self._running.task
        finally:
            self._running.stop()
