"""A budget in memory, by the rules by which the real one is kept: minute, month, pace and learning.

Nothing is written and nobody shares it, so 10,000 simulated calls take moments. It has a time of its own: the days
between two samples pass for the month, and not for the cache, which goes on as if nobody had looked away.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

from dozor.clock import Clock
from dozor.domain.allowance import Allowance, Terms, Wait
from dozor.domain.budget import Limits, MonthPeriod
from dozor.domain.lanes import Lane
from dozor.domain.machines import Rules
from dozor.domain.pace import Bucket, MonthTerms
from dozor.upstream.accounts import Charge, Outcome, Spending

RULES = Rules()
SKIP_STEP_S = 3600.0


class Purse:
    """Implements ``upstream.admission.Budget``. One instance per loop."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._allowance = Allowance()
        self._ahead = timedelta(0)
        self._period = MonthPeriod.around(clock.now(), limits.resets_on)
        self._number = 0
        self._owed = 0.0  # a fraction of a call
        self.used: Counter[date] = Counter()  # calls, by the first day of their month
        self.costs: Counter[str] = Counter()  # calls, by family

    async def charge(self, lane: Lane, family: str, *, beyond_reserve: bool = True) -> Outcome:
        """See ``Accounts.charge``."""
        self._number += 1
        call = str(self._number)
        decision = self._allowance.charge(self._now(), self._terms(), call, lane, beyond_reserve=beyond_reserve)
        if isinstance(decision, Wait):
            ahead = self._ahead.total_seconds()
            return replace(decision, chances=tuple(chance - ahead for chance in decision.chances))
        self.used[self._period.start] += 1
        self.costs[family] += 1
        return Charge(call, family, self._period.start, 0, self._clock.monotonic(), decision.is_probe)

    async def end(self, charge: Charge) -> None:
        """See ``Accounts.end``."""
        self._allowance.end(self._now(), charge.call)

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
        self._allowance.refused(self._now(), self._terms(), charge.call, pause)

    async def answered(self, charge: Charge) -> None:
        """See ``Accounts.answered``."""
        self._allowance.answered(charge.call)

    async def spending(self) -> Spending:
        """See ``Accounts.spending``."""
        terms = self._terms()
        slots, _ = self._allowance.minute(terms)
        return Spending(
            minute_used=self._allowance.used(self._now(), terms),
            minute_limit=slots,
            month_used=self.used[self._period.start],
            month_limit=self._limits.per_month or None,
            month=self._period,
            month_known=True,
        )

    def skip(self, seconds: float, calls_per_second: float) -> None:
        """So much time passes in which calls are wanted at this rate: they are made as far as the pace allows."""
        while seconds > 0:
            step = min(seconds, SKIP_STEP_S)
            seconds -= step
            self._ahead += timedelta(seconds=step)
            month = self._terms().month
            wanted = calls_per_second * step + self._owed
            if month is not None:
                if self._allowance.bucket is None or self._allowance.bucket.period != month.period:
                    self._allowance.bucket = Bucket.full(self._now(), month, armed=False)
                bucket = self._allowance.bucket
                bucket.fill(self._now(), month, armed=False)
                wanted = min(wanted, bucket.tokens, month.left)
            made = math.floor(wanted)
            self._owed = wanted - made
            self.used[self._period.start] += made
            if month is not None and self._allowance.bucket is not None:
                self._allowance.bucket.tokens -= made

    def _now(self) -> float:
        return self._clock.monotonic() + self._ahead.total_seconds()

    def _terms(self) -> Terms:
        now = self._clock.now() + self._ahead
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
