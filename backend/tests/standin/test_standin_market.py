"""The market behind the answers: figures by formula, the same for everybody."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from dozor.standin.catalogue import catalogue
from dozor.standin.currencies import CURRENCIES
from dozor.standin.model import HOUR, Market, Ordered

NOON = 1_795_348_800
COINS = catalogue(2_000)
MARKET = Market(COINS)
seconds = st.integers(1_400_000_000, 2_000_000_000)
priced = st.sampled_from([coin for coin in COINS.coins if coin.priced])


@settings(deadline=None)
@given(coin=priced, second=seconds)
def test_a_price_depends_on_nothing_but_coin_and_second(coin, second):
    assert MARKET.price(coin, second) == Market(catalogue(2_000)).price(coin, second) > 0


@settings(deadline=None)
@given(coin=priced, second=seconds)
def test_a_price_never_leaves_the_extremes_of_its_coin(coin, second):
    lowest, highest = MARKET.extremes(coin)
    assert lowest <= MARKET.price(coin, second) <= highest


@settings(deadline=None)
@given(coin=priced, second=seconds)
def test_a_price_moves_a_little_from_second_to_second(coin, second):
    now, next_ = MARKET.price(coin, second), MARKET.price(coin, second + 1)
    assert abs(next_ - now) / now < 0.002


@settings(deadline=None)
@given(coin=priced, hour=st.integers(400_000, 500_000))
def test_hourly_prices_are_the_prices_at_full_hours(coin, hour):
    hourly = MARKET.hourly(coin, hour, 168)
    assert len(hourly) == 168
    assert math.isclose(hourly[0], MARKET.price(coin, hour * HOUR), rel_tol=1e-12)
    assert math.isclose(hourly[-1], MARKET.price(coin, (hour + 167) * HOUR), rel_tol=1e-12)


@settings(deadline=None)
@given(second=seconds)
def test_the_board_says_of_every_coin_what_its_price_is_or_was_at_its_last_update(second):
    board = MARKET.board(second)
    for coin in COINS.coins:
        price = MARKET.price(coin, MARKET.updated_at(coin, second) if coin.stale_hours else second)
        assert board.prices[coin.index] == price or not coin.priced


@settings(deadline=None)
@given(code=st.sampled_from(sorted(CURRENCIES)), hour=st.integers(400_000, 500_000))
def test_hourly_rates_are_the_rates_at_full_hours(code, hour):
    assert math.isclose(MARKET.hourly_rates(code, hour, 2)[1], MARKET.rate(code, (hour + 1) * HOUR), rel_tol=1e-12)


def test_another_seed_is_another_market():
    bitcoin = COINS.by_id["bitcoin"]
    assert Market(COINS, 1).price(bitcoin, NOON) != MARKET.price(bitcoin, NOON)


def test_what_wraps_a_coin_costs_what_that_coin_costs():
    ether, wrapped = (MARKET.price(COINS.by_id[id_], NOON) for id_ in ("ethereum", "weth"))
    assert abs(wrapped / ether - 1) < 0.001


def test_a_larger_catalogue_begins_with_the_smaller_one():
    assert repr(catalogue(300).coins) == repr(COINS.coins[:300])


def test_eighteen_thousand_coins_have_eighteen_thousand_ids_and_prices_of_every_size():
    coins = catalogue(18_000)
    assert len(coins.by_id) == 18_000
    prices = [coin.usd for coin in coins.coins if coin.priced]
    assert min(prices) < 1e-8
    assert max(prices) > 10_000


def test_rank_is_not_the_row_and_a_coin_without_supply_has_none():
    big = Market(catalogue(18_000))
    ranks = big.ranks_at(NOON + 299)
    rows = big.ranking(Ordered.CAP, NOON + 299)
    off_by_some = sum(ranks[coin.index] != row for row, coin in enumerate(rows[:1_000], start=1))
    assert off_by_some > 500  # a gap every 499 rows, and neighbours that changed places since the ranks were counted
    assert all(ranks[coin.index] is None for coin in big.catalogue.coins if coin.supply == 0)


def test_a_stale_coin_was_updated_hours_ago_and_the_others_within_half_a_minute():
    stale = [coin for coin in COINS.coins if coin.stale_hours]
    assert stale
    assert all(NOON - MARKET.updated_at(coin, NOON) >= 3 * HOUR for coin in stale)
    assert all(NOON - MARKET.updated_at(c, NOON) <= 30 for c in COINS.coins if not c.stale_hours)
