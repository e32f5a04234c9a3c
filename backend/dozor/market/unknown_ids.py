"""What is done about ids that the coin list lacks: most are mistakes, and some are coins that are new.

The list is fetched again because of such an id, at most once in 30 minutes. While it is no older than that, an id that
it lacks is sure to be unknown to upstream, whose own list is as old.
"""

from __future__ import annotations

import math
from datetime import timedelta

from dozor.caching.singleflight import NotLanded, SingleFlight
from dozor.clock import Clock
from dozor.domain.errors import DozorError
from dozor.domain.lanes import Asker, Lane
from dozor.market.catalogue import Catalogue
from dozor.market.coin_ids import CoinIds
from dozor.market.families import coin_list
from dozor.market.units import Units

RECENT = timedelta(minutes=30)
PART_OF_THE_WAIT = 0.5  # for the list; the rest is for asking upstream, if the list does not come
_LIST = coin_list.wanted(coin_list.ALL_COINS)


class UnknownIds:
    """Tells ids that are mistakes from ids that may not be. One instance per loop; ``flights`` are its own."""

    def __init__(
        self, ids: CoinIds, catalogue: Catalogue, units: Units, flights: SingleFlight[None], clock: Clock
    ) -> None:
        self._ids = ids
        self._catalogue = catalogue
        self._units = units
        self._flights = flights
        self._clock = clock
        self._tried_at = -math.inf

    def is_known(self, coin_id: str) -> bool | None:
        """Whether the list has this id, or any answer has named it; ``None`` while there is no list.

        For an id that is not known the list is fetched again behind the caller's back, if that is due.
        """
        known = self._is_known(coin_id)
        if known is False:
            self.doubt()
        return known

    def doubt(self) -> None:
        """Have the list fetched again behind the caller's back, if that is due."""
        if self._is_due():
            asker = Asker(Lane.REFRESH, "")
            self._flights.start(_LIST.key, lambda: self._renew(asker), asker)

    async def is_mistake(self, coin_id: str, asker: Asker, wait_seconds: float) -> bool:
        """Whether upstream is sure not to know this id, by a list that is fetched again for ``asker`` if that is due.

        It waits for that, but only for a part of ``wait_seconds``. Never raises: an id is no mistake when nobody knows.
        """
        if self._is_known(coin_id) is not False:
            return False
        if self._is_due() or _LIST.key in self._flights:
            try:
                wait = wait_seconds * PART_OF_THE_WAIT
                await self._flights.run(_LIST.key, lambda: self._renew(asker), wait, asker)
            except (DozorError, NotLanded):
                return False
        return self._is_recent() and self._is_known(coin_id) is False

    def _is_known(self, coin_id: str) -> bool | None:
        return self._catalogue.get(coin_id) is not None or self._ids.has(coin_id)

    async def _renew(self, asker: Asker) -> None:
        self._tried_at = self._clock.monotonic()
        await self._units.renew(_LIST, asker)

    def _is_due(self) -> bool:
        tried = self._clock.monotonic() - self._tried_at < RECENT.total_seconds()
        return not tried and not self._is_recent()

    def _is_recent(self) -> bool:
        fetched_at = self._ids.fetched_at
        return fetched_at is not None and self._clock.now() - fetched_at <= RECENT
