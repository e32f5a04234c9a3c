"""The checker of ``bench/frugal``: it passes what the stand-in says, however cut, and finds what is wrong."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from yarl import URL

from bench.frugal.checker import Checked, Checker
from bench.frugal.facts import Facts
from bench.frugal.questions import (
    PRICE_FLAGS,
    ROOT,
    SECTIONS,
    Chart,
    Columns,
    Detail,
    Other,
    Page,
    Prices,
    Question,
    Watchlist,
)
from bench.frugal.record import Record, recording
from bench.frugal.verbatim import items, same
from bench.frugal.wrong import Wrong, WrongAnswer
from dozor.standin import server
from dozor.standin.quirks import Quirks
from fakes import FakeClock

COINS = 400
ALL_CHANGES = ("1h", "24h", "7d", "14d", "30d", "200d", "1y")
WIDE = Columns(sparkline=True, changes=ALL_CHANGES)
IDS = ("solana", "bitcoin", "tether", "pepe")
PRICES = Prices(IDS, ("usd", "btc"), PRICE_FLAGS)
SEEDS = range(6)


class Upstream:
    """A stand-in whose clock stands still, and the record of what it has said."""

    def __init__(self, origin: str, recorded: str, record: Record, clock: FakeClock, seed: int) -> None:
        self.clock = clock
        self._origin = origin
        self._recorded = recorded
        self._record = record
        self._seed = seed
        self._ids = {"bitcoin", *IDS}

    async def right(self, question: Question) -> bytes:
        """What it says, without that being written down."""
        return await self._get(self._origin + question.target)

    async def says(self, *questions: Question) -> bytes:
        """What it says to the last of them, written down."""
        body = b""
        for question in questions:
            body = await self._get(self._recorded + question.target)
        return body

    async def says_details_wide(self, id_: str) -> None:
        query = "sparkline=true&include_categories_details=true"
        await self._get(f"{self._recorded}{ROOT}/coins/{id_}?{query}")

    async def says_list_with_platforms(self) -> None:
        await self._get(f"{self._recorded}{ROOT}/coins/list?include_platform=true")

    def check(self, question: Question, body: bytes) -> Checked:
        return Checker(Facts(self._record.said), Quirks.of(self._seed), self._ids).check(question, body)

    def wrong(self, question: Question, body: bytes) -> Wrong:
        with pytest.raises(WrongAnswer) as caught:
            self.check(question, body)
        return caught.value.wrong

    async def _get(self, url: str) -> bytes:
        async with aiohttp.ClientSession() as client, client.get(URL(url, encoded=True)) as response:
            assert response.status == 200, await response.text()
            return await response.read()


@contextlib.asynccontextmanager
async def upstream(seed: int = 0) -> AsyncIterator[Upstream]:
    clock = FakeClock()
    stand_in = await server.start(seed=seed, coins=COINS, clock=clock)
    try:
        async with recording(stand_in.origin) as (recorded, record):
            yield Upstream(stand_in.origin, recorded, record, clock, seed)
    finally:
        await stand_in.close()


def reordered(coins: Any) -> None:
    """The first of them becomes the last."""
    coins["bitcoin"] = coins.pop("bitcoin")


def changed(body: bytes, change: Callable[[Any], object]) -> bytes:
    """The answer with a change made to what it says."""
    said = json.loads(body, parse_float=Digits, parse_int=Digits)
    change(said)
    written = json.dumps(said, separators=(",", ":"), default=lambda digits: f"<{digits}>")
    return written.replace('"<', "").replace('>"', "").encode()


class Digits:
    """A number as it is written."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_is_cut_from_wider_answers_is_right_whatever_upstream_is_like(seed: int) -> None:
    async with upstream(seed) as said:
        await said.says(replace(PRICES, currencies=("eur", "usd", "btc")), Page("usd", 250, 1, WIDE))
        await said.says(Watchlist("eur", IDS, WIDE), Chart("bitcoin", "usd", 1))
        await said.says_details_wide("bitcoin")
        await said.says_list_with_platforms()
        questions: list[Question] = [
            PRICES,
            Prices(("pepe", "nothing-like-it", "bitcoin"), ("btc", "eur"), ("include_24hr_change",)),
            Page("usd", 20, 3, Columns(changes=("7d", "1h"))),
            Page("usd", 250, 1),
            Watchlist("usd", IDS[::-1], Columns(sparkline=True)),
            Watchlist("eur", ("tether",), Columns(changes=("30d", "24h", "1y"))),
            Detail("bitcoin"),
            Detail("bitcoin", SECTIONS),
            Detail("bitcoin", ("localization", "tickers"), sparkline=True),
            Chart("bitcoin", "usd", 1),
            Other("lists", "/coins/list"),
        ]
        for question in questions:
            assert said.check(question, await said.right(question)).facts


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_shorter_chart_made_of_closed_points_and_a_now_that_was_said_is_right(seed: int) -> None:
    async with upstream(seed) as said:
        await said.says(Chart("bitcoin", "usd", 30))
        assert said.check(Chart("bitcoin", "usd", 7), await said.right(Chart("bitcoin", "usd", 7))).facts


async def test_blanks_and_escapes_do_not_matter_and_digits_do() -> None:
    assert same(b'{ "a" : [1.0, "\\u00e9"] }', '{"a":[1.0,"é"]}'.encode())
    assert not same(b"[1.0]", b"[1]")
    assert not same(b"[1e-05]", b"[0.00001]")
    assert not same(b'{"a":1,"b":2}', b'{"b":2,"a":1}')


async def test_prices_that_are_wrong_are_found() -> None:
    async with upstream() as said:
        body = await said.says(PRICES)
        assert said.wrong(PRICES, b"<html>") is Wrong.UNREADABLE
        assert said.wrong(PRICES, b'{"bitcoin":1}') is Wrong.MISSING
        assert said.wrong(PRICES, changed(body, lambda coins: coins.pop("pepe"))) is Wrong.MISSING
        assert said.wrong(PRICES, changed(body, lambda coins: coins["pepe"].pop("btc_24h_vol"))) is Wrong.MISSING
        assert said.wrong(PRICES, changed(body, lambda coins: coins.update(dogecoin={}))) is Wrong.UNASKED
        assert said.wrong(PRICES, changed(body, lambda coins: coins["pepe"].update(eur=1))) is Wrong.UNASKED
        assert said.wrong(PRICES, changed(body, reordered)) is Wrong.ORDER
        swapped = changed(body, lambda coins: coins.update(bitcoin=coins["pepe"], pepe=coins["bitcoin"]))
        assert said.wrong(PRICES, swapped) is Wrong.NEVER_SAID
        rounded = changed(body, lambda coins: coins["bitcoin"].update(usd=Digits(f"{coins['bitcoin']['usd']}.0")))
        assert said.wrong(PRICES, rounded) is Wrong.NEVER_SAID


async def test_a_price_of_another_precision_is_wrong() -> None:
    async with upstream() as said:
        full = replace(PRICES, precision="full")
        body = await said.says(full)
        await said.says(PRICES)
        assert said.check(full, body).facts
        assert said.wrong(PRICES, body) is Wrong.NEVER_SAID


async def test_a_page_that_is_wrong_is_found() -> None:
    async with upstream() as said:
        question = Page("usd", 10, 2, Columns(changes=("1h",)))
        await said.says(Page("usd", 250, 1, WIDE))
        body = await said.right(question)
        assert said.wrong(question, changed(body, lambda rows: rows.reverse())) is Wrong.ORDER
        assert said.wrong(question, changed(body, lambda rows: rows.pop())) is Wrong.MISSING
        first = await said.right(replace(question, page=1))
        assert said.wrong(question, first) is Wrong.ORDER
        narrow = await said.right(replace(question, columns=Columns()))
        assert said.wrong(question, narrow) is Wrong.MISSING
        wide = await said.right(replace(question, columns=Columns(sparkline=True, changes=("1h",))))
        assert said.wrong(question, wide) is Wrong.UNASKED
        euros = await said.right(replace(question, currency="eur"))
        assert said.wrong(question, euros) is Wrong.NEVER_SAID


async def test_a_page_pieced_together_from_two_pages_is_wrong() -> None:
    async with upstream() as said:
        first = items(await said.says(Page("usd", 150, 1)))
        await said.clock.advance(70)
        second = items(await said.says(Page("usd", 150, 2)))
        pieced = b"[%b]" % b",".join(map(bytes, [*first[100:], *second[:50]]))
        assert said.wrong(Page("usd", 100, 2), pieced) is Wrong.ORDER
        assert said.wrong(Page("usd", 100, 2), await said.right(Page("usd", 100, 2))) is Wrong.NEVER_SAID


async def test_a_watchlist_may_have_rows_of_several_answers_but_not_in_another_order() -> None:
    async with upstream() as said:
        question = Watchlist("usd", ("bitcoin", "pepe"))
        older = json.loads(await said.says(Watchlist("usd", ("bitcoin",))), parse_float=Digits, parse_int=Digits)
        await said.clock.advance(70)
        body = await said.says(question)
        mixed = changed(body, lambda rows: rows.__setitem__(0, older[0]))
        assert mixed != body
        assert len(said.check(question, mixed).facts) == 2
        assert said.wrong(question, changed(mixed, lambda rows: rows.reverse())) is Wrong.ORDER
        assert said.wrong(question, changed(mixed, lambda rows: rows.pop())) is Wrong.MISSING
        assert said.wrong(question, changed(body, lambda rows: rows.append(rows[-1]))) is Wrong.ORDER
        crossed = changed(body, lambda rows: rows[0].update(total_volume=older[0]["total_volume"]))
        assert said.wrong(question, crossed) is Wrong.NEVER_SAID


async def test_details_that_are_wrong_are_found() -> None:
    async with upstream() as said:
        question = Detail("bitcoin", ("tickers", "localization"))
        await said.says_details_wide("bitcoin")
        body = await said.right(question)
        assert said.wrong(question, await said.right(Detail("bitcoin"))) is Wrong.UNASKED
        assert said.wrong(question, await said.right(Detail("bitcoin", SECTIONS))) is Wrong.MISSING
        assert said.wrong(question, await said.right(replace(question, id="pepe"))) is Wrong.NEVER_SAID
        assert said.wrong(question, await said.right(replace(question, sparkline=True))) is Wrong.NEVER_SAID
        texts = changed(body, lambda coin: coin["description"].update(de=""))
        assert said.wrong(question, texts) is Wrong.NEVER_SAID


async def test_a_chart_that_is_wrong_is_found() -> None:
    async with upstream() as said:
        question, longer = Chart("bitcoin", "usd", 7), Chart("bitcoin", "usd", 30)
        earlier = json.loads(await said.says(longer), parse_float=Digits, parse_int=Digits)
        await said.clock.advance(2 * 3_600)
        await said.says(longer)
        body = await said.right(question)
        assert said.check(question, body).facts
        assert said.wrong(question, changed(body, lambda chart: chart.pop("market_caps"))) is Wrong.MISSING
        assert said.wrong(question, changed(body, lambda chart: chart["prices"].pop(50))) is Wrong.MISSING
        assert said.wrong(question, changed(body, lambda chart: chart["prices"].pop())) is Wrong.NEVER_SAID
        swapped = changed(body, lambda chart: chart["prices"].insert(50, chart["prices"].pop(60)))
        assert said.wrong(question, swapped) is Wrong.ORDER
        assert said.wrong(question, await said.right(longer)) is Wrong.UNASKED
        assert said.wrong(question, await said.right(Chart("bitcoin", "usd", 2))) is Wrong.MISSING
        assert said.wrong(question, await said.right(Chart("bitcoin", "usd", 1))) is Wrong.NEVER_SAID

        def with_a_now_that_is_over(chart: Any) -> None:
            for name, points in chart.items():
                points.append(earlier[name][-1])
                points.sort(key=lambda point: int(str(point[0])))

        assert said.wrong(question, changed(body, with_a_now_that_is_over)) is Wrong.NEVER_SAID


async def test_a_search_or_a_list_that_upstream_never_sent_is_wrong() -> None:
    async with upstream() as said:
        question = Other("search", "/search", (("query", "bit"),))
        body = await said.says(question)
        assert said.check(question, body).facts
        assert said.wrong(question, changed(body, lambda found: found["coins"].pop())) is Wrong.NEVER_SAID
        assert said.wrong(replace(question, query=(("query", "eth"),)), body) is Wrong.NEVER_SAID
        assert said.wrong(Other("lists", "/coins/list"), b"[]") is Wrong.NEVER_SAID


def test_an_answer_is_as_old_as_its_oldest_fact_which_counts_from_when_it_was_last_said() -> None:
    checked = Checked(((10.0, 40.0, 99.0), (5.0, 20.0)))
    assert checked.age(50.0, None) == 30.0
    assert checked.age(50.0, claimed=29.0) == 30.0
    assert math.isnan(Checked(()).age(50.0, 0.0))


def test_an_answer_that_is_older_than_it_claims_is_wrong() -> None:
    with pytest.raises(WrongAnswer) as caught:
        Checked(((10.0,),)).age(50.0, claimed=30.0)
    assert caught.value.wrong is Wrong.TOO_OLD


def test_an_answer_that_came_before_upstream_said_so_is_wrong() -> None:
    with pytest.raises(WrongAnswer) as caught:
        Checked(((60.0,),)).age(50.0, claimed=30.0)
    assert caught.value.wrong is Wrong.NEVER_SAID
