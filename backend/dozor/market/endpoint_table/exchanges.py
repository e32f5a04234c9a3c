"""Exchanges and derivatives."""

from __future__ import annotations

from dozor.market import answers
from dozor.market.endpoint_table.row import (
    DAYS,
    DEX_PAIR_FORMAT,
    PAGE,
    Cadence,
    Endpoint,
    Kind,
    Parameter,
    flag,
    number,
    word,
)
from dozor.market.ports import BodyShape

MINUTE = Cadence(60, 60)
LISTED = Cadence(300, 300, grace_factor=1)

EXCHANGES = (
    Endpoint(
        "/exchanges",
        "get_exchanges",
        BodyShape.ARRAY,
        answers.IDENTIFIED_ROWS,
        MINUTE,
        (number("per_page", "100"), PAGE),
        summary="Exchanges with their volume",
    ),
    Endpoint(
        "/exchanges/list",
        "get_exchange_list",
        BodyShape.ARRAY,
        answers.IDENTIFIED_ROWS,
        LISTED,
        (word("status", "active"),),
        summary="All exchanges: id and name",
    ),
    Endpoint(
        "/exchanges/{id}",
        "get_exchange",
        BodyShape.OBJECT,
        answers.NAMED,
        MINUTE,
        (DEX_PAIR_FORMAT,),
        summary="Everything about one exchange",
    ),
    Endpoint(
        "/exchanges/{id}/tickers",
        "get_exchange_tickers",
        BodyShape.OBJECT,
        answers.TICKERS,
        MINUTE,
        (
            Parameter("coin_ids", Kind.IDS_IN_ORDER),
            flag("include_exchange_logo"),
            number("page"),
            flag("depth"),
            word("order", "trust_score_desc"),
            DEX_PAIR_FORMAT,
        ),
        summary="What is traded on one exchange",
    ),
    Endpoint(
        "/exchanges/{id}/volume_chart",
        "get_exchange_volume_chart",
        BodyShape.ARRAY,
        answers.VOLUMES,
        Cadence(60, 60, grace_factor=1),
        (DAYS,),
        summary="Volume of one exchange over time",
    ),
)

DERIVATIVES = (
    Endpoint(
        "/derivatives",
        "get_derivatives",
        BodyShape.ARRAY,
        answers.DERIVATIVES,
        Cadence(30, 30),
        summary="Derivatives on all exchanges",
    ),
    Endpoint(
        "/derivatives/exchanges",
        "get_derivatives_exchanges",
        BodyShape.ARRAY,
        answers.NAMED_ROWS,
        MINUTE,
        (word("order", "open_interest_btc_desc"), number("per_page"), PAGE),
        summary="Derivatives exchanges with their volume",
    ),
    Endpoint(
        "/derivatives/exchanges/{id}",
        "get_derivatives_exchange",
        BodyShape.OBJECT,
        answers.NAMED,
        Cadence(30, 30),
        (word("include_tickers"),),
        summary="Everything about one derivatives exchange",
    ),
    Endpoint(
        "/derivatives/exchanges/list",
        "get_derivatives_exchange_list",
        BodyShape.ARRAY,
        answers.IDENTIFIED_ROWS,
        LISTED,
        summary="All derivatives exchanges: id and name",
    ),
)
