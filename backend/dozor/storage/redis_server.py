"""One Redis server: connections to it, one task that keeps them and probes it, and the gate in front of its readers.

Connections are made only by the keeper, never by a reader: whoever finds none waits for one within his own time, or not
at all. The probe reads as readers do, so that whatever stops them stops it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.exceptions import AskError, InvalidResponse, MovedError, RedisError, ResponseError

from dozor.clock import Clock
from dozor.storage.bell import Bell
from dozor.storage.redis_address import Node
from dozor.storage.redis_breaker import Breaker
from dozor.storage.redis_clock import ClockOffset
from dozor.storage.redis_dial import NO_CONNECTION, Dialer
from dozor.storage.redis_errors import (
    WRITE_REFUSALS,
    NotMaster,
    RedisRedirection,
    RedisRefusal,
    RedisUnreachable,
    TooSlow,
    Unfit,
    code_of,
)
from dozor.storage.redis_lane import Lane
from dozor.storage.redis_wire import Command, Wire

READ_SECONDS = 0.05
HUNG_AFTER_SECONDS = 0.01  # the oldest unanswered read is this old: whoever comes now does not wait
PROBE_SECONDS = 2.0
PROBE_EVERY_SECONDS = 5.0
AGAIN_AFTER_SECONDS = 0.5  # between the failures that open the breaker: a quick restart goes unnoticed
PROBES_FOR_SPEED = 3
JITTER = 0.2  # many processes must not probe together

READERS = 4
BEHIND = 2

ONE_KEY = frozenset({"WRONGTYPE", "NOSCRIPT", "TRYAGAIN", "CROSSSLOT"})
"""Replies to a read that say nothing about the next one."""


class RedisServer:
    """Ask a server, within bounds; ``keep`` must run meanwhile. One instance per loop.

    ``probe_key`` is read by the probe, and need not exist. ``on_change`` is called after each probe, and when reads
    have opened the breaker.
    """

    def __init__(
        self,
        node: Node,
        dialer: Dialer,
        clock: Clock,
        *,
        probe_key: str,
        on_change: Callable[[], None],
        draw: Callable[[], float],
        must_be_master: bool = False,
        in_cluster: bool = False,
    ) -> None:
        self.node = node
        self.probe_key = probe_key
        self.tried = asyncio.Event()
        self._dialer = dialer
        self._clock = clock
        self._on_change = on_change
        self._draw = draw
        self._must_be_master = must_be_master
        self._in_cluster = in_cluster
        self._bell = Bell()
        self._breaker = Breaker()
        self._offset = ClockOffset()
        self._probe_wire: Wire | None = None
        self._readers = Lane(READERS, self._bell.ring)
        self._behind = Lane(BEHIND, self._bell.ring)
        self._unanswered: dict[object, float] = {}

    @property
    def is_up(self) -> bool:
        """Whether it counts as there."""
        return self._breaker.is_closed

    @property
    def trouble(self) -> BaseException | None:
        """Why it does not; ``None`` when it does, or was not tried yet."""
        return self._breaker.trouble

    @property
    def offset(self) -> timedelta:
        """Its clock minus ours."""
        return self._offset.value

    async def read(self, key: str, commands: tuple[Command, ...], seconds: float = READ_SECONDS) -> Any:
        """Ask as a reader does: within ``seconds`` in all, and not at all where an answer is not to be expected.

        Raises RedisUnreachable, RedisRefusal or RedisRedirection.
        """
        now = self._clock.monotonic()
        oldest = next(iter(self._unanswered.values()), now)
        if not self._breaker.is_passing or now - oldest >= HUNG_AFTER_SECONDS:
            raise RedisUnreachable
        turn = object()
        self._unanswered[turn] = now
        try:
            answer = await self._ask(self._readers, commands, seconds, self._read_failed)
        except ResponseError as error:
            raise self._refusal(error, key) from None
        finally:
            del self._unanswered[turn]
        self._breaker.read_answered()
        return answer

    async def ask_behind(self, commands: tuple[Command, ...], seconds: float) -> Any:
        """Ask where nobody waits. Raises as ``read`` does, and says nothing to the breaker."""
        if not self._breaker.is_passing:
            raise RedisUnreachable
        try:
            return await self._ask(self._behind, commands, seconds, self._doubt)
        except ResponseError as error:
            if self._in_cluster and isinstance(error, AskError):
                raise self._redirection(error) from None
            raise RedisRefusal(error) from None

    async def keep(self) -> None:
        """Probe, connect and connect again, until cancelled."""
        try:
            while True:
                await self._try()
                self.tried.set()
                self._on_change()
                if self._breaker.is_passing:
                    await self._fill_lanes()
                while await self._bell.heard(self._pause()):
                    if self._breaker.is_closed:
                        break
                    self._on_change()  # readers opened it: the next probe keeps to its time
        finally:
            self._close()

    async def _ask(
        self, lane: Lane, commands: tuple[Command, ...], seconds: float, failed: Callable[[BaseException], None]
    ) -> Any:
        asked = False
        try:
            async with asyncio.timeout(seconds), lane.borrowed() as wire:
                asked = True
                return await wire.ask(*commands)
        except ResponseError:
            raise
        except NO_CONNECTION as error:
            if isinstance(error, RedisError) and code_of(error):  # NOAUTH, LOADING: answers all the same
                failed(error)
                raise RedisRefusal(error) from error
            if asked:
                failed(error)
            raise RedisUnreachable from error

    def _refusal(self, error: ResponseError, key: str) -> Exception:
        """What a reader's answer means that is an error; the breaker is told."""
        if isinstance(error, AskError):
            if self._in_cluster:
                return self._redirection(error)
            self.probe_key = key  # one server of a cluster has some keys: probe by one that it has not
        refusal = RedisRefusal(error)
        if refusal.code not in ONE_KEY | WRITE_REFUSALS:
            self._read_failed(error)
        return refusal

    def _redirection(self, error: AskError) -> RedisRedirection:
        host = error.host or self.node.host  # empty: the one that was asked
        return RedisRedirection(Node(host, error.port), asking=not isinstance(error, MovedError))

    def _read_failed(self, error: BaseException) -> None:
        self._breaker.read_failed(error)
        self._readers.send_away()
        self._bell.ring()

    def _doubt(self, _: BaseException) -> None:
        self._breaker.doubt()
        self._readers.send_away()
        self._bell.ring()

    async def _try(self) -> None:
        try:
            wire = self._probe_wire
            if wire is None or not await wire.is_clean():
                self._hang_up()
                wire = self._probe_wire = await self._dialer.dial(self.node)
            async with asyncio.timeout(PROBE_SECONDS):
                await self._probe(wire)
            if self._readers.missing == READERS:
                self._readers.add(await self._dialer.dial(self.node))
        except (*NO_CONNECTION, Unfit) as error:
            self._breaker.probe_failed(error)
            self._hang_up()
            self._readers.clear()
            self._behind.clear()
        else:
            self._breaker.probe_answered()

    async def _probe(self, wire: Wire) -> None:
        """Raises what makes this server one that we cannot use."""
        if self._must_be_master:
            role = await wire.ask(("ROLE",))
            if not isinstance(role, list) or role[:1] != [b"master"]:
                raise NotMaster
        for _ in range(PROBES_FOR_SPEED):
            seconds = await self._read_for_proof(wire)
            if seconds <= READ_SECONDS:
                break
        else:
            raise TooSlow(seconds)
        await self._measure_clock(wire)

    async def _read_for_proof(self, wire: Wire) -> float:
        began = self._clock.monotonic()
        try:
            value = await wire.ask(("GETRANGE", self.probe_key, 0, 0))
            if not isinstance(value, bytes):
                raise InvalidResponse("no Redis answers GETRANGE so")
        except ResponseError as error:
            if not (code_of(error) in ONE_KEY or (self._in_cluster and isinstance(error, AskError))):
                raise
        return self._clock.monotonic() - began

    async def _measure_clock(self, wire: Wire) -> None:
        asked_at, began = self._clock.now(), self._clock.monotonic()
        try:
            answer = await wire.ask(("TIME",))
        except ResponseError:
            return  # a user who may not ask this: then the clocks had better agree
        round_trip = timedelta(seconds=self._clock.monotonic() - began)
        try:
            seconds, microseconds = (int(number.decode()) for number in answer)
            at = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)
        except (TypeError, AttributeError, ValueError, OverflowError, OSError) as error:
            raise InvalidResponse("no Redis answers TIME so") from error
        self._offset.measured(asked_at, at, round_trip)

    async def _fill_lanes(self) -> None:
        with contextlib.suppress(*NO_CONNECTION):  # fewer will do until the next probe, if there is no room for more
            for lane in (self._readers, self._behind):
                while lane.missing > 0:
                    lane.add(await self._dialer.dial(self.node))

    def _pause(self) -> float:
        if self._breaker.is_closed and not self._breaker.is_passing:
            return AGAIN_AFTER_SECONDS
        return PROBE_EVERY_SECONDS * (1 - JITTER + 2 * JITTER * self._draw())

    def _hang_up(self) -> None:
        if self._probe_wire is not None:
            self._probe_wire.abort()
            self._probe_wire = None

    def _close(self) -> None:
        self._breaker.doubt()
        self._hang_up()
        self._readers.close()
        self._behind.close()
