"""An upstream that has a price for whatever it is asked for, with every figure that the flags ask for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from dozor.clock import Clock
from dozor.domain.errors import BudgetExhausted
from dozor.domain.lanes import Asker
from dozor.market.endpoints import BY_PATH
from dozor.market.families.prices import FLAGS, MEMBERS, TIME, WITH_TIME
from dozor.market.ports import Call, Depart, Fetched
from dozor.market.question import Question, canonical
from recording_upstream import RecordingUpstream


def prices_of(coins: Sequence[str], currencies: Sequence[str] = ("usd",), flags: Sequence[str] = ()) -> Question:
    """The question for these prices, with these flags."""
    params = [("ids", ",".join(coins)), ("vs_currencies", ",".join(currencies)), *((flag, "true") for flag in flags)]
    return canonical(BY_PATH["/simple/price"], {}, params, full_history=False)


def members_of(currencies: Sequence[str], flags: Sequence[str]) -> set[str]:
    """The names of what upstream says of a coin when it is asked with these flags."""
    endings = ["", *(MEMBERS[flag] for flag in flags if flag in MEMBERS)]
    named = {currency + ending for currency in currencies for ending in endings}
    return named | {TIME} if WITH_TIME in flags else named


@dataclass(frozen=True, slots=True)
class PriceCall:
    """What a call for prices asked for."""

    coins: Sequence[str]
    currencies: Sequence[str]
    flags: Sequence[str]

    @classmethod
    def of(cls, call: Call) -> PriceCall:
        """Read from its parameters."""
        params = dict(call.params)
        flags = [flag for flag in FLAGS if params.get(flag) == "true"]
        return cls(params["ids"].split(","), params["vs_currencies"].split(","), flags)


class EchoingUpstream(RecordingUpstream):
    """Everything costs 1. While ``is_spent``, there is no call to be had."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.is_spent = False

    @property
    def price_calls(self) -> list[PriceCall]:
        """The calls for prices, in the order in which they went."""
        return [PriceCall.of(call) for call in self.calls if call.path == "/simple/price"]

    async def fetch(self, asker: Asker, family: str, depart: Depart) -> Fetched:
        if self.is_spent:
            self.askers.append((family, asker))
            raise BudgetExhausted("minute", self._clock.now())
        return await super().fetch(asker, family, depart)

    def body_of(self, call: Call) -> bytes:
        """Said of every coin alike."""
        if call.path != "/simple/price":
            return super().body_of(call)
        asked = PriceCall.of(call)
        said = dict.fromkeys(sorted(members_of(asked.currencies, asked.flags)), 1)
        return json.dumps(dict.fromkeys(asked.coins, said)).encode()
