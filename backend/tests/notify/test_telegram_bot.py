"""What people say to the bot, through a Bot API on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from dozor.alerts.chat_bot import BotFailing, Heard, Pressed, Started
from dozor.alerts.messages.message import Action, Message, Press
from dozor.notify.bot_api import BotApi
from dozor.notify.telegram_bot import TelegramBot
from fakes import FakeClock
from notify.botapi import TOKEN, BotApiServer, hang_up, not_telegram, odd


@dataclass
class Stage:
    server: BotApiServer
    api: BotApi
    bot: TelegramBot


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with BotApiServer() as server, BotApi(server.url, TOKEN, FakeClock()) as api:
        yield Stage(server, api, TelegramBot(api))


async def test_a_start_with_a_code_says_who_and_where(stage: Stage) -> None:
    stage.server.says("/start AbC-_123")
    assert await stage.bot.listen(0, 30) == Heard([Started(42, 7, "Аня", "AbC-_123", "ru")], 702)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("/start", None),
        ("/start ", None),
        ("/start@DozorTestBot x1", "x1"),
        ("/start@dozortestbot", None),
    ],
)
async def test_a_start_may_name_the_bot_and_have_no_code(stage: Stage, text: str, code: str | None) -> None:
    stage.server.says(text, chat=-42, title="Трейдеры\n<b>")
    heard = await stage.bot.listen(0, 30)
    assert heard.said == [Started(-42, 7, "Трейдеры <b>", code, "ru")]


@pytest.mark.parametrize("text", ["hello", "/start@OtherBot x1", "/starting", "/start a b", "/start " + "x" * 65, ""])
async def test_what_is_no_start_is_passed_over_and_does_not_come_again(stage: Stage, text: str) -> None:
    stage.server.says(text)
    assert await stage.bot.listen(0, 30) == Heard([], 702)


async def test_an_update_that_cannot_be_read_does_not_stop_those_behind_it(stage: Stage) -> None:
    stage.server.happens(message={"chat": "?"})
    stage.server.happens(poll={"id": "1"})
    stage.server.happens(callback_query={"id": "1", "from": {"id": 7}})
    stage.server.says("/start x1")
    heard = await stage.bot.listen(0, 30)
    assert [type(said) for said in heard.said] == [Started]
    assert heard.next_offset == 705


async def test_what_was_heard_comes_again_until_it_is_asked_beyond(stage: Stage) -> None:
    stage.server.says("/start x1")
    first = await stage.bot.listen(0, 30)
    assert await stage.bot.listen(0, 30) == first
    stage.server.says("/start x2")
    second = await stage.bot.listen(first.next_offset, 30)
    assert [said.code for said in second.said if isinstance(said, Started)] == ["x2"]


async def test_listening_lasts_until_somebody_says_something(stage: Stage) -> None:
    listening = asyncio.create_task(stage.bot.listen(0, 30))
    await stage.server.is_polled.wait()
    stage.server.says("/start x1")
    assert (await listening).next_offset == 702


async def test_silence_is_heard_as_nothing(stage: Stage) -> None:
    assert await stage.bot.listen(5, 0) == Heard([], 5)


async def test_the_second_who_listens_ends_the_first(stage: Stage) -> None:
    first = asyncio.create_task(stage.bot.listen(0, 30))
    await stage.server.is_polled.wait()
    second = asyncio.create_task(TelegramBot(stage.api).listen(0, 30))
    with pytest.raises(BotFailing, match="terminated by other getUpdates request") as failing:
        await first
    assert failing.value.is_contended
    stage.server.says("/start x1")
    assert len((await second).said) == 1


async def test_a_press_is_heard_answered_and_its_buttons_taken_away(stage: Stage) -> None:
    press = Press("Snooze 1 h", Action.SNOOZE, "alr_1")
    assert await stage.bot.say(42, Message("T", (), (press,)))
    (sent,) = stage.server.sent
    query = stage.server.presses(sent, press.code)
    heard = await stage.bot.listen(0, 30)
    assert heard.said == [Pressed(query, 42, sent.message_id, 7, "snooze:alr_1")]
    assert await stage.bot.answer(query, "Отложено 🚀" * 100)
    assert len(stage.server.answered[query].encode("utf-16-le")) // 2 <= 200
    assert await stage.bot.take_buttons_away(42, sent.message_id)
    assert sent.buttons == []


async def test_what_is_too_late_is_no_failure_of_ours(stage: Stage) -> None:
    assert not await stage.bot.answer("query-gone", "ok")
    assert not await stage.bot.take_buttons_away(42, 1)
    assert not await stage.bot.say(43, Message("T"))


async def test_failures_are_told_without_the_token(stage: Stage) -> None:
    stage.server.faults.extend([not_telegram(502), hang_up, odd({"not": "updates"}), odd([{"no": "number"}])])
    for words in ("HTTP 502", "lost before it answered", "not Telegram's", "not Telegram's"):
        bot = TelegramBot(stage.api)
        with pytest.raises(BotFailing, match=words) as failing:
            await bot.listen(0, 30)
        assert TOKEN not in str(failing.value)


async def test_a_wrong_token_is_refused_in_telegrams_words(stage: Stage) -> None:
    async with BotApi(stage.server.url, "1:wrong", FakeClock()) as api:
        with pytest.raises(BotFailing, match="Telegram 401: Unauthorized"):
            await TelegramBot(api).name()
    assert await stage.bot.name() == "DozorTestBot"
