"""What companies and governments hold, and NFT collections."""

from __future__ import annotations

from dozor.market import answers
from dozor.market.endpoint_table.row import DAYS, PAGE, Cadence, Endpoint, Kind, Parameter, flag, number, word
from dozor.market.ports import BodyShape

UNPUBLISHED = Cadence(300, 300)
LISTED = Cadence(300, 300, grace_factor=1)

TREASURIES = (
    Endpoint(
        "/entities/list",
        "get_entity_list",
        BodyShape.ARRAY,
        answers.IDENTIFIED_ROWS,
        LISTED,
        (word("entity_type"), number("per_page", "100"), PAGE),
        summary="Companies and governments that hold coins",
    ),
    Endpoint(
        "/{entity}/public_treasury/{coin_id}",
        "get_coin_treasuries",
        BodyShape.OBJECT,
        answers.TREASURIES,
        UNPUBLISHED,
        (number("per_page", "250"), PAGE, word("order", "total_holdings_usd_desc")),
        summary="Which companies or governments hold one coin",
    ),
    Endpoint(
        "/public_treasury/{entity_id}",
        "get_entity_treasury",
        BodyShape.OBJECT,
        answers.IDENTIFIED,
        UNPUBLISHED,
        (
            Parameter("holding_amount_change", Kind.COLUMNS),
            Parameter("holding_change_percentage", Kind.COLUMNS),
        ),
        summary="What one company or government holds",
    ),
    Endpoint(
        "/public_treasury/{entity_id}/{coin_id}/holding_chart",
        "get_holding_chart",
        BodyShape.OBJECT,
        answers.HOLDINGS,
        Cadence(300, 300, grace_factor=1),
        (DAYS, flag("include_empty_intervals")),
        summary="One holding over time",
    ),
    Endpoint(
        "/public_treasury/{entity_id}/transaction_history",
        "get_treasury_transactions",
        BodyShape.OBJECT,
        answers.TRANSACTIONS,
        UNPUBLISHED,
        (
            number("per_page", "100"),
            PAGE,
            word("order", "date_desc"),
            Parameter("coin_ids", Kind.IDS_IN_ORDER),
        ),
        summary="What one company or government bought and sold",
    ),
)

NFTS = (
    Endpoint(
        "/nfts/list",
        "get_nft_list",
        BodyShape.ARRAY,
        answers.IDENTIFIED_ROWS,
        LISTED,
        (word("order"), number("per_page"), number("page")),
        summary="All NFT collections",
    ),
    Endpoint(
        "/nfts/{id}",
        "get_nft",
        BodyShape.OBJECT,
        answers.IDENTIFIED,
        Cadence(60, 60),
        summary="Everything about one NFT collection",
    ),
    Endpoint(
        "/nfts/{asset_platform_id}/contract/{contract_address}",
        "get_nft_by_contract",
        BodyShape.OBJECT,
        answers.IDENTIFIED,
        Cadence(60, 60),
        summary="Everything about one NFT collection, by contract address",
    ),
)
