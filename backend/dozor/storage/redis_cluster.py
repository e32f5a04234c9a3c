"""The masters of a cluster, and which of them has a key: as the cluster tells it, asked again when it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from redis.exceptions import InvalidResponse

from dozor.storage.bell import Bell
from dozor.storage.redis_address import Node
from dozor.storage.redis_dial import Dialer
from dozor.storage.redis_errors import NoMap, RedisRedirection, RedisRefusal, RedisUnreachable
from dozor.storage.redis_server import PROBE_EVERY_SECONDS, RedisServer
from dozor.storage.redis_slots import SLOTS, slot_of, tag_of
from dozor.storage.redis_topology import RunningServer, ServerMaker
from dozor.storage.redis_wire import Command

LOOK_EVERY_SECONDS = PROBE_EVERY_SECONDS
LOOK_AGAIN_AFTER_SECONDS = 0.2  # while slots move, every reader of one rings
ANSWER_SECONDS = 2.0
MAP: Command = ("CLUSTER", "SLOTS")

_Range: TypeAlias = tuple[range, Node]


class ClusterMasters:
    """All masters of a cluster, found by any of ``seeds``. ``key_prefix`` is that of the keys that probes may read."""

    def __init__(self, seeds: Sequence[Node], dialer: Dialer, key_prefix: str, maker: ServerMaker) -> None:
        self._seeds = tuple(seeds)
        self._dialer = dialer
        self._key_prefix = key_prefix
        self._maker = maker
        self._bell = Bell()
        self._running: dict[Node, RunningServer] = {}
        self._owners: list[Node | None] = [None] * SLOTS
        self.tried = asyncio.Event()
        self.trouble: BaseException | None = None

    @property
    def servers(self) -> Sequence[RedisServer]:
        """See ``RedisTopology.servers``."""
        return tuple(running.server for running in self._running.values())

    def server_of(self, key: str) -> RedisServer | None:
        """See ``RedisTopology.server_of``."""
        owner = self._owners[slot_of(key)]
        return None if owner is None else self.server_at(owner)

    def server_at(self, node: Node) -> RedisServer | None:
        """See ``RedisTopology.server_at``."""
        running = self._running.get(node)
        return None if running is None else running.server

    def look_again(self) -> None:
        """See ``RedisTopology.look_again``."""
        self._bell.ring()

    async def keep(self, looked: Callable[[], None]) -> None:
        """See ``RedisTopology.keep``."""
        try:
            while True:
                try:
                    self._adopt(await self._ask_anybody())
                    self.trouble = None
                except NoMap as error:
                    self.trouble = error
                if not self.tried.is_set():
                    for server in self.servers:
                        await server.tried.wait()
                    self.tried.set()
                looked()
                if await self._bell.heard(LOOK_EVERY_SECONDS):
                    await self._maker.clock.sleep(LOOK_AGAIN_AFTER_SECONDS)
        finally:
            for running in self._running.values():
                running.stop()

    def _adopt(self, ranges: list[_Range]) -> None:
        owners: list[Node | None] = [None] * SLOTS
        first_slots: dict[Node, int] = {}
        for slots, node in ranges:
            owners[slots.start : slots.stop] = [node] * len(slots)
            first_slots.setdefault(node, slots.start)
        for node, slot in first_slots.items():
            probe_key = f"{self._key_prefix}{{{tag_of(slot)}}}probe"
            if node in self._running:
                self._running[node].server.probe_key = probe_key
            else:
                self._running[node] = self._maker.make(node, probe_key, in_cluster=True)
        for node in self._running.keys() - first_slots.keys():
            self._running.pop(node).stop()
        self._owners = owners

    async def _ask_anybody(self) -> list[_Range]:
        for server in self.servers:
            try:
                return _ranges(server.node, await server.ask_behind((MAP,), ANSWER_SECONDS))
            except (RedisUnreachable, RedisRefusal, RedisRedirection, InvalidResponse):
                continue
        known = dict.fromkeys((*self._running, *self._seeds))
        answers = await asyncio.gather(*map(self._ask, known), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, list) and answer:
                return answer
        raise NoMap from next((answer for answer in answers if isinstance(answer, Exception)), None)

    async def _ask(self, node: Node) -> list[_Range]:
        wire = await self._dialer.dial(node)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return _ranges(node, await wire.ask(MAP))
        finally:
            wire.abort()


def _ranges(asked: Node, answer: Any) -> list[_Range]:
    try:
        return [
            # No host: the one that was asked.
            (range(first, last + 1), Node(master[0].decode() if master[0] else asked.host, int(master[1])))
            for first, last, master, *_ in answer
        ]
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        raise InvalidResponse("no cluster answers CLUSTER SLOTS so") from error
