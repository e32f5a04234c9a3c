"""A Dozor in this process whose owner has a webhook, and a market that the test moves minute by minute."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from alerts.owner import ALERTING, Owner
from alerts.priced_upstream import PricedUpstream, priced_upstream
from alerts.receiver import Receiver, receiving
from dozor.alerts import patrol
from running_dozor import RunningDozor, running_dozor, until

PATIENCE_S = 20
SETTINGS = {**ALERTING, "DOZOR_WATCH_INTERVAL_S": "30"}


@dataclass
class WatchedMarket:
    """Time passes only when the test says so, but for the fraction of a second that a look takes."""

    dozor: RunningDozor
    owner: Owner
    upstream: PricedUpstream
    receiver: Receiver
    channel: str

    async def pass_by(self, seconds: float, **prices: float) -> None:
        """So much later these are the prices; come back once they were taken in."""
        self.upstream.prices.update(prices)
        await self.look_again(seconds)

    async def look_again(self, seconds: float, seen_at: datetime | None = None) -> None:
        """So much later upstream says what it saw just now, or then; come back once that was taken in."""
        self.dozor.clock.advance(seconds)
        now = self.dozor.clock.now()
        self.upstream.seen_at = seen_at or now

        async def is_taken_in() -> bool:
            polled_at = (await self.owner.ok("GET", "/status"))["watch"]["polled_at"]
            return polled_at is not None and datetime.fromisoformat(polled_at) > now

        await until(is_taken_in, PATIENCE_S)

    async def armed(self, condition: dict[str, Any] | None = None, **more: Any) -> str:
        """The id of a rule that has seen its first price."""
        rule_id = str((await self.owner.rule(self.channel, condition, **more))["id"])
        for _ in range(3):
            await self.pass_by(30)
            if await self.owner.state_of(rule_id) != "arming":
                return rule_id
        raise AssertionError("it is not armed")

    async def events(self) -> list[Any]:
        """All, the oldest first."""
        items: list[Any] = (await self.owner.ok("GET", "/events"))["items"]
        return items[::-1]

    async def until_delivered(self, count: int) -> list[Any]:
        """What the receiver got, once there are so many and the outbox is empty."""

        async def is_delivered() -> bool:
            waiting = (await self.owner.ok("GET", "/status"))["outbox"]["waiting"]
            return len(self.receiver.got) >= count and waiting == 0

        await until(is_delivered, PATIENCE_S)
        return self.receiver.got


@contextlib.asynccontextmanager
async def watched_market(
    folder: Path, patch: pytest.MonkeyPatch, settings: dict[str, str] | None = None, **prices: float
) -> AsyncIterator[WatchedMarket]:
    patch.setattr(patrol, "TURN_S", 0.02)
    async with (
        priced_upstream(**(prices or {"bitcoin": 100.0})) as upstream,
        receiving() as receiver,
        running_dozor(upstream.base_url, folder, **{**SETTINGS, **(settings or {})}) as dozor,
    ):
        owner = Owner(dozor.client, dozor.url)
        yield WatchedMarket(dozor, owner, upstream, receiver, await owner.webhook(receiver.url))
