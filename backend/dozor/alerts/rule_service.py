"""Rules as people make and change them: what is wrong is said before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from dozor.alerts.decision import snoozed
from dozor.alerts.problems import Problem, RuleRejected
from dozor.alerts.requests import problems_of
from dozor.alerts.rulebook import Draft, KeptRule, RuleBook, RuleStatus
from dozor.alerts.state import State
from dozor.clock import Clock
from dozor.domain.errors import DozorError, NotThere
from dozor.domain.people import User
from dozor.domain.quotes import Quote, Subject
from dozor.telemetry.phrases import Words

LONGEST_SNOOZE = timedelta(days=30)


class Subjects(Protocol):
    """Who knows what can be watched."""

    async def look(self, coin_id: str, currency: str, client: str) -> Subject:
        """See ``market.subjects.Subjects.look``."""


class TooManyRules(DozorError):
    """The user has as many rules as one may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"this user may have {limit} rules; delete one first")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Made:
    """A rule that was made or changed, with the price that was known then."""

    kept: KeptRule
    last: Quote | None


class RuleService:
    """What one may do with one's rules. Safe to share between all tasks of a loop.

    ``most_rules`` is how many a user may have; the owner may have any number. Every method raises StoreUnavailable,
    with nothing done.
    """

    def __init__(self, book: RuleBook, subjects: Subjects, clock: Clock, *, most_rules: int) -> None:
        self._book = book
        self._subjects = subjects
        self._clock = clock
        self._most_rules = most_rules

    async def make(self, user: User, draft: Draft) -> Made:
        """Make a rule. Raises RuleRejected, TooManyRules and AlreadyThere."""
        last = await self._checked(user, draft)
        if not user.is_owner and await self._book.count(user.id) >= self._most_rules:
            raise TooManyRules(self._most_rules)
        try:
            return Made(await self._book.add(user.id, draft, self._clock.now()), last)
        except NotThere as error:
            raise _no_such_channel(draft, error) from error

    async def change(self, user: User, rule_id: str, draft: Draft, *, if_change: int | None) -> Made:
        """Make the rule what the draft says. Raises RuleRejected, NotThere, ChangedMeanwhile and AlreadyThere."""
        await self._book.get(user.id, rule_id)
        last = await self._checked(user, draft)
        try:
            kept = await self._book.change(user.id, rule_id, draft, self._clock.now(), if_change=if_change)
        except NotThere as error:
            if error.name == rule_id:
                raise
            raise _no_such_channel(draft, error) from error
        return Made(kept, last)

    async def pause(self, user: User, rule_id: str) -> KeptRule:
        """Watch it no more. Raises NotThere."""
        return await self._book.restate(user.id, rule_id, self._clock.now(), status=RuleStatus.PAUSED)

    async def resume(self, user: User, rule_id: str) -> KeptRule:
        """Watch it again, from the next price on: what passed meanwhile is not told. Raises NotThere."""
        kept = await self._book.get(user.id, rule_id)
        if kept.status is RuleStatus.ACTIVE:
            return kept
        return await self._book.restate(
            user.id, rule_id, self._clock.now(), status=RuleStatus.ACTIVE, state=State.armed_anew
        )

    async def rearm(self, user: User, rule_id: str) -> KeptRule:
        """Arm it by hand, whatever it has told before. Raises NotThere."""
        return await self._book.restate(user.id, rule_id, self._clock.now(), state=State.armed_anew)

    async def snooze(self, user: User, rule_id: str, until: datetime) -> KeptRule:
        """Be silent until then. Raises NotThere, and RuleRejected for a time that is past or too far away."""
        now = self._clock.now()
        if not now < until <= now + LONGEST_SNOOZE:
            words = Words("нужен момент в ближайшие 30 дней", "must be within the next 30 days")
            raise RuleRejected([Problem("/until", "out-of-range", words)])
        return await self._book.restate(user.id, rule_id, now, state=lambda state: snoozed(state, until))

    async def delete(self, user: User, rule_id: str) -> None:
        """Delete it. Its events stay. Raises NotThere."""
        await self._book.delete(user.id, rule_id, self._clock.now())

    async def get(self, user: User, rule_id: str) -> KeptRule:
        """One rule. Raises NotThere."""
        return await self._book.get(user.id, rule_id)

    async def find(self, user: User, external_id: str) -> KeptRule | None:
        """The rule that its maker calls so."""
        return await self._book.find(user.id, external_id)

    async def page(
        self, user: User, limit: int, *, after: int = 0, coin_id: str | None = None, status: RuleStatus | None = None
    ) -> Sequence[KeptRule]:
        """The user's rules in the order in which they were made, from the first above ``after``."""
        return await self._book.page(user.id, limit, after=after, coin_id=coin_id, status=status)

    async def _checked(self, user: User, draft: Draft) -> Quote | None:
        """The price just now. Raises RuleRejected with everything that is wrong."""
        problems = problems_of(draft, self._clock.now())
        last = None
        if not any(problem.pointer in {"/coin_id", "/quote"} for problem in problems):
            subject = await self._subjects.look(draft.coin_id, draft.quote, user.id)
            last = subject.last
            if not subject.is_currency:
                words = Words(f"валюты {draft.quote} нет", f"there is no currency {draft.quote}")
                problems.append(Problem("/quote", "unknown-quote", words))
            if not subject.is_coin:
                words = Words(
                    f"монеты {draft.coin_id} нет; id находит /api/v1/search",
                    f"there is no coin {draft.coin_id}; /api/v1/search finds ids",
                )
                problems.append(Problem("/coin_id", "unknown-coin", words))
        if problems:
            raise RuleRejected(problems)
        return last


def _no_such_channel(draft: Draft, error: NotThere) -> RuleRejected:
    pointer = f"/channels/{draft.channels.index(error.name)}"
    words = Words(f"канала {error.name} нет", f"there is no channel {error.name}")
    return RuleRejected([Problem(pointer, "unknown-channel", words)])
