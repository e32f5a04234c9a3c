"""What only a paid plan may ask. ``/key`` is not here: what it says is for the operator alone."""

from __future__ import annotations

from dozor.market import answers
from dozor.market.endpoint_table.onchain import CANDLES, EMPTY_INTERVALS, INACTIVE, INCLUDE, LARGER_THAN
from dozor.market.endpoint_table.row import (
    DAYS,
    FROM_TO,
    INTERVAL,
    PAGE,
    VS_CURRENCY,
    Cadence,
    Endpoint,
    Kind,
    Parameter,
    flag,
    number,
    word,
)
from dozor.market.ports import BodyShape


def every(seconds: int, grace_factor: float = 2.0) -> Cadence:
    """The one cadence there is: no other plan gets an answer."""
    return Cadence(seconds, seconds, grace_factor)


HALF_A_MINUTE = every(30)
MINUTE = every(60)
UNPUBLISHED = every(300)
CHART = every(300, grace_factor=1)

PAID = (
    Endpoint(
        "/coins/top_gainers_losers",
        "get_gainers_losers",
        BodyShape.OBJECT,
        answers.GAINERS,
        every(300),
        (
            VS_CURRENCY,
            word("duration", "24h"),
            Parameter("price_change_percentage", Kind.COLUMNS),
            word("top_coins", "1000"),
        ),
        is_paid=True,
        summary="Coins that gained and lost the most",
    ),
    Endpoint(
        "/coins/list/new",
        "get_new_coins",
        BodyShape.ARRAY,
        answers.IDENTIFIED_ROWS,
        HALF_A_MINUTE,
        is_paid=True,
        summary="Coins listed last",
    ),
    Endpoint(
        "/coins/{id}/ohlc/range",
        "get_crypto_ohlc_range",
        BodyShape.ARRAY,
        answers.CANDLES,
        every(900, grace_factor=1),
        (VS_CURRENCY, *FROM_TO, Parameter("interval", Kind.WORD, required=True)),
        is_paid=True,
        summary="Candles between two moments",
    ),
    Endpoint(
        "/coins/{id}/circulating_supply_chart",
        "get_circulating_supply_chart",
        BodyShape.OBJECT,
        answers.CIRCULATING_SUPPLY,
        CHART,
        (DAYS, INTERVAL),
        is_paid=True,
        summary="Circulating supply over time",
    ),
    Endpoint(
        "/coins/{id}/circulating_supply_chart/range",
        "get_circulating_supply_chart_range",
        BodyShape.OBJECT,
        answers.CIRCULATING_SUPPLY,
        CHART,
        FROM_TO,
        is_paid=True,
        summary="Circulating supply between two moments",
    ),
    Endpoint(
        "/coins/{id}/total_supply_chart",
        "get_total_supply_chart",
        BodyShape.OBJECT,
        answers.TOTAL_SUPPLY,
        CHART,
        (DAYS, INTERVAL),
        is_paid=True,
        summary="Total supply over time",
    ),
    Endpoint(
        "/coins/{id}/total_supply_chart/range",
        "get_total_supply_chart_range",
        BodyShape.OBJECT,
        answers.TOTAL_SUPPLY,
        CHART,
        FROM_TO,
        is_paid=True,
        summary="Total supply between two moments",
    ),
    Endpoint(
        "/coins/{id}/supply_breakdown",
        "get_supply_breakdown",
        BodyShape.OBJECT,
        answers.IDENTIFIED,
        UNPUBLISHED,
        is_paid=True,
        summary="Where the supply of one coin lies",
    ),
    Endpoint(
        "/global/market_cap_chart",
        "get_market_cap_chart",
        BodyShape.OBJECT,
        answers.MARKET_CAP_CHART,
        every(60, grace_factor=1),
        (DAYS, Parameter("vs_currency", Kind.ID, "usd")),
        is_paid=True,
        summary="Market cap and volume of the whole market over time",
    ),
    Endpoint(
        "/exchanges/{id}/volume_chart/range",
        "get_exchange_volume_chart_range",
        BodyShape.ARRAY,
        answers.VOLUMES,
        CHART,
        FROM_TO,
        is_paid=True,
        summary="Volume of one exchange between two moments",
    ),
    Endpoint(
        "/nfts/markets",
        "get_nft_markets",
        BodyShape.ARRAY,
        answers.IDENTIFIED_ROWS,
        every(300),
        (
            Parameter("asset_platform_id", Kind.ID),
            word("order", "market_cap_usd_desc"),
            number("per_page", "100"),
            PAGE,
        ),
        is_paid=True,
        summary="NFT collections with floor price and volume",
    ),
    Endpoint(
        "/nfts/{id}/market_chart",
        "get_nft_chart",
        BodyShape.OBJECT,
        answers.FLOOR_PRICES,
        CHART,
        (DAYS,),
        is_paid=True,
        summary="Floor price and volume of one NFT collection over time",
    ),
    Endpoint(
        "/nfts/{asset_platform_id}/contract/{contract_address}/market_chart",
        "get_nft_chart_by_contract",
        BodyShape.OBJECT,
        answers.FLOOR_PRICES,
        CHART,
        (DAYS,),
        is_paid=True,
        summary="Floor price and volume of one NFT collection over time, by contract address",
    ),
    Endpoint(
        "/nfts/{id}/tickers",
        "get_nft_tickers",
        BodyShape.OBJECT,
        answers.TICKERS,
        HALF_A_MINUTE,
        is_paid=True,
        summary="Where one NFT collection is traded",
    ),
    Endpoint(
        "/news",
        "get_news",
        BodyShape.ARRAY,
        answers.TITLED_ROWS,
        UNPUBLISHED,
        (
            PAGE,
            number("per_page", "10"),
            Parameter("coin_id", Kind.ID),
            word("language", "en"),
            word("type", "all"),
        ),
        is_paid=True,
        summary="News",
    ),
    Endpoint(
        "/insights",
        "get_insights",
        BodyShape.ARRAY,
        answers.TITLED_ROWS,
        UNPUBLISHED,
        (
            PAGE,
            number("per_page", "10"),
            Parameter("coin_id", Kind.ID),
            Parameter("from", Kind.MOMENT),
            Parameter("to", Kind.MOMENT),
        ),
        is_paid=True,
        summary="What is said about coins",
    ),
)

RANGES = ("fdv_usd", "reserve_in_usd", "h24_volume_usd", "pool_created_hour")
COUNTS = ("tx_count", "buys", "sells", "price_change_percentage")  # counted over a duration
SHARES = ("buy_tax_percentage", "sell_tax_percentage", "holder_count", "top_10_holders_percentage")


def between(name: str) -> tuple[Parameter, ...]:
    """The smallest and the largest value that pass."""
    return word(f"{name}_min"), word(f"{name}_max")


PAID_ONCHAIN = (
    Endpoint(
        "/onchain/pools/megafilter",
        "filter_pools",
        BodyShape.OBJECT,
        answers.RESOURCES,
        HALF_A_MINUTE,
        (
            Parameter("networks", Kind.IDS_IN_ORDER),
            Parameter("dexes", Kind.IDS_IN_ORDER),
            INCLUDE,
            PAGE,
            word("sort", "h6_trending"),
            *(parameter for name in RANGES for parameter in between(name)),
            *(parameter for name in COUNTS for parameter in (*between(name), word(f"{name}_duration", "24h"))),
            *(parameter for name in SHARES for parameter in between(name)),
            Parameter("checks", Kind.COLUMNS),
            flag("include_unknown_honeypot_tokens"),
        ),
        is_paid=True,
        summary="Pools that pass a filter",
    ),
    Endpoint(
        "/onchain/pools/trending_search",
        "get_searched_pools",
        BodyShape.OBJECT,
        answers.RESOURCES,
        MINUTE,
        (INCLUDE, number("pools", "4")),
        is_paid=True,
        summary="Pools that people look for",
    ),
    Endpoint(
        "/onchain/networks/{network_id}/tokens/{token_address}/top_traders",
        "get_top_traders",
        BodyShape.OBJECT,
        answers.RESOURCE,
        UNPUBLISHED,
        (word("traders", "10"), word("sort", "realized_pnl_usd_desc"), flag("include_address_label")),
        is_paid=True,
        summary="Who traded one token best",
    ),
    Endpoint(
        "/onchain/networks/{network}/tokens/{address}/top_holders",
        "get_top_holders",
        BodyShape.OBJECT,
        answers.RESOURCE,
        MINUTE,
        (word("holders", "10"), flag("include_pnl_details")),
        is_paid=True,
        summary="Who holds most of one token",
    ),
    Endpoint(
        "/onchain/networks/{network}/tokens/{token_address}/holders_chart",
        "get_holders_chart",
        BodyShape.OBJECT,
        answers.RESOURCE,
        CHART,
        (Parameter("days", Kind.DAYS, "7"),),
        is_paid=True,
        summary="How many hold one token, over time",
    ),
    Endpoint(
        "/onchain/networks/{network}/tokens/{token_address}/ohlcv/{timeframe}",
        "get_token_ohlcv",
        BodyShape.OBJECT,
        answers.RESOURCE,
        every(10, grace_factor=1),
        (*CANDLES, EMPTY_INTERVALS, INACTIVE),
        is_paid=True,
        summary="Candles of one token",
    ),
    Endpoint(
        "/onchain/networks/{network}/tokens/{token_address}/trades",
        "get_token_trades",
        BodyShape.OBJECT,
        answers.RESOURCES,
        every(10),
        (LARGER_THAN,),
        is_paid=True,
        summary="Trades of one token in the last 24 hours",
    ),
    Endpoint(
        "/onchain/categories",
        "get_onchain_categories",
        BodyShape.OBJECT,
        answers.RESOURCES,
        MINUTE,
        (PAGE, word("sort", "h6_volume_percentage_desc")),
        is_paid=True,
        summary="Categories of tokens on chain",
    ),
    Endpoint(
        "/onchain/categories/{category_id}/pools",
        "get_category_pools",
        BodyShape.OBJECT,
        answers.RESOURCES,
        HALF_A_MINUTE,
        (INCLUDE, PAGE, word("sort", "pool_created_at_desc")),
        is_paid=True,
        summary="Pools of one category",
    ),
)
