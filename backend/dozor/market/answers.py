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


class _Ping(msgspec.Struct):
    gecko_says: str


class _Identified(msgspec.Struct):
    id: str


class _Listed(msgspec.Struct):
    id: str
    symbol: str | None = None
    name: str | None = None


class _Series(msgspec.Struct):
    prices: list[tuple[_Number, _Number]]


class _Coins(msgspec.Struct):
    coins: list[msgspec.Raw]


class _Global(msgspec.Struct):
    data: dict[str, msgspec.Raw]


PING: Decoder = msgspec.json.Decoder(_Ping)
PRICES: Decoder = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw] | None])  # {}: no coin of these ids is known
CURRENCIES: Decoder = msgspec.json.Decoder(list[str])
COIN_LIST: Decoder = msgspec.json.Decoder(list[_Listed])
ROWS: Decoder = msgspec.json.Decoder(list[_Identified])
COIN: Decoder = msgspec.json.Decoder(_Identified)
SERIES: Decoder = msgspec.json.Decoder(_Series)
CANDLES: Decoder = msgspec.json.Decoder(list[tuple[_Number, _Number, _Number, _Number, _Number]])
COINS_FOUND: Decoder = msgspec.json.Decoder(_Coins)
GLOBAL: Decoder = msgspec.json.Decoder(_Global)
