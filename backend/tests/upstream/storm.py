"""A small world in which everything goes wrong that may: machines, their processes, the server they share, upstream.

Time stands still until it is told to pass. What a process does stops at each step that could take time, at a gate, and
goes on in any order; a process that dies is never let through its gate. Every clock is wrong in its own way. Times are
eighths of a second, which a float holds exactly.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from dozor.domain.allowance import Wait
from dozor.domain.budget import Limits, MonthPeriod
from dozor.domain.lanes import Lane
from dozor.domain.machines import BookPage, Rules
from dozor.upstream import machine_state, spent
from dozor.upstream.accounts import Accounts, Charge
from dozor.upstream.ledger import Ledger
from dozor.upstream.shared_accounts import SharedAccounts

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

T = TypeVar("T")

RULES = Rules(forgotten_after=1e9)  # who is cut off for longer than that may overspend, and it is a day
LEDGER_SECONDS = 0.5  # how long each step may take at most
SHELF_SECONDS = 1.0
SENDING_SECONDS = 2.0
ANSWER_SECONDS = 10.0


class MachineClock:
    """Implements ``Clock``: what one machine takes the time for."""

    def __init__(self, world: World, booted_at: float, wall_offset: float) -> None:
        self._world = world
        self.booted_at = booted_at
        self.wall_offset = wall_offset

    def now(self) -> datetime:
        return self._world.begins + timedelta(seconds=self._world.time + self.wall_offset)

    def monotonic(self) -> float:
        return self._world.time - self.booted_at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


class OpenFile:
    """As ``LedgerFile``, in memory."""

    def __init__(self) -> None:
        self.openings = 1
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        spent.create(self._database)
        machine_state.create(self._database)

    def connection(self) -> sqlite3.Connection:
        return self._database

    def close(self) -> None:
        self._database.close()


class GatedLedger(Ledger):
    """The real one but for its thread and its disk: one process's view of its machine's."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._resets_on = 1
        self._clock = process.machine.clock
        self._file = process.machine.file  # type: ignore[assignment]
        self._usable = True

    async def _in_thread(self, work: Callable[[], T]) -> T:
        await self._process.gate(LEDGER_SECONDS)
        result = work()
        await self._process.gate(LEDGER_SECONDS)
        return result


class ServerShelf:
    """Implements ``BookShelf``: one process's connection to the server."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._server = process.machine.world.server

    @property
    def is_up(self) -> bool:
        return self._process.sees_server

    async def wait_until_tried(self) -> None: ...

    async def read(self) -> BookPage | None:
        if not await self._process.gate(SHELF_SECONDS) or self._process.is_cut_off():
            return None
        page = self._server.read()
        if not await self._process.gate(SHELF_SECONDS) or self._process.is_cut_off():
            return None
        return page

    async def write(self, page: BookPage, body: bytes, valid_for: float) -> bool | None:
        if self._process.is_cut_off():
            return None
        if not await self._process.gate(SHELF_SECONDS):
            self._server.on_the_way.append((page, body, valid_for))
            return None
        if self._process.is_cut_off():
            return None
        written = self._server.write(page, body, valid_for)
        if not await self._process.gate(SHELF_SECONDS) or self._process.is_cut_off():
            return None
        return written


class Server:
    """Keeps the book, as Redis does: with a clock of its own, and older copies of it elsewhere."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.offset = 5000.0
        self.name = "run 1"
        self.stamp = ""
        self.body = b""
        self.writes = 0
        self.copies: list[tuple[str, bytes]] = []
        self.on_the_way: list[tuple[BookPage, bytes, float]] = []

    @property
    def time(self) -> float:
        return self._world.time + self.offset

    def read(self) -> BookPage:
        return BookPage(self.name, self.time, self.stamp, self.body)

    def write(self, page: BookPage, body: bytes, valid_for: float) -> bool:
        if (page.server, page.stamp) != (self.name, self.stamp) or not 0 <= self.time - page.server_time <= valid_for:
            return False
        self.writes += 1
        self.copies = [*self.copies[-20:], (self.stamp, self.body)]
        self.stamp, self.body = f"{self.writes}", body
        return True

    def deliver_late(self) -> None:
        late, self.on_the_way = self.on_the_way, []
        for page, body, valid_for in late:
            self.write(page, body, valid_for)

    def flush(self) -> None:
        self.stamp, self.body = "", b""

    def fail_over(self, back: int, offset: float) -> None:
        copies = [*self.copies, (self.stamp, self.body)]
        self.stamp, self.body = copies[-1 - back % len(copies)]
        self.writes += 1
        self.name = f"run {self.writes + 1}"
        self.offset = offset


@dataclass(eq=False)
class Gate:
    process: Process
    until: float
    opened: asyncio.Future[bool]


@dataclass(eq=False)
class Sent:
    """One call as upstream may see it: it arrived at any instant from ``at`` to ``ended``."""

    machine: int
    at: float
    ended: float
    charge: Charge


@dataclass(eq=False)
class Process:
    machine: Machine
    number: int
    sees_server: bool = True
    cut: bool = False
    lives: bool = True
    touches_at: float = 0.0
    is_touching: bool = False
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    under_way: list[tuple[Charge, Sent, asyncio.Future[float]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        world = self.machine.world
        ledger = GatedLedger(self)
        self.accounts: Accounts
        if world.is_shared:
            self.accounts = SharedAccounts(
                ledger,
                world.limits,
                self.machine.clock,
                ServerShelf(self),
                self.machine.name,
                machines=len(world.machines_named),
                rules=RULES,
            )
        else:
            self.accounts = Accounts(ledger, world.limits, self.machine.clock, rules=RULES)

    def is_cut_off(self) -> bool:
        """Whether it cannot reach the server; once it has tried, it knows."""
        is_cut = self.cut or self.machine.cut or self.machine.world.server_is_lost
        self.sees_server = self.sees_server and not is_cut
        return is_cut

    async def gate(self, seconds: float) -> bool:
        """Whether it was passed in time."""
        world = self.machine.world
        if not self.lives:
            await asyncio.get_running_loop().create_future()
        if world.is_calm:
            return True
        gate = Gate(self, world.time + seconds, asyncio.get_running_loop().create_future())
        world.gates.append(gate)
        try:
            return await gate.opened
        finally:
            if gate in world.gates:
                world.gates.remove(gate)

    async def call(self, lane: Lane) -> None:
        world = self.machine.world
        asked_at = world.time
        was_paused_until = self.machine.paused_until
        try:
            outcome = await self.accounts.charge(lane, "f")
        except BaseException:
            world.outcomes["cancelled"] += 1
            raise
        if isinstance(outcome, Wait):
            world.outcomes[outcome.shortage.value] += 1
            assert outcome.chances
            return
        if asked_at < was_paused_until:
            world.broken_pauses.append(f"machine {self.machine.number} at {asked_at} before {was_paused_until}")
        try:
            await self.gate(SENDING_SECONDS)
        except asyncio.CancelledError:
            await self.accounts.withdraw(outcome)
            raise
        sent = Sent(self.machine.number, world.time, world.time + ANSWER_SECONDS, outcome)
        world.send(sent)
        answered: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        flight = (outcome, sent, answered)
        self.under_way.append(flight)
        try:
            pause = await answered
            if pause:
                until = world.time + pause
                await self.accounts.refused(outcome, pause)
                self.machine.paused_until = max(self.machine.paused_until, until)
            elif outcome.is_probe:
                await self.accounts.answered(outcome)
        finally:
            sent.ended = min(sent.ended, world.time)
            if flight in self.under_way:
                self.under_way.remove(flight)
            await self.accounts.end(outcome)

    async def touch(self) -> None:
        assert isinstance(self.accounts, SharedAccounts)
        self.is_touching = True
        try:
            await self.accounts.touch()
        finally:
            self.is_touching = False

    def start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(self.machine.world.note_failure)
        return task

    def die(self) -> None:
        """As by kill -9: nothing that it was about to do is done."""
        self.lives = False
        world = self.machine.world
        world.gates = [gate for gate in world.gates if gate.process is not self]
        self.under_way.clear()
        world.dead.append(self)


class Machine:
    def __init__(self, world: World, number: int, processes: int) -> None:
        self.world = world
        self.number = number
        self.name = f"machine{number}"
        self.cut = False
        self.clock = MachineClock(world, world.time - 1000.0 * (number + 1), 0.0)
        self.file = OpenFile()
        self.paused_until = 0.0
        self.processes = [Process(self, place) for place in range(processes)]

    def restart(self, place: int) -> None:
        self.processes[place].die()
        self.processes[place] = Process(self, place)

    def reboot(self) -> None:
        for process in self.processes:
            process.die()
        self.clock = MachineClock(self.world, self.world.time - 1.0, self.clock.wall_offset)
        self.processes = [Process(self, place) for place in range(len(self.processes))]


class World:
    def __init__(
        self, *, machines: int, processes: int, limits: Limits, begins: datetime, is_shared: bool = True
    ) -> None:
        self.begins = begins
        self.time = 0.0
        self.limits = limits
        self.is_shared = is_shared
        self.is_calm = True
        self.server_is_lost = False
        self.gates: list[Gate] = []
        self.dead: list[Process] = []
        self.sent: list[Sent] = []
        self.outcomes: Counter[str] = Counter()
        self.failures: list[BaseException] = []
        self.broken_pauses: list[str] = []
        self.server = Server(self)
        self.machines_named = range(machines)
        self.machines = [Machine(self, number, processes) for number in range(machines)]

    @property
    def processes(self) -> list[Process]:
        return [process for machine in self.machines for process in machine.processes]

    @property
    def now(self) -> datetime:
        return self.begins + timedelta(seconds=self.time)

    def send(self, sent: Sent) -> None:
        self.sent.append(sent)

    def note_failure(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failures.append(error)

    # What can happen.

    def heal(self) -> None:
        self.server_is_lost = False
        for machine in self.machines:
            machine.cut = False
        for process in self.processes:
            process.cut, process.sees_server = False, True

    async def turn(self) -> None:
        """Let everybody run who can, up to the next gate."""
        for _ in range(3):
            await asyncio.sleep(0)
        if self.failures:
            raise self.failures[0]

    async def let_through(self, gate: Gate, *, in_time: bool = True) -> None:
        self.gates.remove(gate)
        if not gate.opened.done():
            gate.opened.set_result(in_time)
        await self.turn()

    async def finish(self) -> None:
        """Everything that is under way here, but not upstream, comes to its end."""
        while self.gates:
            await self.let_through(self.gates[0])
        await self.turn()

    async def calmly(self, work: Callable[[], Coroutine[object, object, None]], process: Process) -> None:
        await self.finish()
        was_calm, self.is_calm = self.is_calm, True
        process.start(work())
        await self.turn()
        self.is_calm = was_calm

    async def answer(self, process: Process, place: int, pause: float = 0.0) -> None:
        if process.under_way:
            _, _, answered = process.under_way[place % len(process.under_way)]
            if not answered.done():
                answered.set_result(pause)
            await self.turn()

    async def pass_time(self, seconds: float) -> None:
        """Nothing takes longer than it may, and who lives keeps in touch."""
        end = self.time + seconds
        while True:
            deadlines = [gate.until for gate in self.gates]
            deadlines += [sent.ended for process in self.processes for _, sent, _ in process.under_way]
            if self.is_shared:
                deadlines += [one.touches_at for one in self.processes if one.sees_server and not one.is_touching]
            at = min([end, *(deadline for deadline in deadlines if deadline > self.time)])
            if at > self.time:
                self.time = at
                self.server.deliver_late()
            for gate in [gate for gate in self.gates if gate.until <= self.time]:
                if gate in self.gates:
                    await self.let_through(gate, in_time=False)
            for process in self.processes:
                for _, sent, answered in list(process.under_way):
                    if sent.ended <= self.time and not answered.done():
                        answered.set_result(0.0)
                is_due = process.touches_at <= self.time and not process.is_touching
                if self.is_shared and is_due and process.sees_server:
                    process.touches_at = self.time + RULES.heard_every
                    process.start(process.touch())
            await self.turn()
            if at >= end and all(gate.until > self.time for gate in self.gates):
                return

    async def close(self) -> None:
        tasks = [task for process in [*self.processes, *self.dead] for task in process.tasks]
        for process in self.processes:
            process.lives = False
        self.is_calm = True
        for task in tasks:
            task.cancel()
        for _ in range(10):
            for task in tasks:
                task.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        for machine in self.machines:
            machine.file.close()

    # What upstream may have seen.

    def worst_minute(self) -> int:
        """The most calls that any 60 seconds may have seen, each having arrived when it is worst.

        No window holds more than one that begins when some call ends: begun earlier, it loses those sent later.
        """
        return max(
            (
                sum(one.ended >= first.ended and one.at < first.ended + RULES.span for one in self.sent)
                for first in self.sent
            ),
            default=0,
        )

    def worst_month(self) -> int:
        months: Counter[object] = Counter()
        for sent in self.sent:
            for at in {
                MonthPeriod.around(self.begins + timedelta(seconds=instant), 1).start
                for instant in (sent.at, sent.ended)
            }:
                months[at] += 1
        return max(months.values(), default=0)


@contextmanager
def a_loop() -> Iterator[asyncio.Runner]:
    # A loop of its own that never becomes the thread's: the other tests' loop lives on.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        yield runner


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
