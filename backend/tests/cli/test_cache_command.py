"""``dozor cache`` as a user meets it: a process, its streams and its exit codes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from finished import Finished, finish

from dozor.caching.entry import Entry
from dozor.clock import SystemClock
from dozor.domain.freshness import FreshnessPolicy
from dozor.storage.disk_tier import DiskTier
from dozor.storage.redis_address import parse_redis_url
from dozor.storage.redis_link import RedisLink
from dozor.storage.redis_tier import RedisTier
from dozor.supervise import tasks_until_exit
from redis_binaries import Binary
from redis_servers import Server

BODY = '{"id":"bitcoin","имя":"Биткоин","price":1.054e-05}\n'.encode()
CHART = "v1:/coins/bitcoin/market_chart?vs_currency=usd&days=7"
GLOBAL = "v1:/global"
DETAILS = "coin_details:bitcoin"
AN_HOUR = timedelta(hours=1)
POLICY = FreshnessPolicy(timedelta(0), timedelta(0), AN_HOUR)


class Cache:
    """The command over one tier with something in it."""

    def __init__(self, tier: str, folder: Path, **environment: str) -> None:
        self.tier = tier
        self.foreign = 0
        self._folder = folder
        self._environment = environment

    async def __call__(self, *arguments: str, terminal: int | None = None, **environment: str) -> Finished:
        return await finish(self._folder, "cache", *arguments, terminal=terminal, **self._environment | environment)

    async def json(self, *arguments: str) -> dict[str, Any]:
        finished = await self(*arguments, "--json")
        assert finished.code == 0, finished
        return dict(json.loads(finished.out))

    async def keys(self, *arguments: str) -> list[str]:
        return [entry["key"] for entry in (await self.json("ls", *arguments))["entries"]]


def entries() -> list[Entry]:
    now = datetime.now(UTC)
    return [
        Entry(DETAILS, BODY, now - timedelta(minutes=30), POLICY),
        Entry(CHART, b"[1]", now, POLICY),
        Entry(GLOBAL, b"{}", now, POLICY),
    ]


async def on_disk(folder: Path) -> Cache:
    data = folder / "data"
    data.mkdir()
    async with tasks_until_exit() as tasks:
        tier = DiskTier(data / "cache.db", 1024**3, SystemClock())
        tier.start(tasks)
        for entry in entries():
            await tier.put(entry)
        await tier.close()
    return Cache("disk", folder)


async def in_redis(folder: Path, server: Server) -> Cache:
    prefix = f"cmd-{uuid4().hex}:"
    cache = Cache("redis", folder, REDIS_URL=server.url, REDIS_KEY_PREFIX=prefix)
    async with tasks_until_exit() as tasks:
        link = RedisLink(parse_redis_url(server.url), SystemClock(), key_prefix=prefix)
        link.start(tasks)
        await link.wait_until_tried()
        tier = RedisTier(link, SystemClock(), prefix)
        tier.start(tasks)
        for entry in entries():
            await tier.put(entry)
        await tier.close()
        await link.close()
    server.ask("SET", f"{prefix}somebody's", "hello")
    cache.foreign = 1
    return cache


@pytest.fixture(scope="module")
def server(valkey: Binary) -> Iterator[Server]:
    with Server(valkey) as one:
        yield one


@pytest.fixture
async def disk(tmp_path: Path) -> Cache:
    """For what has nothing to do with the tier."""
    return await on_disk(tmp_path)


@pytest.fixture(params=["disk", "redis"])
async def filled(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> Cache:
    """Three values of ours, and in Redis one that is not."""
    return await (on_disk(tmp_path) if request.param == "disk" else in_redis(tmp_path, server))


async def test_ls_lists_what_is_ours_with_its_facts(filled: Cache) -> None:
    said = await filled.json("ls")
    assert [entry["key"] for entry in said["entries"]] == [DETAILS, CHART, GLOBAL]
    first = said["entries"][0]
    assert first["tier"] == filled.tier
    assert first["family"] == "coin_details"
    assert 1800 <= first["age_s"] < 1830
    assert 1770 < first["expires_in_s"] <= 1800
    assert first["size_bytes"] >= len(BODY)


async def test_ls_shows_lines_and_says_that_memory_cannot_be_seen(disk: Cache) -> None:
    finished = await disk("ls")
    assert finished.code == 0
    assert len(finished.text.splitlines()) == 4
    assert "30 min" in finished.text
    assert "3 of 3 shown" in finished.err
    assert "memory of a running Dozor" in finished.err
    russian = await disk("ls", DOZOR_LANG="ru")
    assert "Показано 3 из 3" in russian.err


async def test_ls_narrows_by_what_is_said(filled: Cache) -> None:
    assert await filled.keys("--coin", "bitcoin", "--family", "get_crypto_chart") == [CHART]
    assert await filled.keys("--match", "v1:/globa[!m]") == [GLOBAL]
    said = await filled.json("ls", "--limit", "1")
    assert ([entry["key"] for entry in said["entries"]], said["found"]) == ([DETAILS], 3)


async def test_a_family_that_is_none_is_a_mistake_that_names_those_there_are(disk: Cache) -> None:
    finished = await disk("ls", "--family", "coin_detail")
    assert finished.code == 2
    assert "coin_details" in finished.err
    assert finished.out == b""


async def test_get_prints_the_body_byte_for_byte_and_the_facts_beside_it(filled: Cache) -> None:
    finished = await filled("get", DETAILS)
    assert finished.code == 0
    assert finished.out == BODY
    assert hashlib.sha256(BODY).hexdigest() in finished.err


async def test_get_as_json_has_the_facts_and_the_body(filled: Cache) -> None:
    said = await filled.json("get", DETAILS)
    assert said["body"] == json.loads(BODY)
    assert said["hash"] == hashlib.sha256(BODY).hexdigest()
    assert said["tier"] == filled.tier


@pytest.mark.parametrize("key", ["coin_details:nobody", "somebody's"])
async def test_get_of_what_is_not_there_or_not_ours_fails(filled: Cache, key: str) -> None:
    finished = await filled("get", key)
    assert finished.code == 1
    assert finished.out == b""


async def test_drop_takes_one_key(filled: Cache) -> None:
    finished = await filled("drop", DETAILS, "--yes")
    assert finished.code == 0
    assert finished.text.strip() == "Dropped: 1"
    assert "may still hold" in finished.err
    assert await filled.keys() == [CHART, GLOBAL]
    assert (await filled("drop", DETAILS, "--yes")).code == 1


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["--coin", "bitcoin"], [GLOBAL]),
        (["--family", "get_global"], [DETAILS, CHART]),
        (["--match", "*/market_chart*"], [DETAILS, GLOBAL]),
        (["--all"], []),
    ],
)
async def test_drop_takes_what_fits_and_nothing_of_others(filled: Cache, arguments: list[str], left: list[str]) -> None:
    finished = await filled("drop", *arguments, "--yes")
    assert finished.code == 0
    assert finished.text.strip() == f"Dropped: {3 - len(left)}"
    assert await filled.keys() == left
    assert (await filled.json("stats"))["foreign"][filled.tier] == filled.foreign


async def test_drop_without_a_terminal_wants_to_be_told_yes(disk: Cache) -> None:
    finished = await disk("drop", "--all")
    assert finished.code == 2
    assert "--yes" in finished.err
    assert len(await disk.keys()) == 3


@pytest.mark.parametrize(
    "arguments", [[], [DETAILS, "--all"], [DETAILS, "--coin", "bitcoin"], ["--all", "--coin", "x"]]
)
async def test_drop_wants_to_know_what_and_only_once(disk: Cache, arguments: list[str]) -> None:
    finished = await disk("drop", *arguments, "--yes")
    assert finished.code == 2
    assert "--all" in finished.err
    assert len(await disk.keys()) == 3


@pytest.mark.skipif(os.name != "posix", reason="it takes a pseudo-terminal")
@pytest.mark.parametrize(("answer", "code", "left"), [(b"n\n", 1, 3), (b"y\n", 0, 0)])
async def test_drop_asks_at_a_terminal(disk: Cache, answer: bytes, code: int, left: int) -> None:
    ours, theirs = os.openpty()
    try:
        os.write(ours, answer)
        finished = await disk("drop", "--all", terminal=theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert finished.code == code
    assert "Drop 3" in finished.text
    assert len(await disk.keys()) == left


async def test_stats_sum_up_each_family_and_count_others_values_apart(filled: Cache) -> None:
    said = await filled.json("stats")
    families = said["tiers"][filled.tier]
    assert {name: total["entries"] for name, total in families.items()} == {
        "coin_details": 1,
        "get_crypto_chart": 1,
        "get_global": 1,
    }
    assert families["coin_details"]["oldest_age_s"] >= 1800
    assert said["foreign"][filled.tier] == filled.foreign
    lines = (await filled("stats")).text
    assert "coin_details" in lines
    assert ("values of others: 1" in lines) is (filled.foreign == 1)


async def test_both_tiers_are_looked_into_and_each_can_be_chosen(server: Server, tmp_path: Path) -> None:
    await on_disk(tmp_path)
    cache = await in_redis(tmp_path, server)
    assert len(await cache.keys()) == 6
    assert len(await cache.keys("--tier", "disk")) == 3
    assert (await cache("drop", DETAILS, "--tier", "redis", "--yes")).text.strip() == "Dropped: 1"
    assert (await cache.json("get", DETAILS))["tier"] == "disk"
    assert (await cache("drop", "--all", "--yes")).text.strip() == "Dropped: 5"
    assert await cache.keys() == []


async def test_a_redis_that_is_away_is_said_and_fails_only_who_asked_for_it(tmp_path: Path) -> None:
    cache = await on_disk(tmp_path)
    away = {"REDIS_URL": "redis://:swordfish@127.0.0.1:9/0"}
    without = await cache("ls", **away)
    asked_for = await cache("ls", "--tier", "redis", **away)
    off = await cache("ls", "--tier", "redis", REDIS_URL="")
    assert without.code == 0
    assert "connection is refused" in without.err
    assert DETAILS in without.text
    assert asked_for.code == off.code == 1
    assert "REDIS_URL is empty" in off.err
    assert "swordfish" not in without.err + asked_for.err


async def test_nothing_stored_is_no_mistake_and_makes_no_file(tmp_path: Path) -> None:
    cache = Cache("disk", tmp_path)
    assert await cache.keys() == []
    assert (await cache("drop", "--all", "--yes")).code == 0
    assert not (tmp_path / "data").exists()


async def test_wrong_settings_are_told_as_everywhere(tmp_path: Path) -> None:
    finished = await Cache("disk", tmp_path)("ls", PORT="eighty")
    assert finished.code == 2
    assert "PORT" in finished.err
