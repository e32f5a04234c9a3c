"""The minute that a restart does not forget and processes share."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_server import ScriptedServer

from dozor.domain.errors import BudgetExhausted
from dozor.domain.lanes import Asker, Lane
from dozor.upstream import minute
from dozor.upstream.admission import Admission
from dozor.upstream.ledger import Ledger
from dozor.upstream.minute import MinuteRule
from fakes import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

SOMEBODY = Asker(Lane.PERSON, "app")
RULE = MinuteRule(1, timedelta(seconds=60))
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

SIX_QUESTIONS = """
import asyncio, sys
from pathlib import Path
from dozor.clock import SystemClock
from dozor.domain.errors import BudgetExhausted
from dozor.domain.lanes import Asker, Lane
from dozor.market.ports import BodyShape, Call
from dozor.upstream.admission import Admission
from dozor.upstream.breaker import Breaker
from dozor.upstream.client import UpstreamClient
from dozor.upstream.ledger import Ledger
from dozor.upstream.transport import Transport

async def main():
    clock = SystemClock()
    async with Ledger(Path(sys.argv[1]), per_month=0, resets_on=1, clock=clock) as ledger, Transport(sys.argv[2]) as it:
        admission = Admission(per_minute=5, ledger=ledger, clock=clock)
        client = UpstreamClient(transport=it, admission=admission, breaker=Breaker(), clock=clock)
        for _ in range(int(sys.argv[3])):
            try:
                await client.fetch(Call("/ping", (), BodyShape.OBJECT, Asker(Lane.PERSON, "owner"), "ping"))
            except BudgetExhausted:
                pass
        print("asked", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_minute_is_kept_by_processes_that_are_killed_started_again_and_run_side_by_side(tmp_path: Path) -> None:
    async with ScriptedServer() as server:

        async def process(questions: int) -> asyncio.subprocess.Process:
            arguments = (str(tmp_path / "ledger.db"), server.origin, str(questions))
            return await asyncio.create_subprocess_exec(
                sys.executable, "-c", SIX_QUESTIONS, *arguments, stdout=asyncio.subprocess.PIPE
            )

        async def asks_and_is_killed(questions: int) -> None:
            running = await process(questions)
            assert running.stdout is not None
            try:
                assert (await asyncio.wait_for(running.stdout.readline(), 60)).strip() == b"asked"
            finally:
                running.kill()
                await running.communicate()

        await asks_and_is_killed(2)
        await asks_and_is_killed(6)
        await asyncio.gather(asks_and_is_killed(6), asks_and_is_killed(6))
        assert len(server.requests) == 4


async def test_second_process_waits_for_the_shared_slot_or_is_refused_at_once(tmp_path: Path) -> None:
    class HurriedClock(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await self.advance(max(0.0, seconds))

    clock, path = HurriedClock(), tmp_path / "ledger.db"
    async with (
        Ledger(path, per_month=0, resets_on=1, clock=clock) as one,
        Ledger(path, per_month=0, resets_on=1, clock=clock) as other,
    ):
        async with Admission(per_minute=1, ledger=one, clock=clock).permit(SOMEBODY, "ping") as permit:
            permit.spend()
        free_at = clock.now() + timedelta(seconds=60)
        second = Admission(per_minute=1, ledger=other, clock=clock)
        with pytest.raises(BudgetExhausted) as refusal:
            async with second.permit(SOMEBODY, "ping"):
                raise AssertionError("no slot is free")
        assert (refusal.value.window, refusal.value.retry_at) == ("minute", free_at)
        assert (second.minute_usage().used, second.minute_usage().resets_at) == (1, free_at)
        assert (await other.usage()).used == 1  # who was refused is counted nowhere
        await clock.advance(52)
        async with second.permit(SOMEBODY, "ping"):
            assert clock.now() == free_at


async def test_permit_never_spent_leaves_the_shared_slot_and_the_month_as_they_were(tmp_path: Path) -> None:
    clock = FakeClock()
    async with Ledger(tmp_path / "ledger.db", per_month=0, resets_on=1, clock=clock) as ledger:
        for _ in range(3):
            async with Admission(per_minute=1, ledger=ledger, clock=clock).permit(SOMEBODY, "ping"):
                pass
        assert (await ledger.usage()).used == 0


async def test_without_a_limit_no_slot_is_written(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "ledger.db"
    async with Ledger(path, per_month=0, resets_on=1, clock=clock) as ledger:
        async with Admission(per_minute=0, ledger=ledger, clock=clock).permit(SOMEBODY, "ping") as permit:
            permit.spend()
        with closing(sqlite3.connect(path)) as reader:
            assert reader.execute("SELECT count(*) FROM minute").fetchone() == (0,)


def a_table() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", isolation_level=None)
    minute.create(database)
    return database


def test_slot_of_a_dead_process_is_free_once_its_call_must_have_ended_and_a_span_has_passed() -> None:
    with closing(a_table()) as database:
        minute.begin(database, NOON)
        assert minute.find_full(database, RULE, NOON + timedelta(seconds=74.9)) is not None
        assert minute.find_full(database, RULE, NOON + timedelta(seconds=75)) is None
        assert database.execute("SELECT count(*) FROM minute").fetchone() == (0,)


@pytest.mark.parametrize("back", [timedelta(seconds=5), timedelta(hours=1), timedelta(days=9000)])
def test_clock_that_steps_back_holds_a_slot_for_one_span_and_not_for_ever(back: timedelta) -> None:
    with closing(a_table()) as database:
        minute.end(database, minute.begin(database, NOON), NOON)
        now = NOON - back
        full = minute.find_full(database, RULE, now)
        assert full is not None
        assert full.until == now + RULE.span
        assert minute.find_full(database, RULE, full.until) is None


EVENTS = st.lists(
    st.tuples(st.sampled_from(["take", "take", "end", "die", "wait", "step back"]), st.integers(0, 40)), max_size=60
)


@settings(max_examples=200, deadline=None)
@given(events=EVENTS, limit=st.integers(1, 4))
def test_no_span_ever_holds_more_calls_than_allowed_whoever_dies_and_however_the_clock_steps_back(
    events: list[tuple[str, int]], limit: int
) -> None:
    rule, true, wall = MinuteRule(limit, timedelta(seconds=60)), 0, NOON
    under_way: dict[int, int] = {}  # slot: when its call must be over
    over_at: list[int] = []

    def take() -> bool:
        if minute.find_full(database, rule, wall) is not None:
            return False
        under_way[minute.begin(database, wall)] = true + 10
        return True

    with closing(a_table()) as database:
        for kind, number in events:
            match kind:
                case "take":
                    take()
                case "end" | "die" if under_way:
                    slot = sorted(under_way)[number % len(under_way)]
                    del under_way[slot]
                    over_at.append(true)
                    if kind == "end":
                        minute.end(database, slot, wall)
                case "wait":
                    true, wall = true + number, wall + timedelta(seconds=number)
                case "step back":
                    wall -= timedelta(seconds=number * number)
            late = [slot for slot, last in under_way.items() if last <= true]  # their own deadline has ended them
            over_at.extend(under_way.pop(slot) for slot in late)
            assert len(under_way) + sum(at > true - 60 for at in over_at) <= limit
        minute.find_full(database, rule, wall)
        wall += timedelta(seconds=75)
        assert all(take() for _ in range(limit))  # nothing blocks for ever
