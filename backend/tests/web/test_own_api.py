"""``/api/v1`` on a real port."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from aiohttp import web

from dozor.web import schemas
from dozor.web.metrics import OUTCOMES
from running_dozor import RunningDozor, ScriptedUpstream, running_dozor

ROW = (
    '{"id":"bitcoin","symbol":"btc","name":"Bitcoin","image":"http://IMAGES/img/large/bitcoin.png","current_price":87869,'
    '"market_cap":1.754e+12,"market_cap_rank":1,"total_volume":18710825.0,"price_change_percentage_24h":-1.5,'
    '"price_change_percentage_1h_in_currency":null,"price_change_percentage_24h_in_currency":-1.50123456789,'
    '"price_change_percentage_7d_in_currency":3.1,"sparkline_in_7d":{"price":[1.0,2.50,3e-07]},'
    '"last_updated":"2026-11-22T12:00:00.000Z"}'
)
DETAIL = (
    '{"id":"bitcoin","symbol":"btc","name":"Bitcoin","platforms":{"":"","ethereum":"0xabc"},"categories":["Layer 1"],'
    '"description":{"en":"Money <b>x</b>","ru":""},"links":{"homepage":["https://bitcoin.org","","javascript:alert(1)"],'
    '"blockchain_site":[],"repos_url":{"github":["https://github.com/bitcoin"]},"twitter_screen_name":"bitcoin/../x",'
    '"telegram_channel_identifier":"","subreddit_url":"https://www.reddit.com/r/Bitcoin/","official_forum_url":[""]},'
    '"genesis_date":"2009-01-03","market_cap_rank":1,"last_updated":"2026-11-22T12:00:00.000Z","market_data":{'
    '"current_price":{"usd":87869,"eur":1.0e-05},"market_cap":{"usd":1},"ath":{"usd":126080},'
    '"ath_date":{"usd":"2025-10-06T18:57:42.558Z"},"ath_change_percentage":{"usd":-30.1},"circulating_supply":19.9,'
    '"total_supply":21.0,"max_supply":null,"sparkline_7d":{"price":[1,2]}}}'
)
CHART = '{"prices":[[1,1.0],[2,1.054e-05]],"market_caps":[[1,null],[2,2]],"total_volumes":[[1,1],[2,2]]}'
ANSWERS = {
    "/coins/markets": f"[{ROW}]",
    "/coins/list": '[{"id":"bitcoin","symbol":"btc","name":"Bitcoin"},{"id":"batcat","symbol":"btc","name":"batcat"}]',
    "/coins/bitcoin": DETAIL,
    "/coins/bitcoin/market_chart": CHART,
    "/coins/bitcoin/ohlc": "[[1,1.0,2,0.5,1.50]]",
    "/simple/price": '{"bitcoin":{"usd":1.054e-05,"eur":2,"last_updated_at":1700000000},"dead":{}}',
    "/global": '{"data":{"active_cryptocurrencies":18000,"markets":1400,"total_market_cap":{"usd":3.1e12},'
    '"total_volume":{"usd":1.0},"market_cap_percentage":{"btc":58.20},"updated_at":1700000000}}',
    "/search/trending": '{"coins":[{"item":{"id":"bitcoin","symbol":"BTC","name":"Bitcoin","market_cap_rank":1,'
    '"data":{"price":1.5,"price_change_percentage_24h":{"usd":-2.0}}}}]}',
}


@pytest.fixture(autouse=True)
def answers(upstream: ScriptedUpstream) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if "/img/" in request.path:
            return web.Response(body=b"\x89PNG picture", content_type="image/png")
        body = ANSWERS.get(request.path.removeprefix("/api/v3"))
        if body is None:
            return web.Response(status=404, body=b'{"error":"coin not found"}', content_type="application/json")
        return web.Response(body=body.replace("IMAGES", request.host).encode(), content_type="application/json")

    upstream.handler = handler


REPLIES = {
    "/api/v1/coins": schemas.Coins,
    "/api/v1/coins/bitcoin": schemas.Coin,
    "/api/v1/coins/bitcoin?vs_currency=zzz": schemas.Coin,
    "/api/v1/coins/bitcoin/chart": schemas.Chart,
    "/api/v1/coins/bitcoin/ohlc?range=30d": schemas.Ohlc,
    "/api/v1/search?q=btc": schemas.SearchHits,
    "/api/v1/prices?ids=bitcoin,dead,unknown&quotes=usd,eur": schemas.Prices,
    "/api/v1/global": schemas.Market,
    "/api/v1/trending": schemas.Trending,
    "/api/v1/status": schemas.Status,
}


@pytest.mark.parametrize("path", REPLIES)
async def test_replies_are_what_their_documentation_says(dozor: RunningDozor, path: str) -> None:
    reply = await dozor.get(path)
    assert reply.status == 200
    REPLIES[path].model_validate_json(reply.body, strict=False)


async def test_numbers_keep_upstreams_text(dozor: RunningDozor) -> None:
    row = (await dozor.get("/api/v1/coins")).body
    for text in (b'"price":87869,', b'"market_cap":1.754e+12,', b'"volume_24h":18710825.0,', b"[1.0,2.50,3e-07]"):
        assert text in row
    assert b'"change_24h":-1.50123456789,' in row
    assert b'"change_1h":null,' in row
    assert b'"price":1.0e-05,' in (await dozor.get("/api/v1/coins/bitcoin?vs_currency=EUR")).body
    assert b"[2,1.054e-05]" in (await dozor.get("/api/v1/coins/bitcoin/chart")).body


async def test_links_are_web_addresses_and_nothing_else(dozor: RunningDozor) -> None:
    coin = json.loads((await dozor.get("/api/v1/coins/bitcoin")).body)
    assert coin["links"] == {
        "homepage": ["https://bitcoin.org"],
        "explorers": [],
        "source": ["https://github.com/bitcoin"],
        "forum": [],
        "twitter": "https://x.com/bitcoin%2F..%2Fx",
        "telegram": None,
        "reddit": "https://www.reddit.com/r/Bitcoin/",
    }
    assert coin["contracts"] == {"ethereum": "0xabc"}
    assert coin["description"]["ru"] is None


async def test_prices_leave_out_what_upstream_does_not_know(dozor: RunningDozor) -> None:
    prices = json.loads((await dozor.get("/api/v1/prices?ids=bitcoin,dead,unknown&quotes=usd,xyz")).body)["prices"]
    assert prices == {
        "bitcoin": {"usd": {"value": 1.054e-05, "observed_at": "2023-11-14T22:13:20Z"}},
        "dead": {},
    }


async def test_meta_tells_age_state_and_source(dozor: RunningDozor) -> None:
    first = json.loads((await dozor.get("/api/v1/coins")).body)["meta"]
    assert (first["age_s"], first["state"], first["source"]) == (0, "fresh", "upstream")
    dozor.clock.advance(100)
    later = json.loads((await dozor.get("/api/v1/coins")).body)["meta"]
    assert (later["age_s"], later["state"], later["source"]) == (100, "stale", "memory")
    assert later["observed_at"] == first["observed_at"]
    assert later["approximate"] is False


async def test_the_weak_etag_leaves_the_growing_age_out(dozor: RunningDozor) -> None:
    first = await dozor.get("/api/v1/coins")
    dozor.clock.advance(10)
    assert (await dozor.get("/api/v1/coins")).headers["etag"] == first.headers["etag"]
    again = await dozor.get("/api/v1/coins", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    zipped = await dozor.get("/api/v1/coins", Accept_Encoding="gzip")
    assert json.loads(gzip.decompress(zipped.body))["items"] == json.loads(first.body)["items"]


@pytest.mark.parametrize("path", [path for path in REPLIES if "/search" not in path and "/status" not in path])
async def test_every_market_reply_refuses_data_older_than_its_asker_accepts(dozor: RunningDozor, path: str) -> None:
    await dozor.get(path)
    dozor.clock.advance(40)
    limit = f"{path}{'&' if '?' in path else '?'}max_age="
    assert (await dozor.get(f"{limit}60")).status == 200
    refused = await dozor.get(f"{limit}30")
    assert (refused.status, json.loads(refused.body)["code"]) == (503, "too-stale")


async def test_search_orders_by_rank_learned_in_passing_and_costs_one_call(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    await dozor.get("/api/v1/coins")
    for query in ("btc", "bit", "nothing"):
        await dozor.get(f"/api/v1/search?q={query}")
    hits = json.loads((await dozor.get("/api/v1/search?q=BTC")).body)["items"]
    assert [(hit["id"], hit["rank"]) for hit in hits] == [("bitcoin", 1), ("batcat", None)]
    assert sum("/coins/list" in call for call in upstream.calls) == 1


async def test_the_coin_list_is_fetched_again_for_search_only_after_six_hours(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    await dozor.get("/api/v1/search?q=btc")
    dozor.clock.advance(5 * 3600)
    await dozor.get("/api/v1/search?q=btc")
    assert len(upstream.calls) == 1
    dozor.clock.advance(2 * 3600)
    upstream.came.clear()
    assert json.loads((await dozor.get("/api/v1/search?q=btc")).body)["items"], "from the list that is known"
    await upstream.came.wait()
    assert len(upstream.calls) == 2


async def test_a_picture_is_fetched_once_and_a_letter_is_drawn_where_there_is_none(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    unknown = await dozor.get("/api/v1/images/bitcoin")
    assert unknown.headers["content-type"] == "image/svg+xml"
    await dozor.get("/api/v1/coins")
    before = json.loads((await dozor.get("/api/v1/status")).body)["quota"]["month"]["used"]
    for _ in range(3):
        picture = await dozor.get("/api/v1/images/bitcoin")
        assert (picture.headers["content-type"], picture.body) == ("image/png", b"\x89PNG picture")
    assert sum("/img/" in call for call in upstream.calls) == 1
    assert "/img/small/bitcoin.png" in upstream.calls[-1]
    after = json.loads((await dozor.get("/api/v1/status")).body)["quota"]["month"]["used"]
    assert after == before, "pictures are outside the quota"
    script = await dozor.get("/api/v1/images/%3Cscript%3E")
    assert b"<script>" not in script.body


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/nope", 404, "not-found"),
        ("/api/v1/coins/nosuchcoin", 404, "not-found"),
        ("/api/v1/coins?per_page=251", 422, "invalid-request"),
        ("/api/v1/coins?order=random", 422, "invalid-request"),
        ("/api/v1/coins?vs_currency=a%20b", 422, "invalid-request"),
        ("/api/v1/coins/bitcoin/chart?range=2d", 422, "invalid-request"),
        ("/api/v1/search", 422, "invalid-request"),
        ("/api/v1/prices?ids=%20,&quotes=usd", 422, "rejected-by-upstream"),
        ("/api/v1/search?q=" + "x" * 20_000, 414, "uri-too-long"),
    ],
)
async def test_errors_are_problems_with_a_code(dozor: RunningDozor, path: str, status: int, code: str) -> None:
    reply = await dozor.get(path)
    problem = schemas.Problem.model_validate_json(reply.body)
    assert (reply.status, problem.status, problem.code) == (status, status, code)
    assert reply.headers["content-type"] == "application/problem+json"
    assert problem.instance == reply.headers["x-request-id"]


async def test_problems_speak_the_language_asked_for(dozor: RunningDozor) -> None:
    russian = json.loads((await dozor.get("/api/v1/nope", Accept_Language="ru-RU,ru;q=0.9")).body)
    english = json.loads((await dozor.get("/api/v1/nope", Accept_Language="en")).body)
    assert (russian["title"], english["title"]) == ("Не найдено", "Not found")
    assert russian["code"] == english["code"]


async def test_a_method_that_is_not_served_is_405_and_head_is_get_without_body(dozor: RunningDozor) -> None:
    refused = await dozor.ask("POST", "/api/v1/coins")
    assert (refused.status, json.loads(refused.body)["code"]) == (405, "method-not-allowed")
    assert "GET" in refused.headers["allow"]
    head = await dozor.ask("HEAD", "/api/v1/coins")
    assert (head.status, head.body) == (200, b"")


async def test_readiness_waits_for_the_first_upstream_attempt_however_it_ends(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    waiting = await dozor.get("/readyz")
    assert (waiting.status, json.loads(waiting.body)["ready"]) == (503, False)
    assert json.loads(waiting.body)["missing"]
    upstream.answer("", status=500)
    await dozor.get("/api/v1/global")
    assert (await dozor.get("/readyz")).status == 200
    assert (await dozor.get("/livez")).body == b"ok"


async def test_metrics_add_up(dozor: RunningDozor) -> None:
    for _ in range(3):
        await dozor.get("/api/v1/coins")
    text = (await dozor.get("/metrics")).body.decode()
    assert 'dozor_reads_total{family="get_crypto_list",outcome="misses"} 1.0' in text
    assert 'dozor_reads_total{family="get_crypto_list",outcome="hits"} 2.0' in text
    assert 'dozor_quota_used{window="month"} 1.0' in text
    assert 'dozor_quota_costs{family="get_crypto_list"} 1.0' in text
    assert 'dozor_calls_saved_total{reason="hits"} 2.0' in text
    assert 'dozor_admission_waiting{lane="person"} 0.0' in text


async def test_status_counts_every_call_that_upstream_saw(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    for path in REPLIES:
        await dozor.get(path)
    status = json.loads((await dozor.get("/api/v1/status")).body)
    assert status["quota"]["month"]["used"] == len(upstream.calls)
    cache = status["cache"]
    assert cache["reads"] == sum(cache[name] for name in OUTCOMES)


async def test_the_documentation_page_loads_nothing_from_elsewhere(dozor: RunningDozor) -> None:
    html = (await dozor.get("/docs")).body.decode()
    assert "http://" not in html
    assert "https://" not in html


async def test_the_keyless_first_screen_costs_at_most_two_calls(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    async with running_dozor(upstream.base_url, tmp_path, COINGECKO_CALLS_PER_MINUTE="5") as dozor:
        for path in ("/", "/api/v1/coins?vs_currency=usd&page=1&per_page=100", "/api/v1/global", "/api/v1/status"):
            await dozor.get(path)
        await dozor.get("/")
    assert len([call for call in upstream.calls if "/img/" not in call]) <= 2


async def test_a_refusal_is_told_in_words_not_in_upstreams_json(dozor: RunningDozor) -> None:
    assert json.loads((await dozor.get("/api/v1/coins/nosuchcoin")).body)["detail"] == "coin not found"
