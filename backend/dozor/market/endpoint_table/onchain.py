"""Networks, pools and tokens on chain (GeckoTerminal). The paid cadence is published, the keyless one is not."""

from __future__ import annotations

from dozor.market import answers
from dozor.market.endpoint_table.row import PAGE, Cadence, Endpoint, Kind, Parameter, flag, number, word
from dozor.market.ports import BodyShape

TEN_SECONDS = Cadence(60, 10)
HALF_A_MINUTE = Cadence(60, 30)
MINUTE = Cadence(60, 60)
LISTED = Cadence(300, 300, grace_factor=1)

INCLUDE = Parameter("include", Kind.COLUMNS)
COMPOSITION = flag("include_composition")
INACTIVE = flag("include_inactive_source")
COMMUNITY = flag("include_gt_community_data")
CANDLES = (
    word("aggregate", "1"),
    Parameter("before_timestamp", Kind.MOMENT),
    number("limit", "100"),
    word("currency", "usd"),
)
EMPTY_INTERVALS = flag("include_empty_intervals")
LARGER_THAN = word("trade_volume_in_usd_greater_than", "0")
BASE_TOKEN = Parameter("token", Kind.ADDRESS, "base")  # base, quote or an address

NETWORKS = (
    Endpoint(
        "/onchain/networks",
        "get_networks",
        BodyShape.OBJECT,
        answers.RESOURCES,
        LISTED,
        (PAGE,),
        summary="All networks",
    ),
    Endpoint(
        "/onchain/networks/{network}/dexes",
        "get_dexes",
        BodyShape.OBJECT,
        answers.RESOURCES,
        LISTED,
        (PAGE,),
        summary="All decentralised exchanges of one network",
    ),
    Endpoint(
        "/onchain/simple/networks/{network}/token_price/{addresses}",
        "get_onchain_prices",
        BodyShape.OBJECT,
        answers.RESOURCE,
        TEN_SECONDS,
        (
            flag("include_market_cap"),
            flag("mcap_fdv_fallback"),
            flag("include_24hr_vol"),
            flag("include_24hr_price_change"),
            flag("include_total_reserve_in_usd"),
            INACTIVE,
        ),
        summary="Prices of tokens on one network",
    ),
)

POOLS = (
    Endpoint(
        "/onchain/networks/trending_pools",
        "get_trending_pools",
        BodyShape.OBJECT,
        answers.RESOURCES,
        HALF_A_MINUTE,
        (INCLUDE, PAGE, word("duration", "24h"), COMMUNITY),
        summary="Trending pools on all networks",
    ),
    Endpoint(
        "/onchain/networks/{network}/trending_pools",
        "get_network_trending_pools",
        BodyShape.OBJECT,
        answers.RESOURCES,
        HALF_A_MINUTE,
        (INCLUDE, PAGE, word("duration", "24h"), COMMUNITY),
        summary="Trending pools of one network",
    ),
    Endpoint(
        "/onchain/networks/new_pools",
        "get_new_pools",
        BodyShape.OBJECT,
        answers.RESOURCES,
        HALF_A_MINUTE,
        (INCLUDE, PAGE, COMMUNITY),
        summary="New pools on all networks",
    ),
    Endpoint(
        "/onchain/networks/{network}/new_pools",
        "get_network_new_pools",
        BodyShape.OBJECT,
        answers.RESOURCES,
        HALF_A_MINUTE,
        (INCLUDE, PAGE, COMMUNITY),
        summary="New pools of one network",
    ),
    Endpoint(
        "/onchain/networks/{network}/pools",
        "get_network_pools",
        BodyShape.OBJECT,
        answers.RESOURCES,
        HALF_A_MINUTE,
        (INCLUDE, PAGE, word("sort", "h24_tx_count_desc"), COMMUNITY),
        summary="The largest pools of one network",
    ),
    Endpoint(
        "/onchain/networks/{network}/dexes/{dex}/pools",
        "get_dex_pools",
        BodyShape.OBJECT,
        answers.RESOURCES,
        HALF_A_MINUTE,
        (INCLUDE, PAGE, word("sort", "h24_tx_count_desc"), COMMUNITY),
        summary="The largest pools of one decentralised exchange",
    ),
    Endpoint(
        "/onchain/networks/{network}/pools/{address}",
        "get_pool",
        BodyShape.OBJECT,
        answers.RESOURCE,
        TEN_SECONDS,
        (INCLUDE, flag("include_volume_breakdown"), COMPOSITION),
        summary="One pool",
    ),
    Endpoint(
        "/onchain/networks/{network}/pools/multi/{addresses}",
        "get_pools",
        BodyShape.OBJECT,
        answers.RESOURCES,
        TEN_SECONDS,
        (INCLUDE, flag("include_volume_breakdown"), COMPOSITION),
        summary="Several pools of one network",
    ),
    Endpoint(
        "/onchain/networks/{network}/pools/{pool_address}/info",
        "get_pool_info",
        BodyShape.OBJECT,
        answers.RESOURCES,
        MINUTE,
        (INCLUDE,),
        summary="What is known of the tokens of one pool",
    ),
    Endpoint(
        "/onchain/networks/{network}/pools/{pool_address}/ohlcv/{timeframe}",
        "get_pool_ohlcv",
        BodyShape.OBJECT,
        answers.RESOURCE,
        Cadence(60, 10, grace_factor=1),
        (*CANDLES, BASE_TOKEN, EMPTY_INTERVALS),
        summary="Candles of one pool",
    ),
    Endpoint(
        "/onchain/networks/{network}/pools/{pool_address}/trades",
        "get_pool_trades",
        BodyShape.OBJECT,
        answers.RESOURCES,
        TEN_SECONDS,
        (LARGER_THAN, BASE_TOKEN),
        summary="Trades in one pool in the last 24 hours",
    ),
    Endpoint(
        "/onchain/search/pools",
        "search_pools",
        BodyShape.OBJECT,
        answers.RESOURCES,
        HALF_A_MINUTE,
        (Parameter("query", Kind.TEXT), Parameter("network", Kind.ID), INCLUDE, PAGE),
        summary="Search over pools and tokens",
    ),
)

ONCHAIN_TOKENS = (
    Endpoint(
        "/onchain/networks/{network}/tokens/{address}",
        "get_onchain_token",
        BodyShape.OBJECT,
        answers.RESOURCE,
        TEN_SECONDS,
        (INCLUDE, COMPOSITION, INACTIVE),
        summary="One token",
    ),
    Endpoint(
        "/onchain/networks/{network}/tokens/multi/{addresses}",
        "get_onchain_tokens",
        BodyShape.OBJECT,
        answers.RESOURCES,
        TEN_SECONDS,
        (INCLUDE, COMPOSITION, INACTIVE),
        summary="Several tokens of one network",
    ),
    Endpoint(
        "/onchain/networks/{network}/tokens/{address}/info",
        "get_token_info",
        BodyShape.OBJECT,
        answers.RESOURCE,
        MINUTE,
        summary="What is known of one token",
    ),
    Endpoint(
        "/onchain/networks/{network}/tokens/{token_address}/pools",
        "get_token_pools",
        BodyShape.OBJECT,
        answers.RESOURCES,
        HALF_A_MINUTE,
        (INCLUDE, INACTIVE, PAGE, word("sort", "h24_volume_usd_liquidity_desc"), COMMUNITY),
        summary="The largest pools of one token",
    ),
    Endpoint(
        "/onchain/tokens/info_recently_updated",
        "get_updated_tokens",
        BodyShape.OBJECT,
        answers.RESOURCES,
        HALF_A_MINUTE,
        (INCLUDE, Parameter("network", Kind.ID)),
        summary="Tokens of which something new is known",
    ),
)
