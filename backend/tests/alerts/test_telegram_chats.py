"""Chats that become channels, people who come in by a bot, and what buttons do: over a Bot API on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from alerts.watched_market import WatchedMarket, watched_market
from notify.botapi import TOKEN, BotApiServer
from running_dozor import until

ANNA, BORIS = 7, 8


@dataclass
class Chats:
    market: WatchedMarket
    telegram: BotApiServer

    async def connected(self, code: str, chat: int, user: int) -> None:
        """Say the code, and wait until the bot answers."""
        self.telegram.chats.add(chat)
        before = len(self.telegram.sent)
        self.telegram.says(f"/start {code}", chat=chat, user=user)
        await self.has_sent(before + 1)

    async def has_sent(self, count: int) -> None:
        async def is_so() -> bool:
            return len(self.telegram.sent) >= count

        await until(is_so, 20)

    async def owners_channel(self) -> dict[str, Any]:
        status, pairing = await self.market.owner.ask("POST", "/channels", {"kind": "telegram"})
        assert status == 202, pairing
        assert pairing["link"].endswith(f"?start={pairing['code']}")
        await self.connected(pairing["code"], chat=42, user=ANNA)
        made: dict[str, Any] = (await self.market.owner.ok("GET", "/channels"))["items"][-1]
        assert made["kind"] == "telegram"
        return made


@pytest.fixture
async def chats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Chats]:
    async with BotApiServer() as telegram:
        settings = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_BASE_URL": telegram.url}
        async with watched_market(tmp_path, monkeypatch, settings) as market:
            yield Chats(market, telegram)


async def test_a_chat_becomes_a_channel_and_its_buttons_change_the_rule(chats: Chats) -> None:
    market, telegram = chats.market, chats.telegram
    market.channel = (await chats.owners_channel())["id"]
    rule = await market.armed(cooldown_s=0)
    await market.pass_by(30, bitcoin=120.0)
    market.dozor.clock.advance(6)  # what happens within a few seconds comes in one message
    await chats.has_sent(2)
    message = telegram.sent[-1]
    assert "110" in message.text
    assert "100" in message.text
    assert "120" in message.text
    codes = {button["callback_data"].partition(":")[0]: button["callback_data"] for button in message.buttons}
    telegram.presses(message, codes["disable"])

    async def is_paused() -> bool:
        return await market.owner.state_of(rule) == "paused"

    await until(is_paused, 20)


async def test_a_button_of_somebody_elses_rule_does_nothing(chats: Chats) -> None:
    market, telegram = chats.market, chats.telegram
    market.channel = (await chats.owners_channel())["id"]
    rule = await market.armed()
    code = (await market.owner.ok("POST", "/invitations"))["code"]
    await chats.connected(code, chat=43, user=BORIS)
    telegram.presses(telegram.sent[-1], f"disable:{rule}", user=BORIS)

    async def is_answered() -> bool:
        return any(method == "answerCallbackQuery" for method, _ in telegram.calls)

    await until(is_answered, 20)
    assert await market.owner.state_of(rule) == "armed"


async def test_a_code_works_once(chats: Chats) -> None:
    _, pairing = await chats.market.owner.ask("POST", "/channels", {"kind": "telegram"})
    await chats.connected(pairing["code"], chat=42, user=ANNA)
    await chats.connected(pairing["code"], chat=43, user=BORIS)
    kinds = [one["kind"] for one in (await chats.market.owner.ok("GET", "/channels"))["items"]]
    assert kinds == ["webhook", "telegram"]


async def test_forty_rules_at_once_are_two_messages_and_forty_events(chats: Chats) -> None:
    market, telegram = chats.market, chats.telegram
    market.channel = (await chats.owners_channel())["id"]
    for number in range(1, 40):
        level = {"type": "price_cross", "level": f"110.{number:02}", "direction": "up"}
        await market.owner.rule(market.channel, level)
    await market.armed()
    said = len(telegram.sent)
    await market.pass_by(30, bitcoin=120.0)
    for _ in range(4):
        await market.pass_by(30)

    async def is_delivered() -> bool:
        return bool((await market.owner.ok("GET", "/status"))["outbox"]["waiting"] == 0)

    await until(is_delivered, 20)
    assert len(await market.events()) == 40
    assert 1 <= len(telegram.sent) - said <= 2
    deliveries = (await market.owner.ok("GET", "/deliveries?limit=100"))["items"]
    assert [one["status"] for one in deliveries] == ["delivered"] * 40


async def test_a_bot_that_was_blocked_closes_its_channel(chats: Chats) -> None:
    from notify.botapi import blocked

    market, telegram = chats.market, chats.telegram
    channel = await chats.owners_channel()
    market.channel = channel["id"]
    telegram.refusals[42].append(blocked())
    await market.armed()
    await market.pass_by(30, bitcoin=120.0)
    market.dozor.clock.advance(6)

    async def is_dead() -> bool:
        shown = (await market.owner.ok("GET", "/channels"))["items"][-1]
        return bool(shown["state"] == "dead" and "blocked" in shown["reason"])

    await until(is_dead, 20)

    async def is_given_up() -> bool:
        (delivery,) = (await market.owner.ok("GET", "/deliveries"))["items"]
        return bool(delivery["status"] == "dead")

    await until(is_given_up, 20)
