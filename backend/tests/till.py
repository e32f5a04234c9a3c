"""Accounts over a ledger file, as a caller in a hurry uses them: a call, or the reason why not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from dozor.domain.allowance import Shortage, Wait
from dozor.domain.budget import Limits
from dozor.domain.lanes import Lane
from dozor.domain.machines import Rules
from dozor.upstream.accounts import Accounts, Charge, Spending
from dozor.upstream.ledger import Ledger
from fakes import FakeClock

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from dozor.clock import Clock


class Short(Exception):
    """The call may not go out, for want of ``shortage``, before ``until``."""

    def __init__(self, wait: Wait, until: datetime) -> None:
        super().__init__(wait)
        self.shortage = wait.shortage
        self.until = until


class Till:
    """Enter it before use. ``clock`` may be a real one, and ``ledger_type`` a ledger that works in another way."""

    def __init__(
        self,
        path: Path,
        clock: Clock | None = None,
        *,
        per_minute: int = 0,
        per_month: int = 100,
        resets_on: int = 1,
        machines: int = 1,
        rules: Rules | None = None,
        ledger_type: type[Ledger] = Ledger,
    ) -> None:
        self.clock: Clock = clock if clock is not None else FakeClock()
        self.ledger = ledger_type(path, resets_on=resets_on, clock=self.clock)
        limits = Limits(per_minute, per_minute, per_month, resets_on)
        self.accounts = Accounts(self.ledger, limits, self.clock, machines=machines, rules=rules)

    async def __aenter__(self) -> Till:
        await self.ledger.__aenter__()
        await self.accounts.start()
        return self

    async def __aexit__(self, *why: object) -> None:
        await self.ledger.__aexit__(*why)

    async def charge(self, lane: Lane = Lane.PERSON, family: str = "get_coins") -> Charge:
        """A charged call. Raises Short."""
        outcome = await self.accounts.charge(lane, family)
        if isinstance(outcome, Wait):
            seconds = outcome.chance() - self.clock.monotonic()
            raise Short(outcome, self.clock.now() + timedelta(seconds=seconds))
        return outcome

    async def is_spent(self) -> bool:
        """Whether the month allows no call."""
        outcome = await self.accounts.charge(Lane.PERSON, "get_coins")
        if isinstance(outcome, Wait):
            return outcome.shortage is Shortage.MONTH
        await self.accounts.withdraw(outcome)
        return False

    async def spending(self) -> Spending:
        """How far it is spent."""
        return await self.accounts.spending()

    async def used(self) -> int:
        """The month's calls."""
        return (await self.spending()).month_used
