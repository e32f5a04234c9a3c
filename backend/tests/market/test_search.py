"""What a query finds, and in which order."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any
from urllib.parse import parse_qsl, quote_from_bytes

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.market.catalogue import Catalogue
from dozor.market.search.index import MAX_TEXT, SearchIndex
from dozor.standin.catalogue import catalogue as standin_catalogue

USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
USDT_ON_TRON = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
COINS: list[tuple[str, str, str, dict[str, str | None]]] = [
    ("bitcoin", "btc", "Bitcoin", {}),
    ("bitcoin-cash", "bch", "Bitcoin Cash", {}),
    ("batcat", "btc", "batcat", {"solana": "EtBc6gkCvsB9c6f5wSbwG8wPjRqXMB5euptK6bqG1R4X"}),
    ("wrapped-bitcoin", "wbtc", "Wrapped Bitcoin", {"ethereum": "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599"}),
    ("bitcoin-ghost", "gst", "Wrapped Ghost of Bitcoin", {"ethereum": "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599"}),
    ("ethereum", "eth", "Ethereum", {}),
    ("the-ticker-is-eth", "eth", "The Ticker Is ETH", {}),
    ("tether", "usdt", "Tether", {"ethereum": USDT, "tron": USDT_ON_TRON, "near-protocol": None, "": ""}),
    ("solana", "sol", "Solana", {}),
    ("dogecoin", "doge", "Dogecoin", {}),
    ("dogwifcoin", "$wif", "dogwifhat", {}),
    ("usd-coin-on-algorand", "xusdc", "A Coin of Algorand", {"algorand": "31566704"}),
    ("smurf-cat", "шайлушай", "Smurf Cat", {}),
    ("straße", "str", "Straße ＣＯＩＮ", {}),
    ("", "void", "a recorded list had an empty id", {}),
]
RANKS = {"bitcoin": 1, "ethereum": 2, "tether": 3, "bitcoin-cash": 20, "wrapped-bitcoin": 15}


def body(coins: list[tuple[Any, ...]] | None = None) -> bytes:
    names = ("id", "symbol", "name", "platforms")
    return json.dumps([dict(zip(names, coin, strict=False)) for coin in (coins or COINS)]).encode()


INDEX = SearchIndex(body())


def found(query: str, limit: int = 10) -> list[str]:
    return [hit.coin.id for hit in INDEX.find(query, limit, RANKS.get)]


def test_exact_matches_come_before_beginnings_before_words_before_parts() -> None:
    assert found("btc") == ["bitcoin", "batcat", "wrapped-bitcoin"]
    assert found("bitcoin") == ["bitcoin", "bitcoin-cash", "bitcoin-ghost", "wrapped-bitcoin"]
    assert found("cash") == ["bitcoin-cash"]
    words, inside = ["usd-coin-on-algorand", "straße"], ["bitcoin", "dogecoin", "wrapped-bitcoin", "bitcoin-cash"]
    assert found("coin", 6) == [*words, *inside]


@pytest.mark.parametrize(("query", "first"), [("btc", "bitcoin"), ("eth", "ethereum"), ("sol", "solana")])
def test_well_known_coin_comes_first_also_before_any_answer_has_told_a_rank(query: str, first: str) -> None:
    assert INDEX.find(query, 1, lambda _: None)[0].coin.id == first


def test_rank_that_an_answer_told_goes_before_what_everybody_knows() -> None:
    ranks = {"the-ticker-is-eth": 1, "ethereum": 2}
    assert [hit.rank for hit in INDEX.find("eth", 2, ranks.get)] == [1, 2]


def test_case_blanks_and_signs_mean_nothing_and_the_limit_holds() -> None:
    assert found("  EtHeReUm ")[0] == "ethereum"
    assert found("bitcoin_cash")[0] == found("bitcoin   cash")[0] == "bitcoin-cash"
    assert found("wif")[0] == found("$wif")[0] == "dogwifcoin"
    assert found("$btc")[0] == "bitcoin"
    assert found("STRASSE coin")[0] == "straße"
    assert found("bitcoin", 1) == ["bitcoin"]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("биткоин", "bitcoin"),
        ("битк", "bitcoin"),  # as it is typed
        ("биток", "bitcoin"),
        ("биткоин кэш", "bitcoin-cash"),
        ("эфир", "ethereum"),
        ("Эфириум", "ethereum"),
        ("эфиреум", "ethereum"),  # a nickname with a mistake
        ("солана", "solana"),
        ("догикоин", "dogecoin"),
        ("тезер", "tether"),
        ("усдт", "tether"),
        ("иес", "bitcoin"),  # btc on a keyboard left in Russian
        ("уер", "ethereum"),
        ("шайлушай", "smurf-cat"),  # a symbol that is Russian itself
    ],
)
def test_russian_letters_find_coins_with_latin_names(query: str, wanted: str) -> None:
    assert found(query)[0] == wanted


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("bitcion", "bitcoin"),  # swapped
        ("bitkoin", "bitcoin"),  # by ear
        ("etherium", "ethereum"),
        ("etereum", "ethereum"),  # left out
        ("solanna", "solana"),  # doubled
        ("dogecoim", "dogecoin"),  # beside the key
        ("wraped bitcon", "wrapped-bitcoin"),  # two in a long name
        ("tehter", "tether"),
    ],
)
def test_typing_mistakes_are_forgiven(query: str, wanted: str) -> None:
    assert found(query)[0] == wanted


def test_short_query_is_not_stretched_into_something_else() -> None:
    assert found("btx") == []
    assert "ethereum" not in found("etx")


@pytest.mark.parametrize("address", [USDT, USDT.lower(), f" {USDT_ON_TRON}\n", USDT_ON_TRON[:20]])
def test_contract_address_of_any_chain_finds_exactly_its_coin(address: str) -> None:
    assert found(address) == ["tether"]


def test_address_of_several_coins_finds_them_all_the_known_one_first() -> None:
    assert found("0x2260fac5e5542a773aa44fbcfedf7c193bc2c599") == ["wrapped-bitcoin", "bitcoin-ghost"]


def test_short_address_is_one_exact_match_among_others() -> None:
    assert found("31566704") == ["usd-coin-on-algorand"]


def test_unknown_address_and_a_short_beginning_of_one_find_no_coin_by_address() -> None:
    assert found("0x" + "0" * 40) == []
    assert found("0xdac1") == []


def test_coins_whose_platforms_nobody_can_read_are_found_by_name() -> None:
    odd = SearchIndex(b'[{"id":"bitcoin","symbol":"btc","name":null,"platforms":["what"]},{"id":"x","symbol":null}]')
    assert [hit.coin.id for hit in odd.find("btc", 9, RANKS.get)] == ["bitcoin"]
    with pytest.raises(msgspec.DecodeError):
        SearchIndex(b"<html>")


def test_odd_platforms_of_one_coin_cost_the_others_nothing() -> None:
    odd = b'{"id":"odd","symbol":"odd","name":"Odd","platforms":["what"]}'
    index = SearchIndex(b"[" + odd + b"," + body()[1:])
    assert [hit.coin.id for hit in index.find(USDT, 9, RANKS.get)] == ["tether"]
    assert [hit.coin.id for hit in index.find("odd", 9, RANKS.get)] == ["odd"]


def test_row_without_an_id_is_never_found() -> None:
    assert len(INDEX) == len(COINS) - 1
    assert found("void") == []


def test_empty_list_finds_nothing() -> None:
    assert SearchIndex(b"[]").find("bitcoin", 5, RANKS.get) == []


@pytest.mark.parametrize("query", ["", " ", "\n\t", "\u3000", "\x00\x1f"])
def test_blank_query_finds_nothing(query: str) -> None:
    assert found(query) == []


@given(st.binary(max_size=400))
def test_query_of_any_bytes_is_harmless(query: bytes) -> None:
    """As the server reads it: bytes that are no UTF-8 become replacement characters."""
    pairs = parse_qsl("q=" + quote_from_bytes(query), keep_blank_values=True)
    assert len(found(pairs[0][1], 3)) <= 3


@given(st.text(st.characters(), max_size=400))
def test_query_of_any_text_is_harmless_also_half_a_surrogate_pair(query: str) -> None:
    assert len(found(query, 3)) <= 3


@given(st.lists(st.tuples(st.text(min_size=1), st.text(st.characters()), st.text(st.characters())), max_size=8))
def test_every_coin_of_any_list_is_found_by_its_id(coins: list[tuple[str, str, str]]) -> None:
    index = SearchIndex(
        msgspec.json.encode([{"id": id_, "symbol": "s", "name": ascii(name)} for id_, _, name in coins])
    )
    for coin_id, _, _ in coins:
        if coin_id.strip() and len(coin_id) <= MAX_TEXT:
            assert coin_id in {hit.coin.id for hit in index.find(coin_id, 100, lambda _: None)}


def test_index_of_all_coins_takes_little_memory() -> None:
    coins = standin_catalogue(18_000).coins
    coin_list = body([(coin.id, coin.symbol, coin.name, {coin.home or "": coin.contract}) for coin in coins])
    tracemalloc.start()
    try:
        index = SearchIndex(coin_list)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(index) == 18_000
    assert kept < 16 * 1024 * 1024


def test_list_that_never_ends_is_cut() -> None:
    index = SearchIndex(body(), max_coins=4, max_addresses=1)
    assert len(index) == 4
    assert index.find("EtBc6gkCvsB9c6f5wSbwG8wPjRqXMB5euptK6bqG1R4X", 5, RANKS.get) != []
    assert index.find("0x2260fac5e5542a773aa44fbcfedf7c193bc2c599", 5, RANKS.get) == []


def test_the_catalogue_learns_ranks_and_pictures_from_answers_in_passing() -> None:
    catalogue = Catalogue()
    catalogue.learn(
        "/coins/markets",
        b'[{"id":"bitcoin","symbol":"btc","name":"Bitcoin","image":"https://x/large/b.png?1","market_cap_rank":1}]',
    )
    known = catalogue.get("bitcoin")
    assert known is not None
    assert (catalogue.ranks["bitcoin"], known.image_url) == (1, "https://x/small/b.png?1")
    catalogue.learn("/coins/markets", b'[{"id":"bitcoin","symbol":"btc","name":"Bitcoin","market_cap_rank":null}]')
    known = catalogue.get("bitcoin")
    assert known is not None
    assert (catalogue.ranks["bitcoin"], known.image_url) == (1, "https://x/small/b.png?1"), "null teaches nothing"


def test_the_catalogue_is_bounded_and_does_not_mind_nonsense() -> None:
    catalogue = Catalogue(max_coins=2)
    rows = ",".join(f'{{"id":"c{i}","symbol":"s","name":"n"}}' for i in range(5))
    catalogue.learn("/coins/markets", f"[{rows}]".encode())
    assert [catalogue.get(f"c{i}") is not None for i in range(5)] == [True, True, False, False, False]
    catalogue.learn("/coins/markets", b"nonsense")
    catalogue.learn("/global", b"{}")
