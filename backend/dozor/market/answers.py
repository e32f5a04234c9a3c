"""What makes a body the answer of an endpoint: the least that each must hold to be kept and shown.

A status of 200 and a JSON value of the right outermost kind do not make an answer: what is stored replaces a good one
and is served for hours. These types name only the members without which the body is something else. All that they do
not name is skipped unread, so upstream may add and drop fields, and a check costs little.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Decoder: TypeAlias = msgspec.json.Decoder[object]
_Number: TypeAlias = float | None  # upstream's gaps are nulls
_Figure: TypeAlias = float | str | None  # some figures come as texts, so that no digit is lost


class _Ping(msgspec.Struct):
    gecko_says: str


class _Identified(msgspec.Struct):
    id: str


class _Named(msgspec.Struct):
    name: str


class _Titled(msgspec.Struct):
    title: str


class _Listed(msgspec.Struct):
    id: str
    symbol: str | None = None
    name: str | None = None


class _Category(msgspec.Struct):
    category_id: str


class _Derivative(msgspec.Struct):
    market: str
    symbol: str


class _Series(msgspec.Struct):
    prices: list[tuple[_Number, _Number]]


class _Coins(msgspec.Struct):
    coins: list[msgspec.Raw]


class _Tickers(msgspec.Struct):
    tickers: list[msgspec.Raw]


class _Global(msgspec.Struct):
    data: dict[str, msgspec.Raw]


class _Rates(msgspec.Struct):
    rates: dict[str, msgspec.Raw]


class _TokenList(msgspec.Struct):
    tokens: list[msgspec.Raw]


class _Treasuries(msgspec.Struct):
    total_holdings: _Figure


class _Holdings(msgspec.Struct):
    holdings: list[tuple[_Number, _Figure]]


class _Transactions(msgspec.Struct):
    transactions: list[msgspec.Raw]


class _Gainers(msgspec.Struct):
    top_gainers: list[msgspec.Raw]


class _CirculatingSupply(msgspec.Struct):
    circulating_supply: list[tuple[_Number, _Figure]]


class _TotalSupply(msgspec.Struct):
    total_supply: list[tuple[_Number, _Figure]]


class _FloorPrices(msgspec.Struct):
    floor_price_usd: list[tuple[_Number, _Number]]


class _MarketCapChart(msgspec.Struct):
    market_cap_chart: dict[str, list[tuple[_Number, _Number]]]


class _Attributes(msgspec.Struct):
    attributes: dict[str, msgspec.Raw]


class _Resource(msgspec.Struct):
    data: _Attributes


class _Resources(msgspec.Struct):
    data: list[_Identified]


PING: Decoder = msgspec.json.Decoder(_Ping)
PRICES: Decoder = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw] | None])  # {}: no coin of these ids is known
CURRENCIES: Decoder = msgspec.json.Decoder(list[str])
COIN_LIST: Decoder = msgspec.json.Decoder(list[_Listed])
IDENTIFIED: Decoder = msgspec.json.Decoder(_Identified)
IDENTIFIED_ROWS: Decoder = msgspec.json.Decoder(list[_Identified])
NAMED: Decoder = msgspec.json.Decoder(_Named)
NAMED_ROWS: Decoder = msgspec.json.Decoder(list[_Named])
TITLED_ROWS: Decoder = msgspec.json.Decoder(list[_Titled])
SERIES: Decoder = msgspec.json.Decoder(_Series)
CANDLES: Decoder = msgspec.json.Decoder(list[tuple[_Number, _Number, _Number, _Number, _Number]])
TICKERS: Decoder = msgspec.json.Decoder(_Tickers)
COINS_FOUND: Decoder = msgspec.json.Decoder(_Coins)
GLOBAL: Decoder = msgspec.json.Decoder(_Global)
RATES: Decoder = msgspec.json.Decoder(_Rates)
CATEGORY_LIST: Decoder = msgspec.json.Decoder(list[_Category])
TOKEN_LIST: Decoder = msgspec.json.Decoder(_TokenList)
VOLUMES: Decoder = msgspec.json.Decoder(list[tuple[_Number, _Figure]])
DERIVATIVES: Decoder = msgspec.json.Decoder(list[_Derivative])
TREASURIES: Decoder = msgspec.json.Decoder(_Treasuries)
HOLDINGS: Decoder = msgspec.json.Decoder(_Holdings)
TRANSACTIONS: Decoder = msgspec.json.Decoder(_Transactions)
GAINERS: Decoder = msgspec.json.Decoder(_Gainers)
CIRCULATING_SUPPLY: Decoder = msgspec.json.Decoder(_CirculatingSupply)
TOTAL_SUPPLY: Decoder = msgspec.json.Decoder(_TotalSupply)
FLOOR_PRICES: Decoder = msgspec.json.Decoder(_FloorPrices)
MARKET_CAP_CHART: Decoder = msgspec.json.Decoder(_MarketCapChart)
RESOURCE: Decoder = msgspec.json.Decoder(_Resource)  # on chain, answers are JSON:API documents
RESOURCES: Decoder = msgspec.json.Decoder(_Resources)
