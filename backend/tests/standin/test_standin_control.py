"""The control endpoint, the counts, the pictures, starting and stopping."""

from __future__ import annotations

import asyncio
import struct
import zlib
from datetime import UTC, datetime

import pytest
from standin_caller import Caller, calling, until

from dozor.standin.catalogue import catalogue
from dozor.standin.invented import MOST, invented
from dozor.standin.server import StandIn, serve_forever, start
from fakes import FakeClock


async def test_every_call_is_counted_by_path_and_status(caller: Caller):
    for path in ("/ping", "/coins/bitcoin", "/coins/ethereum", "/coins/nobody", "/not/there"):
        await caller.get(path)
    state = (await caller.control()).json()
    assert state["calls"]["total"] == 5
    assert state["calls"]["by_path"] == {"/ping": 1, "/coins/{id}": 3, "unknown": 1}
    assert state["calls"]["by_status"] == {"200": 3, "404": 2}
    assert state["calls"]["largest_minute"] == 5


async def test_a_call_is_remembered_without_its_key(caller: Caller):
    await caller.get("/ping?a=1&x_cg_demo_api_key=CG-hidden", **{"x-cg-demo-api-key": "CG-hidden"})
    reply = await caller.control()
    (call,) = reply.json()["calls"]["recent"]
    assert call["query"] == {"a": "1", "x_cg_demo_api_key": "…"}
    assert "x-cg-demo-api-key" in call["header_names"]
    assert datetime.fromisoformat(call["at"]) == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert (call["path"], call["outcome"], call["cache_status"], call["fault"]) == ("/ping", "200", "MISS", None)
    assert "CG-hidden" not in reply.text


async def test_control_shows_as_many_calls_as_asked(caller: Caller):
    for _ in range(3):
        await caller.get("/ping")
    url = caller.stand_in.control_url
    assert len((await caller.send("GET", f"{url}?recent=2")).json()["calls"]["recent"]) == 2
    assert (await caller.send("GET", f"{url}?recent=0")).json()["calls"]["recent"] == []


async def test_faults_are_ordered_one_by_one_or_in_a_list(caller: Caller):
    await caller.control("POST", {"path": "/coins/*", "kind": "http_500", "count": 3})
    state = (await caller.control("POST", [{"kind": "http_502", "count": 1}])).json()
    assert [fault["kind"] for fault in state["faults"]] == ["http_500", "http_502"]
    assert (await caller.get("/coins/list")).status == 500
    assert (await caller.control()).json()["faults"][0]["count"] == 2
    assert (await caller.get("/ping")).status == 502


async def test_settings_change_while_it_runs(caller: Caller):
    before = await caller.json("/simple/price?ids=bitcoin&vs_currencies=usd")
    state = (await caller.control("POST", {"seed": 3, "per_minute": 2})).json()
    assert state["settings"] == {
        "per_minute": 2,
        "per_month": None,
        "latency_seconds": 0.0,
        "seed": 3,
        "check_user_agent": True,
        "window_seconds": 60.0,
    }
    assert await caller.json("/simple/price?ids=bitcoin&vs_currencies=usd") != before
    assert [(await caller.get("/ping")).status for _ in range(2)] == [200, 429]


async def test_delete_goes_back_to_the_start(clock: FakeClock):
    async with calling(clock, per_minute=1) as caller:
        await caller.get("/ping")
        await caller.control("POST", {"kind": "http_500"})
        await caller.control("POST", {"per_minute": None, "seed": 9})
        state = (await caller.control("DELETE")).json()
        assert (state["calls"]["total"], state["faults"]) == (0, [])
        assert (state["settings"]["per_minute"], state["settings"]["seed"]) == (1, 0)
        assert [(await caller.get("/ping")).status for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (b"{", "the body is not JSON"),
        ({"kind": "explosion"}, "kinds are: http_500,"),
        ({"kind": "http_500", "pth": "/x"}, "unknown field `pth`"),
        ({"kind": "http_500", "count": 0}, ">= 1"),
        ({"kind": "http_500", "probability": 2}, "<= 1"),
        ([{"path": "/x"}], "missing required field `kind`"),
        ({"per_minute": "many"}, "$.per_minute"),
        ({"speed": 1}, "unknown field `speed`"),
        (7, "expected a fault, a list of faults, or settings"),
    ],
)
async def test_a_mistaken_order_is_explained_and_changes_nothing(caller: Caller, order: object, said: str):
    reply = await caller.control("POST", order)
    assert reply.status == 400
    assert said in reply.json()["error"]
    state = (await caller.control()).json()
    assert (state["faults"], state["settings"]["per_minute"]) == ([], None)


async def test_control_knows_three_methods(caller: Caller):
    assert (await caller.control("PUT")).status == 405


async def test_every_call_takes_as_long_as_the_latency(clock: FakeClock):
    async with calling(clock, latency_seconds=2) as caller:
        coming = asyncio.create_task(caller.get("/ping"))
        await until(lambda: clock.sleepers)
        await clock.advance(1.9)
        assert not coming.done()
        await clock.advance(0.1)
        assert (await coming).status == 200


@pytest.mark.parametrize(("size", "side"), [("thumb", 25), ("small", 50), ("large", 250)])
async def test_every_picture_is_a_png_of_its_size(caller: Caller, size: str, side: int):
    coin = await caller.json("/coins/1move%20token?market_data=false&tickers=false")
    reply = await caller.send("GET", coin["image"][size])
    assert (reply.status, reply.headers["content-type"]) == (200, "image/png")
    assert reply.body.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", reply.body[16:24]) == (side, side)
    data = reply.body[reply.body.index(b"IDAT") + 4 : reply.body.index(b"IEND") - 8]
    assert len(zlib.decompress(data)) == side * (side + 1)
    assert caller.stand_in.calls.total == 1
    assert caller.stand_in.calls.pictures == 1


async def test_coins_look_different_and_some_have_no_picture(caller: Caller):
    rows = await caller.json("/coins/markets?vs_currency=usd&per_page=250")
    pictures = [await caller.send("GET", row["image"]) for row in rows]
    assert {reply.status for reply in pictures} == {200, 404}
    assert len({reply.body for reply in pictures if reply.status == 200}) > 200
    assert (await caller.send("GET", f"{caller.stand_in.origin}/img/nobody/large.png")).status == 404
    assert (await caller.send("GET", f"{caller.stand_in.origin}/img/bitcoin/huge.png")).status == 404


async def test_pictures_can_fail_too(caller: Caller):
    await caller.control("POST", {"kind": "http_503", "path": "/img/*"})
    assert (await caller.send("GET", f"{caller.stand_in.origin}/img/bitcoin/large.png")).status == 503
    assert (await caller.get("/ping")).status == 200


@pytest.mark.parametrize("path", ["", "/", "/coins", "/coins/", "/coins/bitcoin/nothing", "/coins/a/b/market_chart"])
async def test_a_path_that_is_none_is_404(caller: Caller, path: str):
    assert (await caller.get(path)).status == 404


async def test_only_get_is_answered(caller: Caller):
    assert (await caller.send("POST", caller.stand_in.base_url + "/ping")).status == 404


async def test_two_with_the_same_seed_answer_alike_to_the_byte(clock: FakeClock):
    path = "/coins/markets?vs_currency=eur&per_page=50&sparkline=true"
    bodies = []
    for _ in range(2):
        async with calling(clock, seed=2) as caller:
            reply = await caller.get(path)
            bodies.append(reply.text.replace(caller.stand_in.origin, ""))
    assert bodies[0] == bodies[1]


async def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open(caller: Caller):
    port = int(caller.stand_in.origin.rsplit(":", 1)[1])
    with pytest.raises(OSError):
        await start(port=port, coins=60)


async def test_it_serves_until_it_is_cancelled():
    ready: asyncio.Future[StandIn] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve_forever(coins=60, ready=ready.set_result))
    stand_in = await ready
    host, port = stand_in.origin.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.close()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    with pytest.raises(OSError):
        await asyncio.open_connection(host, int(port))


def test_more_coins_than_there_are_names_are_refused():
    assert len({invented(number).id for number in range(MOST)}) == MOST > 30_000
    with pytest.raises(ValueError, match=f"a stand-in has 1 to {MOST} coins, not {MOST + 1}"):
        catalogue(MOST + 1)
