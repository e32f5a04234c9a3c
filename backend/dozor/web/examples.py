"""Replies as the API's description shows them: true ones, of the stand-in's market, with their lists shortened.

A test asks the same and finds every member that stands here.
"""

from __future__ import annotations

from collections.abc import Mapping

from dozor.web.schemas import Chart, Coin, Coins, Market, Model, Ohlc, Prices, Readiness, SearchHits, Status, Trending

META = {
    "observed_at": "2026-11-23T03:34:11.196Z",
    "age_s": 12,
    "state": "fresh",
    "source": "memory",
    "approximate": False,
}
ROW = {
    "id": "bitcoin",
    "symbol": "btc",
    "name": "Bitcoin",
    "image": "/api/v1/images/bitcoin",
    "rank": 1,
    "price": 85386,
    "market_cap": 1703224735914,
    "volume_24h": 153463417246,
    "change_1h": -0.7319539027141525,
    "change_24h": 1.9471496032691455,
    "change_7d": 7.878942268964282,
    "sparkline_7d": [79122.0201439101, 79046.93388820013, 79076.57316496872],
    "observed_at": "2026-11-23T03:33:52.824Z",
}
COUNTS = {
    "reads": 19,
    "hits": 7,
    "stale_hits": 3,
    "joined": 0,
    "loaded_elsewhere": 0,
    "misses": 9,
    "stale_on_error": 0,
    "negative_hits": 0,
    "refused": 0,
    "failures": 0,
    "loads": 12,
    "load_failures": 0,
}
SAVED = {
    "total": 10,
    "hits": 7,
    "stale_hits": 3,
    "joined": 0,
    "loaded_elsewhere": 0,
    "stale_on_error": 0,
    "negative_hits": 0,
    "refused": 0,
}

EXAMPLES: Mapping[type[Model], Mapping[str, object]] = {
    Coins: {"items": [ROW], "meta": META},
    Coin: {
        **ROW,
        "high_24h": 86454,
        "low_24h": 83616,
        "fully_diluted_valuation": 1793110604765,
        "supply": {"circulating": 19950000.0, "total": 19950000.0, "max": 21000000.0},
        "ath": {"price": 167724, "date": "2015-12-22T07:07:26.000Z", "change_percent": -49.09118},
        "atl": {"price": 50534, "date": "2015-11-20T07:56:38.000Z", "change_percent": 68.96896},
        "description": {"ru": None, "en": "Bitcoin (BTC) is traded in a made-up market"},
        "links": {
            "homepage": ["https://bitcoin.example/"],
            "explorers": ["https://bitcoin.example/explorer/"],
            "source": ["https://github.com/btc/btc"],
            "forum": ["https://bitcoin.example/forum/"],
            "twitter": "https://x.com/btc",
            "telegram": None,
            "reddit": "https://www.reddit.com/r/btc/",
        },
        "contracts": {},
        "categories": ["Layer 1 (L1)"],
        "genesis_date": "2015-11-17",
        "meta": META,
    },
    Chart: {
        "prices": [[1795318647173, 83790.99868708599], [1795318881366, 83680.64970942191]],
        "market_caps": [[1795318647173, 1671630423807.3655], [1795318881366, 1669428961702.967]],
        "volumes": [[1795318647173, 154597601450.39264], [1795318881366, 154484939791.4764]],
        "granularity_s": 300,
        "meta": META,
    },
    Ohlc: {
        "candles": [[1795321800000, 83616, 84197, 83616, 84159], [1795323600000, 84272, 84746, 84272, 84746]],
        "granularity_s": 1800,
        "meta": META,
    },
    SearchHits: {
        "items": [
            {"id": "bitcoin", "symbol": "btc", "name": "Bitcoin", "image": "/api/v1/images/bitcoin", "rank": 1},
            {
                "id": "bitcoin-cash",
                "symbol": "bch",
                "name": "Bitcoin Cash",
                "image": "/api/v1/images/bitcoin-cash",
                "rank": None,
            },
        ],
        "meta": META,
    },
    Prices: {
        "prices": {
            "bitcoin": {
                "usd": {"value": 85386, "observed_at": "2026-11-23T03:33:52Z"},
                "eur": {"value": 77725, "observed_at": "2026-11-23T03:33:52Z"},
            },
            "ethereum": {
                "usd": {"value": 3200.08, "observed_at": "2026-11-23T03:34:00Z"},
                "eur": {"value": 2912.96, "observed_at": "2026-11-23T03:34:00Z"},
            },
        },
        "meta": META,
    },
    Market: {
        "coins": 600,
        "markets": 26,
        "market_cap": 3006236693711.502,
        "volume_24h": 208666245223.1193,
        "market_cap_change_24h": 1.8545312047006464,
        "dominance": {"btc": 56.65521836921017, "eth": 12.849721747408804},
        "observed_at": "2026-11-23T03:34:11Z",
        "meta": META,
    },
    Trending: {
        "items": [
            {
                "id": "echo-goose-labs",
                "symbol": "ECGOL",
                "name": "Echo Goose Labs",
                "image": "/api/v1/images/echo-goose-labs",
                "rank": 160,
                "price": 6.107350916174327,
                "change_24h": 1.9415924089674932,
            },
        ],
        "meta": META,
    },
    Status: {
        "version": "0.1.0",
        "plan": "keyless",
        "lang": "en",
        "started_at": "2026-11-23T03:28:43.235Z",
        "upstream": {
            "state": "closed",
            "reason": None,
            "retry_at": None,
            "last_success_at": "2026-11-23T03:36:21.935Z",
        },
        "quota": {
            "minute": {"used": 2, "limit": 4, "left": 2, "resets_at": None},
            "month": {
                "used": 12,
                "limit": 10000,
                "left": 9988,
                "resets_at": "2026-12-01T00:00:00.000Z",
                "is_known": True,
                "projected_used": 2160,
                "projected_end": None,
            },
            "machines": 1,
            "part": 1.0,
            "paused_until": None,
            "costs": {"get_crypto_list": 12},
            "saved": SAVED,
        },
        "cache": {"entries": 9, "bytes": 275447, **COUNTS, "families": {"get_crypto_list": COUNTS}},
        "tiers": {"memory": "up", "redis": "off", "disk": "up"},
        "watch": {
            "is_held_here": True,
            "rules": 0,
            "pairs": 0,
            "interval_s": None,
            "sees_wicks": False,
            "polled_at": None,
        },
        "outbox": {"waiting": 0, "retrying": 0, "lag_s": 0.0},
    },
    Readiness: {"ready": True, "missing": []},
}
METRICS = """\
# HELP dozor_reads_total Reads by how they ended
# TYPE dozor_reads_total counter
dozor_reads_total{family="get_crypto_list",outcome="hits"} 7.0
"""
