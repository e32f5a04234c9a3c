"""``dozor quota machines`` and ``forget`` beside running servers on a real Redis."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from finished import finish
from process import dozor_process

from redis_servers import Server
from running_dozor import scripted_upstream, until


async def machines(folder: Path, settings: dict[str, str]) -> list[dict[str, Any]]:
    finished = await finish(folder, "quota", "machines", "--json", **settings)
    assert finished.code == 0, finished
    return list(json.loads(finished.out)["machines"])


async def test_stopped_machine_leaves_its_part_and_a_killed_one_keeps_it_until_it_is_forgotten(
    tmp_path: Path, redis_server: Server
) -> None:
    async with scripted_upstream() as upstream:
        settings = {"REDIS_URL": redis_server.url, "COINGECKO_BASE_URL": upstream.base_url, "DOZOR_LANG": "en"}

        async def parts_are(*parts: float) -> None:
            async def they_are() -> bool:
                return [row["part"] for row in await machines(tmp_path / "one", settings)] == list(parts)

            await until(they_are, 30)

        async with dozor_process(tmp_path / "one", **settings):
            await parts_are(1.0)
            async with dozor_process(tmp_path / "stopped", **settings) as stopped:
                await parts_are(0.5, 0.5)
                stopped.process.terminate()
                assert (await stopped.end())[0] == 0
            await parts_are(1.0)
            async with dozor_process(tmp_path / "killed", **settings):
                await parts_are(0.5, 0.5)
            shown = await machines(tmp_path / "one", settings)
            assert sorted(row["is_this"] for row in shown) == [False, True]
            killed = next(row["machine"] for row in shown if not row["is_this"])
            said = (await finish(tmp_path / "one", "quota", "machines", **settings)).text
            assert killed in said
            assert "last heard" in said
            assert (await finish(tmp_path / "one", "quota", "forget", killed[:8], **settings)).code == 0
            await parts_are(1.0)


async def test_what_names_no_single_machine_is_refused(tmp_path: Path, redis_server: Server) -> None:
    for name in ("nobody", ""):
        finished = await finish(tmp_path, "quota", "forget", name, REDIS_URL=redis_server.url, DOZOR_LANG="en")
        assert finished.code == 2, finished
        assert "names no single machine" in finished.err


async def test_without_a_redis_it_says_so(tmp_path: Path) -> None:
    for url, words in (("", "REDIS_URL is empty"), ("redis://127.0.0.1:1", "cannot be reached")):
        finished = await finish(tmp_path, "quota", "machines", REDIS_URL=url, DOZOR_LANG="en")
        assert finished.code == 3, finished
        assert words in finished.err
