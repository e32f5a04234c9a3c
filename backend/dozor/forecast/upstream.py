"""An upstream for a forecast: it says as little as an answer may, after the usual time, and never fails.

What it says names the coins that were asked for, so that the board knows what a call brought.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

import msgspec

from dozor.clock import Clock
from dozor.domain.lanes import Asker, Lane
from dozor.market.endpoints import Endpoint, match
from dozor.market.ports import Call, Depart, Fetched
from dozor.upstream.admission import Admission

LATENCY_S = 0.3
_SMALLEST = (
    b"[]",
    b"{}",
    b'{"id":"x"}',
    b'{"name":"x"}',
    b'{"gecko_says":""}',
    b'{"prices":[]}',
    b'{"coins":[]}',
    b'{"data":{}}',
    b'{"data":[]}',
    b'{"data":{"attributes":{}}}',
    b'{"rates":{}}',
    b'{"tickers":[]}',
    b'{"tokens":[]}',
    b'{"total_holdings":0}',
    b'{"holdings":[]}',
    b'{"transactions":[]}',
    b'{"top_gainers":[]}',
    b'{"circulating_supply":[]}',
    b'{"total_supply":[]}',
    b'{"floor_price_usd":[]}',
    b'{"market_cap_chart":{}}',
)


class SimulatedUpstream:
    """Implements ``market.ports.Upstream`` over the real admission. ``coins`` are the ids it knows, by their rank."""

    def __init__(self, admission: Admission, clock: Clock, coins: Sequence[str]) -> None:
        self._admission = admission
        self._clock = clock
        self._coins = coins
        self._ranks = {coin: place + 1 for place, coin in enumerate(coins)}
        self._smallest: dict[str, bytes] = {}
        self.calls = 0

    async def fetch(self, asker: Asker, family: str, depart: Depart) -> Fetched:
        """See ``Upstream.fetch``."""
        async with self._admission.permit(asker, family) as permit:
            call = await depart()
            permit.spend()
            self.calls += 1
            sent_at = self._clock.now()
            await self._clock.sleep(LATENCY_S)
            await permit.settle(succeeded=True)
        return Fetched(self._said(call), (), sent_at)

    def expected_wait(self, lane: Lane, need: float) -> float:
        """See ``Upstream.expected_wait``."""
        return self._admission.expected_wait(lane, need)

    def _said(self, call: Call) -> bytes:
        params = dict(call.params)
        match call.path:
            case "/simple/price" if params.get("ids"):
                priced = dict.fromkeys(params["vs_currencies"].split(","), 1)
                known = (coin for coin in params["ids"].split(",") if coin in self._ranks)
                return msgspec.json.encode(dict.fromkeys(known, priced))
            case "/coins/markets" if params.get("ids"):
                coins = sorted(set(params["ids"].split(",")) & self._ranks.keys(), key=self._ranks.__getitem__)
            case "/coins/markets":
                size, page = int(params.get("per_page", "100")), int(params.get("page", "1"))
                coins = list(self._coins[(page - 1) * size : page * size])
            case "/coins/list":
                return msgspec.json.encode([{"id": coin} for coin in self._coins])
            case _:
                return self._shortest(call.path)
        return msgspec.json.encode([self._row(coin) for coin in coins])

    def _row(self, coin: str) -> dict[str, object]:
        rank = self._ranks[coin]
        return {"id": coin, "market_cap_rank": rank, "market_cap": 10**9 - rank, "total_volume": 10**9 - rank}

    def _shortest(self, path: str) -> bytes:
        """The shortest body that the endpoint at this path takes for an answer."""
        found = match([unquote(part) for part in path.strip("/").split("/")])
        assert found is not None, "every call is one of the table"
        endpoint, _ = found
        if endpoint.path not in self._smallest:
            self._smallest[endpoint.path] = next(body for body in _SMALLEST if _is_answer(endpoint, body))
        return self._smallest[endpoint.path]


def _is_answer(endpoint: Endpoint, body: bytes) -> bool:
    try:
        endpoint.answer.decode(body)
    except msgspec.DecodeError:
        return False
    return True
