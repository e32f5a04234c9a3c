from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from household import Household, draft
from sqlalchemy import select

from dozor.alerts.channels import ChannelDraft, ChannelState
from dozor.alerts.deliveries import DeliveryStatus
from dozor.domain.errors import CannotRunHere, ChangedMeanwhile, NotThere
from dozor.domain.people import NewUser
from dozor.storage.sql.channel_book import SqlChannelBook
from dozor.storage.sql.tables import channels
from dozor.storage.sql.vault import SecretUnreadable, open_vault


async def test_a_channel_is_kept_as_it_was_made(home: Household) -> None:
    channel = await home.channel("ops")
    assert (channel.kind, channel.address, channel.secret) == (
        "webhook",
        {"url": "https://example.org/ops"},
        b"whsec_hunter2",
    )
    assert (channel.state, channel.version) == (ChannelState.OK, 1)
    assert await home.channels.get(home.user.id, channel.id) == channel
    assert await home.channels.all_of(home.user.id) == [channel]
    assert await home.channels.load([channel.id, "chn_gone"]) == {channel.id: channel}


async def test_a_secret_is_in_no_row_and_in_no_repr(home: Household) -> None:
    channel = await home.channel()
    async with home.database.read() as connection:
        row = (await connection.execute(select(channels))).one()
    assert b"hunter2" not in row.secret
    assert "hunter2" not in repr(channel) + repr(ChannelDraft("webhook", "ops", {}, b"hunter2"))


async def test_another_users_channel_is_not_there(home: Household) -> None:
    channel = await home.channel()
    other = await home.people.add(NewUser("Boris", "en"), home.clock.now())
    for refused in (
        home.channels.get(other.id, channel.id),
        home.channels.change(other.id, channel.id, ChannelDraft("webhook", "mine", {})),
        home.channels.delete(other.id, channel.id, home.clock.now()),
    ):
        with pytest.raises(NotThere):
            await refused
    assert await home.channels.all_of(other.id) == []


async def test_a_changed_channel_is_well_again_and_keeps_its_secret_unless_it_gets_another(home: Household) -> None:
    channel = await home.channel()
    await home.channels.found_failing(channel.id, home.clock.now())
    await home.channels.close(channel.id, ChannelState.DEAD, "410 Gone")
    new = ChannelDraft("webhook", "ops", {"url": "https://example.org/new"})
    changed = await home.channels.change(home.user.id, channel.id, new, if_version=1)
    assert (changed.version, changed.state, changed.reason, changed.failing_since) == (2, ChannelState.OK, None, None)
    assert (changed.address, changed.secret) == (new.address, channel.secret)
    with pytest.raises(ChangedMeanwhile) as raised:
        await home.channels.change(home.user.id, channel.id, new, if_version=1)
    assert raised.value.change == 2
    other = ChannelDraft("webhook", "ops", {}, b"another")
    assert (await home.channels.change(home.user.id, channel.id, other)).secret == b"another"


async def test_failures_are_counted_from_the_first_in_a_row(home: Household) -> None:
    channel = await home.channel()
    first = home.clock.now()
    assert await home.channels.found_failing(channel.id, first) == first
    await home.clock.advance(60)
    assert await home.channels.found_failing(channel.id, home.clock.now()) == first
    await home.channels.found_well(channel.id)
    assert await home.channels.found_failing(channel.id, home.clock.now()) == home.clock.now()


async def test_a_channel_is_closed_once(home: Household) -> None:
    channel = await home.channel()
    assert await home.channels.close(channel.id, ChannelState.DEAD, "blocked")
    assert not await home.channels.close(channel.id, ChannelState.DISABLED, "3 days")
    found = await home.channels.get(home.user.id, channel.id)
    assert (found.state, found.reason) == (ChannelState.DEAD, "blocked")


async def test_a_channel_that_moved_is_found_at_its_new_address(home: Household) -> None:
    channel = await home.channel()
    await home.channels.move(channel.id, {"chat_id": -100})
    assert (await home.channels.get(home.user.id, channel.id)).address == {"chat_id": -100}


async def test_deleting_a_channel_tells_which_rules_have_none_left_and_cancels_what_was_to_go_there(
    home: Household,
) -> None:
    ops, phone = await home.channel("ops"), await home.channel("phone")
    bare, both = await home.rule(70_000, [ops]), await home.rule(80_000, [phone, ops])
    await home.rule(90_000, [phone])
    await home.fire(both, await home.lease())
    last = await home.watch.last_change()
    assert await home.channels.delete(home.user.id, ops.id, home.clock.now()) == [bare.stored.rule.id]
    assert {delivery.channel_id: delivery.status for delivery in await home.deliveries.page(home.user.id, 10)} == {
        ops.id: DeliveryStatus.CANCELLED,
        phone.id: DeliveryStatus.PENDING,
    }
    changed = await home.watch.changed_since(last)
    assert [(stored.rule.id, stored.channels) for stored in changed] == [
        (bare.stored.rule.id, ()),
        (both.stored.rule.id, (phone.id,)),
    ]


async def test_a_rule_cannot_be_made_with_a_channel_that_was_deleted(home: Household) -> None:
    ops = await home.channel()
    await home.channels.delete(home.user.id, ops.id, home.clock.now())
    with pytest.raises(NotThere):
        await home.rules.add(home.user.id, draft(channels=[ops]), home.clock.now())


async def test_a_secret_of_another_key_is_told_as_such(home: Household, tmp_path: Path) -> None:
    channel = await home.channel()
    (tmp_path / "elsewhere").mkdir()
    elsewhere = SqlChannelBook(home.database, open_vault(tmp_path / "elsewhere" / "secrets.key"))
    with pytest.raises(SecretUnreadable, match="put back the file that belongs to this database"):
        await elsewhere.get(home.user.id, channel.id)


def test_a_key_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    kept = open_vault(tmp_path / "secrets.key").locked(b"secret")
    assert open_vault(tmp_path / "secrets.key").unlocked(kept) == b"secret"
    assert [file.name for file in tmp_path.iterdir()] == ["secrets.key"]
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "secrets.key").stat().st_mode) == 0o600


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secrets.key").write_bytes(b"half a k")
    with pytest.raises(CannotRunHere, match="damaged: put back a copy of it"):
        open_vault(tmp_path / "secrets.key")
    assert (tmp_path / "secrets.key").read_bytes() == b"half a k"


def test_a_key_that_cannot_be_read_refuses_the_start(tmp_path: Path) -> None:
    (tmp_path / "secrets.key").mkdir()
    with pytest.raises(CannotRunHere, match="make it readable"):
        open_vault(tmp_path / "secrets.key")
