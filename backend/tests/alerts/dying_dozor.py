"""``dozor serve`` that kills itself at one step between an observation and the acknowledgement of its delivery.

``python dying_dozor.py STEP``; a step of ``none`` never comes. Leases are short, so that who comes after it does not
wait long; all else is as it is.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from dozor.alerts import dispatcher, patrol
from dozor.alerts.deliveries import DeliveryStatus
from dozor.alerts.watcher import Watcher
from dozor.cli.main import run
from dozor.notify import webhook
from dozor.storage.sql.database import Database
from dozor.storage.sql.outbox import SqlOutbox
from dozor.storage.sql.watch_store import SqlWatchStore

Concerns = Callable[[Any], bool]
_told: list[bool] = []
WRITES: dict[str, tuple[type, str, Concerns]] = {
    "commit": (SqlWatchStore, "commit", lambda arguments: bool(arguments[1].events)),
    "claim": (SqlOutbox, "claim", lambda _: bool(_told)),
    "settle": (
        SqlOutbox,
        "settle",
        lambda arguments: any(one.status is DeliveryStatus.DELIVERED for one in arguments[0]),
    ),
}
STEPS = (
    "before take",
    *(f"{when} {write}" for write in WRITES for when in ("before", "inside", "after")),
    "before send",
    "after send",
)


def die() -> None:
    """Like a machine that loses its power, but for what the disk has."""
    os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)


def die_at(step: str) -> None:
    """Arrange to die there."""
    when, _, what = step.partition(" ")
    if what in WRITES:
        _note_events()
        _die_around_write(when, *WRITES[what])
    elif what == "take":
        _die_before(Watcher, "take", lambda arguments: any(float(quote.value) > 110 for quote in arguments[0]))
    elif step == "before send":
        _die_before(webhook.WebhookSender, "send", lambda _: True)
    elif step == "after send":
        _die_after_answer()


def _die_before(owner: type, name: str, concerns: Concerns) -> None:
    original = getattr(owner, name)

    async def dying(self: Any, *arguments: Any, **more: Any) -> Any:
        if concerns(arguments):
            die()
        return await original(self, *arguments, **more)

    setattr(owner, name, dying)


def _die_after_answer() -> None:
    original = webhook.outcome_of

    def dying(*arguments: Any) -> Any:
        die()
        return original(*arguments)

    webhook.outcome_of = dying


def _die_around_write(when: str, owner: type, name: str, concerns: Concerns) -> None:
    original, original_write = getattr(owner, name), Database.write
    concerned = False

    async def watched(self: Any, *arguments: Any, **more: Any) -> Any:
        nonlocal concerned
        concerned = concerns(arguments)
        if concerned and when == "before":
            die()
        done = await original(self, *arguments, **more)
        if concerned and when == "after":
            die()
        concerned = False
        return done

    @contextlib.asynccontextmanager
    async def write(self: Database) -> AsyncIterator[AsyncConnection]:
        async with original_write(self) as connection:
            yield connection
            if concerned and when == "inside":
                die()

    setattr(owner, name, watched)
    Database.write = write  # type: ignore[method-assign]


def _note_events() -> None:
    """Claims are made all the time; one that finds something comes after a commit."""
    original = SqlWatchStore.commit

    async def noting(self: SqlWatchStore, *arguments: Any) -> Any:
        done = await original(self, *arguments)
        if arguments[1].events:
            _told.append(True)
        return done

    SqlWatchStore.commit = noting  # type: ignore[method-assign]


if __name__ == "__main__":
    patrol.LEASE_S = 3.0
    dispatcher.LEASE = timedelta(seconds=3)
    die_at(sys.argv.pop(1))
    run()
