"""An upstream whose prices the test sets, with what else a watch asks for."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

from running_dozor import ScriptedUpstream, scripted_upstream


@dataclass
class PricedUpstream:
    """Coins and what they cost in usd. ``seen_at`` is when upstream saw it, ``None`` for just now."""

    scripted: ScriptedUpstream
    prices: dict[str, float] = field(default_factory=dict)
    high_24h: dict[str, float] = field(default_factory=dict)
    low_24h: dict[str, float] = field(default_factory=dict)
    chart: list[tuple[datetime, float]] = field(default_factory=list)  # of any coin
    seen_at: datetime | None = None

    @property
    def base_url(self) -> str:
        return self.scripted.base_url

    async def answer(self, request: web.Request) -> web.StreamResponse:
        at = self.seen_at or datetime.now(UTC)
        match request.path.removeprefix("/api/v3"):
            case "/simple/price":
                asked = request.query["ids"].split(",")
                currencies = request.query["vs_currencies"].split(",")
                return web.json_response(
                    {
                        coin: {
                            **dict.fromkeys(currencies, self.prices[coin]),
                            **{f"{currency}_24h_vol": 1e9 for currency in currencies},
                            "last_updated_at": int(at.timestamp()),
                        }
                        for coin in asked
                        if coin in self.prices
                    }
                )
            case "/coins/markets":
                asked = request.query.get("ids", ",".join(self.prices)).split(",")
                return web.json_response([self._row(coin, at) for coin in asked if coin in self.prices])
            case "/coins/list":
                return web.json_response(
                    [{"id": coin, "symbol": coin[:3], "name": coin.title(), "platforms": {}} for coin in self.prices]
                )
            case "/simple/supported_vs_currencies":
                return web.json_response(["usd", "eur"])
        if request.path.endswith("/market_chart"):
            prices = [[int(seen.timestamp() * 1000), price] for seen, price in self.chart]
            return web.json_response({"prices": prices, "market_caps": [], "total_volumes": []})
        return web.json_response({"error": "coin not found"}, status=404)

    def _row(self, coin: str, at: datetime) -> dict[str, object]:
        price = self.prices[coin]
        return {
            "id": coin,
            "symbol": coin[:3],
            "name": coin.title(),
            "current_price": price,
            "market_cap": 1e9,
            "market_cap_rank": 1,
            "total_volume": 1e9,
            "high_24h": self.high_24h.get(coin, price),
            "low_24h": self.low_24h.get(coin, price),
            "last_updated": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }


@contextlib.asynccontextmanager
async def priced_upstream(**prices: float) -> AsyncIterator[PricedUpstream]:
    async with scripted_upstream() as scripted:
        priced = PricedUpstream(scripted, prices)
        scripted.handler = priced.answer
        yield priced
