"""The gateway on a real port, in front of a real HTTP server that answers as the test says."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from pathlib import Path

import pytest
from aiohttp import web

from running_dozor import RunningDozor, ScriptedUpstream, running_dozor

PRICE = "/api/v3/simple/price?ids=bitcoin&vs_currencies=usd&include_market_cap=true"
BODY = b'{"bitcoin":{"usd":1.054e-05,"usd_market_cap":18710825.0}}'
MARKETS = "/api/v3/coins/markets?vs_currency=usd"


async def test_a_body_leaves_byte_for_byte_as_it_came(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    upstream.answer(BODY)
    assert (await dozor.get(PRICE)).body == BODY
    assert (await dozor.get(PRICE)).body == BODY
    assert len(upstream.calls) == 1


async def test_headers_tell_how_the_answer_came_about_and_how_old_it_is(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    upstream.answer(BODY)
    miss = await dozor.get(PRICE)
    assert miss.headers["cache-status"] == "dozor; fwd=miss; stored; detail=derived"
    assert miss.headers["age"] == "0"
    dozor.clock.advance(30)
    hit = await dozor.get(PRICE)
    assert re.fullmatch(r"dozor; hit; ttl=(29|3[0-6]); detail=derived", hit.headers["cache-status"])
    assert hit.headers["age"] == "30"
    assert re.fullmatch(
        r"public, max-age=6[0-6], stale-while-revalidate=1[23]\d, stale-if-error=86400", hit.headers["cache-control"]
    )


async def test_a_stale_answer_is_served_at_once_with_one_refresh_behind(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    upstream.answer(BODY)
    await dozor.get(PRICE)
    dozor.clock.advance(90)
    upstream.came.clear()
    release = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        await release.wait()
        return web.Response(body=b'{"bitcoin":{"usd":2}}', content_type="application/json")

    upstream.handler = slow
    replies = await asyncio.gather(*(dozor.get(PRICE) for _ in range(50)))
    assert {reply.body for reply in replies} == {BODY}
    assert all(reply.headers["cache-status"].endswith("; detail=stale") for reply in replies)
    await upstream.came.wait()
    release.set()
    refreshed = [await dozor.get(PRICE) for _ in range(20)][-1]
    assert refreshed.body != BODY
    assert len(upstream.calls) == 2


async def test_beyond_grace_the_asker_waits_for_the_refresh(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    upstream.answer(BODY)
    await dozor.get(PRICE)
    dozor.clock.advance(300)
    upstream.answer(b'{"bitcoin":{"usd":2}}')
    assert (await dozor.get(PRICE)).body == b'{"bitcoin":{"usd":2}}'


async def test_a_hundred_cold_askers_cost_one_call(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    upstream.answer(BODY)
    replies = await asyncio.gather(*(dozor.get(PRICE) for _ in range(100)))
    assert {reply.body for reply in replies} == {BODY}
    assert len(upstream.calls) == 1


async def test_an_asker_who_hangs_up_does_not_cost_the_others_their_answer(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    release = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        await release.wait()
        return web.Response(body=BODY, content_type="application/json")

    upstream.handler = slow
    first = asyncio.create_task(dozor.get(PRICE))
    await upstream.came.wait()
    others = [asyncio.create_task(dozor.get(PRICE)) for _ in range(5)]
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    release.set()
    assert {(await other).body for other in others} == {BODY}
    assert len(upstream.calls) == 1


SPELLINGS = [
    "ids=ethereum,bitcoin&vs_currencies=usd",
    "vs_currencies=usd&ids=bitcoin,ethereum",
    "ids=bitcoin%2Cethereum&vs_currencies=usd",
    "ids=Bitcoin,%20ETHEREUM,,bitcoin,&vs_currencies=USD",
    "ids=dogecoin&ids=bitcoin,ethereum&vs_currencies=usd",
    "ids=bitcoin,ethereum&vs_currencies=usd&include_market_cap=false&no_such_parameter=1",
    "ids=bitcoin,ethereum&vs_currencies=usd&x_cg_demo_api_key=CG-secret",
]


@pytest.mark.parametrize("ending", ["", "/market_chart?vs_currency=usd&days=1"])
async def test_case_means_nothing_in_an_evm_address_only(
    dozor: RunningDozor, upstream: ScriptedUpstream, ending: str
) -> None:
    upstream.answer('{"id":"tether","prices":[]}')
    evm, solana = "0xdAC17F958D2ee523a2206206994597C13D831ec7", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
    for address in (evm, evm.lower(), evm.upper(), solana, solana.lower()):
        assert (await dozor.get(f"/api/v3/coins/ethereum/contract/{address}{ending}")).status == 200
    asked = [call.split("/contract/")[1].split("/")[0].split("?")[0] for call in upstream.calls]
    assert asked == [evm.lower(), solana, solana.lower()]


async def test_every_spelling_of_a_question_is_one_call(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    upstream.answer(BODY)
    for query in SPELLINGS:
        assert (await dozor.get(f"/api/v3/simple/price?{query}")).status == 200
    assert len(upstream.calls) == 1
    assert "ids=bitcoin,ethereum" in upstream.calls[0]
    assert "secret" not in upstream.calls[0]


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/simple/price?vs_currencies=usd", 422, {"error": "Missing parameter ids"}),
        ("/simple/price?ids=bitcoin", 422, {"error": "Missing parameter vs_currencies"}),
        ("/coins/markets", 422, {"error": "Missing parameter vs_currency"}),
        ("/coins/bitcoin/market_chart?vs_currency=usd", 422, {"error": "Missing parameter days"}),
        ("/coins/bitcoin/history", 422, {"error": "Missing parameter date"}),
        ("/exchanges/binance/volume_chart", 422, {"error": "Missing parameter days"}),
        ("/simple/token_price/ethereum?vs_currencies=usd", 422, {"error": "Missing parameter contract_addresses"}),
        ("/onchain/networks/eth/tokens/multi/,", 404, None),
        ("/key", 404, None),
        ("/no/such/path", 404, None),
        ("/coins//market_chart", 404, None),
    ],
)
async def test_what_upstream_would_surely_refuse_is_refused_without_a_call(
    dozor: RunningDozor, upstream: ScriptedUpstream, path: str, status: int, body: dict[str, str] | None
) -> None:
    reply = await dozor.get(f"/api/v3{path}")
    assert reply.status == status
    assert "error" in json.loads(reply.body)
    assert body is None or json.loads(reply.body) == body
    assert reply.headers["access-control-allow-origin"] == "*"
    assert upstream.calls == []


@pytest.mark.parametrize("days", ["366", "max", "9999"])
async def test_more_than_a_year_is_refused_on_a_keyless_plan_in_the_recorded_shape(
    dozor: RunningDozor, upstream: ScriptedUpstream, days: str
) -> None:
    reply = await dozor.get(f"/api/v3/coins/bitcoin/market_chart?vs_currency=usd&days={days}")
    assert reply.status == 401
    assert json.loads(reply.body)["error"]["status"]["error_code"] == 10012
    assert upstream.calls == []


async def test_a_range_that_began_more_than_a_year_ago_is_refused_on_a_keyless_plan(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    upstream.answer('{"prices":[]}')
    now = int(dozor.clock.now().timestamp())
    path = "/api/v3/coins/bitcoin/market_chart/range?vs_currency=usd"
    assert (await dozor.get(f"{path}&from={now - 367 * 86400}&to={now}")).status == 401
    assert upstream.calls == []
    assert (await dozor.get(f"{path}&from={now - 365 * 86400}&to={now}")).status == 200


PAID = ["/coins/list/new", "/global/market_cap_chart?days=7", "/news", "/onchain/pools/megafilter"]


@pytest.mark.parametrize("path", PAID)
async def test_a_paid_path_costs_no_call_on_a_keyless_plan(
    dozor: RunningDozor, upstream: ScriptedUpstream, path: str
) -> None:
    reply = await dozor.get(f"/api/v3{path}")
    assert (reply.status, json.loads(reply.body)["status"]["error_code"]) == (401, 10005)
    assert upstream.calls == []


async def test_on_a_paid_plan_the_paid_paths_are_served_and_the_operators_key_is_not(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    async def answers(request: web.Request) -> web.Response:
        bodies = {"chart": '{"market_cap_chart":{}}', "megafilter": '{"data":[]}'}
        body = next((body for name, body in bodies.items() if request.path.endswith(name)), "[]")
        return web.Response(text=body, content_type="application/json")

    upstream.handler = answers
    async with running_dozor(
        upstream.base_url, tmp_path, COINGECKO_PLAN="pro", COINGECKO_API_KEY="CG-operator"
    ) as dozor:
        assert [(await dozor.get(f"/api/v3{path}")).status for path in PAID] == [200] * len(PAID)
        assert (await dozor.get("/api/v3/key")).status == 404
    assert (len(upstream.calls), upstream.plan_calls) == (len(PAID), 1)
    assert {headers["x-cg-pro-api-key"] for headers in upstream.headers} == {"CG-operator"}


@pytest.mark.parametrize(
    ("upstream_status", "body", "says"),
    [
        (500, '{"status":500,"error":"Internal Server Error"}', "500"),
        (502, "<html></html>", "502"),
        (503, "", "503"),
        (504, "", "504"),
        (401, '{"status":{"error_code":10002,"error_message":"API Key Missing"}}', "COINGECKO_API_KEY"),
        (400, '{"status":{"error_code":10010,"error_message":"wrong host"}}', "COINGECKO_PLAN"),
        (403, "Please add a descriptive User-Agent to your request.", "User-Agent"),
    ],
)
async def test_a_failure_of_upstream_or_of_the_operators_key_is_502_and_says_which(
    dozor: RunningDozor, upstream: ScriptedUpstream, upstream_status: int, body: str, says: str
) -> None:
    upstream.answer(body, status=upstream_status)
    reply = await dozor.get(PRICE)
    status = json.loads(reply.body)["status"]
    assert (reply.status, status["error_code"]) == (502, 502)
    assert says in status["error_message"]
    assert int(reply.headers["retry-after"]) >= 1
    assert "www-authenticate" not in reply.headers


@pytest.mark.parametrize("path", ["/no%0Asuch%0Apath", "/%0A", "/coins/%0D%0A/ohlc"])
async def test_a_line_break_in_a_path_is_answered_as_coingecko_does(
    dozor: RunningDozor, upstream: ScriptedUpstream, path: str
) -> None:
    upstream.answer('{"error":"coin not found"}', status=404)
    reply = await dozor.get(f"/api/v3{path}?vs_currency=usd&days=1")
    assert reply.status == 404
    assert "problem" not in reply.headers["content-type"]
    assert json.loads(reply.body)


async def test_post_and_unknown_methods_are_coingeckos_404(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    assert (await dozor.ask("POST", PRICE)).status == 404
    assert (await dozor.ask("DELETE", PRICE)).status == 404
    assert upstream.calls == []


async def test_head_has_the_headers_and_no_body(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    upstream.answer(BODY)
    reply = await dozor.ask("HEAD", PRICE)
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["content-length"] == str(len(BODY))


async def test_preflight_of_a_key_header_is_answered(dozor: RunningDozor) -> None:
    reply = await dozor.ask(
        "OPTIONS", PRICE, Origin="https://app.example", Access_Control_Request_Headers="x-cg-demo-api-key"
    )
    assert reply.status == 204
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "x-cg-demo-api-key" in reply.headers["access-control-allow-headers"]


async def test_any_coding_of_an_answer_gives_304(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    upstream.answer(b'{"bitcoin":{"usd":"' + b"7" * 2000 + b'"}}')
    plain = await dozor.get(PRICE)
    zipped = await dozor.get(PRICE, Accept_Encoding="gzip")  # the first who could take it: not compressed yet
    assert "content-encoding" not in zipped.headers
    zipped = await dozor.get(PRICE, Accept_Encoding="gzip")
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.body) == plain.body
    assert plain.headers["etag"] != zipped.headers["etag"]
    for etag in (plain.headers["etag"], zipped.headers["etag"], f'"other", {plain.headers["etag"]}', "*"):
        for coding in ("identity", "gzip"):
            reply = await dozor.get(PRICE, If_None_Match=etag, Accept_Encoding=coding)
            assert (reply.status, reply.body) == (304, b"")
            assert "etag" in reply.headers
    assert (await dozor.get(PRICE, If_None_Match='"other"')).status == 200


async def test_pagination_headers_of_upstream_are_kept(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    upstream.answer("[]", headers={"total": "17", "per-page": "100", "set-cookie": "a=b", "x-runtime": "1"})
    for _ in range(2):
        headers = (await dozor.get(MARKETS)).headers
        assert (headers["total"], headers["per-page"]) == ("17", "100")
        assert "set-cookie" not in headers


async def test_a_long_question_is_refused_without_a_call(dozor: RunningDozor, upstream: ScriptedUpstream) -> None:
    reply = await dozor.get("/api/v3/simple/price?vs_currencies=usd&ids=" + "a," * 9000)
    assert reply.status == 414
    assert upstream.calls == []


async def test_an_unknown_coin_is_asked_for_once_in_ten_minutes(
    dozor: RunningDozor, upstream: ScriptedUpstream
) -> None:
    upstream.answer('{"error":"coin not found"}', status=404)
    for _ in range(5):
        reply = await dozor.get("/api/v3/coins/nosuchcoin")
        assert (reply.status, reply.body) == (404, b'{"error":"coin not found"}')
    assert len(upstream.calls) == 1
    dozor.clock.advance(601)
    await dozor.get("/api/v3/coins/nosuchcoin")
    assert len(upstream.calls) == 2


async def test_origins_on_a_list_are_echoed_and_others_are_not(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    upstream.answer(BODY)
    async with running_dozor(upstream.base_url, tmp_path, ALLOWED_ORIGINS="https://app.example") as dozor:
        good = await dozor.get(PRICE, Origin="https://app.example")
        bad = await dozor.get(PRICE, Origin="https://evil.example")
        refused = await dozor.get("/api/v3/coins/markets", Origin="https://app.example")
    assert good.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in bad.headers
    assert "Origin" in bad.headers["vary"]
    assert refused.headers["access-control-allow-origin"] == "https://app.example"


async def test_the_minute_budget_is_never_exceeded_and_the_refusal_says_when(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.answer(BODY)
    async with running_dozor(upstream.base_url, tmp_path, COINGECKO_CALLS_PER_MINUTE="5") as dozor:
        replies = [await dozor.get(f"/api/v3/simple/price?ids=c{i}&vs_currencies=usd") for i in range(8)]
    assert [reply.status for reply in replies] == [200] * 4 + [429] * 4
    assert len(upstream.calls) == 4
    refused = replies[-1]
    assert json.loads(refused.body)["status"]["error_code"] == 429
    assert 50 <= int(refused.headers["retry-after"]) <= 61


async def test_the_days_share_of_the_month_survives_a_restart(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    upstream.answer(BODY)
    for run, expected in (("a", [200, 200]), ("b", [200, 429])):  # other coins each time: answers are kept too
        async with running_dozor(upstream.base_url, tmp_path, COINGECKO_CALLS_PER_MONTH="93") as dozor:
            replies = [await dozor.get(f"/api/v3/simple/price?ids={run}{i}&vs_currencies=usd") for i in range(2)]
        assert [reply.status for reply in replies] == expected
    assert len(upstream.calls) == 3


async def test_the_key_goes_upstream_in_its_header_and_nowhere_else(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    upstream.answer(BODY)
    async with running_dozor(upstream.base_url, tmp_path, COINGECKO_API_KEY="CG-operator") as dozor:
        await dozor.get(PRICE + "&x_cg_demo_api_key=CG-client", x_cg_demo_api_key="CG-client")
    assert upstream.headers[0]["x-cg-demo-api-key"] == "CG-operator"
    assert "CG-" not in upstream.calls[0]
    assert "Dozor" in upstream.headers[0]["User-Agent"]
