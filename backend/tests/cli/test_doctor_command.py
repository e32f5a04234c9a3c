"""``dozor doctor`` as a user meets it: a process, its lines, its fixes and its exit codes."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from finished import Finished, finish
from process import dozor_process

from running_dozor import ScriptedUpstream, scripted_upstream, until

CLOSED = "http://127.0.0.1:9"  # nobody listens on the discard port
PONG = '{"gecko_says":"(V3) To the Moon!"}'


@pytest.fixture
async def upstream() -> AsyncIterator[ScriptedUpstream]:
    async with scripted_upstream() as scripted:
        scripted.answer(PONG)
        yield scripted


async def doctor(folder: Path, *arguments: str, **environment: str) -> tuple[Finished, dict[str, Any]]:
    """What it says as JSON: each finding by its part and step."""
    finished = await finish(folder, "doctor", "--json", *arguments, **environment)
    said = json.loads(finished.out)
    assert said.keys() == {"ok", "checks"}
    assert said["ok"] is (finished.code == 0)
    for check in said["checks"]:
        assert check.keys() == {"part", "step", "state", "seen", "fix"}
        assert check["fix"] or check["state"] in {"ok", "skipped"}, "whatever is not well says what to do"
    return finished, {f"{check['part']} {check['step']}": check for check in said["checks"]}


def calls_counted(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "data" / "ledger.db")) as database:
        return int(database.execute("SELECT coalesce(sum(charged - refunded), 0) FROM spent").fetchone()[0])


async def test_all_is_well_and_one_call_is_spent_and_counted(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    finished, checks = await doctor(tmp_path, COINGECKO_BASE_URL=upstream.base_url)
    assert finished.code == 0, finished
    assert {check["state"] for check in checks.values()} == {"ok", "skipped"}  # Redis is off, the port any free one
    assert upstream.calls == ["/ping"]
    assert calls_counted(tmp_path) == 1
    assert {check["part"] for check in checks.values()} == {
        "settings", "disk", "database", "redis", "upstream", "port"
    }  # fmt: skip


async def test_people_read_lines_in_their_language(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    english = await finish(tmp_path, "doctor", COINGECKO_BASE_URL=upstream.base_url)
    russian = await finish(tmp_path, "doctor", COINGECKO_BASE_URL=upstream.base_url, DOZOR_LANG="ru")
    assert "All is well." in english.text
    assert "it answers without a key, plan keyless" in english.text
    assert "Всё хорошо." in russian.text
    assert "отвечает без ключа, тариф keyless" in russian.text


@pytest.mark.parametrize("option", ["--no-call", "--offline"])
async def test_without_a_call_nothing_is_spent_and_nothing_made(
    tmp_path: Path, upstream: ScriptedUpstream, option: str
) -> None:
    finished, _ = await doctor(tmp_path, option, COINGECKO_BASE_URL=upstream.base_url)
    assert finished.code == 0
    assert upstream.calls == []
    assert not (tmp_path / "data").exists()


async def test_a_rejected_key_says_what_to_check_and_shows_no_key(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    upstream.answer('{"status":{"error_code":10002,"error_message":"API Key Missing"}}', status=401)
    key = "CG-verysecretkey12345"
    environment = {"COINGECKO_BASE_URL": upstream.base_url, "COINGECKO_API_KEY": key}
    finished, checks = await doctor(tmp_path, **environment)
    assert finished.code == 1
    assert checks["upstream key"]["state"] == "failed"
    assert "COINGECKO_API_KEY" in checks["upstream key"]["fix"]
    assert upstream.headers[0]["x-cg-demo-api-key"] == key
    assert len(upstream.calls) == 1, "a failed call is not tried again"
    shown = await finish(tmp_path, "doctor", **environment)
    for said in (finished.text, finished.err, shown.text, shown.err):
        assert key not in said


async def test_an_upstream_that_is_away_fails_and_costs_no_call(tmp_path: Path) -> None:
    finished, checks = await doctor(tmp_path, COINGECKO_BASE_URL=CLOSED)
    assert finished.code == 1
    assert checks["upstream tcp"]["state"] == "failed"
    assert checks["upstream key"]["state"] == "skipped"
    assert not (tmp_path / "data" / "ledger.db").exists()


async def test_an_upstream_without_tls_is_told_from_a_bad_certificate(
    tmp_path: Path, upstream: ScriptedUpstream
) -> None:
    finished, checks = await doctor(tmp_path, COINGECKO_BASE_URL=upstream.base_url.replace("http:", "https:"))
    assert finished.code == 1
    assert checks["upstream tcp"]["state"] == "ok"
    assert checks["upstream tls"]["state"] == "failed"
    assert upstream.calls == []


async def test_a_spent_quota_is_a_warning_and_no_call(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    environment = {"COINGECKO_BASE_URL": upstream.base_url, "COINGECKO_CALLS_PER_MONTH": "1"}
    await doctor(tmp_path, **environment)
    finished, checks = await doctor(tmp_path, **environment)
    assert finished.code == 0
    assert checks["upstream key"]["state"] == "warning"
    assert checks["upstream quota"]["state"] == "warning"
    assert "1 of 1" in checks["upstream quota"]["seen"]
    assert len(upstream.calls) == 1


async def test_every_mistake_in_the_settings_is_named_and_the_exit_code_is_2(tmp_path: Path) -> None:
    password = "hunter2-hunter2"
    finished, checks = await doctor(
        tmp_path, PORT="eighty", COINGECKO_PLAN="demo", REDIS_URL=f"http://:{password}@localhost"
    )
    assert finished.code == 2
    for variable in ("PORT", "COINGECKO_PLAN", "REDIS_URL"):
        assert checks[f"settings {variable}"]["state"] == "failed"
    assert checks["redis all"]["state"] == "skipped"
    assert password not in finished.text + finished.err
    lines = await finish(tmp_path, "doctor", PORT="eighty", DOZOR_LANG="ru")
    assert lines.code == 2
    assert "значение 'eighty' недопустимо" in lines.text


async def test_a_typing_mistake_in_a_name_is_a_warning(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    env_file = tmp_path / "my.env"
    env_file.write_text("COINGECKO_APIKEY=x\n")
    finished, checks = await doctor(tmp_path, DOZOR_ENV_FILE=str(env_file), COINGECKO_BASE_URL=upstream.base_url)
    assert finished.code == 0
    assert checks["settings COINGECKO_APIKEY"]["state"] == "warning"


async def test_a_redis_that_is_away_is_a_warning_because_it_is_optional(
    tmp_path: Path, upstream: ScriptedUpstream
) -> None:
    finished, checks = await doctor(
        tmp_path, COINGECKO_BASE_URL=upstream.base_url, REDIS_URL="redis://:swordfish@127.0.0.1:9/0"
    )
    assert finished.code == 0
    assert checks["redis tcp"]["state"] == "warning"
    assert "works without Redis" in checks["redis tcp"]["fix"]
    assert "swordfish" not in finished.text + finished.err


async def test_a_damaged_ledger_fails_and_is_left_as_it_is(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    garbage = b"garbage" * 1000
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.db").write_bytes(garbage)
    finished, checks = await doctor(tmp_path, COINGECKO_BASE_URL=upstream.base_url)
    assert finished.code == 1
    assert checks["database ledger.db"]["state"] == "failed"
    assert "quota set" in checks["database ledger.db"]["fix"]
    assert upstream.calls == [], "an uncounted call is not made"
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["ledger.db"]
    assert (tmp_path / "data" / "ledger.db").read_bytes() == garbage


async def test_an_emptied_ledger_keeps_the_log_that_proves_it(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.db").write_bytes(b"")
    (tmp_path / "data" / "ledger.db-wal").write_bytes(b"calls")
    finished, checks = await doctor(tmp_path, COINGECKO_BASE_URL=upstream.base_url)
    assert finished.code == 1
    assert checks["database ledger.db"]["state"] == "failed"
    assert (tmp_path / "data" / "ledger.db-wal").read_bytes() == b"calls"


async def test_a_damaged_cache_is_a_warning(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cache.db").write_bytes(b"garbage" * 1000)
    finished, checks = await doctor(tmp_path, COINGECKO_BASE_URL=upstream.base_url)
    assert finished.code == 0
    assert checks["database cache.db"]["state"] == "warning"


async def test_a_file_in_place_of_the_data_folder_fails(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    (tmp_path / "data").write_text("in the way")
    finished, checks = await doctor(tmp_path, COINGECKO_BASE_URL=upstream.base_url)
    assert finished.code == 1
    assert checks["disk folder"]["state"] == "failed"
    assert "DOZOR_DATA_DIR" in checks["disk folder"]["fix"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
async def test_a_data_folder_that_others_can_read_is_a_warning(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    _, checks = await doctor(tmp_path, COINGECKO_BASE_URL=upstream.base_url)
    assert checks["disk permissions"]["state"] == "warning"
    assert "chmod 700" in checks["disk permissions"]["fix"]


async def test_a_port_that_another_program_has_fails(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        finished, checks = await doctor(tmp_path, COINGECKO_BASE_URL=upstream.base_url, PORT=port)
    assert finished.code == 1
    assert checks["port port"]["state"] == "failed"


async def test_another_web_server_is_not_taken_for_a_dozor(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    port = upstream.base_url.split(":")[2].split("/")[0]
    finished, checks = await doctor(tmp_path, COINGECKO_BASE_URL=upstream.base_url, PORT=port)
    assert finished.code == 1
    assert checks["port port"]["state"] == "failed"


async def test_beside_a_running_server_it_finds_the_port_served_and_shares_its_ledger(
    tmp_path: Path, upstream: ScriptedUpstream
) -> None:
    upstream.answer("[]")
    environment = {"COINGECKO_BASE_URL": upstream.base_url, "REDIS_URL": "", "DOZOR_LANG": "en"}

    async def all_is_fetched_ahead() -> bool:
        return len(upstream.calls) == 3  # of the four calls of a keyless minute one is left for people

    async with dozor_process(tmp_path, **environment) as dozor:
        port = (await dozor.url()).rsplit(":", 1)[1]
        await until(all_is_fetched_ahead, 20)
        upstream.answer(PONG)
        finished, checks = await doctor(tmp_path, **environment, PORT=port)
    assert finished.code == 0, finished.text
    assert checks["port port"]["seen"] == f"a Dozor serves 127.0.0.1:{port} already"
    assert calls_counted(tmp_path) == len(upstream.calls) == 4
