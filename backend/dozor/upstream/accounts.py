"""What this machine may spend when nobody else is asked: its own ledger, and the part of the quota that is its own.

That is everything where there is no other machine, or none is known. Where there are others (``shared_accounts``), it
is what remains while they cannot be reached.
"""

from __future__ import annotations

import math
import secrets
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

import structlog

from dozor.domain.allowance import Shortage, Terms, Wait
from dozor.domain.budget import Limits, MonthPeriod
from dozor.domain.errors import UpstreamUnavailable
from dozor.domain.lanes import Lane
from dozor.domain.machines import Rules
from dozor.domain.pace import MonthTerms
from dozor.upstream.ledger import Ledger, Record, count_of_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dozor.clock import Clock

log = structlog.get_logger(__name__)

ABOUT_THE_RESET = timedelta(seconds=60)  # by how much our clock and upstream's may differ
WARN_AT_PER_CENT = (70, 90)


@dataclass(frozen=True, slots=True)
class Charge:
    """One call on record, by its id, since ``at``. ``opening`` is that of the file: another one knows nothing of it.

    ``is_shared``: other machines know of it, and the month's pace that it took from is theirs, too.
    """

    call: str
    family: str
    day: date
    opening: int
    at: float
    is_probe: bool = False
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Spending:
    """How far the budget is spent. A limit is ``None`` where there is none, a ``part`` less than 1 when cut off.

    ``minute_used`` slots are not free; ``month_used`` calls are those of all machines, as far as they are known.
    ``paused_until``, ``alone_from`` and ``minute_free_at``, when there will be a slot again, are monotonic, ``None``
    when they are no hindrance. ``costs`` are this machine's calls of the month by family, and ``first_day`` is the
    first on its record, in this month or an earlier one, with its calls.
    """

    minute_used: int
    minute_limit: int | None
    month_used: int
    month_limit: int | None
    month: MonthPeriod
    month_known: bool
    machines: int = 1
    part: float = 1.0
    paused_until: float | None = None
    alone_from: float | None = None
    minute_free_at: float | None = None
    costs: Mapping[str, int] = field(default_factory=dict)
    first_day: tuple[date, int] | None = None


Outcome: TypeAlias = Charge | Wait


class Accounts:
    """Charges calls to the ledger by the rules of ``domain/allowance.py``. One instance per loop.

    ``machines`` is how many share the quota as long as none of them has been heard of. ``limits`` may be replaced at
    any time, by what upstream says of the plan. Instants in what is returned are monotonic.
    """

    def __init__(
        self, ledger: Ledger, limits: Limits, clock: Clock, *, machines: int = 1, rules: Rules | None = None
    ) -> None:
        self.limits = limits
        self._ledger = ledger
        self._clock = clock
        self._machines = machines
        self._rules = rules if rules is not None else Rules()

    async def start(self) -> None:
        """Say what the operator must know before the first call. Raises UpstreamUnavailable."""
        count = await self._ledger.count()
        if self.limits.per_month and not count.is_known:
            log.error("ledger.month_unknown", until=count.period.end.isoformat())

    async def charge(self, lane: Lane, family: str, *, beyond_reserve: bool = True) -> Outcome:
        """Count one call that is about to be sent, with all it needs, or nothing.

        Raises UpstreamUnavailable, with nothing counted, when it cannot be recorded. Cancelled, it may have counted.
        """
        period = self._ledger.period()
        return await self._ledger.change(
            lambda record: self._charge_alone(record, period, lane, family, beyond_reserve=beyond_reserve)
        )

    async def end(self, charge: Charge) -> None:
        """The call has ended. Never fails: at worst its slot is free later than it could be."""
        await self._about(charge, lambda record: record.state.allowance.end(record.steady, charge.call))

    async def withdraw(self, charge: Charge) -> None:
        """Undo the charge of a call that was never sent. Never fails: at worst it stays counted."""
        period = self._ledger.period()

        def undo(record: Record) -> None:
            record.refund(charge.family, charge.day)
            terms = self._terms(record, period)
            record.state.allowance.withdraw(replace(terms, month=None) if charge.is_shared else terms, charge.call)

        await self._about(charge, undo)

    async def give_back(self, charge: Charge) -> None:
        """Uncount a call on the month that cost no credit. Never fails: at worst it stays counted."""

        await self._about(charge, lambda record: record.refund(charge.family, charge.day))

    async def refused(self, charge: Charge, pause: float) -> None:
        """Upstream answered 429 and is to be left alone for ``pause`` seconds, by everybody. Never fails."""
        period = self._ledger.period()
        await self._about(
            charge,
            lambda record: record.state.allowance.refused(
                record.steady, self._terms(record, period), charge.call, pause
            ),
        )

    async def answered(self, charge: Charge) -> None:
        """Upstream answered a probe with something else: the pause is over. Never fails."""
        await self._about(charge, lambda record: record.state.allowance.answered(charge.call))

    async def arm(self, *, armed: bool) -> None:
        """Set the alerts' reserve apart, or dissolve it. Raises UpstreamUnavailable."""
        period = self._ledger.period()
        await self._ledger.change(lambda record: record.state.allowance.arm(self._terms(record, period), armed=armed))

    async def spending(self) -> Spending:
        """How far the budget is spent. Raises UpstreamUnavailable."""
        period = self._ledger.period()
        return await self._ledger.look(lambda record: self._spending(record, period))

    def _spending(self, record: Record, period: MonthPeriod) -> Spending:
        terms, count = self._terms(record, period), count_of_all(record, period)
        allowance, limit = record.state.allowance, self.limits.per_month
        slots, _ = allowance.minute(terms)
        pause = allowance.pause
        alone_from = self._alone_from(record)
        return Spending(
            minute_used=allowance.used(record.steady, terms),
            minute_limit=slots,
            month_used=count.used if count.is_known or not limit else max(count.used, limit),
            month_limit=limit or None,
            month=period,
            month_known=count.is_known,
            machines=max(len(record.state.company.known), 1),
            part=terms.part,
            paused_until=pause.until if pause is not None and pause.until > record.steady else None,
            alone_from=alone_from if alone_from > record.steady else None,
            minute_free_at=allowance.full_until(record.steady, terms),
            costs=record.costs(period),
            first_day=record.first_day(),
        )

    def _charge_alone(
        self, record: Record, period: MonthPeriod, lane: Lane, family: str, *, beyond_reserve: bool
    ) -> Outcome:
        if (wait := self._month_closed(record, period)) is not None:
            return wait
        if (alone_from := self._alone_from(record)) > record.steady:
            return Wait(Shortage.SHARING, (alone_from,), 0.0)
        call = secrets.token_hex(8)
        terms = self._terms(record, period)
        decision = record.state.allowance.charge(record.steady, terms, call, lane, beyond_reserve=beyond_reserve)
        if isinstance(decision, Wait):
            # Not worth a write: what is over is seen again the next time. But that an alert waits has to be known.
            record.changes_nothing = lane is not Lane.ALERT
            return decision
        record.state.company.alone_calls += 1
        return self._on_record(record, period, call, family, is_probe=decision.is_probe)

    def _on_record(
        self, record: Record, period: MonthPeriod, call: str, family: str, *, is_probe: bool, is_shared: bool = False
    ) -> Charge:
        record.charge(family)
        self._warn(record, period)
        return Charge(call, family, record.now.date(), record.opening, record.steady, is_probe, is_shared)

    def _month_closed(self, record: Record, period: MonthPeriod) -> Wait | None:
        """Whether no call of this month may be made at all."""
        if not self.limits.per_month:
            return None
        # For a minute on either side of the reset our clock and upstream's may mean different months: then a call could
        # be counted in the one and made in the other.
        opens_at = datetime.combine(period.start, datetime.min.time(), record.now.tzinfo) + ABOUT_THE_RESET
        if record.now < opens_at:
            return self._wait_for_month(record, opens_at)
        if record.now >= period.resets_at - ABOUT_THE_RESET or not record.count(period).is_known:
            return self._wait_for_month(record, period.resets_at + ABOUT_THE_RESET)
        return None

    def _wait_for_month(self, record: Record, until: datetime) -> Wait:
        return Wait(Shortage.MONTH, (record.steady + (until - record.now).total_seconds(),), 0.0)

    def _alone_from(self, record: Record) -> float:
        """When this machine may spend its own part, the others being out of reach."""
        company = record.state.company
        if not self._has_company(record):
            return -math.inf
        if company.in_touch_at > record.steady:  # the machine was restarted, and its clock with it
            company.in_touch_until -= company.in_touch_at - record.steady
            company.in_touch_at = record.steady
        return company.in_touch_until + self._rules.alone_after

    def _has_company(self, record: Record) -> bool:
        """Whether other machines may be spending, besides this one and as far as it knows."""
        company = record.state.company
        return len(company.known) > 1 or (company.offer is not None and self._machines > 1)

    def _terms(self, record: Record, period: MonthPeriod) -> Terms:
        """What limits this machine when it is on its own."""
        offer = record.state.company.offer
        # One who has been among others, and was offered nothing yet, has nothing of its own.
        unoffered = 0.0 if len(record.state.company.known) > 1 else 1 / self._machines
        part = unoffered if offer is None else offer.part
        limits, rules = self.limits, self._rules
        terms = Terms(limits.start, limits.most, rules.span, rules.longest, part=part)
        limit = limits.per_month
        if not limit:
            return terms
        name = period.start.isoformat()
        ceiling = math.floor(limit * part) if offer is None else offer.ceiling_in(name, limit)
        left = min(ceiling - record.used(period).calls, limit - count_of_all(record, period).used)
        return replace(terms, month=self._month_terms(record, period, max(0, left), limit * part))

    def _terms_of_all(self, record: Record, period: MonthPeriod) -> Terms:
        """What limits all machines together; what is left of the month the book knows better."""
        limits, rules = self.limits, self._rules
        terms = Terms(limits.start, limits.most, rules.span, rules.longest)
        if not (limit := limits.per_month):
            return terms
        left = max(0, limit - count_of_all(record, period).used)
        return replace(terms, month=self._month_terms(record, period, left, limit))

    def _month_terms(self, record: Record, period: MonthPeriod, left: int, limit: float) -> MonthTerms:
        seconds_left = (period.resets_at - record.now).total_seconds()
        days = (period.end - period.start).days
        return MonthTerms(period.start.isoformat(), left, max(0.0, seconds_left), limit / days)

    def _warn(self, record: Record, period: MonthPeriod) -> None:
        if not (limit := self.limits.per_month):
            return
        used = count_of_all(record, period).used
        reached = max((per_cent for per_cent in WARN_AT_PER_CENT if used * 100 >= limit * per_cent), default=0)
        name = period.start.isoformat()
        if reached and record.state.warned < (name, reached):
            record.state.warned = (name, reached)
            log.warning("quota.nearly_spent", per_cent=reached, used=used, limit=limit, until=period.end.isoformat())

    async def _about(self, charge: Charge, work: Callable[[Record], object]) -> None:
        def if_on_record(record: Record) -> None:
            if charge.opening == record.opening:
                work(record)

        with suppress(UpstreamUnavailable):
            await self._ledger.change(if_on_record)
