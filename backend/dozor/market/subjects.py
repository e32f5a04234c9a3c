"""What can be watched: whether upstream knows a coin and a currency, and the price of the one in the other."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dozor.domain.errors import DozorError, QuestionRejected
from dozor.domain.quotes import Subject
from dozor.market.endpoints import BY_PATH
from dozor.market.question import canonical
from dozor.market.quotes import prices_in, prices_question
from dozor.market.service import MarketService

WAIT_S = 3.0  # of somebody who makes a rule: without a price it is made all the same

_currencies: msgspec.json.Decoder[Sequence[str]] = msgspec.json.Decoder(list[str])


class Subjects:
    """Asks the market service on behalf of somebody who waits. Any number of concurrent askers."""

    def __init__(self, market: MarketService) -> None:
        self._market = market

    async def look(self, coin_id: str, currency: str, client: str) -> Subject:
        """What is known of this pair, within a few seconds. Never raises: what cannot be found out is taken for known.

        ``client`` is who waits, as in ``MarketService.answer``.
        """
        known = await self._known_currencies(client)
        if known is not None and currency not in known:
            return Subject(is_coin=True, is_currency=False, last=None)
        try:
            question = prices_question([coin_id], [currency])
            answer = await self._market.answer(question, client=client, wait_seconds=WAIT_S)
            is_coin = coin_id in msgspec.json.decode(answer.body)
            last = next(iter(prices_in(answer, [currency])), None)
        except QuestionRejected as error:
            return Subject(is_coin=error.status != 404, is_currency=True, last=None)
        except DozorError:
            return Subject(is_coin=True, is_currency=True, last=None)
        return Subject(is_coin=is_coin, is_currency=True, last=last)

    async def _known_currencies(self, client: str) -> Sequence[str] | None:
        question = canonical(BY_PATH["/simple/supported_vs_currencies"], {}, (), full_history=False)
        try:
            answer = await self._market.answer(question, client=client, wait_seconds=WAIT_S)
            return _currencies.decode(answer.body)
        except (DozorError, msgspec.DecodeError):
            return None
