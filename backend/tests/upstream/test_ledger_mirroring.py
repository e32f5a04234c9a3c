"""A copy of the month's count: behind every call, and what a ledger that has lost its own gets back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from dozor.domain.errors import BudgetExhausted
from dozor.upstream.ledger import Ledger
from dozor.upstream.mirroring import Mirroring
from fakes import FakeClock
from running_dozor import until

if TYPE_CHECKING:
    from pathlib import Path

    from dozor.domain.budget import MonthPeriod

NOVEMBER = date(2026, 11, 1)
PATIENCE_S = 20


class Memory:
    """Remembers as Redis does; may be away."""

    def __init__(self) -> None:
        self.is_away = False
        self.counts: dict[date, int] = {}
        self.kept: list[int] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked = asyncio.Condition()

    async def keep(self, period: MonthPeriod, used: int) -> bool:
        await self._answer()
        if not self.is_away:
            self.kept.append(used)
            self.counts[period.start] = max(used, self.counts.get(period.start, 0))
        return not self.is_away

    async def recall(self, period: MonthPeriod) -> int | None:
        await self._answer()
        return None if self.is_away else self.counts.get(period.start)

    async def holds(self, used: int) -> None:
        async def does() -> bool:
            return self.counts.get(NOVEMBER) == used

        await until(does, PATIENCE_S)

    async def _answer(self) -> None:
        async with self.asked:
            self.asked.notify_all()
        await self.may_answer.wait()

    async def is_asked(self) -> None:
        async with self.asked, asyncio.timeout(PATIENCE_S):
            await self.asked.wait()


@asynccontextmanager
async def mirrored(path: Path, memory: Memory, *, per_month: int = 100) -> AsyncIterator[Ledger]:
    clock = FakeClock(datetime(2026, 11, 22, tzinfo=UTC))
    async with Ledger(path, per_month=per_month, resets_on=1, clock=clock) as ledger, asyncio.TaskGroup() as tasks:
        mirroring = Mirroring(ledger, memory)
        mirroring.start(tasks)
        try:
            yield ledger
        finally:
            await mirroring.close()


async def until_known(ledger: Ledger) -> None:
    async def is_known() -> bool:
        return (await ledger.count()).is_known

    await until(is_known, PATIENCE_S)


async def test_every_call_is_copied_behind(tmp_path: Path) -> None:
    memory = Memory()
    async with mirrored(tmp_path / "ledger.db", memory) as ledger:
        for calls in (1, 2, 3):
            await ledger.charge()
            await memory.holds(calls)


async def test_memory_that_hangs_delays_no_call_and_gets_all_of_them_in_one_copy(tmp_path: Path) -> None:
    memory = Memory()
    async with mirrored(tmp_path / "ledger.db", memory) as ledger:
        await memory.holds(0)
        memory.may_answer.clear()
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(50):
                await ledger.charge()
        memory.may_answer.set()
        await memory.holds(50)
    assert len(memory.kept) < 10


async def test_count_from_before_is_copied_by_the_start_alone(tmp_path: Path) -> None:
    memory = Memory()
    async with mirrored(tmp_path / "ledger.db", memory) as ledger:
        await ledger.charge()
        await memory.holds(1)
    memory.counts.clear()  # flushed
    async with mirrored(tmp_path / "ledger.db", memory):
        await memory.holds(1)


async def test_memory_that_comes_back_gets_the_count_without_a_further_call(tmp_path: Path) -> None:
    memory = Memory()
    memory.is_away = True
    async with mirrored(tmp_path / "ledger.db", memory) as ledger:
        await ledger.charge()
        await memory.is_asked()
        memory.is_away = False
        await memory.holds(1)


async def test_stop_copies_the_last_call(tmp_path: Path) -> None:
    memory = Memory()
    async with mirrored(tmp_path / "ledger.db", memory) as ledger:
        await memory.holds(0)
        await ledger.charge()
    assert memory.counts == {NOVEMBER: 1}


async def test_damaged_ledger_gets_its_count_back_and_goes_on_copying(tmp_path: Path) -> None:
    memory, path = Memory(), tmp_path / "ledger.db"
    memory.counts[NOVEMBER] = 40
    path.write_bytes(b"no database" * 100)
    async with mirrored(path, memory) as ledger:
        await until_known(ledger)
        await ledger.charge()
        assert (await ledger.usage()).used == 41
        await memory.holds(41)


async def test_memory_that_comes_later_opens_the_month_then(tmp_path: Path) -> None:
    memory, path = Memory(), tmp_path / "ledger.db"
    memory.counts[NOVEMBER] = 40
    memory.is_away = True
    path.write_bytes(b"no database" * 100)
    async with mirrored(path, memory) as ledger:
        await memory.is_asked()
        with pytest.raises(BudgetExhausted):
            await ledger.charge()
        memory.is_away = False
        await until_known(ledger)
        await ledger.charge()


async def test_memory_without_a_count_leaves_the_month_spent_and_is_told_nothing(tmp_path: Path) -> None:
    """A zero copied now would be recalled a moment later as all that was ever used."""
    memory, path = Memory(), tmp_path / "ledger.db"
    path.write_bytes(b"no database" * 100)
    async with mirrored(path, memory, per_month=0) as ledger:
        await ledger.charge()
        for _ in range(2):
            await memory.is_asked()
        assert not (await ledger.count()).is_known
    assert memory.kept == []
