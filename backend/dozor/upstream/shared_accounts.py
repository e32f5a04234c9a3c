"""What several machines may spend together: each call is in this machine's ledger, and in the book that they share.

The ledger comes first, then the book decides, then the call is sent: whatever ends in between leaves a call charged
that was not made, never the other way round. While the book cannot be had, the machine goes on with what is its own
(``accounts``), once the others must have noticed. What it learns of the book it writes down before it says that it has.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from dozor.domain.allowance import Wait
from dozor.domain.budget import Limits, MonthPeriod
from dozor.domain.errors import UpstreamUnavailable
from dozor.domain.lanes import Lane
from dozor.domain.learning import LearntLimit
from dozor.domain.machines import Book, Offer, Rules, Told
from dozor.domain.pace import Bucket
from dozor.upstream.accounts import Accounts, Charge, Outcome, Spending
from dozor.upstream.book_desk import Account, BookDesk, BookShelf, Reading, Unreachable, Untold
from dozor.upstream.ledger import catch_up
from dozor.upstream.sharing_log import SharingLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from dozor.clock import Clock
    from dozor.domain.allowance import Decision, Terms
    from dozor.upstream.ledger import Ledger, Record

TRIED_WITHIN_SECONDS = 2.5
CLOSED_WITHIN_SECONDS = 1.0


class SharedAccounts(Accounts):
    """See the module; used like ``Accounts``. ``machine`` is this machine's name among all. One instance per loop.

    ``keep_in_touch`` before use, ``close`` after it.
    """

    def __init__(
        self,
        ledger: Ledger,
        limits: Limits,
        clock: Clock,
        shelf: BookShelf,
        machine: str,
        *,
        machines: int = 1,
        rules: Rules | None = None,
    ) -> None:
        super().__init__(ledger, limits, clock, machines=machines, rules=rules)
        self._desk = BookDesk(shelf, clock, self._rules)
        self._machine = machine
        self._together: Spending | None = None
        self._heard_at = -math.inf
        self._log = SharingLog()
        self._tried = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    def keep_in_touch(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to tell the others that this machine is there, and to hear of them; ``tasks`` owns it."""
        self._keeper = tasks.create_task(self._keep_in_touch(), name="keep in touch with other machines")

    async def close(self) -> None:
        """Stop, and leave what is this machine's own to the others; before ledger and shelf are closed.

        Another process of this machine that goes on is heard of again at once.
        """
        if self._keeper is None:
            return
        self._keeper.cancel()
        await asyncio.wait([self._keeper])
        try:
            async with asyncio.timeout(CLOSED_WITHIN_SECONDS):
                if self._desk.is_open and await self.touch():
                    await self._ledger.change(_leave)
                    await self._desk.forget(self._machine)
        except (TimeoutError, Unreachable, UpstreamUnavailable):
            pass  # then it is kept for a while

    async def charge(self, lane: Lane, family: str, *, beyond_reserve: bool = True) -> Outcome:
        """See ``Accounts.charge``."""
        await self._wait_until_tried()
        # What the others remember of this machine is known before the first call: its ledger may be an older one.
        if self._desk.is_open and (self._together is not None or await self.touch()):
            try:
                try:
                    return await self._charge_together(lane, family, beyond_reserve=beyond_reserve)
                except Untold:
                    await self.touch()
                    return await self._charge_together(lane, family, beyond_reserve=beyond_reserve)
            except (Unreachable, Untold):
                pass
        outcome = await super().charge(lane, family, beyond_reserve=beyond_reserve)
        if isinstance(outcome, Charge) and self._together is not None and self._together.machines > 1:
            self._log.alone()
        return outcome

    async def withdraw(self, charge: Charge) -> None:
        """See ``Accounts.withdraw``."""
        await super().withdraw(charge)
        if charge.is_shared:
            await self._tell_if_possible(lambda book, _now, terms: book.allowance.withdraw(terms, charge.call))

    async def refused(self, charge: Charge, pause: float) -> None:
        """See ``Accounts.refused``."""
        await super().refused(charge, pause)
        await self._tell_if_possible(lambda book, now, terms: book.allowance.refused(now, terms, charge.call, pause))

    async def answered(self, charge: Charge) -> None:
        """See ``Accounts.answered``."""
        await super().answered(charge)
        await self._tell_if_possible(lambda book, _now, _terms: book.allowance.answered(charge.call))

    async def spending(self) -> Spending:
        """See ``Accounts.spending``: of all machines while they are in touch."""
        own = await super().spending()
        if self._together is None or not self._is_in_touch():
            return own
        used = max(own.month_used, self._together.month_used) if own.month_known else own.month_used
        return replace(
            self._together,
            month_used=used,
            month_known=own.month_known,
            costs=own.costs,
            first_day=own.first_day,
        )

    async def touch(self) -> bool:
        """Tell the others what this machine has, and remember what it hears. ``False``: the book cannot be had.

        Raises UpstreamUnavailable when the ledger cannot be used.
        """
        try:
            try:
                await self._touch()
            except Untold as untold:
                await self._touch(untold.opening)
        except (Unreachable, Untold):
            return False
        return True

    async def _touch(self, opening: str = "") -> None:
        period = self._ledger.period()
        account = await self._ledger.change(lambda record: self._account(record, period, opening))
        offers: list[Offer] = []

        def hear(reading: Reading, told: Told) -> bool:
            offers.append(reading.book.offer(told, account.limit))
            return True

        reading = await self._desk.change(account, hear)
        await self._ledger.change(lambda record: self._learn(record, period, reading, offers[-1], account))
        self._heard_at = self._clock.monotonic()
        self._together = self._spending_of(reading, account, period)
        if not account.told.is_known:
            await self._recover(reading.book, period)
        self._log.silent(set(reading.book.silent(reading.now, self._rules)) - {self._machine})
        self._log.together()

    async def _keep_in_touch(self) -> None:
        while True:
            try:
                if self._desk.is_open:
                    await self.touch()
            except UpstreamUnavailable:
                pass  # the ledger has said so
            except Exception as bug:  # noqa: BLE001  # it would end the whole process, which can go on by itself
                self._log.broken(bug)
            await self._clock.sleep(self._rules.heard_every)

    async def _wait_until_tried(self) -> None:
        """At the start, the first calls wait to know whether there are others."""
        if self._tried.is_set():
            return
        try:
            async with asyncio.timeout(TRIED_WITHIN_SECONDS):
                await self._desk.wait_until_tried()
        except TimeoutError:
            pass
        self._tried.set()

    def _is_in_touch(self) -> bool:
        return self._clock.monotonic() - self._heard_at <= self._rules.silent_after

    # What is told and what is remembered, in the ledger's thread.

    def _account(self, record: Record, period: MonthPeriod, opening: str = "") -> Account:
        """What this machine will tell; from here on the others may hear of it."""
        company, allowance = record.state.company, record.state.allowance
        if opening:
            company.told_at = opening
        terms = self._terms_of_all(record, period)
        allowance.forget_past(record.steady, terms)
        used = record.used(period)
        name = period.start.isoformat()
        offer = company.offer
        if offer is None or company.has_left:  # it asks for nothing of its own before it is offered something
            offer = Offer(0 if offer is None else offer.number, 0.0, name, used.calls)
        pause = allowance.pause
        told = Told(
            machine=self._machine,
            period=name,
            used=used,
            offer=replace(offer, period=name, ceiling=offer.ceiling_in(name, self.limits.per_month)),
            slots=dict(allowance.slots),
            known=company.known,
            pause_until=pause.until if pause is not None and pause.until > record.steady else None,
            learnt=allowance.learnt.limit if allowance.learnt is not None else None,
            armed=allowance.armed,
            is_known=record.count(period).is_known,
        )
        send_until = self._stay_in_touch(record)
        calls, is_alone = company.alone_calls, company.alone_calls != company.alone_calls_told
        clock = company.clock if company.clock_at <= record.steady else None  # else ours has been begun anew
        return Account(told, terms, self.limits.per_month, is_alone, calls, send_until, clock, opening)

    def _stay_in_touch(self, record: Record) -> float:
        """Until when what is said now may be sent: so long this machine counts itself as heard of."""
        if not self._has_company(record):
            return math.inf
        company, every = record.state.company, self._rules.heard_every
        self._alone_from(record)  # brings back what lies in the future
        if company.in_touch_until < record.steady + every:
            company.in_touch_until, company.in_touch_at = record.steady + 2 * every, record.steady
        return company.in_touch_until

    def _begin(self, record: Record, period: MonthPeriod, lane: Lane, family: str) -> tuple[Charge, Account] | Wait:
        """Charge a call on which the book is to decide."""
        if (wait := self._month_closed(record, period)) is not None:
            return wait
        account = self._account(record, period)
        call = secrets.token_hex(8)
        decision = record.state.allowance.record(record.steady, account.terms, call, lane)
        if isinstance(decision, Wait):
            return decision
        charge = self._on_record(record, period, call, family, is_probe=decision.is_probe, is_shared=True)
        return charge, replace(account, told=replace(account.told, used=record.used(period)))

    def _learn(self, record: Record, period: MonthPeriod, reading: Reading, offer: Offer, account: Account) -> None:
        """Write down what the book says, for the time when it cannot be asked."""
        company, book = record.state.company, reading.book
        known = set(book.members) if book.is_complete else {*company.known, *book.members}
        company.known = tuple(sorted(known))
        # If another process has told another book meanwhile what is kept to, that book counts on it.
        is_told = company.told_at == book.opening
        if is_told and offer.number > (0 if company.offer is None else company.offer.number):
            company.offer = offer
            company.has_left = False
        if self._has_company(record) and company.in_touch_until < record.steady:
            company.in_touch_until, company.in_touch_at = record.steady, record.steady
        company.period = period.start.isoformat()
        company.others_used = book.used_by_all(company.period) - book.used_by(account.told)
        company.alone_calls_told = max(company.alone_calls_told, account.alone_calls)
        if account.told.is_known:
            catch_up(record, period, account.told.used, book.months[company.period][self._machine])
        clock = reading.clock
        if company.clock is None or company.clock_at > record.steady or not company.clock.is_near(clock):
            company.clock, company.clock_at = clock, record.steady
        self._learn_allowance(record, reading, offer)

    def _learn_allowance(self, record: Record, reading: Reading, offer: Offer) -> None:
        ours, theirs = record.state.allowance, reading.book.allowance
        if theirs.learnt is not None:
            ours.learnt = LearntLimit(theirs.learnt.limit, theirs.learnt.most)
        if theirs.pause is not None:
            ours.hear_of_pause(record.steady, reading.from_book(theirs.pause.until), self._rules.valid_for)
        if theirs.bucket is not None:
            tokens = float(math.floor(theirs.bucket.tokens * offer.part))  # whole ones: not to be written each time
            if ours.bucket is None or (ours.bucket.period, ours.bucket.tokens) != (theirs.bucket.period, tokens):
                ours.bucket = Bucket(theirs.bucket.period, tokens, 0.0, record.steady)

    # The book.

    async def _charge_together(self, lane: Lane, family: str, *, beyond_reserve: bool) -> Outcome:
        period = self._ledger.period()
        begun = await self._ledger.change(lambda record: self._begin(record, period, lane, family))
        if isinstance(begun, Wait):
            return begun
        charge, account = begun
        decisions: list[Decision] = []

        def decide(reading: Reading, told: Told) -> bool:
            decision = reading.book.charge(
                reading.now,
                account.terms,
                told,
                account.limit,
                charge.call,
                lane,
                self._rules,
                beyond_reserve=beyond_reserve,
            )
            decisions.append(decision)
            return not isinstance(decision, Wait)

        try:
            reading = await self._desk.change(account, decide)
        except BaseException:
            await super().withdraw(charge)
            raise
        decision = decisions[-1]
        if isinstance(decision, Wait):  # nothing was written
            await super().withdraw(charge)
            return replace(decision, chances=tuple(reading.from_book(at) for at in decision.chances))
        return replace(charge, is_probe=charge.is_probe or decision.is_probe)

    async def _tell_if_possible(self, change: Callable[[Book, float, Terms], object]) -> None:
        if not self._desk.is_open:
            return
        period = self._ledger.period()
        try:
            account = await self._ledger.change(lambda record: self._account(record, period))

            def apply(reading: Reading, _told: Told) -> bool:
                change(reading.book, reading.now, account.terms)
                return True

            await self._desk.change(account, apply)
        except (Unreachable, Untold, UpstreamUnavailable):
            pass  # a pause is in the ledger, and told with the next touch; all else is only less than could be spent

    async def _recover(self, book: Book, period: MonthPeriod) -> None:
        """What the others remember of this machine is what a lost ledger had."""
        used = book.months.get(period.start.isoformat(), {}).get(self._machine)
        if used is not None:
            await self._ledger.recover(used)

    def _spending_of(self, reading: Reading, account: Account, period: MonthPeriod) -> Spending:
        book, terms = reading.book, account.terms
        slots, _ = book.allowance.minute(terms)
        pause = book.allowance.pause
        full_until = book.allowance.full_until(reading.now, terms)
        return Spending(
            minute_used=book.allowance.used(reading.now, terms),
            minute_limit=slots,
            month_used=book.used_by_all(account.told.period),
            month_limit=account.limit or None,
            month=period,
            month_known=True,
            machines=len(book.members),
            paused_until=reading.from_book(pause.until) if pause is not None and pause.until > reading.now else None,
            minute_free_at=None if full_until is None else reading.from_book(full_until),
        )


def _leave(record: Record) -> None:
    record.state.company.has_left = True
