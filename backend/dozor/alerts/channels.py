"""Where messages go: a person's webhook, chat or address, and whether it still takes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol


class ChannelState(Enum):
    """Whether anything is sent there."""

    OK = "ok"
    DEAD = "dead"  # the other side does not want it: a blocked bot, a webhook that is gone
    DISABLED = "disabled"  # by its owner, or after days of failures


@dataclass(frozen=True, slots=True)
class Channel:
    """One place. ``address`` is what its ``kind`` needs to find it; ``secret`` is shown to senders only.

    ``failing_since`` is when the first of the failures in a row was. ``version`` grows with each change by its owner.
    """

    id: str
    user_id: str
    version: int
    kind: str
    name: str
    address: Mapping[str, Any]
    secret: bytes | None
    state: ChannelState
    reason: str | None
    failing_since: datetime | None
    created_at: datetime

    def __repr__(self) -> str:
        return f"Channel({self.id}, {self.kind}, {self.state.value})"


@dataclass(frozen=True, slots=True)
class ChannelDraft:
    """A channel as somebody wants to have it."""

    kind: str
    name: str
    address: Mapping[str, Any]
    secret: bytes | None = None

    def __repr__(self) -> str:
        return f"ChannelDraft({self.kind})"


class ChannelBook(Protocol):
    """The channels of all people; one is found by its owner alone. Every method raises StoreUnavailable."""

    async def add(self, user_id: str, draft: ChannelDraft, now: datetime) -> Channel:
        """Make a channel."""

    async def change(self, user_id: str, channel_id: str, draft: ChannelDraft, *, if_version: int | None) -> Channel:
        """Make it what the draft says, and well again. A secret that is ``None`` stays as it was.

        Raises NotThere, or ChangedMeanwhile when its version is not ``if_version``.
        """

    async def delete(self, user_id: str, channel_id: str, now: datetime) -> Sequence[str]:
        """Delete it, and cancel what was to go there; the ids of rules that have no channel left. Raises NotThere."""

    async def get(self, user_id: str, channel_id: str) -> Channel:
        """One channel. Raises NotThere."""

    async def all_of(self, user_id: str) -> Sequence[Channel]:
        """The user's channels, the oldest first."""

    async def load(self, ids: Collection[str]) -> Mapping[str, Channel]:
        """These channels, whosever they are, for who sends; those that are gone are left out."""

    async def found_well(self, channel_id: str) -> None:
        """A delivery has arrived: forget earlier failures."""

    async def found_failing(self, channel_id: str, now: datetime) -> datetime:
        """A delivery has failed; since when they do."""

    async def close(self, channel_id: str, state: ChannelState, reason: str) -> bool:
        """Send nothing there any more, until its owner changes it; whether anything was before."""

    async def move(self, channel_id: str, address: Mapping[str, Any]) -> None:
        """The other side has a new address for it, as a Telegram group that was upgraded."""
