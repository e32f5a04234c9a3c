"""``/api/v1/search`` as somebody meets it: over HTTP, with whatever bytes."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from running_dozor import RunningDozor, ScriptedUpstream

USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
COINS = [
    {"id": "bitcoin", "symbol": "btc", "name": "Bitcoin", "platforms": {}},
    {"id": "tether", "symbol": "usdt", "name": "Tether", "platforms": {"ethereum": USDT}},
]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [("биткоин", "bitcoin"), ("bitcion", "bitcoin"), (USDT.upper().replace("0X", "0x"), "tether")],
)
async def test_search_forgives_mistakes_and_knows_contract_addresses(
    dozor: RunningDozor, upstream: ScriptedUpstream, query: str, wanted: str
) -> None:
    upstream.answer(json.dumps(COINS).encode())
    reply = await dozor.get(f"/api/v1/search?q={quote(query)}")
    assert reply.status == 200
    assert [hit["id"] for hit in json.loads(reply.body)["items"]] == [wanted]


@pytest.mark.parametrize("raw", ["", "%00", "%ff%fe%fd", "%ED%A0%80", "%F0%9F%9A%80" * 20, "%25", "%0a%0d", "a" * 300])
async def test_query_of_any_bytes_gets_a_list(dozor: RunningDozor, upstream: ScriptedUpstream, raw: str) -> None:
    upstream.answer(json.dumps(COINS).encode())
    reply = await dozor.get(f"/api/v1/search?q={raw}")
    assert reply.status == 200
    assert json.loads(reply.body)["items"] == []


async def test_query_that_is_too_long_is_refused_with_a_reason(dozor: RunningDozor) -> None:
    reply = await dozor.get(f"/api/v1/search?q={'a' * 301}")
    assert reply.status == 422
    assert json.loads(reply.body)["code"] == "invalid-request"
