"""The page in a real browser, in front of a whole Dozor with the stand-in as its upstream."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Request, expect

from dozor.standin import server
from dozor.standin.faults import Fault, Kind
from dozor.standin.server import StandIn
from dozor.web.page import static_folder
from running_dozor import RunningDozor, running_dozor

FIRST_LIST = "/api/v1/coins?vs_currency=usd&page=1&per_page=100&order=market_cap_desc"
FIRST_GLOBAL = "/api/v1/global?vs_currency=usd"
STATUS = "/api/v1/status"
ROWS = "table.coins tbody tr"
NARROW = {"width": 360, "height": 740}
AN_HOUR_S = 3600


@dataclass
class Visit:
    """A page of a fresh browser profile, and what it did."""

    page: Page
    origin: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def api_calls(self) -> list[str]:
        """What was asked of the API, pictures left out."""
        return [path for path in self.paths if path.startswith("/api/") and "/images/" not in path]

    @property
    def paths(self) -> list[str]:
        return [url.removeprefix(self.origin) for url in self.requests]

    async def open(self, path: str) -> Page:
        await self.page.goto(self.origin + path)
        return self.page


@asynccontextmanager
async def visiting(chromium: Browser, origin: str, **profile: Any) -> AsyncIterator[Visit]:
    context = await chromium.new_context(**{"locale": "en-US", "timezone_id": "Europe/Moscow", **profile})
    visit = Visit(await context.new_page(), origin)

    def asked(request: Request) -> None:
        if not request.url.startswith("data:"):
            visit.requests.append(request.url)

    visit.page.on("request", asked)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on("console", lambda said: visit.complaints.append(said.text) if said.type == "error" else None)
    yield visit
    await context.close()


@pytest.fixture(autouse=True)
def built_page() -> None:
    if not (static_folder() / "index.html").exists():
        pytest.fail("the page is not built: `npm ci && npm run build` in frontend/", pytrace=False)


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    started = await server.start(coins=1_000)
    yield started
    await started.close()


@pytest.fixture
async def dozor(stand_in: StandIn, tmp_path: Path) -> AsyncIterator[RunningDozor]:
    async with running_dozor(stand_in.base_url, tmp_path) as running:
        yield running


@pytest.fixture
async def visit(chromium: Browser, dozor: RunningDozor) -> AsyncIterator[Visit]:
    async with visiting(chromium, dozor.url) as opened:
        yield opened


async def test_the_first_screen_of_a_warm_server_needs_no_call_at_all(dozor: RunningDozor, visit: Visit) -> None:
    for path in (FIRST_LIST, FIRST_GLOBAL):
        assert (await dozor.get(path)).status == 200
    page = await visit.open("/")
    await expect(page.locator(ROWS)).to_have_count(100)
    await expect(page.locator(".global")).to_contain_text("Total cap")
    await expect(page.locator(".foot")).to_contain_text("Upstream calls")
    await expect(page.locator(".foot")).to_contain_text("2\u00a0calls saved since start-up")  # this page's own two
    assert visit.api_calls == []


async def test_the_first_screen_of_a_cold_server_asks_each_thing_once(visit: Visit) -> None:
    page = await visit.open("/")
    await expect(page.locator(ROWS)).to_have_count(100)
    await expect(page.locator(".global")).to_contain_text("Total cap")
    assert len(visit.api_calls) == len(set(visit.api_calls))
    assert set(visit.api_calls) <= {FIRST_LIST, FIRST_GLOBAL, STATUS}


async def test_nothing_is_asked_of_anybody_else_and_the_policy_is_never_broken(visit: Visit) -> None:
    page = await visit.open("/")
    await expect(page.locator(ROWS)).to_have_count(100)
    await visit.open("/coins/bitcoin")
    await expect(page.locator(".drawing canvas").first).to_be_visible()
    await visit.open("/docs")
    await expect(page.get_by_text("The market table")).to_be_visible()
    assert [url for url in visit.requests if not url.startswith(f"{visit.origin}/")] == []
    assert visit.complaints == []


async def test_the_chart_library_is_loaded_only_for_a_chart(visit: Visit) -> None:
    page = await visit.open("/")
    await expect(page.locator(ROWS)).to_have_count(100)
    assert not [path for path in visit.paths if "/assets/draw-" in path]
    await page.get_by_role("link", name="Bitcoin BTC", exact=True).click()
    await expect(page.locator(".drawing canvas").first).to_be_visible()
    assert [path for path in visit.paths if "/assets/draw-" in path]


async def test_the_market_is_walked_and_opened_by_keys_alone(visit: Visit) -> None:
    page = await visit.open("/")
    await expect(page.locator(ROWS)).to_have_count(100)
    for key in ("j", "j", "k", "Enter"):
        await page.keyboard.press(key)
    await expect(page).to_have_url(f"{visit.origin}/coins/bitcoin")
    await expect(page.get_by_role("heading", level=1, name="Bitcoin")).to_be_visible()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("/")
    await page.keyboard.type("doge")
    await expect(page.get_by_role("option").first).to_contain_text("Dogecoin")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{visit.origin}/coins/dogecoin")


async def test_cards_of_a_narrow_window_are_walked_by_the_same_keys(chromium: Browser, dozor: RunningDozor) -> None:
    async with visiting(chromium, dozor.url, viewport=NARROW) as visit:
        page = await visit.open("/")
        await expect(page.locator(ROWS)).to_have_count(100)
        await page.keyboard.press("j")
        await expect(page.locator("a.step").first).to_be_focused()


async def test_single_keys_that_were_switched_off_do_nothing_even_after_a_reload(visit: Visit) -> None:
    page = await visit.open("/")
    await page.get_by_role("button", name="Keyboard help").click()
    await page.get_by_label("Single-letter keys").uncheck()
    await page.keyboard.press("Escape")
    await page.reload()
    await expect(page.locator(ROWS)).to_have_count(100)
    await page.keyboard.press("?")
    await page.keyboard.press("j")
    assert await page.evaluate("document.activeElement === document.body")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_the_order_is_told_by_header_and_address_and_survives_a_reload(visit: Visit) -> None:
    page = await visit.open("/")
    header = page.get_by_role("columnheader", name="Price")
    await header.get_by_role("button").click()
    await expect(header).to_have_attribute("aria-sort", "descending")
    await expect(page).to_have_url(f"{visit.origin}/?order=price_desc")
    await page.reload()
    await expect(header).to_have_attribute("aria-sort", "descending")
    await page.get_by_role("button", name="Volume 24h").click()
    await expect(page.get_by_role("columnheader", name="Volume")).to_have_attribute("aria-sort", "descending")
    await expect(page.locator("table.coins")).to_have_attribute("aria-busy", "false")
    assert FIRST_LIST.replace("market_cap_desc", "volume_desc") in visit.api_calls


async def test_a_chosen_currency_holds_on_every_view_and_after_a_reload(visit: Visit) -> None:
    page = await visit.open("/")
    await page.get_by_label("Currency").select_option("rub")
    await expect(page.locator("td.price").first).to_contain_text("₽")
    await page.reload()
    await expect(page.locator("td.price").first).to_contain_text("₽")
    await page.locator("a.step").first.click()
    await expect(page.locator(".big")).to_contain_text("₽")


async def test_the_chart_is_told_in_words_as_a_table_and_point_by_point(visit: Visit) -> None:
    page = await visit.open("/coins/bitcoin?range=30d")
    await expect(page.locator(".summary")).to_contain_text(re.compile("^In 30 days the price (rose|fell|stayed)"))
    cursor = page.get_by_role("slider")
    await cursor.focus()
    await expect(page.locator(".drawing canvas").first).to_be_visible()
    await page.keyboard.press("Home")
    await expect(cursor).to_have_attribute("aria-valuenow", "0")
    await page.keyboard.press("ArrowRight")
    await expect(cursor).to_have_attribute("aria-valuenow", "1")
    await page.get_by_role("button", name="Show as table").click()
    points = page.get_by_role("region", name="Price chart").get_by_role("row")
    await expect(points.nth(700)).to_be_attached()


async def test_a_coin_that_does_not_exist_is_told_by_its_name(visit: Visit) -> None:
    page = await visit.open("/coins/no-such-coin")
    await expect(page.get_by_role("heading", name="No such coin")).to_be_visible()
    await expect(page.locator("main")).to_contain_text("“no-such-coin”")


async def test_the_language_is_the_browsers_until_the_reader_chooses(chromium: Browser, dozor: RunningDozor) -> None:
    async with visiting(chromium, dozor.url, locale="ru-RU") as visit:
        page = await visit.open("/")
        await expect(page.get_by_role("columnheader", name="Капитализация")).to_be_visible()
        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_role("columnheader", name="Market cap")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("columnheader", name="Market cap")).to_be_visible()
        assert await page.evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_the_theme_is_set_before_the_body_is_there(chromium: Browser, dozor: RunningDozor, theme: str) -> None:
    async with visiting(chromium, dozor.url) as visit:
        await visit.page.add_init_script(f"localStorage.setItem('dozor.theme', '{theme}')")
        await visit.page.add_init_script(
            "new MutationObserver(() => { window.atBody ??= document.body && document.documentElement.dataset.theme; })"
            ".observe(document, { childList: true, subtree: true })"
        )
        page = await visit.open("/")
        await expect(page.locator(ROWS)).to_have_count(100)
        assert await page.evaluate("window.atBody") == theme


@pytest.mark.parametrize("path", ["/", "/?vs=rub", "/coins/bitcoin", "/coins/no-such-coin"])
async def test_nothing_overflows_a_narrow_screen(chromium: Browser, dozor: RunningDozor, path: str) -> None:
    async with visiting(chromium, dozor.url, viewport=NARROW, is_mobile=True, has_touch=True, locale="ru-RU") as visit:
        page = await visit.open(path)
        await expect(page.locator(f"{ROWS}, .summary, .notice").first).to_be_visible()
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(wide) <= 0


async def test_what_comes_late_moves_nothing(visit: Visit) -> None:
    await visit.page.add_init_script(
        "window.moved = 0; new PerformanceObserver((list) => list.getEntries().forEach((shift) => {"
        " window.moved += shift.value })).observe({ type: 'layout-shift', buffered: true })"
    )
    page = await visit.open("/?page=2")
    await expect(page.locator(ROWS)).to_have_count(100)
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert await page.evaluate("window.moved") < 0.01


async def test_a_limited_upstream_is_told_in_a_banner_over_the_old_numbers(
    dozor: RunningDozor, stand_in: StandIn, visit: Visit
) -> None:
    for path in (FIRST_LIST, FIRST_GLOBAL):
        assert (await dozor.get(path)).status == 200
    stand_in.fail(Fault(Kind.RATE_LIMITED, retry_after=50))
    dozor.clock.advance(AN_HOUR_S)
    assert (await dozor.get(FIRST_LIST)).status == 200  # what is there, though upstream refuses
    page = await visit.open("/")
    await expect(page.locator(".banner")).to_contain_text("CoinGecko limits us")
    await expect(page.locator(".banner")).to_contain_text("next try in")
    await expect(page.locator(".banner")).to_contain_text("showing data of")
    await expect(page.locator(f"{ROWS}.stale")).to_have_count(100)
    await expect(page.locator(".updated")).to_contain_text("1 h ago")


async def test_without_any_data_the_page_says_why_and_when_it_tries_again(stand_in: StandIn, visit: Visit) -> None:
    stand_in.fail(Fault(Kind.HTTP_503))
    page = await visit.open("/")
    await expect(page.get_by_role("heading", name="No data yet")).to_be_visible()
    await expect(page.locator(".notice")).to_contain_text("next try in")


async def test_numbers_are_read_again_each_minute_and_at_once_when_the_server_is_back(
    dozor: RunningDozor, visit: Visit
) -> None:
    await visit.page.clock.install()
    page = await visit.open("/")
    await expect(page.locator(ROWS)).to_have_count(100)
    await visit.page.route("**/api/v1/**", lambda route: route.abort())
    await visit.page.clock.run_for(61_000)
    await expect(page.locator(".banner")).to_contain_text("Dozor does not answer")
    await expect(page.locator(ROWS)).to_have_count(100)
    await visit.page.unroute("**/api/v1/**")
    async with page.expect_response(re.compile(re.escape(dozor.url + STATUS))):
        await visit.page.clock.run_for(6_000)
    await expect(page.locator(".banner")).to_have_count(0)


async def test_who_may_not_read_is_told_how_to_sign_in(chromium: Browser, stand_in: StandIn, tmp_path: Path) -> None:
    async with (
        running_dozor(stand_in.base_url, tmp_path, DOZOR_GATEWAY_KEYS="app:0123456789") as closed,
        visiting(chromium, closed.url) as visit,
    ):
        page = await visit.open("/")
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await expect(page.locator(".banner")).to_have_count(0)
