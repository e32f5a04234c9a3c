"""Who a call is made for: known by key, else by address, as far as trusted proxies tell it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from dozor.alerts.deliveries import Backlog
from dozor.alerts.patrol import WatchReport
from dozor.caching.memory import MemoryTier
from dozor.caching.singleflight import SingleFlight
from dozor.caching.stats import ReadStats
from dozor.clock import SystemClock
from dozor.domain.lanes import Lane
from dozor.market.images import Pictures
from dozor.market.lookup import CoinLookup
from dozor.market.ports import Image
from dozor.telemetry.phrases import Language
from dozor.web.access import Access, KeyRule
from dozor.web.api.market import MarketApi
from dozor.web.api.replying import Replying
from dozor.web.assets import Assets
from dozor.web.gateway import Gateway
from dozor.web.page import FIRST_SCREEN, Page
from dozor.web.report import About, Reporter
from dozor.web.sessions import OwnerLogin
from dozor.web.site import build_site
from dozor.web.variants import Variants
from fakes import settle
from recording_upstream import RecordingUpstream, market_over
from running_dozor import serving

OWNER = "owner-token-0123456789"
GLOBAL = "/api/v3/global"


@dataclass
class Site:
    url: str
    http: aiohttp.ClientSession
    upstream: RecordingUpstream

    async def get(self, path: str, **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.get(self.url + path, headers=named) as reply:
            await reply.read()
            return reply.status


class NoPictures:
    async def fetch_image(self, url: str) -> Image | None:
        return None


NO_WATCH = WatchReport(is_held_here=False, rules=0, pairs=0, interval_s=None, sees_wicks=False, polled_at=None)


async def nothing_to_send() -> Backlog:
    return Backlog({}, timedelta())


@contextlib.asynccontextmanager
async def site(folder: Path, *, keys: tuple[str, ...] = (), trusted: tuple[str, ...] = ()) -> AsyncIterator[Site]:
    """The whole site, open to everybody, over an upstream that writes down for whom it is called."""
    clock = SystemClock()
    (folder / "index.html").write_text(f"<html>{FIRST_SCREEN}</html>", encoding="utf-8")
    async with asyncio.TaskGroup() as tasks:
        upstream = RecordingUpstream(clock)
        market = market_over(upstream, tasks, clock)
        rules = [KeyRule(name, f"key-of-{name}".encode(), None) for name in keys]
        access = Access(rules, public_market=True, owner_token=OWNER, clock=clock)
        login, variants = OwnerLogin(b"s" * 32), Variants()
        replying = Replying(variants)
        reporter = Reporter(
            About("0", "keyless", Language.EN, clock.now()),
            upstream,
            ReadStats(),
            MemoryTier(1000),
            {},
            lambda: NO_WATCH,
            nothing_to_send,
        )
        proxies = [ipaddress.ip_network(network) for network in trusted]
        pictures = Pictures(NoPictures(), market.catalogue, SingleFlight[Image | None](tasks), clock)
        lookup = CoinLookup(market)
        api = MarketApi(
            market, market, lookup, pictures, replying, access, login, full_history=False, trusted_proxies=proxies
        )
        gateway = Gateway(
            market,
            market,
            access,
            login,
            variants,
            clock,
            full_history=False,
            allowed_origins=["*"],
            trusted_proxies=proxies,
        )
        page = Page(api, replying, reporter, login, variants, folder, Language.EN)
        assets = Assets(folder, variants)
        application = build_site(
            gateway, api, page, reporter, clock, version="0", language=Language.EN, allowed_origins=[], assets=assets
        )
        async with serving(application) as url, aiohttp.ClientSession() as http:
            yield Site(url, http, upstream)


async def test_gateway_call_is_made_for_the_key_by_its_name(tmp_path: Path) -> None:
    async with site(tmp_path, keys=("app", "bot")) as at:
        assert await at.get(GLOBAL, x_cg_demo_api_key="key-of-bot") == 200
    assert at.upstream.wanted == [("get_global", Lane.PERSON, "bot")]


async def test_gateway_call_without_a_key_is_made_for_the_address(tmp_path: Path) -> None:
    async with site(tmp_path, keys=("app", "bot")) as at:
        assert await at.get(GLOBAL) == 200
    assert at.upstream.wanted == [("get_global", Lane.PERSON, "127.0.0.1")]


async def test_gateway_call_of_the_owner_is_made_for_the_owner(tmp_path: Path) -> None:
    async with site(tmp_path, keys=("app",)) as at:
        assert await at.get(GLOBAL, Authorization=f"Bearer {OWNER}") == 200
    assert at.upstream.wanted == [("get_global", Lane.PERSON, "owner")]


@pytest.mark.parametrize(
    ("trusted", "client"),
    [
        (("127.0.0.0/8",), "198.51.100.7"),
        (("10.0.0.0/8",), "127.0.0.1"),  # whoever is no trusted proxy may write what he likes
    ],
)
async def test_address_behind_a_proxy_counts_when_the_proxy_is_trusted(
    tmp_path: Path, trusted: tuple[str, ...], client: str
) -> None:
    async with site(tmp_path, trusted=trusted) as at:
        assert await at.get(GLOBAL, X_Forwarded_For="203.0.113.9, 198.51.100.7") == 200
    assert at.upstream.wanted == [("get_global", Lane.PERSON, client)]


@pytest.mark.parametrize(
    ("path", "family"),
    [
        ("/coins", "get_crypto_list"),
        ("/coins/bitcoin", "get_crypto_details"),
        ("/coins/bitcoin/chart", "get_crypto_chart"),
        ("/coins/bitcoin/ohlc", "get_crypto_ohlc"),
        ("/search?q=btc", "get_coin_list"),
        ("/prices?ids=bitcoin", "get_prices"),
        ("/global", "get_global"),
        ("/trending", "get_trending"),
    ],
)
async def test_every_read_of_the_own_api_is_made_for_who_asks(tmp_path: Path, path: str, family: str) -> None:
    async with site(tmp_path, keys=("app",)) as at:
        await at.get(f"/api/v1{path}", x_cg_demo_api_key="key-of-app")
    assert at.upstream.wanted == [(family, Lane.PERSON, "app")]


async def test_what_the_page_fetches_before_it_is_shown_is_for_whoever_opens_it(tmp_path: Path) -> None:
    async with site(tmp_path, trusted=("127.0.0.0/8",)) as at:
        assert await at.get("/", X_Forwarded_For="198.51.100.7") == 200
        await settle()
    assert at.upstream.wanted == [
        ("get_crypto_list", Lane.PERSON, "198.51.100.7"),
        ("get_global", Lane.PERSON, "198.51.100.7"),
    ]
