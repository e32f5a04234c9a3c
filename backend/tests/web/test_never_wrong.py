"""Whatever is asked, in whatever order, the gateway answers to the byte what upstream itself would have answered.

The stand-in's time stands still, so that all its answers are of one moment, however they came about. Everything that
the public sources leave open about CoinGecko is drawn from a seed: an answer that is right under each depends on none.
"""

from __future__ import annotations

import random
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from dozor.standin.server import start
from fakes import FakeClock
from running_dozor import running_dozor

SEEDS = range(8)
QUESTIONS = 60
COINS = 700
CURRENCIES = ("usd", "eur", "btc", "eth", "rub", "xyz")
COLUMNS = ("1h", "24h", "7d", "14d", "30d", "200d", "1y")
ORDERS = ("market_cap_desc", "market_cap_asc", "volume_desc", "volume_asc", "id_asc", "id_desc")


def some(dice: random.Random, names: list[str], most: int) -> str:
    """Some of these, the first the likeliest, in any order."""
    count = dice.randint(1, most)
    chosen = {names[min(int(dice.paretovariate(0.7)), len(names)) - 1] for _ in range(count)}
    return quote(",".join(dice.sample(sorted(chosen), len(chosen))), safe=",")


def prices(dice: random.Random, names: list[str]) -> str:
    flags = ("include_market_cap", "include_24hr_vol", "include_24hr_change", "include_last_updated_at")
    query = [f"ids={some(dice, [*names, 'no-such-coin'], 30)}", f"vs_currencies={some(dice, list(CURRENCIES), 4)}"]
    query += [f"{flag}={dice.choice(('true', 'false'))}" for flag in flags if dice.random() < 0.6]
    if dice.random() < 0.2:
        query.append(f"precision={dice.choice(('full', '2', '0'))}")
    return f"/simple/price?{'&'.join(query)}"


def columns(dice: random.Random) -> list[str]:
    query = [f"vs_currency={dice.choice(CURRENCIES[:4])}"]
    if dice.random() < 0.5:
        query.append(f"price_change_percentage={','.join(dice.sample(COLUMNS, dice.randint(1, 4)))}")
    if dice.random() < 0.3:
        query.append("sparkline=true")
    if dice.random() < 0.4:
        query.append(f"order={dice.choice(ORDERS)}")
    return query


def page(dice: random.Random, _: list[str]) -> str:
    size = dice.choice((10, 20, 50, 100, 250))
    return f"/coins/markets?{'&'.join(columns(dice))}&per_page={size}&page={dice.randint(1, 750 // size + 1)}"


def watchlist(dice: random.Random, names: list[str]) -> str:
    ids = some(dice, [*names, "no-such-coin"], 40)
    paging = f"&per_page={dice.choice((5, 100))}&page={dice.choice((1, 1, 2))}" if dice.random() < 0.3 else ""
    return f"/coins/markets?{'&'.join(columns(dice))}&ids={ids}{paging}"


def details(dice: random.Random, names: list[str]) -> str:
    flags = ("localization", "tickers", "market_data", "community_data", "developer_data", "sparkline")
    query = [f"{flag}={dice.choice(('true', 'false'))}" for flag in flags if dice.random() < 0.4]
    return f"/coins/{quote(dice.choice(names[:5]))}?{'&'.join(query)}"


def chart(dice: random.Random, names: list[str]) -> str:
    days = dice.choice((1, 7, 30, 90, 365))
    return f"/coins/{quote(dice.choice(names[:4]))}/market_chart?vs_currency=usd&days={days}"


KINDS = (prices, prices, page, watchlist, watchlist, details, chart)


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_answer_is_upstreams_own_to_the_byte(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    upstream = await start(seed=seed, coins=COINS, clock=FakeClock(), check_user_agent=False)
    try:
        async with (
            running_dozor(upstream.base_url, tmp_path, COINGECKO_CALLS_PER_MINUTE="0") as dozor,
            aiohttp.ClientSession() as direct,
        ):
            async with direct.get(f"{upstream.base_url}/coins/list") as listed:
                names = [coin["id"] for coin in await listed.json()]
            for _ in range(QUESTIONS):
                question = dice.choice(KINDS)(dice, names)
                reply = await dozor.get(f"/api/v3{question}")
                async with direct.get(URL(upstream.base_url + question, encoded=True)) as said:
                    assert (reply.status, reply.body) == (said.status, await said.read()), question
                if dice.random() < 0.05:
                    dozor.clock.advance(70)  # what is known grows stale, and is mixed with what is fetched anew
    finally:
        await upstream.close()
