"""The page about alerts is true: its commands work in their order, its tables are the code's; nothing is missing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from aiohttp import web

from alerts.owner import ALERTING, TOKEN, Owner
from alerts.priced_upstream import PricedUpstream, priced_upstream
from dozor.alerts.conditions.registry import AnyCondition
from dozor.alerts.rule import Options
from dozor.cli.short_condition import read_condition
from reference_page import described
from running_dozor import RunningDozor, running_dozor, until

DOCS = Path(__file__).resolve().parents[3] / "docs"
LANGUAGES = ["en", "ru"]
HOOK = "https://example.org/hook"


def page(language: str) -> str:
    return (DOCS / language / "alerts.md").read_text("utf-8")


def blocks(language: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}[^\n]*\n(.*?)\n```$", page(language), re.MULTILINE | re.DOTALL)


def pairs(language: str) -> list[tuple[str, str]]:
    """The first two cells of rows that have code in both."""
    return re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", page(language), re.MULTILINE)


def test_both_languages_have_the_same_code() -> None:
    for kind in ("sh", "json", "python"):
        assert blocks("en", kind) == blocks("ru", kind) != []
    assert pairs("en") == pairs("ru")


@pytest.mark.parametrize(("typed", "sent"), [pair for pair in pairs("en") if pair[1].startswith("{")])
def test_a_condition_is_typed_as_the_table_says(typed: str, sent: str) -> None:
    assert read_condition(typed) == json.loads(sent)
    assert not list(msgspec.json.decode(sent, type=AnyCondition).problems())


def test_every_kind_of_condition_is_in_the_table() -> None:
    shown = {json.loads(sent)["type"] for _, sent in pairs("en") if sent.startswith("{")}
    assert shown == {kind.__struct_config__.tag for kind in get_args(AnyCondition)}


def test_every_option_is_in_the_table_with_its_default() -> None:
    shown = {name: default for name, default in pairs("en") if not default.startswith("{")}
    defaults = {name: msgspec.to_builtins(getattr(Options(), name)) for name in Options.__struct_fields__}
    assert shown == {name: value if isinstance(value, str) else json.dumps(value) for name, value in defaults.items()}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_operation_about_alerts_and_people_is_in_the_table(language: str) -> None:
    rows = re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", page(language), re.MULTILINE)
    document: Any = await described()
    operations = [
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if {"alerts", "people"} & set(operation.get("tags", ()))
    ]
    assert sorted(rows) == sorted(operations)


@dataclass
class Reader:
    """Somebody who follows the page, with a receiver of their own in place of the page's."""

    dozor: RunningDozor
    upstream: PricedUpstream
    folder: Path
    hook: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    async def receive(self, request: web.Request) -> web.Response:
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return web.Response(text="thanks")

    async def run(self, block: str) -> str:
        """What these commands print; each of them must end well."""
        here = block.replace("http://localhost:8000", self.dozor.url).replace(HOOK, self.hook)
        here = here.replace("python run.py", f"'{sys.executable}' -m dozor").replace("curl ", "curl -sS --fail ")
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "TEMP", "TMP") if name in os.environ},
            "DOZOR_ENV_FILE": str(self.folder / "no.env"),
            "DOZOR_DATA_DIR": str(self.folder / "data"),
            "REDIS_URL": "",
            **ALERTING,
            "TOKEN": TOKEN,
            **self.names,
        }
        process = await asyncio.create_subprocess_exec(
            "bash", "-euo", "pipefail", "-c", here,
            env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        printed, complaints = await process.communicate()
        assert process.returncode == 0, (here, printed, complaints)
        return printed.decode()


@contextlib.asynccontextmanager
async def reading(folder: Path) -> AsyncIterator[Reader]:
    async with (
        priced_upstream(bitcoin=69000.0) as upstream,
        running_dozor(upstream.base_url, folder, **ALERTING) as dozor,
    ):
        reader = Reader(dozor, upstream, folder)
        application = web.Application()
        application.router.add_post("/hook", reader.receive)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            reader.hook = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
            yield reader
        finally:
            await runner.cleanup()


@pytest.mark.skipif(not all(map(shutil.which, ("bash", "curl"))), reason="the page's commands are for bash and curl")
@pytest.mark.timeout(300)
async def test_the_commands_of_the_page_lead_to_an_alert_that_its_code_finds_genuine(tmp_path: Path) -> None:
    make_channel, try_channel, make_rule, look, by_command, invite, make_token = blocks("en", "sh")
    async with reading(tmp_path) as reader:
        channel = json.loads(await reader.run(make_channel))
        reader.names["CHANNEL"] = channel["id"]
        tried = json.loads(await reader.run(try_channel))
        assert tried == {"ok": True, "outcome": "accepted", "said": "HTTP 200: thanks"}
        rule = json.loads(await reader.run(make_rule))
        assert rule["first_evaluation"]["already_true"] is False
        owner = Owner(reader.dozor.client, reader.dozor.url)

        async def is_armed() -> bool:
            return await owner.state_of(rule["id"]) == "armed"

        await until(is_armed, 60)
        reader.upstream.prices["bitcoin"] = 70344.0

        async def is_delivered() -> bool:
            items = (await owner.ok("GET", "/deliveries"))["items"]
            return [one["status"] for one in items] == ["delivered"]

        await until(is_delivered, 60)
        events, deliveries = _two(await reader.run(look))
        assert [one["alert_id"] for one in events] == [rule["id"]] == [one["alert_id"] for one in deliveries]
        said = await reader.run(by_command)
        assert "bitcoin is at or above 80000 usd → ops" in said
        assert "accepted: HTTP 200: thanks" in said
        assert events[0]["id"] in said
        assert json.loads(await reader.run(invite))["path"].startswith("/invite?code=")
        assert json.loads(await reader.run(make_token))["scopes"] == ["alerts:read"]

    code: dict[str, Any] = {}
    exec(blocks("en", "python")[0], code)
    for headers, body in reader.got:
        assert code["is_genuine"](channel["secret"], headers, body)
        assert not code["is_genuine"](channel["secret"], headers, body + b" ")
    received = json.loads(next(body for headers, body in reader.got if headers["webhook-id"] == events[0]["id"]))
    shown = json.loads(blocks("en", "json")[0])
    assert (shown["type"], shown.keys(), shown["data"].keys()) == (
        received["type"],
        received.keys(),
        received["data"].keys(),
    )


def _two(printed: str) -> tuple[list[Any], list[Any]]:
    """The items of two replies, one behind the other."""
    first, end = json.JSONDecoder().raw_decode(printed)
    return first["items"], json.loads(printed[end:])["items"]
