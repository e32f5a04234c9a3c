"""A process that keeps in touch with other machines, whatever its way to them does."""

from __future__ import annotations

import asyncio
from pathlib import Path

from structlog.testing import capture_logs

from dozor.domain.budget import Limits
from dozor.domain.machines import BookPage
from dozor.upstream.ledger import Ledger
from dozor.upstream.shared_accounts import SharedAccounts
from fakes import FakeClock


class BrokenShelf:
    """A way to the others that has a bug."""

    def __init__(self) -> None:
        self.is_up = True

    async def wait_until_tried(self) -> None: ...

    async def read(self) -> BookPage | None:
        raise LookupError("a bug")

    async def write(self, page: BookPage, body: bytes, valid_for: float) -> bool | None:
        raise NotImplementedError


async def test_bug_on_the_way_to_the_others_is_logged_and_ends_nothing(tmp_path: Path) -> None:
    clock = FakeClock()
    async with Ledger(tmp_path / "ledger.db", resets_on=1, clock=clock) as ledger, asyncio.TaskGroup() as tasks:
        shelf = BrokenShelf()
        accounts = SharedAccounts(ledger, Limits(4, 27, 0), clock, shelf, "one")
        with capture_logs() as logs:
            accounts.keep_in_touch(tasks)
            await clock.has_sleepers(1)
            await clock.advance(2)
            await clock.has_sleepers(1)
        assert [(line["event"], line["log_level"]) for line in logs] == [("sharing.broken", "error")] * 2
        shelf.is_up = False
        await accounts.close()
