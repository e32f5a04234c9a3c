"""Redis, wherever it is: reads that never cost a reader more than 50 ms, writes behind, and one log line per change.

What lies behind an address (one server, a master that sentinels name, a cluster) makes no difference here but for who
is asked for a key. Every caller takes every failure as a miss, or as a write that is lost.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, assert_never

import structlog

from dozor.clock import Clock
from dozor.storage.redis_address import Node, RedisAddress, Topology
from dozor.storage.redis_cluster import ClusterMasters
from dozor.storage.redis_dial import dialer_of, sentinel_dialer_of
from dozor.storage.redis_errors import WRITE_REFUSALS, RedisRedirection, RedisRefusal, RedisUnreachable
from dozor.storage.redis_reasons import reason_for
from dozor.storage.redis_sentinel import SentinelMaster
from dozor.storage.redis_server import PROBE_EVERY_SECONDS, READ_SECONDS, RedisServer
from dozor.storage.redis_topology import OneServer, RedisTopology, ServerMaker
from dozor.storage.redis_wire import Command, Word
from dozor.telemetry.phrases import Words

BEHIND_SECONDS = 2.0
WRITES_TRUSTED_AFTER_SECONDS = 60.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LinkState:
    """How things stand with Redis: ``reason`` is why it is not up, ``writes_refused`` why it takes no writes."""

    up: bool
    reason: Words | None = None
    writes_refused: Words | None = None


class RedisLink:
    """The one connection of this process to Redis. One instance per loop; ``start`` before use.

    ``key_prefix`` is that of all our keys: a user who may read no others can still be probed. ``draw`` gives a number
    from 0 to 1, for the jitter of the probes.
    """

    def __init__(
        self, address: RedisAddress, clock: Clock, *, key_prefix: str = "", draw: Callable[[], float] = random.random
    ) -> None:
        self._address = address
        self._clock = clock
        self._key_prefix = key_prefix
        self._draw = draw
        self._topology: RedisTopology | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._said_up: bool | None = None
        self._write_refusal: RedisRefusal | None = None
        self._write_again_at = 0.0
        self._refused_at = 0.0
        self._said_refused: str | None = None

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to connect; ``tasks`` owns what keeps the connections until ``close``."""
        maker = ServerMaker(dialer_of(self._address), self._clock, tasks, self._server_changed, self._draw)
        self._topology = self._make_topology(maker)
        self._keeper = tasks.create_task(self._topology.keep(self._say_what_changed), name="keep redis")

    async def close(self) -> None:
        """Close all connections; harmless when it was not started."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])

    async def wait_until_tried(self) -> None:
        """Come back once it is known whether Redis is there."""
        assert self._topology is not None, "start it first"
        await self._topology.tried.wait()

    @property
    def up(self) -> bool:
        """Whether Redis, or some server of a cluster, counts as there."""
        return any(server.is_up for server in self._servers)

    @property
    def state(self) -> LinkState:
        """For people who ask how it is."""
        refusal = self._write_refusal
        return LinkState(
            self.up,
            None if self.up else self._reason(),
            None if refusal is None else reason_for(refusal.error, self._address),
        )

    @property
    def offset(self) -> timedelta:
        """Redis time minus ours, to the millisecond; a cluster's first server's."""
        return next((server.offset for server in self._servers if server.is_up), timedelta(0))

    def offset_at(self, key: str) -> timedelta:
        """The same for the server that has this key."""
        server = self._server_of(key)
        return self.offset if server is None else server.offset

    async def read(self, key: str, *command: Word) -> Any:
        """The answer to a command about ``key``, within 50 ms. Raises RedisUnreachable or RedisRefusal."""
        return await self._as_reader(key, command)

    async def decide(self, key: str, *command: Word) -> Any:
        """The same for a command that may write and whose answer somebody waits for."""
        self._refuse_writes_that_would_fail()
        try:
            answer = await self._as_reader(key, command)
        except RedisRefusal as refusal:
            self._note_refused_write(refusal)
            raise
        self._note_write()
        return answer

    async def write(self, key: str, *command: Word, seconds: float = BEHIND_SECONDS) -> Any:
        """The answer to a command that writes, where nobody waits. Raises RedisUnreachable or RedisRefusal."""
        self._refuse_writes_that_would_fail()
        try:
            answer = await self.load(key, *command, seconds=seconds)
        except RedisRefusal as refusal:
            self._note_refused_write(refusal)
            raise
        self._note_write()
        return answer

    async def load(self, key: str, *command: Word, seconds: float = BEHIND_SECONDS) -> Any:
        """The answer to a command that reads, where nobody waits. Raises RedisUnreachable or RedisRefusal."""
        ends_at = self._clock.monotonic() + seconds

        async def ask(server: RedisServer, *commands: Command) -> Any:
            return await server.ask_behind(commands, self._seconds_until(ends_at))

        return await self._ask_owner(key, command, ask)

    def nodes(self) -> tuple[Node, ...]:
        """The servers that have data: one, or a cluster's masters. A Unix socket has its path for a host."""
        return tuple(server.node for server in self._servers)

    async def on_node(self, node: Node, *command: Word, seconds: float = BEHIND_SECONDS) -> Any:
        """The answer of this server, one of ``nodes``, to a command about no key, such as SCAN. Raises as ``load``."""
        server = None if self._topology is None else self._topology.server_at(node)
        if server is None:
            raise RedisUnreachable
        try:
            return await server.ask_behind((command,), seconds)
        except RedisRedirection as redirection:
            raise RedisUnreachable from redirection

    async def _as_reader(self, key: str, command: Command) -> Any:
        ends_at = self._clock.monotonic() + READ_SECONDS

        async def ask(server: RedisServer, *commands: Command) -> Any:
            return await server.read(key, commands, self._seconds_until(ends_at))

        return await self._ask_owner(key, command, ask)

    async def _ask_owner(self, key: str, command: Command, ask: Callable[..., Awaitable[Any]]) -> Any:
        server = self._server_of(key)
        if server is None:
            raise RedisUnreachable
        try:
            return await ask(server, command)
        except RedisRedirection as redirection:
            return await self._follow_once(redirection, command, ask)

    async def _follow_once(
        self, redirection: RedisRedirection, command: Command, ask: Callable[..., Awaitable[Any]]
    ) -> Any:
        assert self._topology is not None
        self._topology.look_again()
        server = self._topology.server_at(redirection.node)
        if server is None:
            raise RedisUnreachable from redirection
        try:
            return await ask(server, ("ASKING",), command) if redirection.asking else await ask(server, command)
        except RedisRedirection as again:
            raise RedisUnreachable from again

    def _seconds_until(self, ends_at: float) -> float:
        seconds = ends_at - self._clock.monotonic()
        if seconds <= 0:
            raise RedisUnreachable
        return seconds

    def _refuse_writes_that_would_fail(self) -> None:
        """One that is refused is enough until the next try."""
        if self._write_refusal is not None and self._clock.monotonic() < self._write_again_at:
            raise self._write_refusal

    def _note_refused_write(self, refusal: RedisRefusal) -> None:
        if refusal.code not in WRITE_REFUSALS:
            return
        if refusal.code == "READONLY" and self._topology is not None:
            self._topology.look_again()  # a master that has become a replica
        self._refused_at = self._clock.monotonic()
        self._write_again_at = self._refused_at + PROBE_EVERY_SECONDS
        if self._said_refused != refusal.code:
            self._said_refused = refusal.code
            log.warning("redis.refuses_writes", reason=reason_for(refusal.error, self._address))
        self._write_refusal = refusal

    def _note_write(self) -> None:
        self._write_refusal = None
        # A server that is nearly full takes small values between the large ones that it refuses.
        is_over = self._clock.monotonic() - self._refused_at >= WRITES_TRUSTED_AFTER_SECONDS
        if self._said_refused is not None and is_over:
            self._said_refused = None
            log.info("redis.takes_writes_again")

    def _server_changed(self) -> None:
        assert self._topology is not None
        if any(not server.is_up for server in self._servers):
            self._topology.look_again()  # there may be another master by now
        self._say_what_changed()

    def _say_what_changed(self) -> None:
        assert self._topology is not None
        if self.up == self._said_up or not (self.up or self._topology.tried.is_set()):
            return
        self._said_up = self.up
        if self.up:
            log.info("redis.available", address=self._address.shown)
        else:
            log.warning("redis.unavailable", reason=self._reason())
            log.info("redis.going_on_without")

    def _reason(self) -> Words:
        assert self._topology is not None
        troubles = [server.trouble for server in self._servers if server.trouble is not None]
        return reason_for(next(iter(troubles), self._topology.trouble), self._address)

    @property
    def _servers(self) -> Sequence[RedisServer]:
        return () if self._topology is None else self._topology.servers

    def _server_of(self, key: str) -> RedisServer | None:
        return None if self._topology is None else self._topology.server_of(key)

    def _make_topology(self, maker: ServerMaker) -> RedisTopology:
        address, probe_key = self._address, f"{self._key_prefix}probe"
        match address.topology:
            case Topology.SINGLE:
                node = Node(address.path, 0) if address.path else address.nodes[0]
                return OneServer(node, probe_key, maker)
            case Topology.SENTINEL:
                return SentinelMaster(address.nodes, address.master, sentinel_dialer_of(address), probe_key, maker)
            case Topology.CLUSTER:
                return ClusterMasters(address.nodes, maker.dialer, self._key_prefix, maker)
            case _:
                assert_never(address.topology)
