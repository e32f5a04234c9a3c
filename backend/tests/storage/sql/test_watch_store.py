from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from household import ARMED, WATCH, Household, batch
from sqlalchemy import func, select

from dozor.alerts.evaluation import sleeper_of, transition_of
from dozor.alerts.ports import Batch, LeaseLost
from dozor.alerts.rule import Options
from dozor.alerts.segments import Mark
from dozor.domain.quotes import QuoteSource
from dozor.storage.sql.address import PostgresAddress
from dozor.storage.sql.tables import events, outbox, rule_states

COMMITTER = Path(__file__).with_name("committer.py")


async def test_a_sleeper_is_the_rule_as_the_index_knows_it(home: Household) -> None:
    made = await home.rule()
    assert await home.fire(made, await home.lease()) is not None
    stored = await home.stored(made)
    assert [sleeper for some in [page async for page in home.watch.sleepers()] for sleeper in some] == [
        sleeper_of(stored.rule, ARMED)
    ]


async def test_loading_asks_for_any_number_of_rules_and_leaves_out_the_deleted(home: Household) -> None:
    made = [await home.rule(70_000 + place) for place in range(5)]
    await home.rules.delete(home.user.id, made[2].stored.rule.id, home.clock.now())
    numbers = [one.stored.rule.number for one in made]
    loaded = await home.watch.load([*numbers, *range(100_000, 103_000)])
    assert [stored.rule.number for stored in loaded] == [*numbers[:2], *numbers[3:]]
    assert await home.watch.load([]) == []


async def test_marks_are_those_that_were_committed_last(home: Household) -> None:
    lease, now = await home.lease(), home.clock.now()
    first = Mark(QuoteSource.PRICE, now, Decimal("69812.10"))
    second = Mark(QuoteSource.MARKETS, now, Decimal("1E-9"), high_24h=Decimal(2), doubtful=Decimal(5), doubtful_at=now)
    await home.watch.commit(lease, Batch(marks={"price|usd|bitcoin": first, "price|usd|ethereum": first}))
    await home.watch.commit(lease, Batch(marks={"price|usd|ethereum": second}))
    marks = await home.watch.marks()
    assert marks == {"price|usd|bitcoin": first, "price|usd|ethereum": second}
    assert str(marks["price|usd|bitcoin"].value) == "69812.10"


async def test_what_is_due_comes_longest_due_first(home: Household) -> None:
    now = home.clock.now()
    made = [
        await home.rule(70_000 + hours, options=Options(expires_at=now + timedelta(hours=48 + hours)))
        for hours in (3, 1, 2)
    ]
    await home.rule(80_000)
    numbers = [made[place].stored.rule.number for place in (1, 2, 0)]
    later = now + timedelta(hours=30)
    assert [stored.rule.number for stored in await home.watch.due(later, 10)] == numbers
    assert [stored.rule.number for stored in await home.watch.due(later, 2)] == numbers[:2]
    assert await home.watch.due(now, 10) == []


async def test_an_event_is_written_with_its_state_and_a_delivery_for_each_channel(home: Household) -> None:
    ops, phone = await home.channel("ops"), await home.channel("phone")
    made = await home.rule(channels=[phone, ops])
    event = await home.fire(made, await home.lease())
    assert event is not None
    [kept] = await home.events.page(home.user.id, 10)
    assert (kept.id, kept.rule_id, kept.latch, kept.kind) == (event.id, made.stored.rule.id, "up", "fired")
    assert (kept.observed_at, kept.detected_at, kept.body) == (event.observed_at, event.detected_at, event.body)
    sent = await home.deliveries.of_event(home.user.id, event.id)
    assert [delivery.channel_id for delivery in sent] == [phone.id, ops.id]
    assert {delivery.deliver_by for delivery in sent} == {event.deliver_by}


async def test_a_rule_that_has_moved_on_loses_and_the_others_are_written(home: Household) -> None:
    channel, lease = await home.channel(), await home.lease()
    moved, other = [await home.stored(await home.rule(level, [channel])) for level in (70_000, 80_000)]
    await home.watch.commit(lease, batch(moved))
    both = Batch([transition_of(moved, ARMED), transition_of(other, ARMED)], [home.event(moved), home.event(other)])
    assert await home.watch.commit(lease, both) == {moved.rule.number}
    assert [event.rule_id for event in await home.events.page(home.user.id, 10)] == [other.rule.id]


async def test_the_same_event_is_written_once(home: Household) -> None:
    """A state that was put back would make the watch tell it again, by another id."""
    made, lease = await home.rule(channels=[await home.channel()]), await home.lease()
    stored = await home.stored(made)
    await home.watch.commit(lease, batch(stored, home.event(stored)))
    again = replace(home.event(stored), episode=1)
    now = await home.stored(made)
    assert await home.watch.commit(lease, batch(now, again)) == frozenset()
    assert len(await home.events.page(home.user.id, 10)) == 1
    assert len(await home.deliveries.page(home.user.id, 10)) == 1


async def test_who_lost_the_lease_writes_nothing(home: Household) -> None:
    made, lease = await home.rule(channels=[await home.channel()]), await home.lease("one", seconds=10)
    stored = await home.stored(made)
    await home.clock.advance(11)
    await home.lease("other")
    mark = Mark(QuoteSource.PRICE, home.clock.now(), Decimal(1))
    with pytest.raises(LeaseLost):
        await home.watch.commit(lease, replace(batch(stored, home.event(stored)), marks={"price|usd|x": mark}))
    assert (await home.stored(made)).seq == 0
    assert await home.watch.marks() == {}
    assert await home.events.page(home.user.id, 10) == []


async def test_who_is_late_with_a_lease_that_nobody_took_still_writes(home: Household) -> None:
    made, lease = await home.rule(), await home.lease(seconds=10)
    await home.clock.advance(60)
    assert await home.fire(made, lease) is not None


async def test_a_lease_is_one_holders_until_it_ends_and_its_epoch_grows_with_each(home: Household) -> None:
    first = await home.lease("one", seconds=10)
    assert await home.leases.acquire(WATCH, "other", 10) is None
    await home.clock.advance(5)
    prolonged = await home.lease("one", seconds=10)
    assert (prolonged.epoch, prolonged.until) == (first.epoch, first.until + timedelta(seconds=5))
    await home.clock.advance(11)
    second = await home.lease("other", seconds=10)
    assert second.epoch == first.epoch + 1
    assert await home.leases.acquire(WATCH, "one", 10) is None
    await home.leases.release(first)  # not theirs any more: nothing happens
    assert await home.leases.acquire(WATCH, "one", 10) is None
    await home.leases.release(second)
    assert (await home.lease("one")).epoch == second.epoch + 1


async def test_of_many_who_want_a_lease_at_once_one_gets_it(home: Household) -> None:
    leases = await asyncio.gather(*(home.leases.acquire(WATCH, f"holder {number}", 10) for number in range(10)))
    assert sum(lease is not None for lease in leases) == 1


async def test_two_who_evaluate_the_same_at_once_write_one_event(home: Household) -> None:
    """Two tasks under one lease stand for a watch that was taken for dead and is not."""
    made, lease = await home.rule(channels=[await home.channel()]), await home.lease()
    stored = await home.stored(made)
    lost = await asyncio.gather(*(home.watch.commit(lease, batch(stored, home.event(stored))) for _ in range(6)))
    assert sorted(map(len, lost)) == [0, 1, 1, 1, 1, 1]
    assert len(await home.events.page(home.user.id, 10)) == 1


async def test_a_kill_in_the_middle_of_a_commit_leaves_all_of_it_or_nothing(
    home: Household, where: Path | PostgresAddress
) -> None:
    """State, events, deliveries and marks of a batch agree, whenever the process was killed."""
    channel = await home.channel()
    for place in range(20):
        await home.rule(70_000 + place, [channel])
    dsn = str(where) if isinstance(where, Path) else where.dsn
    for number in range(6):
        committer = await asyncio.create_subprocess_exec(
            sys.executable, str(COMMITTER), dsn, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert committer.stdout is not None
        for _ in range(2 + number):
            assert await committer.stdout.readline() == b"committing\n"
        await asyncio.sleep(0.003 * number)  # anywhere in it: no two of them die at the same place
        committer.kill()
        await committer.wait()
        async with home.database.read() as connection:
            seqs = (await connection.execute(select(rule_states.c.seq))).scalars().all()
            told = (await connection.execute(select(func.count()).select_from(events))).scalar_one()
            sent = (await connection.execute(select(func.count()).select_from(outbox))).scalar_one()
        assert len(set(seqs)) == 1, "a batch was written in part"
        assert told == sent == sum(seqs)
        assert [int(mark.value) for mark in (await home.watch.marks()).values()] == [*{seqs[0]} - {0}]
    assert seqs[0] > 0


async def pieces_of(home: Household, series: list[str] | None = None) -> dict[tuple[str, int], str]:
    return {key: piece async for some in home.watch.pieces(series) for key, piece in some.items()}


async def test_what_a_series_remembers_is_written_and_deleted_piece_by_piece(home: Household) -> None:
    lease = await home.lease()
    await home.watch.commit(lease, Batch(pieces={"one|usd|x": {0: "a", 2**50: "b"}, "two|usd|x": {7: "c"}}))
    await home.watch.commit(lease, Batch(pieces={"one|usd|x": {0: "d", 2**50: None, 5: None}}))
    assert await pieces_of(home) == {("one|usd|x", 0): "d", ("two|usd|x", 7): "c"}
    assert await pieces_of(home, ["two|usd|x", "three|usd|x"]) == {("two|usd|x", 7): "c"}


async def test_however_many_pieces_there_are_each_is_read_once(home: Household) -> None:
    many = {f"series {name}": {slot: str(slot) for slot in range(2_500)} for name in range(5)}
    await home.watch.commit(await home.lease(), Batch(pieces=many))
    batches = [some async for some in home.watch.pieces()]
    assert len(batches) == 3
    assert sum(map(len, batches)) == 12_500
    assert await pieces_of(home) == {(name, slot): piece for name, some in many.items() for slot, piece in some.items()}


async def test_when_the_extreme_of_a_rule_began_is_known_without_reading_its_state(home: Household) -> None:
    stored, since = await home.stored(await home.rule()), home.clock.now()
    sleeping = transition_of(stored, msgspec.structs.replace(ARMED, since=since))
    await home.watch.commit(await home.lease(), Batch([sleeping]))
    assert [sleeper.since async for page in home.watch.sleepers() for sleeper in page] == [since]
