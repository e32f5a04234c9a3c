"""What a key says about the family and the coins of its value."""

from __future__ import annotations

import pytest

from dozor.cli.cache_keys import FAMILIES, Selection, coins_of, family_of
from dozor.market.default_views import chart_question, coins_question

MARKETS = coins_question("usd", 1, 100, "market_cap_desc").key
CHART = chart_question("bitcoin", "usd", "7").key


@pytest.mark.parametrize(
    ("key", "family", "coins"),
    [
        ("coin_details:bitcoin", "coin_details", ["bitcoin"]),
        ("coin_details:bitcoin:dex_pair_format=symbol", "coin_details", ["bitcoin"]),
        ("coins_list:100:1", "coins_list", []),
        ("coin_chart:bitcoin:7d", "coin_chart", ["bitcoin"]),
        (MARKETS, "get_crypto_list", []),
        (CHART, "get_crypto_chart", ["bitcoin"]),
        ("v1:/simple/price?ids=bitcoin,ethereum&vs_currencies=usd", "get_prices", ["bitcoin", "ethereum"]),
        ("v1:/global", "get_global", []),
        ("v1:/no/such/path", "other", []),
        ("v1:", "other", []),
        ("v2:/global", "other", []),  # another format
        ("", "other", []),
    ],
)
def test_a_key_tells_its_family_and_its_coins(key: str, family: str, coins: list[str]) -> None:
    assert family_of(key) == family
    assert list(coins_of(key)) == coins
    assert family == "other" or family in FAMILIES, "what is shown can be asked for"


@pytest.mark.parametrize(
    ("selection", "key", "fits"),
    [
        (Selection(), "anything", True),
        (Selection(family="coin_details"), "coin_details:bitcoin", True),
        (Selection(family="coin_details"), CHART, False),
        (Selection(coin="Bitcoin"), CHART, True),  # as people write it
        (Selection(coin="bitcoin"), "coin_details:bitcoin-cash", False),
        (Selection(glob="coin_*:bit*"), "coin_details:bitcoin", True),
        (Selection(glob="coin_*"), CHART, False),
        (Selection("coin_details", "bitcoin", "*cash"), "coin_details:bitcoin", False),  # all that was said counts
    ],
)
def test_a_selection_takes_what_fits_all_that_was_said(selection: Selection, key: str, fits: bool) -> None:
    assert selection.fits(key) is fits
