"""What the ``alerts`` commands work with: the owner's rules, channels and events, straight from the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import msgspec

from dozor.alerts.channel_requests import TELEGRAM, WEBHOOK
from dozor.alerts.channels import Channel
from dozor.alerts.letters import Letters
from dozor.alerts.messages.told import Coin
from dozor.alerts.rule_service import RuleService
from dozor.alerts.sending import Sender
from dozor.alerts.testing import ChannelTester
from dozor.cli.cache_shelves import open_shelves
from dozor.clock import Clock
from dozor.domain.errors import CannotRunHere, NotThere, StoreUnavailable
from dozor.domain.people import NewUser, User
from dozor.domain.quotes import Subject
from dozor.market.endpoints import BY_PATH
from dozor.market.families import plain
from dozor.market.families.coin_list import ALL_COINS
from dozor.market.question import Question, canonical
from dozor.notify.bot_api import BotApi
from dozor.notify.telegram import TelegramSender
from dozor.notify.webhook import WebhookSender
from dozor.settings import Settings
from dozor.storage.inspection import ShelfAway
from dozor.storage.sql.channel_book import SqlChannelBook
from dozor.storage.sql.database import opened
from dozor.storage.sql.delivery_log import SqlDeliveryLog, SqlEventLog
from dozor.storage.sql.people import SqlPeople
from dozor.storage.sql.rule_book import SqlRuleBook
from dozor.storage.sql.vault import KEY_FILE, open_vault
from dozor.telemetry.phrases import sentence


class KeptSubjects:
    """What can be watched, as far as the cache tells: making a rule here costs no upstream call.

    ``is_sure`` says whether the cache knew both lists when it was last asked.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.is_sure = False

    async def look(self, coin_id: str, currency: str, client: str) -> Subject:
        """See ``market.subjects.Subjects.look``. What the cache cannot tell is taken for known; no price is."""
        coins, currencies = await self._lists()
        self.is_sure = coins is not None and currencies is not None
        return Subject(
            is_coin=coins is None or coin_id in coins,
            is_currency=currencies is None or currency in currencies,
            last=None,
        )

    async def _lists(self) -> tuple[frozenset[str] | None, frozenset[str] | None]:
        coins = await self._body(ALL_COINS)
        currencies = await self._body(canonical(BY_PATH["/simple/supported_vs_currencies"], {}, (), full_history=False))
        return (
            None if coins is None else frozenset(row.id.lower() for row in _coins.decode(coins)),
            None if currencies is None else frozenset(_currencies.decode(currencies)),
        )

    async def _body(self, question: Question) -> bytes | None:
        async with open_shelves(self._settings, self._clock, None) as shelves:
            for shelf in shelves.there:
                try:
                    content = await shelf.read(plain.wanted(question).key)
                except ShelfAway:
                    continue
                if content is not None:
                    return content.body
        return None


class _Coin(msgspec.Struct):
    id: str


_coins = msgspec.json.Decoder(list[_Coin])
_currencies = msgspec.json.Decoder(list[str])


@dataclass(frozen=True, slots=True)
class AlertsDesk:
    """The owner's part of the database. It works beside a running server, and without one."""

    settings: Settings
    clock: Clock
    owner: User
    rules: RuleService
    channels: SqlChannelBook
    events: SqlEventLog
    deliveries: SqlDeliveryLog
    letters: Letters
    tester: ChannelTester
    subjects: KeptSubjects

    async def channel(self, name: str) -> Channel:
        """The owner's channel with this id, name or address. Raises NotThere, also when the name fits several."""
        found = [one for one in await self.channels.all_of(self.owner.id) if name in _names(one)]
        if len(found) != 1:
            raise NotThere(name)
        return found[0]

    async def channels_of(self, ids: Sequence[str]) -> Sequence[Channel]:
        """These channels in this order; those that are gone are left out."""
        known = await self.channels.load(ids)
        return [known[one] for one in ids if one in known]


def _names(channel: Channel) -> tuple[object, ...]:
    return channel.id, channel.name, channel.address.get("url")


@asynccontextmanager
async def alerts_desk(settings: Settings, clock: Clock) -> AsyncIterator[AlertsDesk]:
    """Open it, and the database with it, which is made when there is none. Raises CannotRunHere."""
    try:
        async with AsyncExitStack() as stack:
            yield await _laid_out(settings, clock, stack)
    except StoreUnavailable as error:
        raise CannotRunHere(sentence("start.database_away", settings.language, reason=str(error))) from error


async def _laid_out(settings: Settings, clock: Clock, stack: AsyncExitStack) -> AlertsDesk:
    database = await stack.enter_async_context(opened(settings.database, clock, settings.language))
    owner = await SqlPeople(database).owner(clock.now(), NewUser("owner", settings.language.value))
    trusted = owner.id if settings.allow_private_webhooks else None
    senders: dict[str, Sender] = {WEBHOOK: await stack.enter_async_context(WebhookSender(clock, trusted_user=trusted))}
    if settings.telegram_bot_token is not None:
        bot = BotApi(settings.telegram_api_base_url, settings.telegram_bot_token.reveal(), clock)
        senders[TELEGRAM] = TelegramSender(await stack.enter_async_context(bot), clock)
    subjects = KeptSubjects(settings, clock)
    return AlertsDesk(
        settings,
        clock,
        owner,
        RuleService(SqlRuleBook(database), subjects, clock, most_rules=settings.alerts_per_user),
        SqlChannelBook(database, open_vault(settings.data_dir / KEY_FILE)),
        SqlEventLog(database),
        SqlDeliveryLog(database),
        Letters(lambda coin_id: Coin(coin_id, coin_id)),
        ChannelTester(senders, clock),
        subjects,
    )
