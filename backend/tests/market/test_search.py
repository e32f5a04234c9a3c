from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from dozor.market.catalogue import Catalogue
from dozor.market.search import SearchIndex

COINS = [
    ("bitcoin", "btc", "Bitcoin"),
    ("bitcoin-cash", "bch", "Bitcoin Cash"),
    ("batcat", "btc", "batcat"),
    ("wrapped-bitcoin", "wbtc", "Wrapped Bitcoin"),
    ("ethereum", "eth", "Ethereum"),
    ("", "void", "a recorded list had an empty id"),
]
RANKS = {"bitcoin": 1, "ethereum": 2, "bitcoin-cash": 20, "wrapped-bitcoin": 15}


def index() -> SearchIndex:
    rows = [dict(zip(("id", "symbol", "name"), coin, strict=True)) for coin in COINS]
    return SearchIndex(json.dumps(rows).encode())


def found(query: str, limit: int = 10) -> list[str]:
    return [hit.coin.id for hit in index().find(query, limit, RANKS.get)]


def test_exact_matches_come_before_beginnings_before_the_rest_and_the_better_known_first() -> None:
    assert found("btc") == ["bitcoin", "batcat"]
    assert found("bitcoin") == ["bitcoin", "bitcoin-cash", "wrapped-bitcoin"]
    assert found("coin") == ["bitcoin", "wrapped-bitcoin", "bitcoin-cash"]


def test_case_and_blanks_mean_nothing_and_the_limit_holds() -> None:
    assert found("  EtHeReUm ") == ["ethereum"]
    assert found("bitcoin", 1) == ["bitcoin"]


def test_a_row_without_an_id_is_never_found() -> None:
    assert len(index()) == 5
    assert found("void") == []


@given(st.text())
def test_any_query_is_harmless(query: str) -> None:
    assert len(found(query, 3)) <= 3


def test_the_catalogue_learns_ranks_and_pictures_from_answers_in_passing() -> None:
    catalogue = Catalogue()
    catalogue.learn(
        "/coins/markets",
        b'[{"id":"bitcoin","symbol":"btc","name":"Bitcoin","image":"https://x/large/b.png?1","market_cap_rank":1}]',
    )
    known = catalogue.get("bitcoin")
    assert known is not None
    assert (known.rank, known.image_url) == (1, "https://x/small/b.png?1")
    catalogue.learn("/coins/markets", b'[{"id":"bitcoin","symbol":"btc","name":"Bitcoin","market_cap_rank":null}]')
    known = catalogue.get("bitcoin")
    assert known is not None
    assert (known.rank, known.image_url) == (1, "https://x/small/b.png?1"), "null teaches nothing"


def test_the_catalogue_is_bounded_and_does_not_mind_nonsense() -> None:
    catalogue = Catalogue(max_coins=2)
    rows = ",".join(f'{{"id":"c{i}","symbol":"s","name":"n"}}' for i in range(5))
    catalogue.learn("/coins/markets", f"[{rows}]".encode())
    assert [catalogue.get(f"c{i}") is not None for i in range(5)] == [True, True, False, False, False]
    catalogue.learn("/coins/markets", b"nonsense")
    catalogue.learn("/global", b"{}")
