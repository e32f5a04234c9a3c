"""What is remembered for a while, and forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from household import Household
from sqlalchemy import func, select

from dozor.alerts.deliveries import Attempt, DeliveryStatus, Settlement
from dozor.domain.idempotency import Answered, Fresh, Misused, UnderWay
from dozor.domain.people import NewUser
from dozor.storage.sql.idempotency import SqlIdempotency
from dozor.storage.sql.people import SqlInvitations
from dozor.storage.sql.retention import Retention
from dozor.storage.sql.tables import attempts, events, idempotency_keys, invitations, outbox, rule_states, rules, tokens
from dozor.storage.sql.tokens import SqlTokens

DAY = timedelta(days=1)


async def test_a_repeated_request_gets_the_first_ones_answer(home: Household) -> None:
    keys, now, user = SqlIdempotency(home.database), home.clock.now(), home.user.id
    assert await keys.begin(user, "key", "POST /alerts 1", now) == Fresh()
    assert await keys.begin(user, "key", "POST /alerts 1", now) == UnderWay()
    await keys.finish(user, "key", 201, b'{"id": 1}', now)
    assert await keys.begin(user, "key", "POST /alerts 1", now) == Answered(201, b'{"id": 1}')
    assert await keys.begin(user, "key", "POST /alerts 2", now) == Misused()


async def test_of_many_equal_requests_at_once_one_is_done(home: Household) -> None:
    keys, now = SqlIdempotency(home.database), home.clock.now()
    found = await asyncio.gather(*(keys.begin(home.user.id, "key", "same", now) for _ in range(8)))
    assert found.count(Fresh()) == 1
    assert found.count(UnderWay()) == 7


async def test_a_key_is_each_users_own_and_ends_with_its_day(home: Household) -> None:
    keys, now = SqlIdempotency(home.database), home.clock.now()
    other = await home.people.add(NewUser("Boris", "en"), now)
    await keys.begin(home.user.id, "key", "one", now)
    await keys.finish(home.user.id, "key", 201, b"", now)
    assert await keys.begin(other.id, "key", "other", now) == Fresh()
    assert await keys.begin(home.user.id, "key", "another", now + DAY) == Fresh()


async def test_what_was_abandoned_or_left_by_a_dead_process_can_be_asked_again(home: Household) -> None:
    keys, now, user = SqlIdempotency(home.database), home.clock.now(), home.user.id
    await keys.begin(user, "key", "same", now)
    await keys.abandon(user, "key")
    assert await keys.begin(user, "key", "same", now) == Fresh()
    assert await keys.begin(user, "key", "same", now + timedelta(minutes=1)) == Fresh()
    await keys.finish(user, "key", 201, b"", now)
    await keys.abandon(user, "key")  # too late
    assert await keys.begin(user, "key", "same", now) == Answered(201, b"")


async def counted(home: Household) -> dict[str, int]:
    tables = (events, outbox, attempts, rules, rule_states, idempotency_keys, invitations, tokens)
    async with home.database.read() as connection:
        return {
            table.name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in tables
        }


async def swept(home: Household, days: int = 90) -> int:
    retention, rows = Retention(home.database, days * DAY), 0
    while some := await retention.sweep_some(home.clock.now()):
        rows += some
    return rows


async def test_old_events_go_with_all_that_was_delivered_of_them(home: Household) -> None:
    made = await home.rule(channels=[await home.channel()])
    lease = await home.lease(seconds=400 * 86_400)
    await home.fire(made, lease)
    [claim] = await home.outbox.claim(10, home.clock.now(), DAY, "one")
    attempt = Attempt(home.clock.now(), home.clock.now(), "accepted")
    await home.outbox.settle([Settlement(claim, DeliveryStatus.DELIVERED, attempt=attempt)], home.clock.now())
    await home.clock.advance(89 * 86_400)
    young = await home.fire(made, lease)
    assert young is not None
    assert await swept(home) == 0
    await home.clock.advance(2 * 86_400)
    assert await swept(home) == 1
    assert [event.id for event in await home.events.page(home.user.id, 10)] == [young.id]
    assert (await counted(home))["attempts"] == 0
    assert len(await home.deliveries.page(home.user.id, 10)) == 1


async def test_what_is_not_delivered_yet_is_never_deleted(home: Household) -> None:
    made = await home.rule(channels=[await home.channel("ops"), await home.channel("phone")])
    await home.fire(made, await home.lease())
    [claim, _] = await home.outbox.claim(10, home.clock.now(), DAY, "one")
    await home.outbox.settle([Settlement(claim, DeliveryStatus.DEAD, reason="tired")], home.clock.now())
    await home.clock.advance(1000 * 86_400)
    assert await swept(home) == 0
    assert len(await home.deliveries.page(home.user.id, 10)) == 2


async def test_deleted_rules_and_what_has_ended_go_too(home: Household) -> None:
    now = home.clock.now()
    kept, gone = await home.rule(70_000), await home.rule(80_000, [await home.channel()])
    await home.rules.delete(home.user.id, gone.stored.rule.id, now)
    await SqlIdempotency(home.database).begin(home.user.id, "key", "same", now)
    await SqlInvitations(home.database).make(home.user.id, now, DAY)
    _, revoked = await SqlTokens(home.database).issue(home.user.id, "revoked", [], now)
    await SqlTokens(home.database).issue(home.user.id, "good", [], now)
    await SqlTokens(home.database).revoke(home.user.id, revoked.id, now)
    await home.clock.advance(100 * 86_400)
    assert await swept(home) == 4
    assert await counted(home) == {
        **dict.fromkeys(("events", "outbox", "attempts", "idempotency_keys", "invitations"), 0),
        "rules": 1,
        "rule_states": 1,
        "tokens": 1,
    }
    assert (await home.rules.get(home.user.id, kept.stored.rule.id)) == kept
