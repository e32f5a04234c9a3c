"""Messages about Dozor itself: a channel that was closed, rules that have no data. They belong to no rule.

They are sent at once to the first of a user's channels that takes them, and not kept: the page shows what they tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from dozor.alerts.channels import ChannelBook, ChannelState
from dozor.alerts.letters import reader_for
from dozor.alerts.messages.message import Message
from dozor.alerts.messages.times import Reader
from dozor.alerts.sending import Accepted, Letter, Sender
from dozor.clock import Clock
from dozor.domain.ids import Named, new_id
from dozor.domain.people import User

log = structlog.get_logger()


class Notices:
    """Tells users. Safe to share between all tasks of a loop."""

    def __init__(self, channels: ChannelBook, senders: Mapping[str, Sender], clock: Clock) -> None:
        self._channels = channels
        self._senders = senders
        self._clock = clock

    async def tell(self, user: User, kind: str, message: Callable[[Reader, datetime], Message], **data: object) -> bool:
        """Tell them through the first channel that takes it; whether any did. Raises StoreUnavailable."""
        now = self._clock.now()
        letter = Letter(new_id(Named.EVENT, now), kind, now, message(reader_for(user), now), data)
        for channel in await self._channels.all_of(user.id):
            sender = self._senders.get(channel.kind)
            if sender is None or channel.state is not ChannelState.OK:
                continue
            if isinstance(await sender.send(channel, letter), Accepted):
                return True
        log.warning("notice.unheard", user=user.id, kind=kind)
        return False
