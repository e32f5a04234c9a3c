"""Looking into a real ``cache.db``: what a tier wrote is told of, read and dropped; the file is left as it is."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from dozor.caching.entry import Entry
from dozor.clock import SystemClock
from dozor.domain.freshness import FreshnessPolicy
from dozor.storage.disk_inspect import DiskShelf
from dozor.storage.disk_tier import DiskTier
from dozor.storage.inspection import Page, ShelfAway
from dozor.supervise import tasks_until_exit

POLICY = FreshnessPolicy(timedelta(seconds=60), timedelta(seconds=60))
BODY = b'{"id":"bitcoin"}'
CLOCK = SystemClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


@pytest.fixture
async def tier(path: Path) -> AsyncIterator[DiskTier]:
    async with tasks_until_exit() as tasks:
        tier = DiskTier(path, 1024**3, CLOCK)
        tier.start(tasks)
        yield tier
        await tier.close()


async def page_of(path: Path) -> Page:
    [page] = [page async for page in DiskShelf(path).pages()]
    return page


def fill(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(content)


def contents_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


async def test_what_a_running_tier_keeps_is_told_of_read_and_dropped(path: Path, tier: DiskTier) -> None:
    fetched_at = CLOCK.now() - timedelta(seconds=90)
    await tier.put(Entry("coin_details:bitcoin", BODY, fetched_at, POLICY, headers=(("total", "7"),)))
    [facts] = (await page_of(path)).values
    assert (facts.key, facts.tier, facts.size_bytes) == ("coin_details:bitcoin", "disk", len(BODY))
    assert facts.fetched_at == fetched_at
    assert facts.expires_at is not None
    assert abs(facts.expires_at - fetched_at - POLICY.usable_for) < timedelta(seconds=1)
    content = await DiskShelf(path).read("coin_details:bitcoin")
    assert content is not None
    assert (content.facts, content.body, content.headers) == (facts, BODY, (("total", "7"),))
    assert await DiskShelf(path).drop(["coin_details:bitcoin", "coin_details:nobody"]) == 1
    assert await page_of(path) == Page(())
    assert await tier.get("coin_details:bitcoin", lambda _: POLICY) is None


async def test_looking_makes_no_file(path: Path) -> None:
    shelf = DiskShelf(path)
    assert await page_of(path) == Page(())
    assert await shelf.read("a") is None
    assert await shelf.drop(["a"]) == 0
    assert contents_of(path.parent) == {}


async def test_a_damaged_file_is_told_and_left_as_it_is(path: Path) -> None:
    fill(path.parent, {"cache.db": b"garbage" * 1000})
    with pytest.raises(ShelfAway, match="doctor"):
        await page_of(path)
    assert contents_of(path.parent) == {"cache.db": b"garbage" * 1000}


async def test_an_emptied_file_is_nothing_and_keeps_its_log(path: Path) -> None:
    files = {"cache.db": b"", "cache.db-wal": b"answers"}
    fill(path.parent, files)
    assert await page_of(path) == Page(())
    assert contents_of(path.parent) == files


async def test_a_newer_format_is_told(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(ShelfAway, match="newer"):
        await page_of(path)


async def test_a_damaged_answer_is_none(path: Path, tier: DiskTier) -> None:
    await tier.put(Entry("a", BODY, CLOCK.now(), POLICY))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE entries SET body = x'00'")
    assert await DiskShelf(path).read("a") is None


async def test_a_hundred_thousand_answers_are_listed_and_dropped_in_seconds(path: Path, tier: DiskTier) -> None:
    await tier.put(Entry("first", BODY, CLOCK.now(), POLICY))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000)"
            " INSERT INTO entries SELECT 'coin_details:' || n, zeroblob(2000), '', 200, '[]', 0, 0 FROM numbers"
        )
    began = monotonic()
    values = (await page_of(path)).values
    assert len(values) == 100_001
    assert await DiskShelf(path).drop([facts.key for facts in values]) == 100_001
    assert monotonic() - began < 30
