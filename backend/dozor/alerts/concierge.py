"""Listens to the bot: chats become channels, people come in by invitation, and buttons change rules.

One process listens at a time, by a lease. What was heard may be heard again after a kill; doing it again does no harm.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol, assert_never

import structlog

from dozor.alerts.channel_requests import TELEGRAM
from dozor.alerts.channels import ChannelBook, ChannelDraft
from dozor.alerts.chat_bot import BotFailing, ChatBot, Pressed, Said, Started
from dozor.alerts.messages.message import Action, Message, pressed
from dozor.alerts.pairing import LASTS, PairingCodes
from dozor.alerts.ports import Leases
from dozor.alerts.rule_service import RuleService
from dozor.clock import Clock
from dozor.domain.backoff import Doubling
from dozor.domain.errors import AlreadyThere, DozorError, NotThere, StoreUnavailable
from dozor.domain.people import NewUser, User
from dozor.telemetry.phrases import Language, Words

LEASE = "telegram"
LISTEN_S = 25.0
LEASE_S = 60.0  # longer than one listening
SNOOZE = timedelta(hours=1)
RETRY = Doubling(timedelta(seconds=1), timedelta(minutes=1))

WELCOME = Words("Готово: сюда будут приходить оповещения", "Done: your alerts will come here")
WELCOME_AGAIN = Words("Этот чат уже подключён", "This chat is connected already")
NO_CODE = Words(
    "Чтобы получать оповещения, откройте ссылку из раздела «Каналы» или приглашение владельца",
    "To get alerts, open the link in «Channels», or the owner's invitation",
)
BAD_CODE = Words("Эта ссылка использована или устарела", "This link was used already, or is out of date")
TAKEN = Words("Этот Telegram принадлежит другому пользователю", "This Telegram account belongs to another user")
UNKNOWN_BUTTON = Words("Эта кнопка больше не работает", "This button does not work any more")
DONE = {
    Action.SNOOZE: Words("Молчит час", "Silent for an hour"),
    Action.DISABLE: Words("Выключено", "Switched off"),
    Action.REARM: Words("Взведено заново", "Armed again"),
}

log = structlog.get_logger()


class People(Protocol):
    """Who knows users by their Telegram accounts."""

    async def get(self, user_id: str) -> User:
        """One user. Raises NotThere."""

    async def of_telegram(self, telegram_user_id: int) -> User:
        """The user with this Telegram account. Raises NotThere."""

    async def change(self, user_id: str, *, telegram_user_id: int | None = None) -> User:
        """Note the account. Raises AlreadyThere when it belongs to somebody else."""


class Invitations(Protocol):
    """Who lets people in."""

    async def redeem(self, code: str, new: NewUser, now: datetime) -> User:
        """Let somebody in by this code. Raises NotThere for one that is unknown, used or too old, and AlreadyThere."""


class Concierge:
    """One instance per process; ``run`` is its one task."""

    def __init__(
        self,
        bot: ChatBot,
        leases: Leases,
        people: People,
        invitations: Invitations,
        channels: ChannelBook,
        rules: RuleService,
        codes: PairingCodes,
        clock: Clock,
        *,
        holder: str,
    ) -> None:
        self._bot = bot
        self._leases = leases
        self._people = people
        self._invitations = invitations
        self._channels = channels
        self._rules = rules
        self._codes = codes
        self._clock = clock
        self._holder = holder
        self._used: dict[str, datetime] = {}

    async def run(self) -> None:
        """Listen for good, whenever the lease can be had."""
        offset, failures = 0, 0
        while True:
            try:
                lease = await self._leases.acquire(LEASE, self._holder, LEASE_S)
                if lease is None:
                    await self._clock.sleep(LEASE_S / 3)
                    continue
                heard = await self._bot.listen(offset, LISTEN_S)
                for said in heard.said:
                    await self._hear(said)
                offset = heard.next_offset
            except (BotFailing, StoreUnavailable) as error:
                failures += 1
                if failures == 1:
                    log.warning("telegram.unheard", reason=str(error))
                asked = error.pause if isinstance(error, BotFailing) else None
                await self._clock.sleep(max(RETRY.pause(failures), asked or timedelta()).total_seconds())
            else:
                if failures:
                    log.info("telegram.heard_again")
                failures = 0

    async def _hear(self, said: Said) -> None:
        match said:
            case Started():
                answer, language = await self._on_start(said)
                await self._bot.say(said.chat_id, Message(answer.in_language(language)))
            case Pressed():
                await self._on_press(said)
            case _:
                assert_never(said)

    async def _on_start(self, said: Started) -> tuple[Words, Language]:
        spoken = Language.RU if (said.language or "").startswith("ru") else Language.EN
        if said.code is None:
            return NO_CODE, spoken
        now = self._clock.now()
        try:
            user = await self._user_by(said, spoken, now)
        except NotThere:
            return BAD_CODE, spoken
        except AlreadyThere:
            return TAKEN, spoken
        language = Language(user.language)
        known = await self._channels.all_of(user.id)
        if any(one.kind == TELEGRAM and one.address.get("chat_id") == said.chat_id for one in known):
            return WELCOME_AGAIN, language
        draft = ChannelDraft(TELEGRAM, said.name or TELEGRAM, {"chat_id": said.chat_id})
        made = await self._channels.add(user.id, draft, now)
        log.info("telegram.paired", channel=made.id)
        return WELCOME, language

    async def _user_by(self, said: Started, spoken: Language, now: datetime) -> User:
        """Whose code it is, or who comes in by it. Raises NotThere and AlreadyThere."""
        code = said.code or ""
        user_id = self._codes.user_of(code, now)
        if user_id is None:
            new = NewUser(said.name or TELEGRAM, spoken.value, telegram_user_id=said.user_id)
            return await self._invitations.redeem(code, new, now)
        self._used = {used: at for used, at in self._used.items() if at + LASTS > now}
        if code in self._used:
            raise NotThere("such code")
        user = await self._people.get(user_id)
        if user.telegram_user_id is None:
            user = await self._people.change(user_id, telegram_user_id=said.user_id)
        self._used[code] = now
        return user

    async def _on_press(self, said: Pressed) -> None:
        wanted = pressed(said.data)
        language = Language.EN
        try:
            user = await self._people.of_telegram(said.user_id)
            language = Language(user.language)
            answer = UNKNOWN_BUTTON if wanted is None else await self._act(user, *wanted)
        except StoreUnavailable:
            raise
        except DozorError:  # the rule is gone, or it is somebody else's
            answer = UNKNOWN_BUTTON
        await self._bot.answer(said.query_id, answer.in_language(language))
        if answer is DONE[Action.DISABLE]:
            await self._bot.take_buttons_away(said.chat_id, said.message_id)

    async def _act(self, user: User, action: Action, rule_id: str) -> Words:
        match action:
            case Action.SNOOZE:
                await self._rules.snooze(user, rule_id, self._clock.now() + SNOOZE)
            case Action.DISABLE:
                await self._rules.pause(user, rule_id)
            case Action.REARM:
                await self._rules.rearm(user, rule_id)
                await self._rules.resume(user, rule_id)
            case _:
                assert_never(action)
        return DONE[action]
