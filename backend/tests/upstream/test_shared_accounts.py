"""A machine and the book that it shares with others, when either has forgotten, or the way between them is broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from dozor.domain.allowance import Wait
from dozor.domain.budget import Limits
from dozor.domain.lanes import Lane
from dozor.domain.machines import BookPage
from dozor.upstream.accounts import Charge
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


class OneShelf:
    """A book in memory, by the clock of who reads it."""

    def __init__(self, clock: FakeClock) -> None:
        self.is_up = True
        self._clock = clock
        self._page = BookPage("server", 0.0, "", b"")

    async def wait_until_tried(self) -> None: ...

    async def read(self) -> BookPage | None:
        return replace(self._page, server_time=self._clock.monotonic())

    async def write(self, page: BookPage, body: bytes, valid_for: float) -> bool | None:
        if page.stamp != self._page.stamp:
            return False
        self._page = replace(self._page, stamp=f"{page.stamp}x", body=body)
        return True

    def empty(self) -> None:
        """Somebody flushes."""
        self._page = BookPage("server", 0.0, "", b"")


@asynccontextmanager
async def accounts_at(path: Path, shelf: OneShelf, clock: FakeClock) -> AsyncIterator[SharedAccounts]:
    async with Ledger(path, resets_on=1, clock=clock) as ledger:
        yield SharedAccounts(ledger, Limits(0, 0, 3000), clock, shelf, "one")


async def charged(accounts: SharedAccounts) -> Charge:
    charge = await accounts.charge(Lane.PERSON, "get_coins")
    assert isinstance(charge, Charge)
    return charge


async def calls(accounts: SharedAccounts, number: int) -> None:
    for _ in range(number):
        await accounts.end(await charged(accounts))


async def test_lost_count_is_taken_from_the_book_with_every_call_told(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "ledger.db"
    shelf = OneShelf(clock)
    async with accounts_at(path, shelf, clock) as accounts:
        await calls(accounts, 7)
    path.write_bytes(b"no database" * 100)
    async with accounts_at(path, shelf, clock) as accounts:
        await calls(accounts, 1)
        assert (await accounts.spending()).month_used == 8


async def test_book_that_has_forgotten_a_machine_does_not_open_its_lost_month(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "ledger.db"
    shelf = OneShelf(clock)
    async with accounts_at(path, shelf, clock) as accounts:
        await calls(accounts, 7)
    path.write_bytes(b"no database" * 100)
    shelf.empty()
    async with accounts_at(path, shelf, clock) as accounts:
        for _ in range(3):
            assert await accounts.touch()
        assert isinstance(await accounts.charge(Lane.PERSON, "get_coins"), Wait)
        assert not (await accounts.spending()).month_known


@pytest.mark.parametrize("processes", [1, 2])
async def test_ledger_that_is_deleted_or_put_back_catches_up_with_the_book(tmp_path: Path, processes: int) -> None:
    clock, path = FakeClock(), tmp_path / "ledger.db"
    shelf = OneShelf(clock)
    async with accounts_at(path, shelf, clock) as accounts:
        await calls(accounts, 7)
        await accounts.withdraw(await charged(accounts))
        await accounts.touch()
    for file in await asyncio.to_thread(lambda: list(tmp_path.glob("ledger.db*"))):
        await asyncio.to_thread(file.unlink)
    async with AsyncExitStack() as stack:
        several = [await stack.enter_async_context(accounts_at(path, shelf, clock)) for _ in range(processes)]
        for accounts in several:
            await calls(accounts, 1)
        for accounts in several:
            await accounts.touch()
            assert (await accounts.spending()).month_used == 7 + processes


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
