"""Real parts for the tests. What cannot be had makes its tests FAIL with the remedy; naming it in
``TEST_ALLOW_MISSING`` (comma-separated) turns that into a counted skip and a red section in the summary."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import HealthCheck, settings

import browser
from postgres_servers import REMEDY as POSTGRES_REMEDY
from postgres_servers import Postgres, find_programs
from redis_binaries import REMEDY as REDIS_REMEDY
from redis_binaries import Binary, find_server
from redis_groups import ClusterServers, SentinelServers, cluster, sentinel
from redis_servers import Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from playwright.async_api import Browser, Page

# A property is no measurement: on a busy machine any example may be slow.
settings.register_profile("dozor", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dozor")

MISSING: dict[str, str] = {}


def need(what: str, remedy: str) -> NoReturn:
    """Stop a test that has not got the real ``what``."""
    MISSING[what] = remedy
    if what in os.environ.get("TEST_ALLOW_MISSING", "").split(","):
        pytest.skip(f"real {what} needed: {remedy}")
    pytest.fail(f"real {what} needed: {remedy}", pytrace=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for what, remedy in MISSING.items():
        terminalreporter.section(f"NOT TESTED AGAINST A REAL {what.upper()}", red=True, bold=True)
        terminalreporter.line(remedy)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    from playwright.async_api import async_playwright  # late: its import takes longer than most tests' whole run

    # The async interface: Playwright's sync one leaves a running loop behind, and every asyncio test after it fails.
    async with async_playwright() as playwright:
        executable = browser.find_browser(playwright.chromium.executable_path)
        if not executable:
            need("browser", browser.REMEDY)
        is_root = hasattr(os, "geteuid") and os.geteuid() == 0
        opened = await playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"] if is_root else [])
        yield opened
        await opened.close()


@pytest.fixture
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """A page of a fresh browser profile."""
    context = await chromium.new_context()
    yield await context.new_page()
    await context.close()


def server_binary(implementation: str) -> Binary:
    return find_server(implementation) or need(implementation, REDIS_REMEDY[implementation])


@pytest.fixture(scope="session")
def redis_itself() -> Binary:
    """Redis and not Valkey, for what needs it: TLS."""
    return server_binary("redis")


@pytest.fixture(scope="session")
def valkey() -> Binary:
    """The one that every machine has, for a test that does not care which."""
    return server_binary("valkey")


@pytest.fixture(scope="session", params=["redis", "valkey"])
def redis_binary(request: pytest.FixtureRequest) -> Binary:
    """Each of the two in turn, to start servers of one's own: those that are stopped, frozen or killed."""
    return server_binary(request.param)


@pytest.fixture(scope="session")
def redis_server(redis_binary: Binary) -> Iterator[Server]:
    """A server for all tests, each with a key prefix of its own. Leave it running and as it is."""
    with Server(redis_binary) as server:
        yield server


@pytest.fixture(scope="session")
def sentinel_servers(valkey: Binary) -> Iterator[SentinelServers]:
    """A master, a replica and three sentinels, for all tests: ``failover()`` is allowed, killing is not."""
    with sentinel(valkey) as servers:
        yield servers


@pytest.fixture(scope="session")
def cluster_servers(redis_itself: Binary) -> Iterator[ClusterServers]:
    """Three masters, for all tests: ``move_slot()`` is allowed, killing is not."""
    with cluster(redis_itself) as servers:
        yield servers


@pytest.fixture(scope="session")
def postgres_programs() -> Path:
    """Where initdb and postgres are, to start servers of one's own: those that are stopped."""
    return find_programs() or need("postgres", POSTGRES_REMEDY)


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server for all tests, each with a database of its own (``postgres_servers.make_database``)."""
    if url := os.environ.get("TEST_POSTGRES_URL"):
        yield url
        return
    with Postgres(request.getfixturevalue("postgres_programs")) as server:
        yield server.url
