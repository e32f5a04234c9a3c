from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

import pytest
from household import Household
from sqlalchemy import select

from dozor.alerts.deliveries import Attempt, Claim, DeliveryStatus, Settlement
from dozor.domain.errors import NotThere
from dozor.domain.people import NewUser
from dozor.storage.sql.tables import outbox

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def sent(claim: Claim, outcome: str = "accepted") -> Attempt:
    return Attempt(claim.created_at, claim.created_at + timedelta(seconds=1), outcome, "200 OK")


def delivered(claim: Claim) -> Settlement:
    return Settlement(claim, DeliveryStatus.DELIVERED, attempt=sent(claim))


def dead(claim: Claim) -> Settlement:
    return Settlement(claim, DeliveryStatus.DEAD, attempt=sent(claim, "channel_dead"))


async def claimed(home: Household, limit: int = 100, holder: str = "one") -> Sequence[Claim]:
    return await home.outbox.claim(limit, home.clock.now(), MINUTE, holder)


async def fired(home: Household, times: int = 1, channels: int = 1) -> list[str]:
    """A rule that has fired so often; the ids of its events."""
    made = await home.rule(channels=[await home.channel(f"channel {number}") for number in range(channels)])
    lease = await home.lease("watch", seconds=86_400)
    events = []
    for _ in range(times):
        event = await home.fire(made, lease)
        assert event is not None
        events.append(event.id)
        await home.clock.advance(1)
    return events


async def test_a_claim_has_all_that_a_sender_needs(home: Household) -> None:
    [event] = await fired(home)
    [claim] = await claimed(home)
    assert (claim.event.id, claim.event.body) == (event, {"after": {"value": "70120.4"}})
    assert (claim.number, claim.attempts, claim.may_have_arrived, claim.holder) == (1, 0, False, "one")
    assert claim.deliver_by == claim.created_at + 24 * HOUR


async def test_nobody_else_gets_what_is_claimed(home: Household) -> None:
    await fired(home)
    assert len(await claimed(home)) == 1
    assert await claimed(home, holder="other") == ()


async def test_a_line_is_sent_in_order_and_one_at_a_time(home: Household) -> None:
    events = await fired(home, times=3)
    for event in events:
        [claim] = await claimed(home)
        assert claim.event.id == event
        assert await claimed(home) == ()
        assert await home.outbox.settle([delivered(claim)], home.clock.now()) == frozenset()
    assert await claimed(home) == ()


async def test_lines_do_not_wait_for_each_other(home: Household) -> None:
    [event] = await fired(home, channels=3)
    assert [claim.event.id for claim in await claimed(home)] == [event] * 3


async def test_one_that_is_to_be_retried_keeps_its_place_in_the_line(home: Household) -> None:
    first, second = await fired(home, times=2)
    [claim] = await claimed(home)
    now = home.clock.now()
    retry = Settlement(claim, DeliveryStatus.RETRYING, now + MINUTE, sent(claim, "temporary"), may_have_arrived=True)
    await home.outbox.settle([retry], now)
    assert await claimed(home) == ()
    assert await home.outbox.next_due() == now + MINUTE
    await home.clock.advance(60)
    [again] = await claimed(home)
    assert (again.event.id, again.number, again.attempts, again.may_have_arrived) == (first, 2, 1, True)
    await home.outbox.settle([delivered(again)], home.clock.now())
    [following] = await claimed(home)
    assert (following.event.id, following.may_have_arrived) == (second, False)


async def test_one_that_is_given_up_lets_the_next_one_go(home: Household) -> None:
    for status in (DeliveryStatus.DEAD, DeliveryStatus.CANCELLED, DeliveryStatus.SILENCED):
        [claim] = await claimed(home) if status is not DeliveryStatus.DEAD else await _first_of_two(home)
        await home.outbox.settle([Settlement(claim, status, reason="tired")], home.clock.now())
    assert len(await claimed(home)) == 1


async def _first_of_two(home: Household) -> Sequence[Claim]:
    await fired(home, times=4)
    return await claimed(home)


async def test_what_a_dead_process_had_claimed_comes_back_as_a_possible_repeat(home: Household) -> None:
    await fired(home)
    [lost] = await claimed(home)
    await home.clock.advance(60)
    [claim] = await claimed(home, holder="other")
    assert (claim.id, claim.number, claim.attempts, claim.may_have_arrived) == (lost.id, 2, 0, True)


async def test_what_was_claimed_anew_cannot_be_settled_by_who_had_it_before(home: Household) -> None:
    await fired(home)
    [lost] = await claimed(home)
    await home.clock.advance(60)
    [claim] = await claimed(home)  # by the same process, whose earlier task is only slow
    assert await home.outbox.settle([delivered(lost)], home.clock.now()) == {lost.id}
    assert await home.outbox.renew([lost], home.clock.now(), MINUTE) == {lost.id}
    delivery, attempts = await home.deliveries.get(home.user.id, claim.id)
    assert (delivery.status, attempts) == (DeliveryStatus.CLAIMED, [])
    assert await home.outbox.settle([delivered(claim)], home.clock.now()) == frozenset()


async def test_a_late_word_counts_while_nobody_else_has_the_claim(home: Household) -> None:
    await fired(home)
    [claim] = await claimed(home)
    await home.clock.advance(600)
    assert await home.outbox.settle([delivered(claim)], home.clock.now()) == frozenset()
    assert await claimed(home, holder="other") == ()


async def test_a_renewed_claim_lasts_longer(home: Household) -> None:
    await fired(home)
    [claim] = await claimed(home)
    await home.clock.advance(50)
    assert await home.outbox.renew([claim], home.clock.now(), MINUTE) == frozenset()
    await home.clock.advance(50)
    assert await claimed(home, holder="other") == ()


async def test_one_that_is_put_off_was_not_tried(home: Household) -> None:
    await fired(home)
    [claim] = await claimed(home)
    later = home.clock.now() + MINUTE
    await home.outbox.settle([Settlement(claim, DeliveryStatus.PENDING, later, reason="quiet")], home.clock.now())
    delivery, attempts = await home.deliveries.get(home.user.id, claim.id)
    assert (delivery.status, delivery.attempts, delivery.last_outcome, attempts) == (
        DeliveryStatus.PENDING,
        0,
        "quiet",
        [],
    )
    await home.clock.advance(60)
    [again] = await claimed(home)
    assert (again.attempts, again.may_have_arrived) == (0, False)


async def test_every_attempt_is_on_record(home: Household) -> None:
    await fired(home)
    for outcome in ("temporary", "temporary"):
        [claim] = await claimed(home)
        now = home.clock.now()
        await home.outbox.settle([Settlement(claim, DeliveryStatus.RETRYING, now, sent(claim, outcome))], now)
    [claim] = await claimed(home)
    await home.outbox.settle([delivered(claim)], home.clock.now())
    delivery, attempts = await home.deliveries.get(home.user.id, claim.id)
    assert [attempt.outcome for attempt in attempts] == ["temporary", "temporary", "accepted"]
    assert (delivery.status, delivery.attempts, delivery.last_outcome) == (DeliveryStatus.DELIVERED, 3, "accepted")
    assert delivery.finished_at == home.clock.now()


async def test_the_longest_due_are_claimed_first(home: Household) -> None:
    await fired(home, channels=5)
    assert [claim.ordinal for claim in await claimed(home, limit=2)] == [1, 2]
    assert [claim.ordinal for claim in await claimed(home, limit=2)] == [3, 4]


async def test_a_dead_one_can_be_sent_again_when_its_line_is_free(home: Household) -> None:
    first, second = await fired(home, times=2)
    [claim] = await claimed(home)
    await home.outbox.settle([dead(claim)], home.clock.now())
    now = home.clock.now()
    resent = await home.deliveries.resend(home.user.id, claim.id, now, now + HOUR)
    assert (resent.status, resent.due_at, resent.deliver_by) == (DeliveryStatus.PENDING, None, now + HOUR)
    [following] = await claimed(home)
    assert following.event.id == second
    await home.outbox.settle([delivered(following)], now)
    [again] = await claimed(home)
    assert (again.event.id, again.attempts) == (first, 1)


async def test_only_their_owners_see_deliveries_and_send_them_again(home: Household) -> None:
    await fired(home)
    [claim] = await claimed(home)
    await home.outbox.settle([dead(claim)], home.clock.now())
    other = await home.people.add(NewUser("Boris", "en"), home.clock.now())
    assert await home.deliveries.page(other.id, 10) == []
    assert await home.deliveries.of_event(other.id, claim.event.id) == []
    for refused in (
        home.deliveries.get(other.id, claim.id),
        home.deliveries.resend(other.id, claim.id, home.clock.now(), home.clock.now() + HOUR),
        home.events.get(other.id, claim.event.id),
    ):
        with pytest.raises(NotThere):
            await refused


async def test_one_that_is_not_dead_is_not_sent_again(home: Household) -> None:
    await fired(home)
    [claim] = await claimed(home)
    await home.outbox.settle([delivered(claim)], home.clock.now())
    with pytest.raises(NotThere):
        await home.deliveries.resend(home.user.id, claim.id, home.clock.now(), home.clock.now() + HOUR)


async def test_pages_begin_with_the_newest(home: Household) -> None:
    events = await fired(home, times=5)
    first = await home.events.page(home.user.id, 2)
    rest = await home.events.page(home.user.id, 10, before=first[-1].id)
    assert [event.id for event in [*first, *rest]] == events[::-1]
    assert [event.id for event in await home.events.after(home.user.id, events[2], 10)] == events[3:]
    newest = await home.deliveries.page(home.user.id, 2)
    older = await home.deliveries.page(home.user.id, 10, before=newest[-1].ordinal)
    assert [delivery.event_id for delivery in [*newest, *older]] == events[::-1]


async def test_the_backlog_counts_what_is_unfinished_and_for_how_long_it_waits(home: Household) -> None:
    await fired(home, times=3)
    await home.clock.advance(57)
    backlog = await home.outbox.backlog(home.clock.now())
    assert (backlog.counts, backlog.lag) == ({DeliveryStatus.PENDING: 3}, MINUTE)
    [claim] = await claimed(home)
    backlog = await home.outbox.backlog(home.clock.now())
    assert (backlog.counts, backlog.lag) == (
        {DeliveryStatus.PENDING: 2, DeliveryStatus.CLAIMED: 1},
        timedelta(),
    )
    await home.outbox.settle([delivered(claim)], home.clock.now())


async def test_one_that_is_being_sent_while_its_rule_is_changed_is_not_tried_again(home: Household) -> None:
    await fired(home, times=2)
    [claim] = await claimed(home)
    now = home.clock.now()
    await home.rules.delete(home.user.id, claim.event.rule_id, now)
    [waiting, sending] = await home.deliveries.page(home.user.id, 10)
    assert (waiting.status, sending.status, sending.deliver_by) == (
        DeliveryStatus.CANCELLED,
        DeliveryStatus.CLAIMED,
        now,
    )
    assert await home.outbox.settle([delivered(claim)], now) == frozenset()


async def test_many_senders_at_once_send_everything_once_and_each_line_in_order(home: Household) -> None:
    """While the watch adds to the lines."""
    channels = [await home.channel(f"channel {number}") for number in range(2)]
    made = [await home.rule(70_000 + place, channels) for place in range(4)]
    lease = await home.lease("watch", seconds=86_400)
    arrived: dict[tuple[int, str], list[int]] = defaultdict(list)
    is_quiet = asyncio.Event()

    async def fire() -> None:
        for _ in range(6):
            for one in made:
                await home.fire(one, lease)
        is_quiet.set()

    async def send(holder: str) -> None:
        while True:
            was_quiet = is_quiet.is_set()
            claims = await claimed(home, 3, holder)
            for claim in claims:
                arrived[claim.rule_number, claim.channel_id].append(claim.event.episode)
                await asyncio.sleep(0)
            assert await home.outbox.settle([delivered(claim) for claim in claims], home.clock.now()) == frozenset()
            if was_quiet and await home.outbox.next_due() is None:
                return

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(fire())
        for number in range(4):
            tasks.create_task(send(f"sender {number}"))
    assert len(arrived) == 8
    assert all(episodes == [1, 2, 3, 4, 5, 6] for episodes in arrived.values())
    async with home.database.read() as connection:
        statuses = (await connection.execute(select(outbox.c.status))).scalars().all()
    assert set(statuses) == {"delivered"}
    assert len(statuses) == 48
