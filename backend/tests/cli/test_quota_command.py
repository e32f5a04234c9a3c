"""``dozor quota`` as a user meets it: what it says, what it changes, beside a running server too."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from finished import finish

from dozor.clock import SystemClock
from dozor.domain.budget import MonthPeriod
from running_dozor import RunningDozor, running_dozor, scripted_upstream
from till import Till

GARBAGE = b"this is no database" * 100
CHART = '{"prices":[[0,1.5]],"market_caps":[[0,1]],"total_volumes":[[0,1]]}'
COSTS_EN = ["What it went on:", "  3  get_coins"]
COSTS_RU = ["На что ушло:", "  3  get_coins"]
LIMIT = {"COINGECKO_CALLS_PER_MONTH": "100"}


async def calls(folder: Path, number: int) -> None:
    async with Till(folder / "data" / "ledger.db", SystemClock(), per_month=0) as till:
        for _ in range(number):
            await till.charge()


async def shown(folder: Path) -> Any:
    finished = await finish(folder, "quota", "show", "--json", **LIMIT)
    assert finished.code == 0, finished
    return json.loads(finished.out)


def damage(folder: Path) -> Path:
    path = folder / "data" / "ledger.db"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(GARBAGE)
    return path


async def asked(dozor: RunningDozor, coin: str) -> int:
    return (await dozor.get(f"/api/v3/coins/{coin}/market_chart?vs_currency=usd&days=7")).status


async def test_count_is_shown_in_full(tmp_path: Path) -> None:
    await calls(tmp_path, 3)
    resets_at = MonthPeriod.around(datetime.now(UTC), 1).resets_at
    assert await shown(tmp_path) == {
        "month": {
            "used": 3,
            "limit": 100,
            "left": 97,
            "resets_at": f"{resets_at:%Y-%m-%dT%H:%M:%S.000Z}",
            "is_known": True,
            "projected_used": None,
            "projected_end": None,
        },
        "minute": {"used": 0, "limit": 4, "left": 4, "resets_at": None},
        "machines": 1,
        "part": 1.0,
        "paused_until": None,
        "costs": {"get_coins": 3},
    }


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("en", ["Calls this month: 3 / 100", "Remaining: 97", "Starts again: ", "Minute in use: 0 / 4", *COSTS_EN]),
        (
            "ru",
            ["Запросов за месяц: 3 / 100", "Осталось: 97", "Новый счёт: ", "Занято мест в минуте: 0 / 4", *COSTS_RU],
        ),
    ],
)
async def test_people_read_lines_in_their_language(tmp_path: Path, language: str, lines: list[str]) -> None:
    await calls(tmp_path, 3)
    finished = await finish(tmp_path, "quota", "show", DOZOR_LANG=language, **LIMIT)
    said = finished.text.splitlines()
    assert len(said) == len(lines)
    assert all(line.startswith(expected) for line, expected in zip(said, lines, strict=True))


async def test_what_a_server_spends_is_shown_beside_it_as_its_own_status_shows_it(tmp_path: Path) -> None:
    async with scripted_upstream() as upstream:
        upstream.answer(CHART)
        async with running_dozor(upstream.base_url, tmp_path, **LIMIT) as dozor:
            assert [await asked(dozor, coin) for coin in ("bitcoin", "ethereum")] == [200, 200]
            await finish(tmp_path, "quota", "set", "5", **LIMIT)
            status = json.loads((await dozor.get("/api/v1/status")).body)["quota"]
            beside = json.loads(
                (await finish(tmp_path, "quota", "show", "--json", COINGECKO_CALLS_PER_MINUTE="0", **LIMIT)).out
            )
    del status["saved"]  # what a process has saved is known to it alone
    assert beside == status
    assert beside["costs"] == {"other": 3, "get_crypto_chart": 2}


async def test_without_a_limit_nothing_is_said_to_remain(tmp_path: Path) -> None:
    await calls(tmp_path, 3)
    finished = await finish(tmp_path, "quota", "show", "--json", COINGECKO_CALLS_PER_MONTH="0")
    month = json.loads(finished.out)["month"]
    assert (month["used"], month["limit"], month["left"]) == (3, None, None)


async def test_looking_makes_no_file(tmp_path: Path) -> None:
    finished = await finish(tmp_path, "quota", "show", **LIMIT)
    assert finished.code == 0
    assert "There is no count in" in finished.err
    assert not (tmp_path / "data").exists()


async def test_looking_at_a_damaged_file_leaves_it_as_it_is_and_says_what_to_do(tmp_path: Path) -> None:
    path = damage(tmp_path)
    finished = await finish(tmp_path, "quota", "show", **LIMIT)
    assert finished.code == 1
    assert "quota set NUMBER" in finished.err
    assert path.read_bytes() == GARBAGE


async def test_setting_says_before_and_after_and_makes_the_file_where_there_is_none(tmp_path: Path) -> None:
    first = await finish(tmp_path, "quota", "set", "12", **LIMIT)
    assert (first.code, first.text.strip()) == (0, "Calls this month: 0 → 12")
    assert "There is no count in" in first.err
    second = await finish(tmp_path, "quota", "set", "7", DOZOR_LANG="ru", **LIMIT)
    assert second.text.strip() == "Запросов за месяц: 12 → 7"
    assert (await shown(tmp_path))["month"]["used"] == 7


async def test_setting_on_a_damaged_file_keeps_it_aside_and_opens_the_month(tmp_path: Path) -> None:
    damage(tmp_path)
    finished = await finish(tmp_path, "quota", "set", "12", "--json", **LIMIT)
    said = json.loads(finished.out)
    assert (said["before"]["is_known"], said["before"]["left"]) == (False, 0)
    assert (said["after"]["is_known"], said["after"]["left"]) == (True, 88)
    assert [file.read_bytes() for file in (tmp_path / "data").glob("ledger.db.damaged-*Z")] == [GARBAGE]
    assert (await shown(tmp_path))["month"]["used"] == 12


@pytest.mark.parametrize("used", ["-1", "1000000001", "many", "1.5", ""])
async def test_what_is_no_number_of_calls_is_refused_and_changes_nothing(tmp_path: Path, used: str) -> None:
    await calls(tmp_path, 3)
    finished = await finish(tmp_path, "quota", "set", used, **LIMIT)
    assert finished.code == 2
    assert finished.err.strip()
    assert (await shown(tmp_path))["month"]["used"] == 3


async def test_file_that_is_no_file_is_refused_with_the_exit_code_of_a_start(tmp_path: Path) -> None:
    (tmp_path / "data" / "ledger.db").mkdir(parents=True)
    for arguments in (("show",), ("set", "3")):
        finished = await finish(tmp_path, "quota", *arguments, **LIMIT)
        assert finished.code == 3, finished
        assert str(tmp_path / "data" / "ledger.db") in finished.err


async def test_running_server_goes_by_what_is_set_from_its_next_call_on(tmp_path: Path) -> None:
    async with scripted_upstream() as upstream:
        upstream.answer(CHART)
        damage(tmp_path)
        async with running_dozor(upstream.base_url, tmp_path, **LIMIT) as dozor:
            assert await asked(dozor, "bitcoin") == 429
            month = (await shown(tmp_path))["month"]
            assert (month["is_known"], month["left"]) == (False, 0)
            await finish(tmp_path, "quota", "set", "98", **LIMIT)
            assert [await asked(dozor, coin) for coin in ("bitcoin", "ethereum", "solana")] == [200, 200, 429]
            assert (await shown(tmp_path))["month"]["used"] == 100
            await finish(tmp_path, "quota", "set", "50", **LIMIT)
            assert await asked(dozor, "solana") == 200
    assert len(upstream.calls) == 3
