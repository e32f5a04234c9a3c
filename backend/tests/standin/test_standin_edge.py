"""The CDN in front: snapshots by URL, their headers, compression."""

from __future__ import annotations

import zlib

from standin_caller import Caller, calling

from dozor.standin.edge import Edge
from dozor.standin.paging import Made
from dozor.standin.quirks import Quirks
from fakes import FakeClock

BITCOIN = "/simple/price?ids=bitcoin&vs_currencies=usd"


async def test_one_url_has_one_answer_for_a_minute(caller: Caller, clock: FakeClock):
    first = await caller.get(BITCOIN)
    assert first.headers["cf-cache-status"] == "MISS"
    assert "age" not in first.headers
    await clock.advance(59)
    kept = await caller.get(BITCOIN)
    assert (kept.headers["cf-cache-status"], kept.headers["age"], kept.body) == ("HIT", "59", first.body)
    await clock.advance(1)
    renewed = await caller.get(BITCOIN)
    assert renewed.headers["cf-cache-status"] == "EXPIRED"
    assert renewed.body != first.body


async def test_another_spelling_of_a_question_has_a_snapshot_of_its_own(caller: Caller, clock: FakeClock):
    first = await caller.get(BITCOIN)
    await clock.advance(30)
    other = await caller.get("/simple/price?vs_currencies=usd&ids=bitcoin")
    assert other.headers["cf-cache-status"] == "MISS"
    assert other.body != first.body


async def test_each_endpoint_is_kept_as_long_as_recorded(caller: Caller):
    for path, seconds in ((BITCOIN, 60), ("/coins/bitcoin", 30), ("/coins/list", 1_800)):
        reply = await caller.get(path)
        assert reply.headers["cache-control"] == f"max-age=30, public, must-revalidate, s-maxage={seconds}"


async def test_a_success_carries_cors_and_a_weak_validator_and_a_failure_neither(caller: Caller):
    good, bad = await caller.get(BITCOIN), await caller.get("/coins/nobody")
    assert good.headers["access-control-allow-origin"] == "*"
    assert good.headers["access-control-expose-headers"] == "link, per-page, total"
    assert good.headers["vary"] == "Accept-Encoding, Origin"
    assert good.headers["etag"].startswith('W/"')
    assert good.headers["content-type"] == bad.headers["content-type"] == "application/json; charset=utf-8"
    assert not {"Access-Control-Allow-Origin", "Etag", "cf-cache-status", "Age"} & set(bad.headers)
    assert bad.headers["cache-control"] == "no-cache"


async def test_failures_are_not_kept(caller: Caller):
    await caller.get("/coins/nobody")
    await caller.get("/coins/nobody")
    assert [call.cache_status for call in caller.stand_in.calls.recent] == [None, None]


async def test_the_date_is_that_of_the_clock(caller: Caller):
    assert (await caller.get("/ping")).headers["date"] == "Sun, 22 Nov 2026 12:00:00 GMT"


async def test_a_large_body_is_compressed_for_those_who_take_it(caller: Caller):
    plain = await caller.send("GET", caller.stand_in.base_url + "/coins/list", headers={"Accept-Encoding": "identity"})
    packed = await caller.get("/coins/list")  # aiohttp asks for gzip, and unpacks it
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.body) / 3
    assert packed.body == plain.body


async def test_whether_a_current_etag_is_answered_304_is_a_quirk(clock: FakeClock):
    answers = {}
    for seed in range(4):
        async with calling(clock, seed=seed, coins=60) as caller:
            etag = (await caller.get(BITCOIN)).headers["etag"]
            answers[Quirks.of(seed).answers_304] = (await caller.get(BITCOIN, **{"If-None-Match": etag})).status
    assert answers == {False: 200, True: 304}


def test_an_edge_that_is_full_forgets_what_was_not_asked_for_longest():
    edge = Edge()
    body = Made("x" * (20 * 1024 * 1024))
    for url in ("a", "b", "c"):
        edge.serve(url, 0.0, 60, lambda: body)
    edge.serve("a", 1.0, 60, lambda: body)
    edge.serve("d", 2.0, 60, lambda: body)
    statuses = {url: edge.serve(url, 3.0, 60, lambda: Made("")).cache_status for url in ("a", "c", "d", "b")}
    assert statuses == {"a": "HIT", "c": "HIT", "d": "HIT", "b": "MISS"}


def test_compression_gives_the_body_back():
    served = Edge().serve("u", 0.0, 60, lambda: Made("[1,2,3]" * 100))
    assert zlib.decompress(served.snapshot.gzipped, 16 + zlib.MAX_WBITS) == served.snapshot.body
