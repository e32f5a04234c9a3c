from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp.client import URL

from dozor.web.assets import Assets
from dozor.web.variants import Variants
from running_dozor import serving

SCRIPT = "console.log('дозор');" * 100


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "assets" / "index-abc.js").write_text(SCRIPT, encoding="utf-8")
    (folder / "theme.js").write_text("1", encoding="utf-8")
    (folder / ".inputs").write_text("a stamp of the build", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("outside", encoding="utf-8")
    async with serving(Assets(folder, Variants())) as running:
        yield running


async def get(url: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    async with aiohttp.ClientSession(auto_decompress=False, headers={"Accept-Encoding": "identity"}) as client:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with client.get(URL(url + path, encoded=True), headers=named) as reply:
            return reply.status, {name.lower(): value for name, value in reply.headers.items()}, await reply.read()


async def test_a_hashed_file_is_compressed_typed_and_kept_for_ever(url: str) -> None:
    status, headers, body = await get(url, "/assets/index-abc.js", Accept_Encoding="gzip, br")
    assert (status, headers["content-encoding"], gzip.decompress(body).decode()) == (200, "gzip", SCRIPT)
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert re.search(r"max-age=31536000, immutable", headers["cache-control"])
    assert (await get(url, "/assets/index-abc.js", If_None_Match=headers["etag"]))[0] == 304
    assert "immutable" not in (await get(url, "/theme.js"))[1]["cache-control"]


@pytest.mark.parametrize(
    "path",
    ["/.inputs", "/nothing.js", "/", "/assets", "/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt",
     "/assets/..%5c..%5csecret.txt", "/%00", "/assets//index-abc.js"],
)  # fmt: skip
async def test_nothing_but_the_built_files_is_served(url: str, path: str) -> None:
    assert (await get(url, path))[0] == 404
