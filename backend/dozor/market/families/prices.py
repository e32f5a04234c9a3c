"""``/simple/price``: coins by currency, in one lot for each precision.

Asked for with every flag, because a flag costs nothing and takes nothing away. A precision is never made of another:
how upstream rounds is not known. Ids come in alphabetical order, whatever the order of the question (recorded); the
order of a coin's currencies is learnt from the answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from dozor.market.endpoints import BY_PATH, Endpoint
from dozor.market.facts import Facts, Saying
from dozor.market.families import plain
from dozor.market.families.family import Batch, Unit
from dozor.market.lazy import lazy
from dozor.market.ports import Call
from dozor.market.question import Question
from dozor.market.rawjson import RawObject, encode, split_object

MOST_KEPT = 5_000  # a few hundred bytes each
MOST_IDS = 515  # "up to 515 ids in one call", a comment in an official sample
USUAL_CURRENCIES = ("usd", "eur", "btc", "eth", "rub", "gbp")
PRECISIONS = frozenset({"", "full", *map(str, range(19))})
MEMBERS = {  # of a coin, by the flag that asks for them; the price itself needs none
    "include_market_cap": "_market_cap",
    "include_24hr_vol": "_24h_vol",
    "include_24hr_change": "_24h_change",
}
WITH_TIME = "include_last_updated_at"
TIME = "last_updated_at"
FLAGS = (*MEMBERS, WITH_TIME)


@dataclass(frozen=True, slots=True)
class PriceLot:
    """All prices of one ``precision``; empty: as upstream rounds them by itself."""

    precision: str

    @property
    def key(self) -> str:
        """See ``Lot.key``."""
        return f"simple_price:{self.precision or 'default'}"

    @property
    def endpoint(self) -> Endpoint:
        """See ``Lot.endpoint``."""
        return BY_PATH["/simple/price"]

    @property
    def most_coins(self) -> int:
        """See ``Lot.most_coins``."""
        return MOST_IDS

    @property
    def most_kept(self) -> int:
        """See ``Lot.most_kept``."""
        return MOST_KEPT

    @property
    def first_rank(self) -> int:
        """See ``Lot.first_rank``."""
        return 1

    @property
    def usual_columns(self) -> tuple[str, ...]:
        """See ``Lot.usual_columns``."""
        return USUAL_CURRENCIES

    def call(self, coins: Sequence[str], columns: Sequence[str]) -> Call:
        """See ``Lot.call``. Currencies go against the alphabet: so the answer tells whose order it keeps."""
        params = [("ids", ",".join(sorted(coins))), ("vs_currencies", ",".join(sorted(columns, reverse=True)))]
        params += [(flag, "true") for flag in FLAGS]
        if self.precision:
            params.append(("precision", self.precision))
        return Call("/simple/price", tuple(params), self.endpoint.shape)

    def read(self, body: bytes) -> dict[str, Priced]:
        """See ``Lot.read``."""
        return {coin: Priced(text) for coin, text in split_object(body).items()}

    def in_asked_order(self, said: Mapping[str, Priced], columns: Sequence[str]) -> bool | None:
        """See ``Lot.in_asked_order``."""
        wanted = set(columns)
        for priced in said.values():
            found = [name for name in priced.members if name in wanted]
            if len(found) > 1:
                return found != sorted(found)
        return None


class Priced:
    """What upstream said of one coin's prices, read at first use."""

    def __init__(self, text: msgspec.Raw) -> None:
        self._text = text

    @lazy
    def members(self) -> RawObject:
        """By their names; none where upstream says ``null`` for a coin."""
        return _members.decode(self._text) or {}


def wanted(question: Question) -> Batch | Unit:
    """The facts behind this question; it stands for itself where only upstream knows what it asks for."""
    as_asked = plain.wanted(question)
    coins = tuple((question.get("ids") or "").split(","))
    precision = question.get("precision") or ""
    flags = {flag: question.get(flag) for flag in FLAGS}
    goes_by_names = any(question.get(name) for name in ("names", "symbols", "include_tokens"))
    if not coins[0] or goes_by_names or precision not in PRECISIONS or not set(flags.values()) <= {"true", "false"}:
        return as_asked
    currencies = tuple((question.get("vs_currencies") or "").split(","))
    endings = ("", *(ending for flag, ending in MEMBERS.items() if flags[flag] == "true"))
    with_time = flags[WITH_TIME] == "true"

    def assemble(facts: Facts) -> bytes:
        order = currencies if facts.in_asked_order else sorted(currencies)
        said = []
        for coin in coins:
            sayings = [(currency, facts.get(coin, currency)) for currency in order]
            there = [(currency, saying) for currency, saying in sayings if saying is not None and saying.said]
            if there:
                said.append(b"%b:{%b}" % (encode(coin), b",".join(_shown(there, endings, with_time=with_time))))
        return b"{%b}" % b",".join(said)

    return Batch(PriceLot(precision), coins, currencies, assemble, as_asked)


def _shown(there: Sequence[tuple[str, Saying]], endings: Sequence[str], *, with_time: bool) -> list[bytes]:
    shown = []
    for currency, saying in there:
        members = saying.said.members
        for ending in endings:
            name = currency + ending
            if (value := members.get(name)) is not None:
                shown.append(b'"%b":%b' % (name.encode(), value))
    if with_time and shown:  # recorded: a coin without any of the currencies is {}
        # Of several answers, the time of the oldest: no price here is older than it says.
        oldest = min((saying for _, saying in there), key=lambda saying: saying.fetched_at)
        if (time := oldest.said.members.get(TIME)) is not None:
            shown.append(b'"%b":%b' % (TIME.encode(), time))
    return shown


_members: msgspec.json.Decoder[RawObject | None] = msgspec.json.Decoder(RawObject | None)
