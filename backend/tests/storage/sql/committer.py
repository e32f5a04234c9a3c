"""A process that commits batches over all rules of a database, one after the other, until it is killed."""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal
from pathlib import Path

from dozor.alerts.evaluation import transition_of
from dozor.alerts.ports import Batch, NewEvent
from dozor.alerts.segments import Mark
from dozor.alerts.state import State
from dozor.clock import SystemClock
from dozor.domain.ids import Named, new_id
from dozor.domain.quotes import QuoteSource
from dozor.storage.sql.address import parse_database_url
from dozor.storage.sql.database import opened
from dozor.storage.sql.lease_book import SqlLeases
from dozor.storage.sql.watch_store import SqlWatchStore
from dozor.telemetry.phrases import Language


async def main(where: str) -> None:
    clock = SystemClock()
    address = parse_database_url(where) if where.startswith("postgresql:") else Path(where)
    async with opened(address, clock, Language.EN) as database:
        store, leases = SqlWatchStore(database), SqlLeases(database, clock)
        lease = await leases.acquire("watch", "committer", 60)
        assert lease is not None
        numbers = [sleeper.number async for page in store.sleepers() for sleeper in page]
        while True:
            rules = await store.load(numbers)
            now = clock.now()
            events = [
                NewEvent(
                    id=new_id(Named.EVENT, now),
                    number=stored.rule.number,
                    version=stored.rule.version,
                    latch="up",
                    episode=stored.seq + 1,
                    n=0,
                    user_id=stored.rule.user_id,
                    kind="fired",
                    observed_at=now,
                    detected_at=now,
                    body={},
                    channels=stored.channels,
                    deliver_by=now,
                )
                for stored in rules
            ]
            mark = Mark(QuoteSource.PRICE, now, Decimal(rules[0].seq + 1))
            batch = Batch([transition_of(stored, State()) for stored in rules], events, {"price|usd|bitcoin": mark})
            sys.stdout.write("committing\n")
            sys.stdout.flush()
            await store.commit(lease, batch)


asyncio.run(main(sys.argv[1]))
