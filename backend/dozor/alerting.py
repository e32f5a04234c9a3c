"""The wiring of the alerts: people, rules, the watch over them and the deliveries, over one database."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from fastapi import APIRouter

from dozor.alerts.channel_requests import TELEGRAM, WEBHOOK
from dozor.alerts.concierge import Concierge
from dozor.alerts.deliveries import Backlog, EventLog
from dozor.alerts.dispatcher import Dispatcher
from dozor.alerts.letters import Letters
from dozor.alerts.messages.message import Message
from dozor.alerts.messages.times import Reader
from dozor.alerts.messages.told import Coin
from dozor.alerts.messages.writing import has_sight_again, went_blind
from dozor.alerts.notices import Notices
from dozor.alerts.pairing import PairingCodes
from dozor.alerts.patrol import BlindNews, Patrol, WatchReport
from dozor.alerts.rule_service import RuleService
from dozor.alerts.sending import Sender
from dozor.alerts.testing import ChannelTester
from dozor.clock import Clock
from dozor.domain.errors import CannotRunHere, StoreUnavailable
from dozor.domain.ids import Named, new_id
from dozor.domain.people import NewUser
from dozor.domain.watch_pace import Means
from dozor.market.catalogue import Catalogue
from dozor.market.quotes import Quotes
from dozor.market.service import MarketService
from dozor.market.subjects import Subjects
from dozor.notify.bot_api import BotApi
from dozor.notify.telegram import TelegramSender
from dozor.notify.telegram_bot import TelegramBot
from dozor.notify.webhook import WebhookSender
from dozor.settings import Settings
from dozor.storage.sql.channel_book import SqlChannelBook
from dozor.storage.sql.database import Database, opened
from dozor.storage.sql.delivery_log import SqlDeliveryLog, SqlEventLog
from dozor.storage.sql.idempotency import SqlIdempotency
from dozor.storage.sql.lease_book import SqlLeases
from dozor.storage.sql.outbox import SqlOutbox
from dozor.storage.sql.people import SqlInvitations, SqlPeople
from dozor.storage.sql.retention import Retention
from dozor.storage.sql.rule_book import SqlRuleBook
from dozor.storage.sql.tokens import SqlTokens
from dozor.storage.sql.vault import open_vault
from dozor.storage.sql.watch_store import SqlWatchStore
from dozor.telemetry.phrases import Words, sentence
from dozor.upstream.accounts import Accounts
from dozor.web.access import Access
from dozor.web.api.alerts import AlertsApi
from dozor.web.api.channels import ChannelsApi
from dozor.web.api.events import EventsApi
from dozor.web.api.people import PeopleApi
from dozor.web.api.sent import Once
from dozor.web.api.stream import Bell
from dozor.web.invite import invite_router
from dozor.web.members import Members
from dozor.web.sessions import OwnerLogin

VAULT_FILE = "secrets.key"
DATABASE_PATIENCE_S = 30.0
DATABASE_LOOK_S = 1.0
SWEEP_EVERY_S = 3600.0
SWEEP_PAUSE_S = 0.2
DRAIN_S = 3.0  # of the ten seconds that a stop may take


log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Alerting:
    """What of the alerts others are shown."""

    routers: tuple[APIRouter, ...]
    letters: Letters
    events: EventLog
    members: Members
    bell: Bell
    watch: Callable[[], WatchReport]
    backlog: Callable[[], Awaitable[Backlog]]


@dataclass(frozen=True, slots=True)
class Doors:
    """How people come in: what the rest of the site uses too."""

    access: Access
    login: OwnerLogin
    secret: bytes


@asynccontextmanager
async def alerting(
    settings: Settings,
    tasks: asyncio.TaskGroup,
    clock: Clock,
    market: MarketService,
    accounts: Accounts,
    doors: Doors,
) -> AsyncIterator[Alerting]:
    """Build it, and take it down. Raises CannotRunHere."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(_opened(settings, clock))
        vault = open_vault(settings.data_dir / VAULT_FILE)
        rules = RuleService(SqlRuleBook(database), Subjects(market), clock, most_rules=settings.alerts_per_user)
        people, tokens = SqlPeople(database), SqlTokens(database)
        owner = NewUser("owner", settings.language.value)
        members = Members(
            doors.access,
            doors.login,
            people,
            tokens,
            clock,
            owner=owner,
            trusted_proxies=settings.trusted_proxies,
        )
        invitations = SqlInvitations(database)
        doors.access.know(tokens)
        once = Once(SqlIdempotency(database), clock)
        channels = SqlChannelBook(database, vault)
        letters = Letters(partial(_coin_of, market.catalogue))
        trusted = (await people.owner(clock.now(), owner)).id if settings.allow_private_webhooks else None
        webhooks = await stack.enter_async_context(WebhookSender(clock, trusted_user=trusted))
        senders: dict[str, Sender] = {WEBHOOK: webhooks}
        codes = PairingCodes(doors.secret)
        bot: TelegramBot | None = None
        if settings.telegram_bot_token is not None:
            bot_api = await stack.enter_async_context(
                BotApi(settings.telegram_api_base_url, settings.telegram_bot_token.reveal(), clock)
            )
            senders[TELEGRAM], bot = TelegramSender(bot_api, clock), TelegramBot(bot_api)
        outbox = SqlOutbox(database)
        tester = ChannelTester(senders, clock)
        notices = Notices(channels, senders, clock)
        dispatcher = Dispatcher(
            outbox, channels, people, senders, letters, clock, holder=secrets.token_hex(8), notices=notices
        )
        sending = tasks.create_task(dispatcher.run(), name="deliveries")
        stack.push_async_callback(_drained, dispatcher, sending)
        bell, events = Bell(), SqlEventLog(database)

        def when_told() -> None:
            dispatcher.wake()
            bell.ring()

        when_blind = partial(_tell_of_blindness, notices, people)
        patrol = _patrol(settings, database, market, accounts, clock, when_told, when_blind)
        watching = tasks.create_task(patrol.run(), name="watch")
        stack.push_async_callback(_ended, watching)
        if bot is not None:
            concierge = Concierge(
                bot,
                SqlLeases(database, clock),
                people,
                invitations,
                channels,
                rules,
                codes,
                clock,
                holder=secrets.token_hex(8),
            )
            listening = tasks.create_task(concierge.run(), name="listen to Telegram")
            stack.push_async_callback(_ended, listening)
        sweeping = tasks.create_task(
            _sweep(Retention(database, timedelta(days=settings.retention_days)), clock), name="forget what is old"
        )
        stack.push_async_callback(_ended, sweeping)
        yield Alerting(
            (
                AlertsApi(rules, members, once, clock, settings.language, patrol.is_blind, channels, tester).router(),
                ChannelsApi(
                    channels,
                    tester,
                    members,
                    once,
                    clock,
                    codes,
                    bot,
                    allow_private=settings.allow_private_webhooks,
                ).router(),
                EventsApi(events, SqlDeliveryLog(database), letters, members, clock, settings.language).router(),
                PeopleApi(people, tokens, invitations, members, once, clock).router(),
                invite_router(invitations, doors.login, clock, settings.language),
            ),
            letters,
            events,
            members,
            bell,
            patrol.report,
            lambda: outbox.backlog(clock.now()),
        )


def _patrol(
    settings: Settings,
    database: Database,
    market: MarketService,
    accounts: Accounts,
    clock: Clock,
    when_told: Callable[[], None],
    when_blind: Callable[[BlindNews], Awaitable[None]],
) -> Patrol:
    async def means() -> Means:
        spending = await accounts.spending()
        left = None if spending.month_limit is None else max(0, spending.month_limit - spending.month_used)
        return Means(spending.minute_limit, left, (spending.month.resets_at - clock.now()).total_seconds())

    async def arm(armed: bool) -> None:  # noqa: FBT001  # what is armed or not is all that is said
        await accounts.arm(armed=armed)

    def new_event_id(now: datetime) -> str:
        return new_id(Named.EVENT, now)

    return Patrol(
        SqlWatchStore(database),
        SqlLeases(database, clock),
        Quotes(market),
        clock,
        holder=secrets.token_hex(8),
        new_event_id=new_event_id,
        means=means,
        arm=arm,
        wished_s=settings.watch_interval_s,
        when_told=when_told,
        when_blind=when_blind,
    )


@asynccontextmanager
async def _opened(settings: Settings, clock: Clock) -> AsyncIterator[Database]:
    """The database, as soon as it can be reached: it may start at the same time as we do. Raises CannotRunHere."""
    gives_up_at = clock.monotonic() + DATABASE_PATIENCE_S
    while True:
        async with AsyncExitStack() as stack:
            try:
                database = await stack.enter_async_context(opened(settings.database, clock, settings.language))
            except StoreUnavailable as error:
                if clock.monotonic() >= gives_up_at:
                    raise CannotRunHere(
                        sentence("start.database_away", settings.language, reason=str(error))
                    ) from error
                log.warning("database.awaited", reason=str(error))
            else:
                yield database
                return
        await clock.sleep(DATABASE_LOOK_S)


async def _sweep(retention: Retention, clock: Clock) -> None:
    """Forget what is old enough, a little at a time."""
    while True:
        try:
            while await retention.sweep_some(clock.now()):
                await clock.sleep(SWEEP_PAUSE_S)
        except StoreUnavailable as error:
            log.warning("database.not_swept", reason=str(error))
        await clock.sleep(SWEEP_EVERY_S)


async def _tell_of_blindness(notices: Notices, people: SqlPeople, news: BlindNews) -> None:
    for user_id, user in (await people.load(news.rules.keys())).items():
        rules, reason = news.rules[user_id], news.reason
        why = Words("цены не обновляются", "prices do not change") if reason is None else Words(reason, reason)

        def message(reader: Reader, now: datetime, rules: int = rules, why: Words = why) -> Message:
            if news.is_lost:
                return went_blind(rules, news.since, why, reader, now)
            return has_sight_again(rules, news.since, news.at, reader, now)

        kind = "system.blind" if news.is_lost else "system.sees_again"
        await notices.tell(user, kind, message, rules=rules, since=news.since)


def _coin_of(catalogue: Catalogue, coin_id: str) -> Coin:
    """What people call it, as far as any answer has told."""
    known = catalogue.get(coin_id)
    return Coin(coin_id, coin_id) if known is None else Coin(known.symbol.upper() or coin_id, known.name or coin_id)


async def _drained(dispatcher: Dispatcher, task: asyncio.Task[None]) -> None:
    """Let what is on its way end; what takes too long is cut off, and given out again after the next start."""
    dispatcher.stop()
    await asyncio.wait({task}, timeout=DRAIN_S)
    await _ended(task)


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancel it, and wait until it has given its lease back."""
    task.cancel()
    await asyncio.wait({task})
