"""``dozor serve`` as a user meets it: a process, its sentences and its exit codes."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import sqlite3
import sys
from pathlib import Path
from time import monotonic

import aiohttp
import pytest
from aiohttp import web
from process import dozor_process

from running_dozor import scripted_upstream

CLOSED = "http://127.0.0.1:9"  # nobody listens on the discard port


async def test_it_serves_and_a_stop_signal_ends_it_with_code_0(tmp_path: Path) -> None:
    async with dozor_process(tmp_path, COINGECKO_BASE_URL=CLOSED) as dozor:
        url = await dozor.url()
        async with aiohttp.ClientSession() as client, client.get(f"{url}/livez") as reply:
            assert reply.status == 200
        dozor.process.send_signal(signal.SIGTERM)
        code, text = await dozor.end()
    assert code == 0, text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_requests_under_way_are_answered_before_it_stops(tmp_path: Path, number: signal.Signals) -> None:
    release = asyncio.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        await release.wait()
        return web.Response(body=b'{"gecko_says":"hi"}', content_type="application/json")

    async with scripted_upstream() as upstream:
        upstream.answer("[]")
        async with dozor_process(tmp_path, COINGECKO_BASE_URL=upstream.base_url) as dozor:
            url = await dozor.url()
            await wait_until_ready(url)
            upstream.handler = slow
            upstream.came.clear()
            async with aiohttp.ClientSession() as client:
                asking = asyncio.create_task(body_of(client, f"{url}/api/v3/ping"))
                await upstream.came.wait()
                dozor.process.send_signal(number)
                await dozor.line_with("не дольше")  # it says that it drains
                release.set()
                assert await asking == b'{"gecko_says":"hi"}'
            code, text = await dozor.end()
    assert code == 0, text


async def test_it_stops_within_ten_seconds_even_when_upstream_hangs(tmp_path: Path) -> None:
    async def nothing(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async with scripted_upstream() as upstream:
        upstream.handler = nothing
        async with dozor_process(tmp_path, COINGECKO_BASE_URL=upstream.base_url) as dozor:
            url = await dozor.url()
            await upstream.came.wait()
            async with aiohttp.ClientSession() as client:
                asking = asyncio.create_task(body_of(client, f"{url}/api/v3/ping"))
                while len(upstream.calls) < 2:
                    upstream.came.clear()
                    await upstream.came.wait()
                dozor.process.send_signal(signal.SIGTERM)
                began = monotonic()
                code, text = await dozor.end()
                assert monotonic() - began < 10
                await asyncio.gather(asking, return_exceptions=True)
    assert code == 0, text


async def test_a_port_in_use_is_one_plain_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for language, words in (("en", "is used by another program"), ("ru", "занят другой программой")):
            async with dozor_process(tmp_path, PORT=port, DOZOR_LANG=language) as dozor:
                code, text = await dozor.end()
            assert code == 3
            assert words in text
            assert port in text
            assert len(text.strip().splitlines()) == 1


async def test_a_data_folder_that_cannot_be_used_is_one_plain_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    async with dozor_process(tmp_path, DOZOR_DATA_DIR=str(tmp_path / "file" / "data"), DOZOR_LANG="en") as dozor:
        code, text = await dozor.end()
    assert code == 3
    assert "the data folder" in text
    assert "DOZOR_DATA_DIR" in text
    assert len(text.strip().splitlines()) == 1


@pytest.mark.parametrize("name", ["ledger.db", "session.secret"])
async def test_a_file_of_the_data_folder_that_cannot_be_used_is_one_plain_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "data" / name).mkdir(parents=True)
    async with dozor_process(tmp_path, COINGECKO_BASE_URL=CLOSED, DOZOR_LANG="en") as dozor:
        code, text = await dozor.end()
    assert code == 3
    assert name in text
    assert "Traceback" not in text


async def test_a_ledger_of_a_newer_format_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "ledger.db")) as database:
        database.execute("PRAGMA user_version = 99")
    async with dozor_process(tmp_path, COINGECKO_BASE_URL=CLOSED) as dozor:
        code, text = await dozor.end()
    assert code == 3
    assert "ledger.db" in text
    assert "Traceback" not in text


async def test_a_damaged_ledger_is_set_aside_with_the_command_that_sets_the_count(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.db").write_bytes(b"garbage" * 1000)
    async with dozor_process(tmp_path, COINGECKO_BASE_URL=CLOSED, COINGECKO_CALLS_PER_MONTH="100") as dozor:
        assert "ledger.db.damaged-" in await dozor.line_with("ledger.db")
        assert "quota set" in await dozor.line_with("quota set")


@pytest.mark.parametrize(
    "mistake",
    [
        {"COINGECKO_BASE_URL": "http://[bad"},
        {"COINGECKO_BASE_URL": "http://localhost:abc"},
        {"COINGECKO_BASE_URL": "http://localhost:99999"},
        {"ALLOWED_ORIGINS": "http://[bad"},
        {"DOZOR_DATA_DIR": "~nobody-of-this-name/x"},
        {"DOZOR_OWNER_TOKEN_FILE": "~nobody-of-this-name/x"},
        {"DOZOR_ENV_FILE": str(Path(__file__).parent)},
    ],
    ids=lambda mistake: "=".join(*mistake.items()).split("/backend")[0],
)
async def test_no_mistake_in_settings_is_a_traceback(tmp_path: Path, mistake: dict[str, str]) -> None:
    async with dozor_process(tmp_path, **mistake) as dozor:
        code, text = await dozor.end()
    assert (code, "Traceback" in text) == (2, False), text


@pytest.mark.parametrize("host", ["a..b", "a" * 70])
async def test_a_host_that_cannot_be_one_is_one_plain_sentence(tmp_path: Path, host: str) -> None:
    async with dozor_process(tmp_path, HOST=host, DOZOR_PUBLIC_MARKET="true") as dozor:
        code, text = await dozor.end()
    assert (code, len(text.strip().splitlines())) == (3, 1), text


@pytest.mark.skipif(sys.platform == "win32", reason="nobody can send SIGTERM there")
async def test_a_stop_during_the_start_is_a_clean_end(tmp_path: Path) -> None:
    """Whatever the start is busy with; a stop before Python itself is up cannot be caught by anybody."""
    # python -v says each module that it has imported: a way to stop it in the middle of the start.
    for number, module in itertools.product((signal.SIGTERM, signal.SIGINT), ("structlog", "fastapi", "dozor.app")):
        async with dozor_process(tmp_path, COINGECKO_BASE_URL=CLOSED, PYTHONVERBOSE="1") as dozor:
            await dozor.line_with(f"import '{module}'")
            dozor.process.send_signal(number)
            code, text = await dozor.end()
        assert code == 0, text[-2000:]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
async def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    async with scripted_upstream() as upstream:
        settings = {
            "PORT": str(port),
            "DOZOR_DATA_DIR": str(tmp_path),
            "DOZOR_ENV_FILE": str(tmp_path / "none"),
            "COINGECKO_BASE_URL": upstream.base_url,
        }
        with open("/dev/full", "w") as full:  # noqa: ASYNC230, PTH123  # opening a device does not wait
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "dozor", stdout=full, stderr=full, env={**os.environ, **settings}
            )
        try:
            await upstream.came.wait()  # it is up: it fetches the first screen
            await wait_until_ready(f"http://127.0.0.1:{port}")
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a folder private by its owner, not by a mode")
async def test_the_data_folder_is_for_its_user_alone(tmp_path: Path) -> None:
    async with dozor_process(tmp_path, COINGECKO_BASE_URL=CLOSED) as dozor:
        await dozor.url()
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "data" / "session.secret").stat().st_mode & 0o777 == 0o600


async def test_mistakes_in_settings_end_the_start_with_code_2_and_all_their_names(tmp_path: Path) -> None:
    async with dozor_process(tmp_path, PORT="x", COINGECKO_PLAN="y", DOZOR_OWNER_TOKEN="short") as dozor:
        code, text = await dozor.end()
    assert code == 2
    assert all(name in text for name in ("PORT", "COINGECKO_PLAN", "DOZOR_OWNER_TOKEN"))
    assert "Traceback" not in text


async def test_a_host_beyond_loopback_without_a_word_on_who_may_ask_does_not_start(tmp_path: Path) -> None:
    async with dozor_process(tmp_path, HOST="0.0.0.0") as dozor:
        code, text = await dozor.end()
    assert code == 2
    assert "DOZOR_PUBLIC_MARKET" in text


async def test_no_secret_is_ever_said(tmp_path: Path) -> None:
    secrets = {"COINGECKO_API_KEY": "CG-operator-secret", "DOZOR_OWNER_TOKEN": "owner-secret-0123456789"}
    async with scripted_upstream() as upstream:
        upstream.answer(
            '{"status":{"error_code":10002,"error_message":"API Key Missing CG-operator-secret"}}', status=401
        )
        async with dozor_process(
            tmp_path, COINGECKO_BASE_URL=upstream.base_url, DOZOR_GATEWAY_KEYS="app:client-secret", **secrets
        ) as dozor:
            url = await dozor.url()
            async with aiohttp.ClientSession() as client:
                await body_of(client, f"{url}/api/v3/ping?x_cg_demo_api_key=client-secret")
                await body_of(client, f"{url}/api/v3/ping?x_cg_demo_api_key=wrong-secret")
            dozor.process.send_signal(signal.SIGTERM)
            _, text = await dozor.end()
    assert "secret" not in text.replace("session.secret", "").replace(str(tmp_path), "")
    assert "login" not in text, "with a token of the operator's own no link is printed"


async def test_a_console_of_another_code_page_prints_what_it_can(tmp_path: Path) -> None:
    async with dozor_process(
        tmp_path, COINGECKO_BASE_URL=CLOSED, PYTHONUTF8="0", PYTHONIOENCODING="cp1251", PYTHONCOERCECLOCALE="0"
    ) as dozor:
        await dozor.url()
        dozor.process.send_signal(signal.SIGTERM)
        code, _ = await dozor.end()
    assert code == 0


async def test_version_is_said(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dozor", "--version", stdout=asyncio.subprocess.PIPE, env={**os.environ}
    )
    said, _ = await process.communicate()
    assert (process.returncode, said.decode().strip()) == (0, "0.1.0")


async def body_of(client: aiohttp.ClientSession, url: str) -> bytes:
    async with client.get(url) as reply:
        return await reply.read()


async def wait_until_ready(url: str) -> None:
    async with aiohttp.ClientSession() as client:
        for _ in range(2000):
            try:
                async with client.get(f"{url}/readyz") as reply:
                    if reply.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                await asyncio.to_thread(os.stat, ".")  # not listening yet; a turn for the machine
    raise AssertionError("never ready")
