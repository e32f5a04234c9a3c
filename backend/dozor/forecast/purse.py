"""A budget in memory, by the rules by which the real one is kept: minute, month, pace and learning.

Nothing is written and nobody shares it, so 10,000 simulated calls take moments.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from dozor.clock import Clock
from dozor.domain.allowance import Allowance, Terms, Wait
from dozor.domain.budget import Limits, MonthPeriod
from dozor.domain.lanes import Lane
from dozor.domain.machines import Rules
from dozor.domain.pace import MonthTerms
from dozor.upstream.accounts import Charge, Outcome, Spending

RULES = Rules()


class Purse:
    """Implements ``upstream.admission.Budget``. One instance per loop."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._allowance = Allowance()
        self._period = MonthPeriod.around(clock.now(), limits.resets_on)
        self._number = 0
        self.used: Counter[date] = Counter()  # calls, by the first day of their month
        self.costs: Counter[str] = Counter()  # calls, by family

    async def charge(self, lane: Lane, family: str, *, beyond_reserve: bool = True) -> Outcome:
        """See ``Accounts.charge``."""
        self._number += 1
        call, now = str(self._number), self._clock.monotonic()
        decision = self._allowance.charge(now, self._terms(), call, lane, beyond_reserve=beyond_reserve)
        if isinstance(decision, Wait):
            return decision
        self.used[self._period.start] += 1
        self.costs[family] += 1
        return Charge(call, family, self._period.start, 0, now, decision.is_probe)

    async def end(self, charge: Charge) -> None:
        """See ``Accounts.end``."""
        self._allowance.end(self._clock.monotonic(), charge.call)

    async def withdraw(self, charge: Charge) -> None:
        """See ``Accounts.withdraw``."""
        await self.give_back(charge)
        self._allowance.withdraw(self._terms(), charge.call)

    async def give_back(self, charge: Charge) -> None:
        """See ``Accounts.give_back``."""
        self.used[charge.day] -= 1
        self.costs[charge.family] -= 1

    async def refused(self, charge: Charge, pause: float) -> None:
        """See ``Accounts.refused``."""
        self._allowance.refused(self._clock.monotonic(), self._terms(), charge.call, pause)

    async def answered(self, charge: Charge) -> None:
        """See ``Accounts.answered``."""
        self._allowance.answered(charge.call)

    async def spending(self) -> Spending:
        """See ``Accounts.spending``."""
        terms = self._terms()
        slots, _ = self._allowance.minute(terms)
        return Spending(
            minute_used=self._allowance.used(self._clock.monotonic(), terms),
            minute_limit=slots,
            month_used=self.used[self._period.start],
            month_limit=self._limits.per_month or None,
            month=self._period,
            month_known=True,
        )

    def spend(self, calls: float) -> None:
        """So many calls were made while nobody looked: they are missing from the month and from its pace."""
        self._terms()
        left = self._limits.per_month - self.used[self._period.start] if self._limits.per_month else calls
        spent = min(round(calls), round(left))
        self.used[self._period.start] += spent
        bucket = self._allowance.bucket
        if bucket is not None:
            bucket.tokens = max(0.0, bucket.tokens - spent)

    def _terms(self) -> Terms:
        now = self._clock.now()
        self._period = MonthPeriod.around(now, self._limits.resets_on)
        month = None
        if self._limits.per_month:
            days = (self._period.end - self._period.start) / timedelta(days=1)
            month = MonthTerms(
                period=self._period.start.isoformat(),
                left=self._limits.per_month - self.used[self._period.start],
                seconds_left=(self._period.resets_at - now).total_seconds(),
                day_share=self._limits.per_month / days,
            )
        return Terms(self._limits.start, self._limits.most, RULES.span, RULES.longest, month)
