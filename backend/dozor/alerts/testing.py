"""A message that says it is a test, sent at once."""

from __future__ import annotations

from collections.abc import Mapping

from dozor.alerts.channels import Channel
from dozor.alerts.letters import trial
from dozor.alerts.sending import MessageRefused, Outcome, Sender
from dozor.clock import Clock
from dozor.domain.ids import Named, new_id
from dozor.domain.people import User


class ChannelTester:
    """Tries channels for their owners, beside the outbox: nothing of it is kept or repeated."""

    def __init__(self, senders: Mapping[str, Sender], clock: Clock) -> None:
        self._senders = senders
        self._clock = clock

    async def test(self, channel: Channel, user: User) -> Outcome:
        """What the other side answered."""
        sender = self._senders.get(channel.kind)
        if sender is None:
            return MessageRefused(f"this Dozor cannot send to {channel.kind}: see docs/en/alerts.md")
        now = self._clock.now()
        return await sender.send(channel, trial(user, channel.name, new_id(Named.EVENT, now), now))
