"""What calls for prices and rows brought outlives the process that made them, and damage to it costs a call at most."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import web

from running_dozor import Reply, ScriptedUpstream, running_dozor

PRICES = "/api/v3/simple/price?vs_currencies=usd&ids="
ROWS = "/api/v3/coins/markets?vs_currency=usd&ids="
BOTH = pytest.mark.parametrize("path", [PRICES, ROWS], ids=["prices", "rows"])
LISTED = {"bitcoin": 1, "ethereum": 2, "solana": 3}

NO_JSON = b"\x00 no JSON"
OTHER_SHAPE = b'{"bitcoin":5,"ethereum":[]}'


@pytest.fixture(autouse=True)
def said_of_coins(upstream: ScriptedUpstream) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        asked = [coin for coin in request.query["ids"].split(",") if coin in LISTED]
        if request.path.endswith("/simple/price"):
            return web.json_response({coin: {"usd": LISTED[coin]} for coin in asked})
        rows = sorted(asked, key=LISTED.__getitem__)
        return web.json_response([{"id": coin, "symbol": coin, "market_cap": 9 - LISTED[coin]} for coin in rows])

    upstream.handler = answer


async def ask_once(upstream: ScriptedUpstream, folder: Path, *paths: str, **headers: str) -> list[Reply]:
    """What a process says that is started for these questions and stopped again."""
    async with running_dozor(upstream.base_url, folder) as dozor:
        return [await dozor.get(path, **headers) for path in paths]


@BOTH
async def test_after_a_restart_facts_cost_no_call_whatever_they_are_asked_for_with(
    upstream: ScriptedUpstream, tmp_path: Path, path: str
) -> None:
    before = await ask_once(upstream, tmp_path, f"{path}bitcoin,ethereum,nobody", f"{path}ethereum")
    calls = len(upstream.calls)
    paths = (f"{path}bitcoin,ethereum,nobody", f"{path}ethereum", f"{path}nobody")
    after = await ask_once(upstream, tmp_path, *paths, Cache_Control="only-if-cached")
    assert [reply.body for reply in after[:2]] == [reply.body for reply in before]
    assert after[2].body in {b"{}", b"[]"}, "that upstream has no such coin is known too"
    assert {reply.status for reply in after} == {200}
    assert all(reply.headers["cache-status"].startswith("dozor; hit; ttl=") for reply in after)
    assert len(upstream.calls) == calls


@pytest.mark.parametrize(("path", "most"), [(PRICES, 515), (ROWS, 250)], ids=["prices", "rows"])
async def test_what_several_calls_brought_is_all_there_after_a_restart(
    upstream: ScriptedUpstream, tmp_path: Path, path: str, most: int
) -> None:
    # Full calls: otherwise the second would take along what the first has brought.
    full = [",".join([coin, *(f"{coin[0]}{number}" for number in range(1, most))]) for coin in ("bitcoin", "solana")]
    await ask_once(upstream, tmp_path, *(path + ids for ids in full))
    assert len(upstream.calls) == 2
    (both,) = await ask_once(upstream, tmp_path, f"{path}bitcoin,solana")
    assert all(coin in both.body for coin in (b"bitcoin", b"solana"))
    assert len(upstream.calls) == 2


@BOTH
@pytest.mark.parametrize("place", ["the list", "what it names"])
@pytest.mark.parametrize("harm", ["damaged", NO_JSON, OTHER_SHAPE], ids=["damaged", "no JSON", "of another shape"])
async def test_facts_that_cannot_be_read_any_more_cost_one_call(
    upstream: ScriptedUpstream, tmp_path: Path, path: str, place: str, harm: str | bytes
) -> None:
    (before,) = await ask_once(upstream, tmp_path, f"{path}bitcoin,ethereum")
    spoil(tmp_path / "data" / "cache.db", harm, is_list=place == "the list")
    calls = len(upstream.calls)
    after = await ask_once(upstream, tmp_path, *[f"{path}bitcoin,ethereum"] * 2)
    assert [(reply.status, reply.body) for reply in after] == [(200, before.body)] * 2
    assert len(upstream.calls) == calls + 1
    await ask_once(upstream, tmp_path, f"{path}bitcoin,ethereum")
    assert len(upstream.calls) == calls + 1, "what it brought is kept in their place"


def spoil(file: Path, harm: str | bytes, *, is_list: bool) -> None:
    """Put something else in the place of what the calls of a lot left; unless it is damage, as if we had written it."""
    with closing(sqlite3.connect(file)) as database, database:
        keys = [key for (key,) in database.execute("SELECT key FROM entries")]
        lists = [key for key in keys if any(other.startswith(f"{key}:") for other in keys)]
        assert len(lists) == 1
        spoilt = lists if is_list else [key for key in keys if key.startswith(f"{lists[0]}:")]
        for key in spoilt:
            if isinstance(harm, str):
                damage = "UPDATE entries SET body = CAST(replace(body, 'bitcoin', 'bitcoim') AS BLOB) WHERE key = ?"
                changed = database.execute(damage, (key,))
            else:
                sound = (harm, hashlib.sha256(harm).hexdigest(), key)
                changed = database.execute("UPDATE entries SET body = ?, hash = ? WHERE key = ?", sound)
            assert changed.rowcount == 1
