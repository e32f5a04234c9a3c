"""Rules as the people who made them see and change them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from dozor.alerts.conditions.registry import AnyCondition
from dozor.alerts.ports import StoredRule
from dozor.alerts.rule import Options
from dozor.alerts.state import State


class RuleStatus(Enum):
    """What people have done with a rule. Only an active one is watched."""

    ACTIVE = "active"
    PAUSED = "paused"
    BROKEN = "broken"  # its coin is gone


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule as somebody wants to have it. ``channels`` are theirs, in the order in which they are tried.

    ``external_id`` is a name of their own for it, unique among their rules.
    """

    coin_id: str
    quote: str
    condition: AnyCondition
    options: Options
    channels: tuple[str, ...]
    note: str = ""
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class KeptRule:
    """A rule with all that its maker may see. ``stored.change`` grows with each change by people."""

    stored: StoredRule
    status: RuleStatus
    note: str
    external_id: str | None
    created_at: datetime
    updated_at: datetime


class RuleBook(Protocol):
    """The rules of all people. A rule is found by its maker alone: to others it is not there.

    Every method raises StoreUnavailable, with nothing done.
    """

    async def add(self, user_id: str, draft: Draft, now: datetime) -> KeptRule:
        """Make a rule.

        Raises AlreadyThere with the id of one of the user's that is the same in all that it watches and how, or that
        has the same ``external_id``; and NotThere for a channel.
        """

    async def change(
        self, user_id: str, rule_id: str, draft: Draft, now: datetime, *, if_change: int | None
    ) -> KeptRule:
        """Make the rule what the draft says.

        If that is another thing to watch, or another way, its version grows, it is armed anew, and what it had still to
        deliver is cancelled. Raises NotThere, for the rule or a channel, ChangedMeanwhile when its change is not
        ``if_change``, and AlreadyThere.
        """

    async def restate(
        self,
        user_id: str,
        rule_id: str,
        now: datetime,
        *,
        status: RuleStatus | None = None,
        state: Callable[[State], State] | None = None,
    ) -> KeptRule:
        """Give the rule another status, and make its state what ``state`` makes of it. Raises NotThere."""

    async def delete(self, user_id: str, rule_id: str, now: datetime) -> None:
        """Delete it, and cancel what it had still to deliver. Its events stay. Raises NotThere."""

    async def get(self, user_id: str, rule_id: str) -> KeptRule:
        """One rule. Raises NotThere."""

    async def find(self, user_id: str, external_id: str) -> KeptRule | None:
        """The rule that its maker calls so."""

    async def page(
        self, user_id: str, limit: int, *, after: int = 0, coin_id: str | None = None, status: RuleStatus | None = None
    ) -> Sequence[KeptRule]:
        """The user's rules in the order of their numbers, from the first above ``after``."""

    async def count(self, user_id: str) -> int:
        """How many rules the user has."""
