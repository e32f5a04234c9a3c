from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from household import ARMED, Household, batch, draft
from hypothesis import given
from hypothesis import strategies as st

from dozor.alerts.conditions.price_cross import Direction, PriceCross
from dozor.alerts.deliveries import DeliveryStatus
from dozor.alerts.rule import Options, Repeat
from dozor.alerts.rulebook import RuleStatus
from dozor.alerts.state import NEW, State
from dozor.domain.errors import AlreadyThere, ChangedMeanwhile, NotThere
from dozor.domain.people import NewUser, User
from dozor.storage.sql.rule_book import draft_of
from dozor.storage.sql.rule_rows import fingerprint_of


async def another_user(home: Household) -> User:
    return await home.people.add(NewUser("Boris", "en"), home.clock.now())


async def test_a_rule_is_kept_as_it_was_made(home: Household) -> None:
    ops, phone = await home.channel("ops"), await home.channel("phone")
    made = await home.rule(channels=[phone, ops], note="к завтраку", external_id="my-1")
    rule = made.stored.rule
    assert (rule.version, rule.coin_id, rule.quote, rule.zone) == (1, "bitcoin", "usd", "Europe/Moscow")
    assert rule.condition == PriceCross(level=Decimal(70_000), direction=Direction.UP)
    assert (made.stored.state, made.stored.channels, made.stored.is_live) == (NEW, (phone.id, ops.id), True)
    assert (made.status, made.note, made.external_id) == (RuleStatus.ACTIVE, "к завтраку", "my-1")
    assert await home.rules.get(home.user.id, rule.id) == made
    assert await home.rules.find(home.user.id, "my-1") == made


async def test_another_users_rule_is_not_there(home: Household) -> None:
    other, name = await another_user(home), (await home.rule(external_id="my-1")).stored.rule.id
    now = home.clock.now()
    with pytest.raises(NotThere):
        await home.rules.get(other.id, name)
    with pytest.raises(NotThere):
        await home.rules.change(other.id, name, draft(), now)
    with pytest.raises(NotThere):
        await home.rules.restate(other.id, name, now, status=RuleStatus.PAUSED)
    with pytest.raises(NotThere):
        await home.rules.delete(other.id, name, now)
    assert await home.rules.find(other.id, "my-1") is None
    assert await home.rules.page(other.id, 10) == []
    assert await home.rules.count(other.id) == 0


async def test_a_rule_like_another_is_refused_with_its_name(home: Household) -> None:
    first = await home.rule(level=70_000)
    written_otherwise = PriceCross(level=Decimal("7.000E+4"), direction=Direction.UP)
    with pytest.raises(AlreadyThere) as raised:
        await home.rule(condition=written_otherwise, note="the same in other words")
    assert raised.value.name == first.stored.rule.id
    await home.rules.add((await another_user(home)).id, draft(level=70_000), home.clock.now())


async def test_a_second_rule_of_one_external_name_is_refused(home: Household) -> None:
    first = await home.rule(level=70_000, external_id="my-1")
    with pytest.raises(AlreadyThere) as raised:
        await home.rule(level=80_000, external_id="my-1")
    assert raised.value.name == first.stored.rule.id


async def test_of_many_equal_rules_made_at_once_one_is_kept(home: Household) -> None:
    made = await asyncio.gather(*(home.rule() for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(one, AlreadyThere) for one in made) == 7
    assert await home.rules.count(home.user.id) == 1


async def test_a_deleted_rule_can_be_made_again(home: Household) -> None:
    first = await home.rule(external_id="my-1")
    await home.rules.delete(home.user.id, first.stored.rule.id, home.clock.now())
    again = await home.rule(external_id="my-1")
    assert again.stored.rule.number > first.stored.rule.number


async def test_a_rule_takes_only_channels_of_its_maker(home: Household) -> None:
    foreign = await home.channel("foreign", await another_user(home))
    with pytest.raises(NotThere) as raised:
        await home.rule(channels=[foreign])
    assert raised.value.name == foreign.id
    assert await home.rules.count(home.user.id) == 0


async def test_another_level_is_another_version_armed_anew_and_cancels_what_was_unsent(home: Household) -> None:
    made = await home.rule(channels=[await home.channel()], note="n")
    assert await home.fire(made, await home.lease()) is not None
    changed = await home.rules.change(home.user.id, made.stored.rule.id, draft(80_000, note="n"), home.clock.now())
    assert (changed.stored.rule.version, changed.stored.state, changed.stored.channels) == (2, NEW, ())
    assert changed.stored.change > made.stored.change
    [delivery] = await home.deliveries.page(home.user.id, 10)
    assert delivery.status is DeliveryStatus.CANCELLED


async def test_another_note_leaves_version_and_state_alone(home: Household) -> None:
    made = await home.rule(channels=[await home.channel()])
    assert await home.fire(made, await home.lease()) is not None
    before = await home.rules.get(home.user.id, made.stored.rule.id)
    noted = replace(draft_of(before), note="x")
    changed = await home.rules.change(home.user.id, made.stored.rule.id, noted, home.clock.now())
    assert changed.note == "x"
    assert (changed.stored.rule, changed.stored.state) == (before.stored.rule, before.stored.state)
    [delivery] = await home.deliveries.page(home.user.id, 10)
    assert delivery.status is DeliveryStatus.PENDING


async def test_a_change_of_what_somebody_else_has_changed_since_is_refused(home: Household) -> None:
    made = await home.rule()
    name, seen = made.stored.rule.id, made.stored.change
    changed = await home.rules.change(home.user.id, name, draft(80_000), home.clock.now(), if_change=seen)
    with pytest.raises(ChangedMeanwhile) as raised:
        await home.rules.change(home.user.id, name, draft(90_000), home.clock.now(), if_change=seen)
    assert raised.value.change == changed.stored.change


async def test_a_rule_cannot_become_like_another(home: Household) -> None:
    first, second = await home.rule(70_000), await home.rule(80_000)
    with pytest.raises(AlreadyThere) as raised:
        await home.rules.change(home.user.id, second.stored.rule.id, draft(70_000), home.clock.now())
    assert raised.value.name == first.stored.rule.id
    assert (await home.rules.get(home.user.id, second.stored.rule.id)) == second


async def test_a_paused_rule_is_not_live_and_goes_on_as_told(home: Household) -> None:
    made = await home.rule()
    name = made.stored.rule.id
    paused = await home.rules.restate(home.user.id, name, home.clock.now(), status=RuleStatus.PAUSED)
    assert (paused.status, paused.stored.is_live) == (RuleStatus.PAUSED, False)
    assert [batch async for batch in home.watch.sleepers()] == []
    resumed = await home.rules.restate(
        home.user.id, name, home.clock.now(), status=RuleStatus.ACTIVE, state=State.armed_anew
    )
    assert (resumed.status, resumed.stored.is_live, resumed.stored.rule.version) == (RuleStatus.ACTIVE, True, 1)


async def test_what_the_watch_evaluated_of_the_rule_as_it_was_is_not_written(home: Household) -> None:
    made, lease = await home.rule(channels=[await home.channel()]), await home.lease()
    seen = await home.stored(made)
    for touch in (
        lambda: home.rules.change(home.user.id, made.stored.rule.id, draft(80_000), home.clock.now()),
        lambda: home.rules.restate(home.user.id, made.stored.rule.id, home.clock.now(), state=State.armed_anew),
        lambda: home.rules.restate(home.user.id, made.stored.rule.id, home.clock.now(), status=RuleStatus.PAUSED),
        lambda: home.rules.delete(home.user.id, made.stored.rule.id, home.clock.now()),
    ):
        await touch()
        lost = await home.watch.commit(lease, batch(seen, home.event(seen)))
        assert lost == {seen.rule.number}
    assert await home.events.page(home.user.id, 10) == []


async def test_a_deleted_rule_leaves_its_events_and_cancels_what_was_unsent(home: Household) -> None:
    made = await home.rule(channels=[await home.channel()])
    event = await home.fire(made, await home.lease())
    assert event is not None
    await home.rules.delete(home.user.id, made.stored.rule.id, home.clock.now())
    assert [one.id for one in await home.events.page(home.user.id, 10)] == [event.id]
    assert [one.status for one in await home.deliveries.page(home.user.id, 10)] == [DeliveryStatus.CANCELLED]
    assert await home.watch.load([made.stored.rule.number]) == []
    with pytest.raises(NotThere):
        await home.rules.get(home.user.id, made.stored.rule.id)


async def test_pages_follow_each_other_and_can_be_narrowed(home: Household) -> None:
    made = [await home.rule(level) for level in range(70_000, 70_005)]
    ether = await home.rule(coin_id="ethereum")
    first = await home.rules.page(home.user.id, 3)
    rest = await home.rules.page(home.user.id, 10, after=first[-1].stored.rule.number)
    assert [*first, *rest] == [*made, ether]
    assert await home.rules.page(home.user.id, 10, coin_id="ethereum") == [ether]
    assert await home.rules.page(home.user.id, 10, status=RuleStatus.PAUSED) == []


async def test_changes_by_people_come_in_order_and_none_is_missed(home: Household) -> None:
    """Whoever has seen the latest change has missed none before it, however the makers' transactions overlap."""
    followed: list[str] = []
    last = await home.watch.last_change()
    making = asyncio.gather(*(home.rule(70_000 + place) for place in range(30)))
    while len(followed) < 30:
        for changed in await home.watch.changed_since(last):
            assert changed.change > last
            last = changed.change
            followed.append(changed.rule.id)
    made = await making
    assert sorted(followed) == sorted(one.stored.rule.id for one in made)
    assert last == await home.watch.last_change()


async def test_every_change_by_people_is_followed_and_none_by_the_watch(home: Household) -> None:
    made = await home.rule(channels=[await home.channel()])
    name, last = made.stored.rule.id, await home.watch.last_change()
    await home.fire(made, await home.lease())
    assert await home.watch.changed_since(last) == []
    await home.rules.restate(home.user.id, name, home.clock.now(), status=RuleStatus.PAUSED)
    [paused] = await home.watch.changed_since(last)
    assert not paused.is_live
    await home.rules.delete(home.user.id, name, home.clock.now())
    [deleted] = await home.watch.changed_since(paused.change)
    assert (deleted.rule.id, deleted.is_live) == (name, False)


levels = st.decimals(min_value="0.000001", max_value="1e9", allow_nan=False, allow_infinity=False)


@given(levels, st.integers(0, 6))
def test_a_fingerprint_does_not_depend_on_how_a_number_is_written(level: Decimal, zeros: int) -> None:
    longer = Decimal(f"{level:f}" + ("" if "." in f"{level:f}" else ".") + "0" * zeros)
    one, other = (draft(condition=PriceCross(level=value)) for value in (level, longer))
    assert fingerprint_of(one) == fingerprint_of(other)


@given(levels, levels, st.sampled_from(Repeat), st.sampled_from(Repeat), st.sampled_from(Direction))
def test_a_fingerprint_tells_apart_what_is_watched_in_another_way(
    one_level: Decimal, other_level: Decimal, one_repeat: Repeat, other_repeat: Repeat, direction: Direction
) -> None:
    one = draft(condition=PriceCross(level=one_level), options=Options(repeat=one_repeat))
    other = draft(condition=PriceCross(level=other_level, direction=direction), options=Options(repeat=other_repeat))
    is_same = (one_level, one_repeat, Direction.ANY) == (other_level, other_repeat, direction)
    assert (fingerprint_of(one) == fingerprint_of(other)) == is_same


async def test_the_state_that_the_watch_wrote_is_the_one_that_is_read(home: Household) -> None:
    made = await home.rule()
    await home.fire(made, await home.lease())
    stored = await home.stored(made)
    assert (stored.state, stored.seq) == (ARMED, 1)
