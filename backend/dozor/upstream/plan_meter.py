"""What upstream itself says of the plan and of the month's calls, read once an hour where the plan has it (``/key``).

A key may be used by others as well: what they spend is counted in when upstream says so. Upstream's count never makes
ours smaller: it may lag behind, and its month may begin on another day.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import structlog

from dozor.domain.budget import minute_allowance
from dozor.domain.errors import QuestionRejected, TryLater
from dozor.domain.lanes import Asker, Lane
from dozor.market.ports import BodyShape, Call, Upstream

if TYPE_CHECKING:
    from dozor.clock import Clock
    from dozor.upstream.accounts import Accounts
    from dozor.upstream.ledger import Ledger

log = structlog.get_logger(__name__)

EVERY_SECONDS = 3600.0
AFTER_A_FAILURE_SECONDS = 300.0


class _Usage(msgspec.Struct):
    """The answer of ``/key`` (paid plans' OpenAPI document, ``ApiUsage``): the plan's figures, and this key's own."""

    rate_limit_request_per_minute: int | None = None
    monthly_call_credit: int | None = None
    current_total_monthly_calls: int | None = None
    api_key_rate_limit_request_per_minute: int | None = None
    api_key_monthly_call_credit: int | None = None
    api_key_current_total_monthly_calls: int | None = None


class PlanMeter:
    """Keeps the limits as upstream states them, unless the operator has, and the count no less than upstream's.

    ``tells_minute`` and ``tells_month``: which limits are upstream's to state. One instance per loop.
    """

    def __init__(
        self,
        upstream: Upstream,
        accounts: Accounts,
        ledger: Ledger,
        clock: Clock,
        *,
        tells_minute: bool,
        tells_month: bool,
    ) -> None:
        self._upstream = upstream
        self._accounts = accounts
        self._ledger = ledger
        self._clock = clock
        self._tells_minute = tells_minute
        self._tells_month = tells_month
        self._said_unknown = False

    async def run(self) -> None:
        """Read it now and then every hour, until cancelled."""
        while True:
            is_read = await self.read()
            await self._clock.sleep(EVERY_SECONDS if is_read else AFTER_A_FAILURE_SECONDS)

    async def read(self) -> bool:
        """Read it once, for one call. ``False``: it cannot be had, and all stays as it was. Never raises."""
        asker = Asker(Lane.REFRESH, "")  # a warm-up would go without when little is left, which is when it matters
        try:
            fetched = await self._upstream.fetch(asker, "key", _depart)
            usage = msgspec.json.decode(fetched.body, type=_Usage)
            await self._apply(usage)
        except (TryLater, QuestionRejected, msgspec.DecodeError) as error:
            if not self._said_unknown:
                log.warning("plan.unknown", reason=str(error))
            self._said_unknown = True
            return False
        self._said_unknown = False
        return True

    async def _apply(self, usage: _Usage) -> None:
        limits = self._accounts.limits
        per_minute = _least(usage.rate_limit_request_per_minute, usage.api_key_rate_limit_request_per_minute)
        if self._tells_minute and per_minute is not None:
            limits = replace(limits, start=minute_allowance(per_minute), most=minute_allowance(per_minute))
        per_month, used = _tightest(
            (usage.monthly_call_credit, usage.current_total_monthly_calls),
            (usage.api_key_monthly_call_credit, usage.api_key_current_total_monthly_calls),
        )
        if self._tells_month and per_month is not None:
            limits = replace(limits, per_month=per_month)
        if limits != self._accounts.limits:
            self._accounts.limits = limits
            log.info("plan.read", per_minute=per_minute, per_month=per_month)
        if used is not None and (more := await self._ledger.raise_used(used)):
            log.warning("plan.used_elsewhere", calls=more)


async def _depart() -> Call:
    return Call("/key", (), BodyShape.OBJECT)


def _least(*figures: int | None) -> int | None:
    """The smallest that says something; 0 says nothing."""
    return min((figure for figure in figures if figure), default=None)


def _tightest(*months: tuple[int | None, int | None]) -> tuple[int | None, int | None]:
    """The limit and the count of which the fewest calls are left."""
    known = [(limit, used or 0) for limit, used in months if limit]
    return min(known, key=lambda month: month[0] - month[1], default=(None, None))
