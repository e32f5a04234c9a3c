"""Search, figures of the market as a whole, and the lists that other questions refer to."""

from __future__ import annotations

from dozor.market import answers
from dozor.market.endpoint_table.row import Cadence, Endpoint, Kind, Parameter, word
from dozor.market.ports import BodyShape

LISTED = Cadence(300, 300, grace_factor=1)

WHOLE_MARKET = (
    Endpoint(
        "/search",
        "search_upstream",
        BodyShape.OBJECT,
        answers.COINS_FOUND,
        Cadence(900, 900),
        (Parameter("query", Kind.TEXT, required=True),),
        summary="Upstream's own search over coins, categories and markets",
    ),
    Endpoint(
        "/search/trending",
        "get_trending",
        BodyShape.OBJECT,
        answers.COINS_FOUND,
        Cadence(600, 600),
        (Parameter("show_max", Kind.COLUMNS),),
        summary="What people look for",
    ),
    Endpoint(
        "/global", "get_global", BodyShape.OBJECT, answers.GLOBAL, Cadence(600, 600), summary="The market as a whole"
    ),
    Endpoint(
        "/global/decentralized_finance_defi",
        "get_global_defi",
        BodyShape.OBJECT,
        answers.GLOBAL,
        Cadence(3600, 3600),
        summary="Decentralised finance as a whole",
    ),
    Endpoint(
        "/exchange_rates",
        "get_exchange_rates",
        BodyShape.OBJECT,
        answers.RATES,
        Cadence(300, 300),
        summary="Bitcoin in every currency",
    ),
    Endpoint(
        "/coins/categories/list",
        "get_category_list",
        BodyShape.ARRAY,
        answers.CATEGORY_LIST,
        LISTED,
        summary="All categories: id and name",
    ),
    Endpoint(
        "/coins/categories",
        "get_categories",
        BodyShape.ARRAY,
        answers.IDENTIFIED_ROWS,
        Cadence(300, 300),
        (word("order", "market_cap_desc"),),
        summary="Categories with market cap and volume",
    ),
    Endpoint(
        "/asset_platforms",
        "get_asset_platforms",
        BodyShape.ARRAY,
        answers.IDENTIFIED_ROWS,
        LISTED,
        (word("filter"),),
        summary="All blockchain networks",
    ),
    Endpoint(
        "/token_lists/{asset_platform_id}/all.json",
        "get_token_list",
        BodyShape.OBJECT,
        answers.TOKEN_LIST,
        LISTED,
        summary="All tokens of one network, as wallets read them",
    ),
)
