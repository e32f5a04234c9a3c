"""The master that sentinels name: who it is now, and following it when it changes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from dozor.storage.bell import Bell
from dozor.storage.redis_address import Node
from dozor.storage.redis_dial import Dialer
from dozor.storage.redis_errors import NoSentinel, UnknownMaster
from dozor.storage.redis_server import PROBE_EVERY_SECONDS, RedisServer
from dozor.storage.redis_topology import RunningServer, ServerMaker

LOOK_EVERY_SECONDS = PROBE_EVERY_SECONDS
LOOK_AGAIN_AFTER_SECONDS = 0.5  # sentinels need some time to agree: asking faster brings nothing
ANSWER_SECONDS = 2.0


class SentinelMaster:
    """One server at a time: the master called ``name``."""

    def __init__(
        self, sentinels: Sequence[Node], name: str, dialer: Dialer, probe_key: str, maker: ServerMaker
    ) -> None:
        self._sentinels = tuple(sentinels)
        self._name = name
        self._dialer = dialer
        self._probe_key = probe_key
        self._maker = maker
        self._bell = Bell()
        self._running: RunningServer | None = None
        self.tried = asyncio.Event()
        self.trouble: BaseException | None = None

    @property
    def servers(self) -> Sequence[RedisServer]:
        """See ``RedisTopology.servers``."""
        return () if self._running is None else (self._running.server,)

    def server_of(self, key: str) -> RedisServer | None:  # the master has all of them
        """See ``RedisTopology.server_of``."""
        return None if self._running is None else self._running.server

    def server_at(self, node: Node) -> RedisServer | None:
        """See ``RedisTopology.server_at``."""
        server = self.server_of("")
        return server if server is not None and server.node == node else None

    def look_again(self) -> None:
        """See ``RedisTopology.look_again``."""
        self._bell.ring()

    async def keep(self, looked: Callable[[], None]) -> None:
        """See ``RedisTopology.keep``."""
        try:
            while True:
                try:
                    await self._follow(await self._named_master())
                    self.trouble = None
                except (NoSentinel, UnknownMaster) as error:
                    self.trouble = error
                self.tried.set()
                looked()
                if await self._bell.heard(LOOK_EVERY_SECONDS):
                    await self._maker.clock.sleep(LOOK_AGAIN_AFTER_SECONDS)
        finally:
            if self._running is not None:
                self._running.stop()

    async def _follow(self, master: Node) -> None:
        before = self._running
        if before is not None and before.server.node == master:
            return
        after = self._maker.make(master, self._probe_key, must_be_master=True)
        if before is not None:
            await after.server.tried.wait()
            if before.server.is_up and not after.server.is_up:
                after.stop()  # named too early: the one before serves on
                return
            before.stop()
        self._running = after
        await after.server.tried.wait()

    async def _named_master(self) -> Node:
        """Whom most of the sentinels name: one that was cut off may still name the master before."""
        answers = await asyncio.gather(*map(self._ask, self._sentinels), return_exceptions=True)
        named = Counter(answer for answer in answers if isinstance(answer, Node))
        if named:
            return named.most_common(1)[0][0]
        failures = [answer for answer in answers if isinstance(answer, Exception)]
        if None in answers:
            raise UnknownMaster(self._name)
        raise NoSentinel from failures[0]

    async def _ask(self, sentinel: Node) -> Node | None:
        wire = await self._dialer.dial(sentinel)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await wire.ask(("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._name))
        finally:
            wire.abort()
        # An answer of another shape raises what it raises: this sentinel names nobody.
        return None if answer is None else Node(answer[0].decode(), int(answer[1]))
