"""The wiring: everything that Dozor consists of is built here, in one straight line, and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

import structlog
from starlette.types import ASGIApp

from dozor.alerting import Doors, alerting
from dozor.caching.memory import MemoryTier
from dozor.caching.negative import Negatives
from dozor.caching.readthrough import ReadThrough
from dozor.caching.singleflight import SingleFlight
from dozor.caching.stats import ReadStats
from dozor.caching.tier import SharedTier
from dozor.caching.tiers import Found, Tiers
from dozor.clock import Clock
from dozor.domain.errors import DozorError
from dozor.domain.lanes import Lane
from dozor.domain.machines import Rules
from dozor.market.ahead import refresh_ahead
from dozor.market.batches import Batches, Surroundings
from dozor.market.board import Board
from dozor.market.catalogue import Catalogue
from dozor.market.chart_reader import ChartReader
from dozor.market.coin_ids import CoinIds
from dozor.market.default_views import Copies, coins_question
from dozor.market.families.coin_list import ALL_COINS
from dozor.market.images import Pictures
from dozor.market.lookup import CoinLookup
from dozor.market.policy import Pacing
from dozor.market.ports import Image
from dozor.market.question import Question
from dozor.market.service import MarketService
from dozor.market.units import Units
from dozor.market.unknown_ids import UnknownIds
from dozor.setting_values import DerivedCharts, Plan
from dozor.settings import KEY_HEADER, Settings
from dozor.storage.disk_tier import DiskTier
from dozor.storage.machine_id import machine_id
from dozor.storage.redis_book import RedisBook
from dozor.storage.redis_link import RedisLink
from dozor.storage.redis_tier import RedisTier
from dozor.upstream.accounts import Accounts
from dozor.upstream.admission import Admission
from dozor.upstream.breaker import Breaker
from dozor.upstream.client import UpstreamClient
from dozor.upstream.images import ImageClient
from dozor.upstream.ledger import Ledger
from dozor.upstream.plan_meter import PlanMeter
from dozor.upstream.shared_accounts import SharedAccounts
from dozor.upstream.transport import Transport
from dozor.web.access import Access, KeyRule
from dozor.web.api.market import MarketApi
from dozor.web.api.replying import Replying
from dozor.web.api.stream import StreamApi
from dozor.web.assets import Assets
from dozor.web.gateway import Gateway
from dozor.web.page import Page, static_folder
from dozor.web.report import About, Reporter
from dozor.web.sessions import OwnerLogin, session_secret
from dozor.web.site import build_site
from dozor.web.variants import Variants

MIB = 1024 * 1024
MEMORY_FLIGHTS = 1000
OWN_VARIANTS_BYTES = 16 * MIB
TRY_TIERS_SECONDS = 2.5  # a little more than it takes to say that Redis is away

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class App:
    """A Dozor that is ready to be served. ``login_link_path`` is ``None`` where the operator has set a token."""

    site: ASGIApp
    login_link_path: str | None
    market: MarketService
    first_questions: Sequence[Question]
    first_answer_known: asyncio.Event
    tiers_tried: Callable[[], Awaitable[None]]
    end_streams: Callable[[], None]  # they would outlast any drain


@asynccontextmanager
async def running(
    settings: Settings, tasks: asyncio.TaskGroup, clock: Clock, rules: Rules | None = None
) -> AsyncIterator[App]:
    """Build everything, and take it down in reverse. ``settings.data_dir`` must exist; ``tasks`` owns the loads.

    ``rules`` are the lengths of the budget's windows, for who has no minute to wait. Raises CannotRunHere when a file
    of the data folder cannot be used.
    """
    async with AsyncExitStack() as stack:
        paid = settings.coingecko_plan is Plan.PRO
        redis = await stack.enter_async_context(_redis(settings, tasks, clock))
        ledger = await stack.enter_async_context(
            Ledger(settings.data_dir / "ledger.db", resets_on=settings.month_resets_on, clock=clock)
        )
        accounts = await stack.enter_async_context(_accounts(settings, ledger, redis, tasks, clock, rules))
        admission = Admission(
            accounts,
            tasks,
            clock,
            count_only_successes=settings.count_only_successes,
            per_minute=lambda: accounts.limits.most,
            minute_s=rules.span if rules is not None else Rules().span,
        )
        key = settings.coingecko_api_key
        key_header = (KEY_HEADER[settings.coingecko_plan], key.reveal()) if key else None
        transport = await stack.enter_async_context(Transport(settings.coingecko_base_url, key_header=key_header))
        upstream = UpstreamClient(transport=transport, admission=admission, breaker=Breaker(), clock=clock)
        if settings.coingecko_plan is Plan.PRO:
            meter = PlanMeter(
                upstream,
                accounts,
                ledger,
                clock,
                tells_minute=settings.plan_tells_minute,
                tells_month=settings.plan_tells_month,
            )
            reading = tasks.create_task(meter.run(), name="read the plan")
            stack.callback(reading.cancel)
        images = await stack.enter_async_context(ImageClient(settings.coingecko_base_url))

        stats = ReadStats()
        memory = MemoryTier(settings.memory_cache_mib * MIB)
        disk = DiskTier(settings.data_dir / "cache.db", settings.disk_cache_mib * MIB, clock)
        disk.start(tasks)
        stack.push_async_callback(disk.close)
        shared: list[SharedTier] = [redis.tier, disk] if redis is not None else [disk]
        tiers = Tiers(
            memory,
            shared,
            tasks,
            clock,
            holder=secrets.token_hex(8),
            proof=redis.tier if redis is not None else None,
        )
        stack.callback(tiers.let_go)
        flights: SingleFlight[Found] = SingleFlight(tasks, MEMORY_FLIGHTS)
        negatives = Negatives(clock)
        board, catalogue = Board(), Catalogue()
        pacing = Pacing(paid, settings.price_fresh_s)
        cache = ReadThrough(tiers, flights, negatives, stats, clock)
        coin_ids = CoinIds()
        units = Units(cache, upstream, board, catalogue, coin_ids, clock, pacing)
        unknown_ids = UnknownIds(coin_ids, catalogue, units, SingleFlight[None](tasks), clock)
        surroundings = Surroundings(pacing, catalogue, units, unknown_ids.is_known)
        batches = Batches(board, upstream, tiers, negatives, stats, tasks, clock, surroundings)
        copies = Copies(redis.tier) if redis is not None else None
        if settings.coingecko_plan is not Plan.KEYLESS:
            # Where the month is limited, what nobody waits for leaves a part of each day to those who do.
            lane = Lane.WARM_UP if settings.limits.per_month else Lane.REFRESH
            ahead = tasks.create_task(refresh_ahead(units, batches, clock, lane), name="refresh ahead")
            stack.callback(ahead.cancel)
        market = MarketService(
            units,
            batches,
            unknown_ids,
            catalogue,
            stats,
            clock,
            copies=copies,
            expected_wait=upstream.expected_wait,
        )
        chart_reader = ChartReader(market)
        picture_flights: SingleFlight[Image | None] = SingleFlight(tasks, MEMORY_FLIGHTS)

        secret = session_secret(settings.data_dir / "session.secret")
        login = OwnerLogin(secret)
        token = settings.owner_token.reveal() if settings.owner_token else secrets.token_urlsafe(32)
        access = Access(
            [KeyRule(key.name, key.key.reveal().encode(), key.calls_per_minute) for key in settings.gateway_keys],
            public_market=settings.public_market,
            owner_token=token,
            clock=clock,
        )
        alerts = await stack.enter_async_context(
            alerting(settings, tasks, clock, market, accounts, Doors(access, login, secret))
        )
        variants = Variants()
        # Apart: bodies with a growing age in them must not push out the gateway's, which stay the same.
        replying = Replying(Variants(OWN_VARIANTS_BYTES))
        about = About(version("dozor"), settings.coingecko_plan.value, settings.language, clock.now())
        states = {
            "redis": lambda: "off" if redis is None else _up_or_down(up=redis.link.up),
            "disk": lambda: _up_or_down(up=disk.is_up),
        }
        reporter = Reporter(about, upstream, stats, memory, states, alerts.watch, alerts.backlog)
        api = MarketApi(
            market,
            market if settings.derived_charts is DerivedCharts.OFF else chart_reader,
            CoinLookup(market),
            Pictures(images, catalogue, picture_flights, clock),
            replying,
            access,
            login,
            full_history=paid,
            trusted_proxies=settings.trusted_proxies,
        )
        stream = StreamApi(
            market, alerts.events, alerts.letters, api, alerts.members, alerts.bell, clock, settings.language
        )
        site = build_site(
            Gateway(
                market,
                chart_reader if settings.derived_charts is DerivedCharts.EVERYWHERE else market,
                access,
                login,
                variants,
                clock,
                full_history=paid,
                allowed_origins=settings.allowed_origins,
                trusted_proxies=settings.trusted_proxies,
            ),
            api,
            Page(api, replying, reporter, login, variants, static_folder(), settings.language),
            reporter,
            clock,
            version=about.version,
            language=settings.language,
            allowed_origins=settings.allowed_origins,
            assets=Assets(static_folder(), variants),
            more=(*alerts.routers, stream.router()),
        )
        link = None if settings.owner_token else login.link_path
        # The first screen with what 250 coins are called and look like, then all other coins, then the screen's rest,
        # and at last another 250 coins: calls for prices and rows take along those whose rank is known.
        first_questions = (
            coins_question("usd", 1, 100, "market_cap_desc"),
            ALL_COINS,
            api.question("/global"),
            coins_question("usd", 2, 250, "market_cap_desc"),
        )
        tiers_tried = redis.link.wait_until_tried if redis is not None else _at_once
        yield App(site, link, market, first_questions, reporter.first_answer_known, tiers_tried, alerts.bell.stop)


@asynccontextmanager
async def _accounts(
    settings: Settings,
    ledger: Ledger,
    redis: _Redis | None,
    tasks: asyncio.TaskGroup,
    clock: Clock,
    rules: Rules | None,
) -> AsyncIterator[Accounts]:
    """What calls are charged to: this machine's ledger, and with Redis what it shares with other machines."""
    limits, machines = settings.limits, settings.machines
    if redis is None:
        accounts = Accounts(ledger, limits, clock, machines=machines, rules=rules)
        await accounts.start()
        yield accounts
        return
    machine = machine_id(settings.data_dir / "machine.id")
    book = RedisBook(redis.link, settings.quota_name, settings.redis_key_prefix)
    shared = SharedAccounts(ledger, limits, clock, book, machine, machines=machines, rules=rules)
    await shared.start()
    shared.keep_in_touch(tasks)
    try:
        yield shared
    finally:
        await shared.close()


@dataclass(frozen=True, slots=True)
class _Redis:
    link: RedisLink
    tier: RedisTier


@asynccontextmanager
async def _redis(settings: Settings, tasks: asyncio.TaskGroup, clock: Clock) -> AsyncIterator[_Redis | None]:
    """The link and its tier, being connected behind; ``None`` where the operator wants no Redis."""
    if settings.redis is None:
        yield None
        return
    link = RedisLink(settings.redis, clock, key_prefix=settings.redis_key_prefix)
    tier = RedisTier(link, clock, settings.redis_key_prefix)
    link.start(tasks)
    tier.start(tasks)
    try:
        yield _Redis(link, tier)
    finally:
        await tier.close()
        await link.close()


async def _at_once() -> None:
    """The disk is there from the start."""


def _up_or_down(*, up: bool) -> str:
    return "up" if up else "down"


async def warm_up(app: App) -> None:
    """Fetch what is asked for first, one after the other, unless a tier still knows it.

    What cannot be had now is logged, and fetched when somebody asks for it; the others are fetched all the same.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(TRY_TIERS_SECONDS):
            await app.tiers_tried()  # what another machine has fetched is worth this wait
    for question in app.first_questions:
        function = question.endpoint.function
        try:
            answer = await app.market.answer(question, client="", lane=Lane.WARM_UP)
        except DozorError as error:
            log.warning("market.warm_up_failed", function=function, reason=str(error))
        else:
            log.info("market.warmed_up", function=function, source=answer.source)
            app.first_answer_known.set()
