from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from household import Household
from sqlalchemy import select

from dozor.domain.errors import AlreadyThere, NotThere
from dozor.domain.people import NewUser, Scope
from dozor.storage.sql.people import SqlInvitations
from dozor.storage.sql.tables import invitations, tokens
from dozor.storage.sql.tokens import SqlTokens

HOUR = timedelta(hours=1)


async def test_there_is_one_owner_however_many_start_at_once(home: Household) -> None:
    new = NewUser("Owner", "ru")
    owners = await asyncio.gather(*(home.people.owner(home.clock.now(), new) for _ in range(5)))
    assert len({owner.id for owner in owners}) == 1
    assert owners[0].is_owner
    assert owners[0].id != home.user.id


async def test_a_user_is_changed_where_it_is_asked_and_nowhere_else(home: Household) -> None:
    changed = await home.people.change(home.user.id, zone="Asia/Omsk", settings={"quiet": [22, 7]})
    assert (changed.zone, changed.settings, changed.name) == ("Asia/Omsk", {"quiet": [22, 7]}, home.user.name)
    assert await home.people.change(home.user.id) == changed


async def test_a_telegram_account_belongs_to_one_user(home: Household) -> None:
    await home.people.change(home.user.id, telegram_user_id=2**40)
    assert (await home.people.of_telegram(2**40)).id == home.user.id
    with pytest.raises(AlreadyThere):
        await home.people.add(NewUser("Boris", "en", telegram_user_id=2**40), home.clock.now())
    other = await home.people.add(NewUser("Boris", "en"), home.clock.now())
    with pytest.raises(AlreadyThere):
        await home.people.change(other.id, telegram_user_id=2**40)
    with pytest.raises(NotThere):
        await home.people.of_telegram(1)


async def test_a_rule_goes_by_its_makers_present_zone(home: Household) -> None:
    made = await home.rule()
    await home.people.change(home.user.id, zone="Asia/Omsk")
    assert (await home.stored(made)).rule.zone == "Asia/Omsk"


async def test_an_invitation_lets_one_in(home: Household) -> None:
    book = SqlInvitations(home.database)
    code, invitation = await book.make(home.user.id, home.clock.now(), HOUR)
    redeemed = await asyncio.gather(
        *(book.redeem(code, NewUser(f"guest {number}", "en"), home.clock.now()) for number in range(4)),
        return_exceptions=True,
    )
    [guest] = [one for one in redeemed if not isinstance(one, BaseException)]
    assert sum(isinstance(one, NotThere) for one in redeemed) == 3
    [kept] = await book.all_of(home.user.id)
    assert (kept.id, kept.used_by, kept.used_at) == (invitation.id, guest.id, home.clock.now())


async def test_an_old_or_invented_invitation_lets_nobody_in(home: Household) -> None:
    book = SqlInvitations(home.database)
    code, _ = await book.make(home.user.id, home.clock.now(), HOUR)
    await home.clock.advance(3600)
    for tried in (code, "invented", ""):
        with pytest.raises(NotThere):
            await book.redeem(tried, NewUser("guest", "en"), home.clock.now())


async def test_an_invitation_is_not_spent_on_who_could_not_come_in(home: Household) -> None:
    book = SqlInvitations(home.database)
    await home.people.change(home.user.id, telegram_user_id=7)
    code, _ = await book.make(home.user.id, home.clock.now(), HOUR)
    with pytest.raises(AlreadyThere):
        await book.redeem(code, NewUser("Anna again", "ru", telegram_user_id=7), home.clock.now())
    assert (await book.redeem(code, NewUser("guest", "en"), home.clock.now())).name == "guest"


async def test_a_token_is_found_by_its_text_alone(home: Household) -> None:
    book = SqlTokens(home.database)
    scopes = {Scope.ALERTS_READ, Scope.ALERTS_WRITE}
    text, token = await book.issue(home.user.id, "script", scopes, home.clock.now())
    found = await book.find(text, home.clock.now())
    assert found is not None
    assert (found[0].id, found[0].scopes, found[1]) == (token.id, scopes, home.user)
    assert await book.find(text[:-1], home.clock.now()) is None
    assert await book.find("", home.clock.now()) is None


async def test_neither_tokens_nor_codes_are_in_the_database(home: Household) -> None:
    text, _ = await SqlTokens(home.database).issue(home.user.id, "script", [], home.clock.now())
    code, _ = await SqlInvitations(home.database).make(home.user.id, home.clock.now(), HOUR)
    async with home.database.read() as connection:
        kept = [
            *(await connection.execute(select(tokens))).one(),
            *(await connection.execute(select(invitations))).one(),
        ]
    assert all(secret not in str(value) for value in kept for secret in (text, code))


async def test_a_token_ends_with_its_time_or_when_it_is_revoked(home: Household) -> None:
    book = SqlTokens(home.database)
    now = home.clock.now()
    short, _ = await book.issue(home.user.id, "short", [], now, expires_at=now + HOUR)
    long, token = await book.issue(home.user.id, "long", [], now)
    await home.clock.advance(3600)
    assert await book.find(short, home.clock.now()) is None
    assert await book.find(long, home.clock.now()) is not None
    await book.revoke(home.user.id, token.id, home.clock.now())
    assert await book.find(long, home.clock.now()) is None
    with pytest.raises(NotThere):
        await book.revoke(home.user.id, token.id, home.clock.now())


async def test_nobody_revokes_anothers_token(home: Household) -> None:
    book = SqlTokens(home.database)
    text, token = await book.issue(home.user.id, "script", [], home.clock.now())
    other = await home.people.add(NewUser("Boris", "en"), home.clock.now())
    with pytest.raises(NotThere):
        await book.revoke(other.id, token.id, home.clock.now())
    assert await book.find(text, home.clock.now()) is not None


async def test_the_use_of_a_token_is_noted_once_a_minute(home: Household) -> None:
    book = SqlTokens(home.database)
    start = home.clock.now()
    text, _ = await book.issue(home.user.id, "script", [], start)
    noted = []
    for _ in range(5):
        await book.find(text, home.clock.now())
        noted.append((await book.all_of(home.user.id))[0].last_used_at)
        await home.clock.advance(29)
    assert noted == [start, start, start, start + timedelta(seconds=87), start + timedelta(seconds=87)]
