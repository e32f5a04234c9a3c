"""Messages in Telegram, sent to a Bot API on this machine that answers as Telegram does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dozor.alerts.channels import Channel, ChannelState
from dozor.alerts.messages.message import Action, Message, Open, Press
from dozor.alerts.sending import Accepted, ChannelDead, Letter, MessageRefused, Moved, Postponed, Temporary
from dozor.notify.bot_api import BotApi
from dozor.notify.pacing import Pacing
from dozor.notify.telegram import LONGEST_PLAIN_TEXT, LONGEST_TEXT, TelegramSender
from fakes import FakeClock
from notify.botapi import TOKEN, BotApiServer, Refusal, bad, blocked, hang_up, not_telegram, too_many, upgraded

AT = datetime(2026, 11, 23, 9, 3, 10, tzinfo=UTC)
SNOOZE = Press("Отложить на 1 ч", Action.SNOOZE, "alr_06g1z0c0fm8r1m2q3s4t5v6w7x")
MESSAGE = Message("BTC ≥ 70 000 $ ↑", ("Bitcoin; данным 12 с",), (SNOOZE, Open("График", "https://dozor.example/")))


@dataclass
class Stage:
    server: BotApiServer
    clock: FakeClock
    api: BotApi
    sender: TelegramSender


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    clock = FakeClock()
    async with BotApiServer() as server, BotApi(server.url, TOKEN, clock) as api:
        yield Stage(server, clock, api, TelegramSender(api, clock))


def channel(chat: int = 42, **address: Any) -> Channel:
    where = {"chat_id": chat, **address}
    return Channel("chn_1", "usr_1", 1, "telegram", "me", where, None, ChannelState.OK, None, None, AT)


def letter(message: Message = MESSAGE, *, is_silent: bool = False) -> Letter:
    return Letter("evt_1", "alert.fired", AT, message, is_silent=is_silent)


async def test_a_letter_is_a_message_with_a_bold_title_and_buttons(stage: Stage) -> None:
    assert await stage.sender.send(channel(), letter()) == Accepted()
    (sent,) = stage.server.sent
    assert sent.text == MESSAGE.plain
    assert sent.bold == ["BTC ≥ 70 000 $ ↑"]
    assert sent.buttons == [
        {"text": "Отложить на 1 ч", "callback_data": SNOOZE.code},
        {"text": "График", "url": "https://dozor.example/"},
    ]
    assert sent.asked["link_preview_options"] == {"is_disabled": True}
    assert "disable_notification" not in sent.asked


async def test_a_silent_letter_does_not_ring_and_a_topic_is_kept(stage: Stage) -> None:
    await stage.sender.send(channel(thread_id=5), letter(is_silent=True))
    (sent,) = stage.server.sent
    assert sent.asked["disable_notification"] is True
    assert sent.asked["message_thread_id"] == 5


@pytest.mark.parametrize("name", ["<b>_*[", "</b>", "&lt;", "A & B", "<script>", "`code`", "\\", "🚀"])
async def test_whatever_a_coin_is_called_arrives_as_it_stands(stage: Stage, name: str) -> None:
    message = Message(f"{name} ≥ 1 $", (f"Имя: {name}",))
    assert await stage.sender.send(channel(), letter(message)) == Accepted()
    assert stage.server.sent[0].text == message.plain
    assert stage.server.sent[0].bold == [message.title]


async def test_what_is_too_long_is_cut_by_what_people_read_and_not_by_its_markup(stage: Stage) -> None:
    # Escaped it is five times as long; what counts is what is left after parsing, in UTF-16.
    message = Message("🚀" * 10, tuple("<&>🚀" * 100 for _ in range(20)))
    assert await stage.sender.send(channel(), letter(message)) == Accepted()
    text = stage.server.sent[0].text
    assert len(text.encode("utf-16-le")) // 2 == LONGEST_TEXT
    assert message.plain.startswith(text.removesuffix("…"))
    assert len(stage.server.calls) == 1


async def test_a_message_that_is_refused_for_its_markup_is_sent_again_as_plain_text(stage: Stage) -> None:
    stage.server.refusals[42].append(bad('can\'t parse entities: Unsupported start tag "x" at byte offset 0'))
    long = Message("T", ("x" * 5000,), (SNOOZE,))
    sending = asyncio.create_task(stage.sender.send(channel(), letter(long)))
    await stage.clock.has_sleepers(1)  # a second message to a chat waits for its second
    await stage.clock.advance(1)
    assert await sending == Accepted()
    (sent,) = stage.server.sent
    assert "parse_mode" not in sent.asked
    assert sent.buttons == []
    assert len(sent.text) == LONGEST_PLAIN_TEXT


async def test_a_button_that_telegram_does_not_take_costs_the_buttons_and_not_the_message(stage: Stage) -> None:
    message = Message("T", (), (Open("Chart", "http://localhost:8000/"),))
    sending = asyncio.create_task(stage.sender.send(channel(), letter(message)))
    await stage.clock.has_sleepers(1)
    await stage.clock.advance(1)
    assert await sending == Accepted()
    assert stage.server.sent[0].text == "T"


async def test_a_message_that_is_refused_as_plain_text_too_is_given_up(stage: Stage) -> None:
    sending = asyncio.create_task(stage.sender.send(channel(), letter(Message(" "))))
    await stage.clock.has_sleepers(1)
    await stage.clock.advance(1)
    assert await sending == MessageRefused("Telegram 400: Bad Request: message text is empty")


@pytest.mark.parametrize(
    "refusal",
    [
        blocked(),
        Refusal(403, "Forbidden: user is deactivated"),
        Refusal(403, "Forbidden: bot was kicked from the supergroup chat"),
        Refusal(403, "Forbidden: bot can't initiate conversation with a user"),
        bad("chat not found"),
        bad("group chat was deactivated"),
        bad("not enough rights to send text messages to the chat"),
        bad("message thread not found"),
        bad("TOPIC_CLOSED"),
    ],
    ids=str,
)
async def test_a_chat_that_wants_nothing_any_more_is_dead(stage: Stage, refusal: Refusal) -> None:
    stage.server.refusals[42].append(refusal)
    assert await stage.sender.send(channel(), letter()) == ChannelDead(f"Telegram {refusal.code}: {refusal}")
    assert len(stage.server.calls) == 1


async def test_a_chat_that_nobody_knows_is_dead(stage: Stage) -> None:
    outcome = await stage.sender.send(channel(43), letter())
    assert outcome == ChannelDead("Telegram 400: Bad Request: chat not found")


async def test_a_group_that_was_upgraded_has_moved_with_the_rest_of_its_address(stage: Stage) -> None:
    stage.server.refusals[-42].append(upgraded(-10042))
    outcome = await stage.sender.send(channel(-42, thread_id=5), letter())
    assert isinstance(outcome, Moved)
    assert outcome.address == {"chat_id": -10042, "thread_id": 5}


async def test_what_telegram_asks_for_when_we_are_too_fast_is_kept_for_the_chat(stage: Stage) -> None:
    stage.server.chats.add(43)
    stage.server.refusals[42].append(too_many(30))
    outcome = await stage.sender.send(channel(), letter())
    assert outcome == Temporary("Telegram 429: Too Many Requests: retry after 30", timedelta(seconds=30))
    assert await stage.sender.send(channel(), letter()) == Postponed(
        timedelta(seconds=30), "as fast as Telegram lets us"
    )
    assert await stage.sender.send(channel(43), letter()) == Accepted()
    assert len(stage.server.calls) == 2
    await stage.clock.advance(30)
    assert await stage.sender.send(channel(), letter()) == Accepted()


@pytest.mark.parametrize(
    ("refusal", "detail"),
    [
        (Refusal(500, "Internal Server Error"), "Telegram 500: Internal Server Error"),
        (Refusal(401, "Unauthorized"), "Telegram 401: Unauthorized"),  # the operator's mistake, not the chat's
        (Refusal(404, "Not Found"), "Telegram 404: Not Found"),
    ],
    ids=str,
)
async def test_what_is_no_fault_of_the_chat_may_pass(stage: Stage, refusal: Refusal, detail: str) -> None:
    stage.server.refusals[42].append(refusal)
    assert await stage.sender.send(channel(), letter()) == Temporary(detail)


async def test_a_gateway_that_is_not_telegram_is_a_failure_that_may_pass(stage: Stage) -> None:
    stage.server.faults.append(not_telegram(502))
    assert await stage.sender.send(channel(), letter()) == Temporary(
        "HTTP 502, in an answer that is not Telegram's", may_have_arrived=True
    )


async def test_a_gateway_that_forbids_does_not_kill_a_chat(stage: Stage) -> None:
    stage.server.faults.append(not_telegram(403))
    assert isinstance(await stage.sender.send(channel(), letter()), Temporary)


async def test_a_lost_connection_may_have_brought_it(stage: Stage) -> None:
    stage.server.faults.append(hang_up)
    outcome = await stage.sender.send(channel(), letter())
    assert isinstance(outcome, Temporary)
    assert outcome.may_have_arrived


async def test_where_nobody_listens_nothing_has_arrived() -> None:
    async with BotApiServer() as gone:
        url = gone.url
    clock = FakeClock()
    async with BotApi(url, TOKEN, clock) as api:
        outcome = await TelegramSender(api, clock).send(channel(), letter())
    assert isinstance(outcome, Temporary)
    assert not outcome.may_have_arrived
    assert TOKEN not in outcome.detail


async def test_the_token_is_told_to_nobody_but_telegram(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    stage.server.refusals[42].append(Refusal(500, f"failure in /bot{TOKEN}/sendMessage"))
    outcome = await stage.sender.send(channel(), letter())
    assert outcome == Temporary("Telegram 500: failure in /bot[…]/sendMessage")
    stage.server.faults.append(hang_up)
    assert TOKEN not in repr(await stage.sender.send(channel(43), letter()))
    assert TOKEN not in repr(stage.api) + repr(stage.sender)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("aiohttp.access")]
    assert TOKEN not in " ".join(ours)


async def test_messages_to_one_chat_go_one_a_second_and_none_is_dropped(stage: Stage) -> None:
    sending = [asyncio.create_task(stage.sender.send(channel(), letter(Message(str(place))))) for place in range(5)]
    for done in range(1, 5):
        await stage.clock.has_sleepers(1)
        assert len(stage.server.sent) == done
        await stage.clock.advance(1)
    assert await asyncio.gather(*sending) == [Accepted()] * 5
    assert [sent.text for sent in stage.server.sent] == ["0", "1", "2", "3", "4"]


async def test_who_would_wait_too_long_for_a_turn_is_postponed_and_not_sent(stage: Stage) -> None:
    pacing = Pacing()
    for _ in range(3):
        pacing.take(-42, stage.clock.monotonic())
    sender = TelegramSender(stage.api, stage.clock, pacing=pacing, patience_seconds=2)
    outcome = await sender.send(channel(-42), letter())
    assert isinstance(outcome, Postponed)
    assert outcome.pause == pytest.approx(timedelta(seconds=20 / 3), abs=timedelta(milliseconds=1))
    assert stage.server.calls == []


async def test_a_cancelled_letter_leaves_the_chat_free(stage: Stage) -> None:
    assert await stage.sender.send(channel(), letter()) == Accepted()
    waiting = asyncio.create_task(stage.sender.send(channel(), letter()))
    await stage.clock.has_sleepers(1)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await stage.clock.advance(2)
    assert await stage.sender.send(channel(), letter()) == Accepted()
