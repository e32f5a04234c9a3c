"""Real answers of the real API, replayed by a real HTTP server: each number leaves as the text that came.

The recordings are CoinGecko's and no part of this project; the tests skip, visibly, where they are absent.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from dozor.market.endpoints import match
from running_dozor import RunningDozor, ScriptedUpstream, running_dozor

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "coingecko" / "recorded"
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recordings at {RECORDED}")

USED_WHERE_THE_INDEX_SAYS_NOTHING = {
    "id": "bitcoin",
    "coin_id": "bitcoin",
    "contract_address": "0xdac17f958d2ee523a2206206994597c13d831ec7",
    "ids": "bitcoin",
    "vs_currency": "usd",
    "vs_currencies": "usd",
    "days": "7",
    "date": "30-12-2017",
    "query": "solana",
}
NO_ANSWERS = {"headers_samples.json", "INDEX.json"}


def recordings() -> Iterator[Any]:
    """Every recorded answer with status 200: its file, and the question that it answers."""
    for entry in index():
        name = entry["file"].removeprefix("recorded/")
        if entry["http_status"] == 200 and name not in NO_ANSWERS:
            yield pytest.param(name, question(entry["endpoint"], entry["params"] or ""), id=name)


def index() -> list[Any]:
    if not RECORDED.is_dir():
        return []
    files: list[Any] = json.loads((RECORDED / "INDEX.json").read_text(encoding="utf-8"))["files"]
    return files


def question(path: str, params: object) -> str:
    """The question as the index gives it, as far as that is one: some of its parameters are remarks."""
    found = match([part.replace("{", "<") for part in path.split("/")[1:]])
    assert found is not None, path
    wanted = {parameter.name for parameter in found[0].parameters if parameter.required} | set(found[0].one_of[:1])
    used = {name: USED_WHERE_THE_INDEX_SAYS_NOTHING[name] for name in wanted}
    if isinstance(params, str) and re.fullmatch(r"[\w=&%,. +-]*", params):
        used |= dict(parse_qsl(params))
    for name in re.findall(r"{(\w+)}", path):
        path = path.replace("{" + name + "}", USED_WHERE_THE_INDEX_SAYS_NOTHING[name])
    return f"/api/v3{path}?{urlencode(used)}"


@pytest.fixture
async def dozor(upstream: ScriptedUpstream, tmp_path: Path) -> AsyncIterator[RunningDozor]:
    """On a paid plan: some recordings are of days that a public one may not ask for any more."""
    async with running_dozor(
        upstream.base_url, tmp_path, COINGECKO_PLAN="pro", COINGECKO_API_KEY="CG-operator"
    ) as running:
        yield running


def test_no_recorded_answer_is_left_out() -> None:
    files = {file.relative_to(RECORDED).as_posix() for file in RECORDED.rglob("*.json")}
    refusals = {name for name in files if name.startswith("errors/")}
    assert {each.values[0] for each in recordings()} == files - refusals - NO_ANSWERS


@pytest.mark.parametrize(("name", "asked"), list(recordings()))
async def test_every_number_of_a_recorded_answer_leaves_as_the_text_that_came(
    dozor: RunningDozor, upstream: ScriptedUpstream, name: str, asked: str
) -> None:
    body = (RECORDED / name).read_bytes()
    upstream.answer(body)
    reply = await dozor.get(asked)
    if "1000rows" in name:
        assert len(json.loads(reply.body)) == 1000  # four pages in one file: no plan sends that, but bytes are bytes
    assert reply.status == 200
    if name.startswith("coins_id/"):
        # What is cut away apart, the very numbers in the very order.
        assert is_subsequence(numbers(reply.body), numbers(body))
        assert members_left_alone(json.loads(reply.body), json.loads(body))
    else:
        assert reply.body == body
    assert len(upstream.calls) == 1


OFF = "localization=false&tickers=false&market_data=false&community_data=false&developer_data=false&sparkline=false"


@pytest.mark.parametrize("wide", ["bitcoin_full_2021-05-15.json", "bitcoin_full_2023-10-07.json"])
async def test_what_is_cut_from_a_wide_answer_has_the_members_of_the_recorded_narrow_one(
    dozor: RunningDozor, upstream: ScriptedUpstream, wide: str
) -> None:
    upstream.answer((RECORDED / "coins_id" / wide).read_bytes())
    cut = json.loads((await dozor.get(f"/api/v3/coins/bitcoin?{OFF}")).body)
    narrow = json.loads((RECORDED / "coins_id" / "bitcoin_no_sections_2024-05-30.json").read_bytes())
    # Fields came and went at the provider between the recordings (facts.md 9); all others must agree.
    gone = {name for name in cut if "score" in name or name in {"coingecko_rank", "public_interest_stats"}}
    come = {"web_slug", "preview_listing", "detail_platforms", "watchlist_portfolio_users", "additional_notices"}
    assert set(cut) - gone - come <= set(narrow)
    assert set(narrow) - come <= set(cut)
    assert cut["description"].keys() == narrow["description"].keys() == {"en"}


async def test_rows_of_the_own_api_hold_the_texts_of_the_recorded_rows(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    body = (RECORDED / "coins_markets" / "usd_10rows_sparkline_2025-10-05.json").read_bytes()
    upstream.answer(body)
    reply = await dozor.get("/api/v1/coins?per_page=10")
    shown, rows = (
        json.loads(reply.body, parse_float=str, parse_int=str),
        json.loads(body, parse_float=str, parse_int=str),
    )
    for item, row in zip(shown["items"], rows, strict=True):
        assert item["price"] == row["current_price"]
        assert item["market_cap"] == row["market_cap"]
        assert item["volume_24h"] == row["total_volume"]
        assert item["change_1h"] == row["price_change_percentage_1h_in_currency"]
        assert item["change_7d"] == row["price_change_percentage_7d_in_currency"]
        assert item["sparkline_7d"] == row["sparkline_in_7d"]["price"]
        assert item["rank"] == row["market_cap_rank"]


@pytest.mark.parametrize(
    "name", ["bitcoin_full_2021-05-15.json", "bitcoin_full_2023-10-07.json", "matic-network_full_2023-07-28.json"]
)
async def test_the_coin_of_the_own_api_is_put_together_from_a_real_answer(
    dozor: RunningDozor, upstream: ScriptedUpstream, name: str
) -> None:
    body = (RECORDED / "coins_id" / name).read_bytes()
    upstream.answer(body)
    reply = await dozor.get("/api/v1/coins/bitcoin")
    shown, wide = (
        json.loads(reply.body, parse_float=str, parse_int=str),
        json.loads(body, parse_float=str, parse_int=str),
    )
    market = wide["market_data"]
    assert shown["price"] == market["current_price"]["usd"]
    assert shown["ath"]["date"] == market["ath_date"]["usd"]
    assert shown["supply"]["circulating"] == market["circulating_supply"]
    assert shown["description"]["en"] == wide["description"]["en"]


@pytest.mark.parametrize("name", ["trending_2025-05.json", "trending_2026-03-20.json", "trending_2021-05-18.json"])
async def test_trending_of_the_own_api_is_put_together_from_a_real_answer(
    dozor: RunningDozor, upstream: ScriptedUpstream, name: str
) -> None:
    body = (RECORDED / "search_trending" / name).read_bytes()
    upstream.answer(body)
    shown = json.loads((await dozor.get("/api/v1/trending")).body)
    assert [item["id"] for item in shown["items"]] == [coin["item"]["id"] for coin in json.loads(body)["coins"]]


def numbers(body: bytes) -> list[bytes]:
    return NUMBER.findall(STRING.sub(b'""', body))


def is_subsequence(part: list[bytes], whole: list[bytes]) -> bool:
    rest = iter(whole)
    return all(number in rest for number in part)


def members_left_alone(cut: dict[str, Any], wide: dict[str, Any]) -> bool:
    return all(
        value == wide[name] or (name in {"description", "market_data"} and value.items() <= wide[name].items())
        for name, value in cut.items()
    )
