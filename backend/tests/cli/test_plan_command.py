"""``dozor plan`` as a user meets it: a table, JSON, a picture, a log, and plain sentences for mistakes."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest
from finished import finish

SHORT = ("--days", "0.01", "--plan", "demo")
LOG = """\
1.2.3.4 - - [22/Nov/2026:12:00:00 +0000] "GET /api/v3/simple/price?ids=a,b&vs_currencies=usd HTTP/1.1" 200 5 "-" "x"
::1 - - [22/Nov/2026:12:00:01 +0000] "GET /api/v3/coins/bitcoin/market_chart?vs_currency=usd&days=7 HTTP/1.1" 200 5
::1 - - [22/Nov/2026:12:00:02 +0000] "POST /api/v3/coins/list HTTP/1.1" 404 5
::1 - - [22/Nov/2026:12:00:03 +0000] "GET / HTTP/1.1" 200 5
::1 - - [22/Nov/2026:12:00:04 +0000] "GET /api/v3/no/such/path HTTP/1.1" 404 5
nonsense
2026-11-22T12:00:06+00:00 127.0.0.1 "GET /api/v3/coins/markets?vs_currency=usd HTTP/1.1" 200
"""


async def test_it_shows_a_table_and_what_the_calls_went_on(tmp_path: Path) -> None:
    finished = await finish(tmp_path, "plan", *SHORT, DOZOR_LANG="en")
    assert finished.code == 0, finished
    kinds = {line.split()[0] for line in finished.text.splitlines() if line}
    assert {"prices", "markets", "charts", "all"} <= kinds
    assert "calls in 0.01 days" in finished.text
    assert "spent on: " in finished.text


async def test_json_has_the_same_for_programs(tmp_path: Path) -> None:
    finished = await finish(tmp_path, "plan", *SHORT, "--json", "--rate", "prices=60", "--currencies", "usd,eur")
    found = json.loads(finished.out)
    assert found["kinds"].keys() == {"prices"}
    assert found["all"]["asked"] == found["questions"] > 0
    assert 0 < found["calls"]["month"] <= 27 * 15
    assert found["kinds"]["prices"]["age_s"]["p99"] <= 120


async def test_a_recorded_log_is_replayed_and_what_was_left_out_is_told(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(LOG, encoding="utf-8")
    found = json.loads((await finish(tmp_path, "plan", "--log", str(log), "--json")).out)
    assert set(found["kinds"]) == {"get_prices", "get_crypto_chart", "get_crypto_list"}
    assert found["questions"] == 3
    assert found["left_out"] == {"not_get": 1, "not_api": 1, "unknown_path": 1, "unreadable": 1}


async def test_the_picture_is_an_svg(tmp_path: Path) -> None:
    plot = tmp_path / "ages.svg"
    finished = await finish(tmp_path, "plan", *SHORT, "--plot", str(plot))
    assert finished.code == 0, finished
    root = ElementTree.fromstring(plot.read_text(encoding="utf-8"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(root.findall("{http://www.w3.org/2000/svg}polyline")) > 3


async def test_the_picture_is_a_png(tmp_path: Path) -> None:
    plot = tmp_path / "ages.PNG"
    finished = await finish(tmp_path, "plan", *SHORT, "--plot", str(plot))
    assert finished.code == 0, finished
    head = plot.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", head[16:]) == (1200, 750)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rate", "prices"), "--rate prices: needs KIND=NUMBER"),
        (("--rate", "bananas=3"), "--rate bananas=3: needs KIND=NUMBER"),
        (("--rate", "prices=nan"), "--rate prices=nan: needs KIND=NUMBER"),
        (("--log", "no-such.log"), "--log no-such.log: cannot be read"),
        (("--plot", "no-such-folder/ages.svg"), "--plot no-such-folder/ages.svg: there is no folder"),
        (("--plot", "ages.gif"), "--plot ages.gif: a picture is written as .svg or .png"),
    ],
)
async def test_mistakes_are_plain_sentences(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    finished = await finish(tmp_path, "plan", *arguments, DOZOR_LANG="en")
    assert (finished.code, finished.text) == (2, "")
    assert said in finished.err
    assert "Traceback" not in finished.err


async def test_a_log_without_a_question_is_told(tmp_path: Path) -> None:
    log = tmp_path / "empty.log"
    log.write_text("nonsense\n", encoding="utf-8")
    finished = await finish(tmp_path, "plan", "--log", str(log), DOZOR_LANG="en")
    assert finished.code == 2
    assert "has no GET request below /api/v3" in finished.err
