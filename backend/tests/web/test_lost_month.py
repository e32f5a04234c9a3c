"""A Dozor whose ledger is damaged: what it asks of upstream, with and without a Redis that remembers its month."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.process import dozor_process
from redis_binaries import Binary
from redis_servers import Server
from running_dozor import RunningDozor, running_dozor, scripted_upstream, until

GARBAGE = b"this is no database" * 100
CHART = '{"prices":[[0,1.5]],"market_caps":[[0,1]],"total_volumes":[[0,1]]}'
PATIENCE_S = 20
LIMIT = {"COINGECKO_CALLS_PER_MONTH": "3000"}


async def month(dozor: RunningDozor) -> tuple[int, int | None]:
    window = json.loads((await dozor.get("/api/v1/status")).body)["quota"]["month"]
    return window["used"], window["limit"]


async def month_is(dozor: RunningDozor, used: int) -> bool:
    return (await month(dozor))[0] == used


def remembered(server: Server, prefix: str = "") -> list[int]:
    """The month's calls as Redis has them, one count for each machine."""
    with server.client() as client:
        books = [json.loads(client.hget(key, "body")) for key in client.scan_iter(match=f"{prefix}budget:*")]
    return [
        used["charged"] - used["refunded"]
        for book in books
        for month in book["months"].values()
        for used in month.values()
    ]


async def until_remembered(server: Server, counts: list[int]) -> None:
    async def is_so() -> bool:
        return remembered(server) == counts

    await until(is_so, PATIENCE_S)


async def is_remembered(server: Server) -> bool:
    return remembered(server) not in ([], [0])


async def ask_for_charts(dozor: RunningDozor, coins: range) -> list[int]:
    path = "/api/v3/coins/coin-{}/market_chart?vs_currency=usd&days=7"
    return [(await dozor.get(path.format(number))).status for number in coins]


async def test_without_redis_no_call_is_made_until_the_month_is_known(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.db").write_bytes(GARBAGE)
    async with scripted_upstream() as upstream, running_dozor(upstream.base_url, tmp_path, **LIMIT) as dozor:
        assert await ask_for_charts(dozor, range(3)) == [429] * 3
        assert await month(dozor) == (3000, 3000)
    assert upstream.calls == []
    assert not (tmp_path / "data" / "machine.id").exists()


async def test_month_is_taken_from_redis_and_no_call_of_it_is_forgotten(tmp_path: Path, valkey: Binary) -> None:
    with Server(valkey) as server:
        async with scripted_upstream() as upstream:
            upstream.answer(CHART)
            async with running_dozor(upstream.base_url, tmp_path, REDIS_URL=server.url, **LIMIT) as dozor:
                assert await ask_for_charts(dozor, range(7)) == [200] * 7
                await until_remembered(server, [7])
            (tmp_path / "data" / "ledger.db").write_bytes(GARBAGE)
            async with running_dozor(upstream.base_url, tmp_path, REDIS_URL=server.url, **LIMIT) as dozor:
                await until(lambda: month_is(dozor, 7), PATIENCE_S)
                assert await ask_for_charts(dozor, range(10, 13)) == [200] * 3
                assert await month(dozor) == (10, 3000)
                await until_remembered(server, [10])
        assert len(upstream.calls) == 10


async def test_redis_that_comes_up_later_opens_the_month_then(tmp_path: Path, valkey: Binary) -> None:
    with Server(valkey, "--appendonly", "yes") as server:  # it remembers through its own stop
        async with scripted_upstream() as upstream:
            upstream.answer(CHART)
            async with running_dozor(upstream.base_url, tmp_path, REDIS_URL=server.url, **LIMIT) as dozor:
                await ask_for_charts(dozor, range(4))
                await until_remembered(server, [4])
            server.stop()
            (tmp_path / "data" / "ledger.db").write_bytes(GARBAGE)
            async with running_dozor(upstream.base_url, tmp_path, REDIS_URL=server.url, **LIMIT) as dozor:
                assert await ask_for_charts(dozor, range(10, 12)) == [429] * 2
                assert await month(dozor) == (3000, 3000)
                server.start()
                await until(lambda: month_is(dozor, 4), PATIENCE_S)
                assert await ask_for_charts(dozor, range(10, 12)) == [200] * 2
        assert len(upstream.calls) == 6


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_killed_process_with_a_damaged_ledger_gets_its_month_back_and_says_so(
    tmp_path: Path, valkey: Binary, language: str
) -> None:
    said = {
        "en": ("counts as spent until", "the month's count of calls is taken from Redis: {}"),
        "ru": ("считается истраченным до", "Счёт запросов за месяц взят из Redis: {}"),
    }[language]
    with Server(valkey) as server:
        async with scripted_upstream() as upstream:
            environment = {"REDIS_URL": server.url, "COINGECKO_BASE_URL": upstream.base_url, "DOZOR_LANG": language}
            async with dozor_process(tmp_path, **environment, **LIMIT) as dozor:
                await dozor.url()
                await upstream.came.wait()  # the warm-up's call
                await until(lambda: is_remembered(server), PATIENCE_S)
                dozor.process.kill()
                await dozor.end()
            [used] = remembered(server)
            for name in ("ledger.db", "ledger.db-wal"):  # the one that a kill leaves could mend the other
                (tmp_path / "data" / name).write_bytes(GARBAGE)
            async with dozor_process(tmp_path, **environment, **LIMIT) as dozor:
                await dozor.line_with(said[0])
                await dozor.line_with(said[1].format(used))
                errors = [line for line in dozor.lines if " ERROR " in line]
                assert len(errors) == 1
                assert "python backend/run.py quota set" in errors[0]
