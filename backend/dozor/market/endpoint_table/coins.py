"""Prices, coins, their charts and their history."""

from __future__ import annotations

from dozor.market import answers
from dozor.market.endpoint_table.row import (
    DAYS,
    DEX_PAIR_FORMAT,
    FROM_TO,
    INTERVAL,
    PAGE,
    PRECISION,
    VS_CURRENCIES,
    VS_CURRENCY,
    Cadence,
    Endpoint,
    FamilyName,
    History,
    Kind,
    Parameter,
    flag,
    number,
    word,
)
from dozor.market.ports import BodyShape

LOOKUP = (
    Parameter("ids", Kind.IDS),
    Parameter("names", Kind.NAMES),
    Parameter("symbols", Kind.NAMES),
    word("include_tokens"),
)
PRICE_COLUMNS = (
    flag("include_market_cap"),
    flag("include_24hr_vol"),
    flag("include_24hr_change"),
    flag("include_last_updated_at"),
    PRECISION,
)
HOUR_S = 3600
FOR_EVER_S = 10 * 365 * 24 * HOUR_S  # an old list of coins is better than none, above all for search
CHART = Cadence(300, 300, grace_factor=1)
DETAILS = Cadence(60, 60, grace_until_s=300)

PRICES = (
    Endpoint("/ping", "ping", BodyShape.OBJECT, answers.PING, Cadence(300, 300), summary="API server status"),
    Endpoint(
        "/simple/price",
        "get_prices",
        BodyShape.OBJECT,
        answers.PRICES,
        Cadence(60, 20),
        (*LOOKUP, VS_CURRENCIES, *PRICE_COLUMNS),
        one_of=("ids", "names", "symbols"),
        family=FamilyName.PRICES,
        is_price=True,
        summary="Prices of coins by id, name or symbol",
    ),
    Endpoint(
        "/simple/token_price/{id}",
        "get_token_prices",
        BodyShape.OBJECT,
        answers.PRICES,
        Cadence(60, 20),
        (Parameter("contract_addresses", Kind.ADDRESSES, required=True), VS_CURRENCIES, *PRICE_COLUMNS),
        is_price=True,
        summary="Prices of tokens by contract address",
    ),
    Endpoint(
        "/simple/supported_vs_currencies",
        "get_vs_currencies",
        BodyShape.ARRAY,
        answers.CURRENCIES,
        Cadence(60, 30, grace_factor=1),
        summary="Currencies that prices can be asked in",
    ),
)

COINS = (
    Endpoint(
        "/coins/list",
        "get_coin_list",
        BodyShape.ARRAY,
        answers.COIN_LIST,
        # Longer than the provider's cadence (the recorded s-maxage of the keyless host is 30 min, pro's own box says
        # 300 s): it is 2.7 MB, few coins a day are new, and asking for one has it fetched again (``unknown_ids``).
        Cadence(6 * HOUR_S, 6 * HOUR_S, grace_factor=1, stale_s=FOR_EVER_S),
        (flag("include_platform"), word("status", "active")),
        family=FamilyName.COIN_LIST,
        summary="All coins: id, symbol, name",
    ),
    Endpoint(
        "/coins/markets",
        "get_crypto_list",
        BodyShape.ARRAY,
        answers.IDENTIFIED_ROWS,
        Cadence(60, 45),
        (
            VS_CURRENCY,
            *LOOKUP,
            word("category"),
            word("order", "market_cap_desc"),
            number("per_page", "100"),
            PAGE,
            flag("sparkline"),
            Parameter("price_change_percentage", Kind.COLUMNS),
            word("locale", "en"),
            PRECISION,
            flag("include_rehypothecated"),
        ),
        family=FamilyName.MARKETS,
        is_price=True,
        summary="Coins with price, market cap, volume and changes",
    ),
    Endpoint(
        "/coins/{id}",
        "get_crypto_details",
        BodyShape.OBJECT,
        answers.IDENTIFIED,
        DETAILS,
        (
            flag("localization", "true"),
            flag("tickers", "true"),
            flag("market_data", "true"),
            flag("community_data", "true"),
            flag("developer_data", "true"),
            flag("sparkline"),
            flag("include_categories_details"),
            DEX_PAIR_FORMAT,
        ),
        family=FamilyName.DETAILS,
        summary="Everything about one coin",
    ),
    Endpoint(
        "/coins/{id}/tickers",
        "get_coin_tickers",
        BodyShape.OBJECT,
        answers.TICKERS,
        Cadence(120, 120),
        (
            Parameter("exchange_ids", Kind.IDS_IN_ORDER),
            flag("include_exchange_logo"),
            number("page"),
            word("order", "trust_score_desc"),
            flag("depth"),
            DEX_PAIR_FORMAT,
        ),
        summary="Where one coin is traded",
    ),
    Endpoint(
        "/coins/{id}/history",
        "get_coin_history",
        BodyShape.OBJECT,
        answers.IDENTIFIED,
        Cadence(1800, 1800, grace_factor=1),  # the recorded s-maxage; a day that is over stays fresh for longer
        (Parameter("date", Kind.WORD, required=True), flag("localization", "true")),
        history=History.DATE,
        summary="One coin as it was on a day",
    ),
    Endpoint(
        "/coins/{id}/market_chart",
        "get_crypto_chart",
        BodyShape.OBJECT,
        answers.SERIES,
        Cadence(300, 300, grace_factor=1, new_day_min=10),
        (VS_CURRENCY, DAYS, INTERVAL, PRECISION),
        is_chart=True,
        history=History.DAYS,
        summary="Price, market cap and volume over time",
    ),
    Endpoint(
        "/coins/{id}/market_chart/range",
        "get_crypto_chart_range",
        BodyShape.OBJECT,
        answers.SERIES,
        CHART,
        (VS_CURRENCY, *FROM_TO, INTERVAL, PRECISION),
        is_chart=True,
        history=History.RANGE,
        summary="Price, market cap and volume between two moments",
    ),
    Endpoint(
        "/coins/{id}/ohlc",
        "get_crypto_ohlc",
        BodyShape.ARRAY,
        answers.CANDLES,
        Cadence(900, 900, grace_factor=1),
        (VS_CURRENCY, DAYS, INTERVAL, PRECISION),
        history=History.DAYS,
        summary="Candles: open, high, low, close",
    ),
)

TOKENS = (
    Endpoint(
        "/coins/{id}/contract/{contract_address}",
        "get_token_details",
        BodyShape.OBJECT,
        answers.IDENTIFIED,
        DETAILS,
        summary="Everything about one coin, by contract address",
    ),
    Endpoint(
        "/coins/{id}/contract/{contract_address}/market_chart",
        "get_token_chart",
        BodyShape.OBJECT,
        answers.SERIES,
        CHART,
        (VS_CURRENCY, DAYS, INTERVAL, PRECISION),
        is_chart=True,
        history=History.DAYS,
        summary="Price, market cap and volume over time, by contract address",
    ),
    Endpoint(
        "/coins/{id}/contract/{contract_address}/market_chart/range",
        "get_token_chart_range",
        BodyShape.OBJECT,
        answers.SERIES,
        CHART,
        (VS_CURRENCY, *FROM_TO, INTERVAL, PRECISION),
        is_chart=True,
        history=History.RANGE,
        summary="Price, market cap and volume between two moments, by contract address",
    ),
)
